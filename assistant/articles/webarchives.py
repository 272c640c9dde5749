"""Web archives: the pages of a crawl, in WARC."""

from __future__ import annotations

import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from functools import partial
from typing import Any, BinaryIO

from assistant.articles.common import stable_id
from assistant.articles.packed import unpacked
from assistant.articles.source import Source, member_name, size
from assistant.errors import ArticleUnreadable
from assistant.types import Skipped

_LINE = 1 << 16
_HEADERS = 1 << 17
_LONGEST_NAME = 150
_VERSION = re.compile(rb"WARC/\d")
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,18})[ \t]*\r?$", re.I | re.M)
_NEXT = re.compile(rb"\r?\n\r?\n(?=WARC/1\.\d\r?\n(?:WARC-|Content-))")
_KINDS = frozenset(("response", "resource", "conversion"))
_SUFFIXES = {
    "application/atom+xml": ".atom",
    "application/pdf": ".pdf",
    "application/rss+xml": ".rss",
    "application/xhtml+xml": ".html",
    "text/html": ".html",
    "text/plain": ".txt",
}
_UNCODED = frozenset(("", "identity", "none", "utf-8"))


@dataclass(frozen=True, slots=True)
class _Page:
    """What was fetched from an address, as it was sent."""

    url: str
    suffix: str
    charset: str | None
    coding: str
    content: bytes


class _Stream:
    """A file that takes back what was read too far."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._back = io.BytesIO()

    def push(self, data: bytes) -> None:
        self._back = io.BytesIO(data + self._back.read())

    def read(self, count: int) -> bytes:
        data = self._back.read(count)
        return data if len(data) == count else data + self._file.read(count - len(data))

    def readline(self) -> bytes:
        line = self._back.readline(_LINE)
        return line if line.endswith(b"\n") else line + self._file.readline(_LINE)


def read_web_archive(source: Source) -> Iterator[Skipped | Source]:
    source.check_depth()
    seen: Counter[str] = Counter()
    with source.open() as file:
        for number, found in enumerate(_records(_Stream(file), source.limits.file_bytes), 1):
            if isinstance(found, str):
                yield Skipped(source.name, f"record {number:,}: {found}")
                continue
            try:
                page = _page(found)
            except ArticleUnreadable as error:
                yield Skipped(source.name, f"record {number:,}: {error}")
                continue
            if page is None:
                continue
            # Raises where nothing more may be unpacked: then nothing more is tried.
            source.budget.take_bytes(0)
            notes: list[str] = []
            member = source.member(
                _name(page, seen),
                partial(_opened, page, source, notes),
                encoding=page.charset,
                url=page.url,
            )
            yield member
            for note in notes:
                yield Skipped(member.name, note)


def _records(stream: _Stream, most: int) -> Iterator[bytes | str]:
    """Each record whole, or what is wrong with it. Raises ArticleUnreadable for no web archive."""
    first = True
    told = False
    while line := stream.readline():
        if not _VERSION.match(line):
            if line.startswith(b"\x1f\x8b") and first:
                raise ArticleUnreadable("it is compressed; give it a name that ends in .warc.gz")
            if line.strip() and first:
                raise ArticleUnreadable("it is no web archive")
            if line.strip() and not told:
                told = True
                yield "what follows the record is none; it is passed over to the next one"
            continue
        first = told = False
        head = bytearray(line)
        while (line := stream.readline()).strip() and len(head) < _HEADERS:
            head += line
        header = bytes(head)
        length = _LENGTH.search(header)
        if line.strip() or length is None:
            told = True
            yield "its headers are broken"
            continue
        count = int(length[1])
        if count > most:
            told = True
            yield f"it is larger than {size(most)}"
            continue
        body = stream.read(count)
        if len(body) < count:
            yield f"it is cut off after {len(body):,} of {count:,} bytes"
        if within := _NEXT.search(body):
            stream.push(body[within.end() :])
            body = body[: within.start()]
            yield "it says that it is longer than it is; the next one begins within it"
        yield header + b"\r\n" + body


def _page(record: bytes) -> _Page | None:
    """The page in a record; None for other records. Raises ArticleUnreadable."""
    from warcio.bufferedreaders import ChunkedDataReader
    from warcio.exceptions import ArchiveLoadFailed
    from warcio.recordloader import ArcWarcRecordLoader
    from warcio.statusandheaders import StatusAndHeadersParserException

    try:
        loader = ArcWarcRecordLoader(verify_http=False, arc2warc=False)
        parsed = loader.parse_record_stream(io.BytesIO(record), known_format="warc")
        url = parsed.rec_headers.get_header("WARC-Target-URI") or ""
        http = parsed.http_headers
        if parsed.rec_type not in _KINDS or (http and http.get_statuscode() != "200"):
            return None
        if not url:
            raise ArticleUnreadable("it has no address")
        kind, charset = _content_type(_header(http, "content-type") or parsed.content_type or "")
        content = parsed.raw_stream.read()
        if _header(http, "transfer-encoding").lower() == "chunked":
            content = ChunkedDataReader(io.BytesIO(content)).read()
    except (ArchiveLoadFailed, StatusAndHeadersParserException) as error:
        raise ArticleUnreadable(f"it cannot be parsed ({str(error)[:80]})") from None
    except (EOFError, ValueError, TypeError, AttributeError, LookupError) as error:
        raise ArticleUnreadable(f"it cannot be parsed ({type(error).__name__})") from None
    suffix = _SUFFIXES.get(kind)
    if suffix is None and not kind and b"<html" in content[:1024].lower():
        suffix = ".html"
    if suffix is None:
        return None
    return _Page(url, suffix, charset, _header(http, "content-encoding").lower().strip(), content)


def _header(http: Any, name: str) -> str:
    return (http.get_header(name) if http else None) or ""


def _content_type(written: str) -> tuple[str, str | None]:
    message = Message()
    message["Content-Type"] = " ".join(written.split())
    charset = message.get_content_charset()
    kind = message.get_content_type() if written.strip() else ""
    return kind, charset if isinstance(charset, str) else None


def _name(page: _Page, seen: Counter[str]) -> str:
    """The address as a name, with the suffix of its type. Of one fetched again, with a number."""
    name = member_name(page.url.partition("://")[2] or page.url)
    name = name.removesuffix(page.suffix)
    if len(name) > _LONGEST_NAME:
        name = f"{name[:_LONGEST_NAME]}~{stable_id(page.url)}"
    seen[name] += 1
    again = f"~{seen[name]}" if seen[name] > 1 else ""
    return f"{name}{again}{page.suffix}"


def _opened(page: _Page, source: Source, notes: list[str]) -> BinaryIO:
    """The content, its encoding taken off. Raises ArticleUnreadable."""
    notes.clear()
    if page.coding in ("gzip", "x-gzip") and page.content.startswith(b"\x1f\x8b"):
        return unpacked(io.BytesIO(page.content), source, notes)
    if page.coding == "deflate":
        return io.BytesIO(_inflated(page.content, source))
    if page.coding in _UNCODED or page.coding in ("gzip", "x-gzip"):
        # Some crawlers take the encoding off, and leave the header.
        return io.BytesIO(page.content)
    raise ArticleUnreadable(f"content encoded as {page.coding[:20]!r} is not read")


def _inflated(data: bytes, source: Source) -> bytes:
    most = source.limits.file_bytes
    for bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        try:
            found = zlib.decompressobj(bits).decompress(data, most + 1)
        except zlib.error:
            continue
        source.budget.take_bytes(len(found))
        return found
    return data
