"""Parses a feed; runs in a process of its own, because hostile feeds take its parser for ever."""

from __future__ import annotations

import calendar
import html
import io
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

import feedparser
import regex
from defusedxml import DefusedXmlException, sax

from assistant.errors import FetchError
from assistant.feeds.entries import Entry

_SHORTEST = 400
"""Characters of text from which what a feed says of a page is taken for all of it."""

_TAG = regex.compile(r"<[^>]*+>")
_NO_FEED = "it is no RSS or Atom feed; add pages without --feed"
_PAGE = regex.compile(rb"(?i)(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b")
_DECLARES = regex.compile(rb"(?i)<!(?:doctype|entity)")


def parse_feed(data: bytes, *, url: str, charset: str = "") -> tuple[Entry, ...]:
    """The entries of a feed in its order. Raises FetchError for what is none, or declares types.

    Relative links are taken from `url`; `charset` is what the server says, if anything.
    """
    _refuse_declarations(data)
    kind = f"application/xml; charset={charset}" if charset else "application/xml"
    try:
        # A stream: bytes or a text could be taken for the name of a file, or an address.
        parsed = feedparser.parse(
            io.BytesIO(data), response_headers={"content-type": kind, "content-location": url}
        )
        entries = tuple(_entry(entry, parsed.feed) for entry in parsed.entries)
    except Exception as error:  # whatever hostile text does to a parser costs this feed only
        raise FetchError("the feed cannot be parsed") from error
    if not entries and not parsed.get("version"):
        raise FetchError(_NO_FEED)
    return entries


def _refuse_declarations(data: bytes) -> None:
    """Nothing is expanded: a feed that declares types or entities is refused."""
    try:
        sax.parseString(data, ContentHandler(), forbid_dtd=True)
    except DefusedXmlException:
        declares = True
    except (SAXException, ValueError, LookupError, RecursionError):
        # Many feeds are not well-formed; their parser bears that.
        declares = _DECLARES.search(data.replace(b"\0", b"")) is not None
    else:
        return
    if declares and _PAGE.match(data):
        raise FetchError(_NO_FEED)
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
    # Asking for what is not there would give the other one, and a warning.
    published = "published_parsed" in entry or "updated_parsed" not in entry
    language = entry.get("language") or feed.get("language")
    return Entry(
        link=str(entry.get("link") or "").strip() or None,
        title=html.unescape(_TAG.sub("", str(entry.get("title", "")))).strip(),
        author=str(entry.get("author", "")).strip() or None,
        published=_moment(entry.get("published_parsed" if published else "updated_parsed")),
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


def run_here(told: str) -> None:
    """What the process does: a feed on its standard input, its entries as JSON on the output.

    `told` is JSON with the `url`, the `charset` and the `memory` in bytes that may be taken.
    """
    values = json.loads(told)
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = values["memory"] if hard == resource.RLIM_INFINITY else min(values["memory"], hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        entries = parse_feed(sys.stdin.buffer.read(), url=values["url"], charset=values["charset"])
        answer: dict[str, Any] = {"entries": [asdict(entry) for entry in entries]}
    except FetchError as error:
        answer = {"error": str(error)}
    sys.stdout.write(json.dumps(answer))
