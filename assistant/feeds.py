"""Reads an RSS or Atom feed that was fetched: which pages it names, and what it says of them."""

from __future__ import annotations

import calendar
import html
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

import regex

from assistant.errors import FetchError

MAX_BYTES = 5_000_000
"""Bytes of a feed; its parser takes seconds for each megabyte."""

_SHORTEST = 400
"""Characters of text from which what a feed says of a page is taken for all of it."""

_TAG = regex.compile(r"<[^>]*+>")
_DECLARES = regex.compile(rb"(?i)<!(?:doctype|entity)")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a feed says of a page. `published` is a UTC time, `content` HTML, as foreign as any.

    `content` is None where the feed has a summary at most.
    """

    link: str | None
    title: str
    author: str | None = None
    published: str | None = None
    language: str | None = None
    content: str | None = None

    def page(self, url: str) -> bytes:
        """The page of the entry made of what the feed has of it. `content` must be there."""
        meta = {"author": self.author, "article:published_time": self.published}
        lines = [
            "<!doctype html>",
            f'<html lang="{html.escape(self.language)}">' if self.language else "<html>",
            '<head><meta charset="utf-8">',
            f'<link rel="canonical" href="{html.escape(url)}">',
            f"<title>{html.escape(self.title)}</title>",
            *(
                f'<meta {"property" if ":" in name else "name"}="{name}" '
                f'content="{html.escape(value)}">'
                for name, value in meta.items()
                if value
            ),
            f"</head><body><article><h1>{html.escape(self.title)}</h1>",
            self.content or "",
            "</article></body></html>\n",
        ]
        return "\n".join(lines).encode("utf-8", "replace")


def read_feed(data: bytes, *, url: str, charset: str = "") -> tuple[Entry, ...]:
    """The entries of a feed in its order. Raises FetchError for what is none, or declares types.

    Relative links are taken from `url`; `charset` is what the server says, if anything.
    """
    if len(data) > MAX_BYTES:
        raise FetchError(f"the feed is larger than {MAX_BYTES:,} bytes")
    _refuse_declarations(data)
    # Only those who have feeds pay for the import.
    import feedparser

    kind = f"application/xml; charset={charset}" if charset else "application/xml"
    try:
        # A stream: bytes or a text could be taken for the name of a file, or an address.
        parsed = feedparser.parse(
            io.BytesIO(data), response_headers={"content-type": kind, "content-location": url}
        )
        entries = tuple(_entry(entry, parsed.feed) for entry in parsed.entries)
    except Exception as error:  # whatever hostile text does to a parser costs this feed only
        raise FetchError("the feed cannot be parsed") from error
    if not entries and not parsed.version:
        raise FetchError("it is no RSS or Atom feed; add pages without --feed")
    return entries


def _refuse_declarations(data: bytes) -> None:
    """Nothing is expanded: a feed that declares types or entities is refused."""
    from defusedxml import DefusedXmlException, sax

    try:
        sax.parseString(data, ContentHandler(), forbid_dtd=True)
    except DefusedXmlException:
        declares = True
    except (SAXException, ValueError, LookupError, RecursionError):
        # Many feeds are not well-formed; their parser bears that.
        declares = _DECLARES.search(data.replace(b"\0", b"")) is not None
    else:
        return
    if declares:
        raise FetchError("the feed declares types or entities of its own, which is not allowed")


def _entry(entry: Mapping[str, Any], feed: Mapping[str, Any]) -> Entry:
    contents = [
        str(content.get("value", ""))
        for content in entry.get("content", ())
        if "html" in str(content.get("type", ""))
    ]
    content = max(contents, key=len, default="")
    long = len(_TAG.sub("", content).strip()) >= _SHORTEST
    language = entry.get("language") or feed.get("language")
    return Entry(
        link=str(entry.get("link") or "").strip() or None,
        title=html.unescape(_TAG.sub("", str(entry.get("title", "")))).strip(),
        author=str(entry.get("author", "")).strip() or None,
        published=_moment(entry.get("published_parsed") or entry.get("updated_parsed")),
        language=str(language) if language else None,
        content=content if long else None,
    )


def _moment(parsed: Any) -> str | None:
    if parsed is None:
        return None
    try:
        moment = datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None
    return moment.isoformat(timespec="seconds")
