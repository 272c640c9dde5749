"""Mail: one message, or a box of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email import policy
from email.message import Message
from email.parser import BytesParser
from email.utils import parseaddr, parsedate_to_datetime
from typing import BinaryIO

from assistant.articles.common import make_article, read_metadata
from assistant.articles.mail_parts import BROKEN, attachments, header, parts_of
from assistant.articles.plain import headline_of
from assistant.articles.source import Source, size
from assistant.errors import ArticleUnreadable
from assistant.types import Article, Skipped

_LINE = 1 << 16
_FROM = b"From "
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.M)
_HEADER = re.compile(rb">?[!-9;-~]+:|>From ")
_TIME = re.compile(rb"\d\d?:\d\d")
_CONTENT = re.compile(rb"^content-[a-z-]{1,40}:[^\n]*(?:\n[ \t][^\n]*)*", re.I | re.M)
_LONGEST_FIELD = 8192
_ADDRESS = re.compile(r"<([^<>]*)>")


def read_mail(source: Source) -> Iterator[Article | Skipped | Source]:
    yield from _message(source.read(), source, source.stem, "", None)


def read_mail_box(source: Source) -> Iterator[Article | Skipped | Source]:
    most = source.limits.file_bytes
    with source.open() as file:
        for first, data in _messages(file, most):
            try:
                if len(data) > most:
                    raise ArticleUnreadable(f"the message is larger than {size(most)}")
                mail = _QUOTED_FROM.sub(rb"\1", data)
                yield from _message(mail, source, "", f"{first}/", first)
            except RecursionError:
                yield Skipped(source.name, "the message is nested too deeply", first)
            except ArticleUnreadable as error:
                yield Skipped(source.name, str(error), first)


def _messages(file: BinaryIO, most: int) -> Iterator[tuple[int, bytes]]:
    """Each message with the number of its first line; of a larger one, a byte more than `most`.

    A line `From ` begins one where a header follows it, and an empty line or a time of day tells
    it from a sentence. Raises ArticleUnreadable for what does not begin with one.
    """
    lines = iter(lambda: file.readline(_LINE), b"")
    line = next(lines, b"")
    if not line:
        raise ArticleUnreadable("the file is empty")
    if not line.startswith(_FROM):
        raise ArticleUnreadable("the file is no mail box: its first line is no 'From ' line")
    held = bytearray()
    number = first = 1
    whole, blank = True, True
    while line:
        following = next(lines, b"")
        starts = whole and line.startswith(_FROM) and (blank or _TIME.search(line))
        if starts and _HEADER.match(following):
            if held:
                yield first, bytes(held)
            held.clear()
            first = number
        elif len(held) <= most:
            held += line[: most + 1 - len(held)]
        whole = line.endswith(b"\n")
        blank = whole and not line.strip()
        number += whole
        line = following
    yield first, bytes(held)


def _message(
    data: bytes, source: Source, title: str, place: str, line: int | None
) -> Iterator[Article | Skipped | Source]:
    """The article that a mail is, and what is attached to it.

    `line` and `place`, of a message in a box, say where it begins. Raises ArticleUnreadable.
    """
    if any(len(one[0]) > _LONGEST_FIELD for one in _CONTENT.finditer(data)):
        # What the parser does with it takes the square of its length.
        raise ArticleUnreadable(f"it has a header of more than {_LONGEST_FIELD:,} bytes")
    try:
        # The policy that keeps all bytes; the newer one raises for headers that are broken.
        message = BytesParser(policy=policy.compat32).parsebytes(data)
        if not message.keys():
            raise ArticleUnreadable("it has no headers of a mail")
        parts = parts_of(message)
        attached = list(attachments(parts, source, place))
        values = _values(message)
    except BROKEN as error:
        raise ArticleUnreadable(f"the mail cannot be parsed ({str(error)[:80]})") from None
    if parts.text and any(c.isalnum() for c in parts.text):
        metadata = read_metadata(values)
        yield make_article(
            metadata,
            text=parts.text,
            title=headline_of(parts.text, title),
            key=f"{source.name}\0{parts.text}",
            path=source.name,
        )
        for note in (*parts.notes, *metadata.notes):
            yield Skipped(source.name, note, line)
    elif not attached:
        raise ArticleUnreadable("there is no text")
    yield from attached


def _values(message: Message) -> dict[str, object]:
    name, address = parseaddr(header(message, "from") or "")
    sender = name or address
    listed = header(message, "list-id") or ""
    archived = _ADDRESS.search(header(message, "archived-at") or "")
    own_id = header(message, "message-id")
    return {
        "id": own_id.strip("<> \t") if own_id else None,
        "title": header(message, "subject"),
        "language": (header(message, "content-language") or "").split(",")[0].strip(),
        "published": _moment(header(message, "date")),
        "source": _list_name(listed) or sender,
        "url": archived[1] if archived else None,
        "authors": [sender] if sender else [],
    }


def _list_name(listed: str) -> str:
    """What a list calls itself, or else its address."""
    shown, _, rest = listed.partition("<")
    return shown.strip(' "') or rest.rstrip("> ")


def _moment(written: str | None) -> datetime | str | None:
    try:
        return parsedate_to_datetime(written) if written else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return written
