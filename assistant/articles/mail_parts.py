"""What a mail is made of: its headers, its text, and what is attached to it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.message import Message
from typing import BinaryIO

from assistant.articles.decoding import decode
from assistant.articles.fragments import text_of_html
from assistant.articles.source import Source, member_name
from assistant.errors import ArticleUnreadable
from assistant.types import Skipped

BROKEN = (MessageError, ValueError, LookupError, TypeError, AttributeError)
"""What the standard library raises for mails that are none."""

_STUB = 4
"""Plain text that is shorter than the HTML's by so many times only says that there is HTML."""

_DEPTH = 50
_SUFFIXES = {
    "application/json": ".json",
    "application/pdf": ".pdf",
    "message/global": ".eml",
    "message/rfc822": ".eml",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
}
_PASSED = ("image", "audio", "video", "font", "multipart")
_SIGNATURES = frozenset(
    ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")
)
_LONGEST_HEADER = 10_000
_FOLD = re.compile(r"\r?\n[ \t]*")


@dataclass(frozen=True, slots=True)
class Parts:
    """The text of a mail, the parts that are no text of it, and notes on their encodings."""

    text: str | None
    others: list[Message] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def header(message: Message, name: str) -> str | None:
    """The first header of that name, decoded. Raises ArticleUnreadable."""
    found = next((v for key, v in message.raw_items() if key.lower() == name), None)
    if found is None:
        return None
    text = _FOLD.sub(" ", str(found)[:_LONGEST_HEADER]).strip()
    return _words(text) or None


def _words(text: str) -> str:
    if not text.isascii():
        # Bytes as they came, which the parser keeps as surrogates.
        return decode(text.encode("utf-8", "surrogateescape")).text
    try:
        parts = decode_header(text)
        return "".join(
            part if isinstance(part, str) else decode(part, declared=charset).text
            for part, charset in parts
            if part
        )
    except (*BROKEN, HeaderParseError):
        return text


def parts_of(message: Message) -> Parts:
    """Raises ArticleUnreadable."""
    found = Parts(None)
    return replace(found, text=_body(message, found, 0))


def _body(part: Message, found: Parts, depth: int) -> str | None:
    if depth > _DEPTH:
        raise ArticleUnreadable(f"its parts lie within more than {_DEPTH} others")
    kind = part.get_content_type()
    payload = part.get_payload()
    if kind.startswith("multipart/") and isinstance(payload, list):
        messages = [one for one in payload if isinstance(one, Message)]
        inner = [(one, _body(one, found, depth + 1)) for one in messages]
        texts = [(one.get_content_type(), text) for one, text in inner if text]
        if kind == "multipart/alternative":
            return _best(texts)
        return "\n\n".join(dict.fromkeys(text for _, text in texts)) or None
    attached = part.get_content_disposition() == "attachment" or part.get_filename()
    if kind not in ("text/plain", "text/html") or attached:
        found.others.append(part)
        return None
    data = _bytes(part)
    if not data.strip():
        return None
    decoded = decode(data, declared=_charset(part))
    if decoded.note and decoded.note not in found.notes:
        found.notes.append(decoded.note)
    if kind == "text/html":
        return text_of_html(decoded.text)
    return _unwrapped(decoded.text) if part.get_param("format") == "flowed" else decoded.text


def _best(texts: list[tuple[str, str]]) -> str | None:
    plain = max((t for kind, t in texts if kind == "text/plain"), key=len, default=None)
    other = max((t for kind, t in texts if kind != "text/plain"), key=len, default=None)
    if plain is None or other is None:
        return plain or other
    return other if len(other) > _STUB * len(plain) else plain


def _unwrapped(text: str) -> str:
    """RFC 3676: a line that ends with a space goes on in the next one."""
    lines: list[str] = []
    goes_on = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        if goes_on and not quoted and line != "-- ":
            lines[-1] += line
        else:
            lines.append(line)
        goes_on = line.endswith(" ") and line != "-- " and not quoted
    return "\n".join(lines)


def _bytes(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _charset(part: Message) -> str | None:
    charset = part.get_content_charset()
    # Mail programs write ASCII where they have not looked.
    return charset if isinstance(charset, str) and charset != "us-ascii" else None


def attachments(parts: Parts, source: Source, place: str) -> Iterator[Source | Skipped]:
    """What is attached, under the name `place`. Pictures, sound and signatures are passed over."""
    for number, part in enumerate(parts.others, 1):
        kind = part.get_content_type()
        if part.get_content_maintype() in _PASSED or kind in _SIGNATURES:
            continue
        given = part.get_filename()
        name = _words(_FOLD.sub(" ", given)) if given else ""
        suffix = _SUFFIXES.get(kind, "")
        if kind in ("message/rfc822", "message/global") and not name.lower().endswith(".eml"):
            name = f"{name or number}.eml"
        if not name and not suffix:
            reason = f"attachments of the type {kind[:60]} are not read"
            yield Skipped(f"{source.name}/{place}{number}", reason)
            continue
        yield source.member(
            member_name(place + (name or f"{number}{suffix}").replace("/", "_")),
            _Opened(part),
            encoding=_charset(part),
        )


class _Opened:
    """Opens an attachment."""

    def __init__(self, part: Message) -> None:
        self._part = part

    def __call__(self) -> BinaryIO:
        payload = self._part.get_payload()
        if isinstance(payload, list):
            try:
                inner = b"".join(one.as_bytes() for one in payload if isinstance(one, Message))
            except BROKEN as error:
                reason = str(error)[:80]
                raise ArticleUnreadable(f"the mail cannot be taken out ({reason})") from None
            return io.BytesIO(inner)
        return io.BytesIO(_bytes(self._part))
