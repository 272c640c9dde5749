"""Feeds: RSS, RDF and Atom."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from assistant.articles.common import make_article, read_metadata
from assistant.articles.decoding import Decoded, decode
from assistant.articles.fragments import text_of_html
from assistant.articles.plain import headline_of
from assistant.articles.source import Source
from assistant.errors import ArticleUnreadable
from assistant.types import Article, Skipped

_ROOTS = frozenset(("rss", "feed", "rdf", "channel"))
_DEPTH = 500
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_PLAIN = frozenset(("text/plain", "text"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed. `text` is None where there is nothing but a link, say.

    `whole` tells a text that is the article from one that is its summary.
    """

    text: str | None
    whole: bool
    title: str | None
    published: datetime | str | None
    language: str | None
    source: str | None
    url: str | None
    authors: tuple[str, ...]
    id: str | None


def feed_entries(
    data: bytes, *, encoding: str | None = None, doctype: bool = True
) -> tuple[list[Entry], tuple[str, ...]]:
    """The entries of a feed, and what is to be said of its encoding and its XML.

    `encoding` is what the outside says; `doctype`, whether a document type without entities is
    borne. Raises ArticleUnreadable for what is no feed, and for XML with entities of its own.
    """
    import feedparser

    decoded = _decoded(data, encoding)
    text = _DECLARATION.sub("", decoded.text, count=1)
    wrong = _check(text, doctype=doctype)
    broken = f"the XML is broken ({wrong}); what was found in it was read" if wrong else None
    # A stream: what is given as a string could be taken for the name of a file.
    content = io.BytesIO(b'<?xml version="1.0" encoding="utf-8"?>' + text.encode())
    parsed = feedparser.parse(
        content,
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    if not parsed.get("version") and not parsed.entries:
        raise ArticleUnreadable("the file is XML, but no feed")
    feed = parsed.feed
    notes = tuple(note for note in (decoded.note, broken) if note)
    return [_entry(entry, feed) for entry in parsed.entries], notes


def read_feed(source: Source) -> Iterator[Article | Skipped]:
    entries, notes = feed_entries(source.read(), encoding=source.encoding)
    for note in notes:
        yield Skipped(source.name, note)
    if not entries:
        raise ArticleUnreadable("the feed has no entries")
    for number, entry in enumerate(entries, 1):
        if entry.text is None:
            yield Skipped(source.name, f"entry {number:,}: there is no text")
            continue
        metadata = read_metadata(
            {
                "id": entry.id,
                "title": entry.title,
                "language": entry.language,
                "published": entry.published,
                "source": entry.source,
                "url": entry.url,
                "authors": list(entry.authors),
            }
        )
        key = f"{source.name}\0{metadata.url or entry.text}"
        title = headline_of(entry.text, "")
        try:
            yield make_article(metadata, text=entry.text, title=title, key=key, path=source.name)
        except ArticleUnreadable as error:
            yield Skipped(source.name, f"entry {number:,}: {error}")
        for note in metadata.notes:
            yield Skipped(source.name, f"entry {number:,}: {note}")


def _decoded(data: bytes, encoding: str | None) -> Decoded:
    """The XML as text. Raises ArticleUnreadable."""
    declared = _DECLARED.match(data)
    named = encoding or (declared[1].decode() if declared else None)
    return decode(data, declared=named)


class _Target:
    """Hears the elements of a file, and keeps the name of the first."""

    def __init__(self) -> None:
        self.root: str | None = None
        self._depth = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002 - the parser's
        self.root = self.root or tag
        self._depth += 1
        if self._depth > _DEPTH:
            raise ArticleUnreadable(f"its elements lie within more than {_DEPTH} others")

    def end(self, tag: str) -> None:  # noqa: ARG002 - the parser's
        self._depth -= 1


def _check(text: str, *, doctype: bool) -> str | None:
    """What is wrong with the XML. Raises ArticleUnreadable where it must not be parsed further."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser, ParseError

    declarations = ("<!ENTITY",) if doctype else ("<!ENTITY", "<!DOCTYPE")
    declares = f"the XML declares {'' if doctype else 'types or '}entities, which are not read"
    target = _Target()
    parser = DefusedXMLParser(target=target, forbid_dtd=not doctype)
    wrong = None
    try:
        parser.feed(text)
        parser.close()
    except DefusedXmlException:
        raise ArticleUnreadable(declares) from None
    except (ParseError, ValueError, AttributeError) as error:
        wrong = str(error)[:80]
        if any(one in text for one in declarations):
            raise ArticleUnreadable(declares) from None
    if target.root is None:
        raise ArticleUnreadable(f"the file is not XML ({wrong})")
    root = target.root.rpartition("}")[2]
    if root.lower() not in _ROOTS:
        shown = root[:40]
        raise ArticleUnreadable(f"the file is XML with the root element <{shown}>, not a feed")
    return wrong


def _entry(entry: Any, feed: Any) -> Entry:
    best, language = None, None
    for content in entry.get("content", ()):
        text = _content(content)
        if text and len(text) > len(best or ""):
            best, language = text, content.get("language")
    whole = best is not None
    summary = _content(entry.get("summary_detail") or {})
    # A feed may have the article in the summary, and a picture in the content.
    if summary and (best is None or len(summary) > 4 * len(best)):
        best, language = summary, entry["summary_detail"].get("language")
        whole = False
    # Where a feed is made of others.
    origin = entry["source"] if isinstance(entry.get("source"), Mapping) else {}
    outlet = _line(origin.get("title_detail")) or _line(feed.get("title_detail"))
    return Entry(
        text=best,
        whole=whole,
        title=_line(entry.get("title_detail")),
        published=_moment(entry),
        language=language or feed.get("language") or None,
        source=outlet,
        url=entry.get("link") or None,
        authors=_authors(entry),
        id=entry.get("id") or None,
    )


def _content(detail: Mapping[str, Any]) -> str | None:
    value = detail.get("value")
    if not isinstance(value, str) or not value.strip():
        return None
    if detail.get("type") in _PLAIN:
        return value.strip()
    return text_of_html(value)


def _line(detail: object) -> str | None:
    text = _content(detail) if isinstance(detail, Mapping) else None
    return " ".join(text.split()) if text else None


def _authors(entry: Any) -> tuple[str, ...]:
    people = [
        person.get("name") or person.get("email")
        for person in entry.get("authors", ())
        if isinstance(person, Mapping)
    ]
    names = tuple(dict.fromkeys(name for name in people if isinstance(name, str) and name))
    one = entry.get("author")
    return names or ((one,) if isinstance(one, str) and one else ())


def _moment(entry: Any) -> datetime | str | None:
    for name in ("published", "updated"):
        if not dict.__contains__(entry, name):
            # feedparser would give the other one for it.
            continue
        written, parsed = entry.get(name), entry.get(f"{name}_parsed")
        if isinstance(written, str) and len(written.strip()) <= 10:
            # A day, which would become the midnight that it begins with.
            return written.strip()
        try:
            if parsed:
                return datetime(*parsed[:6]).replace(tzinfo=UTC)  # noqa: DTZ001
        except (ValueError, TypeError, OverflowError):
            parsed = None
        if written:
            return str(written)
    return None
