"""HTML pages: the main text, without menus and footers, and what the page says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy

from assistant.articles.common import Metadata, make_article, read_metadata
from assistant.articles.decoding import decode
from assistant.articles.fragments import clean_markup, declared_encoding
from assistant.articles.main_text import main_text, parse
from assistant.articles.page_metadata import Page
from assistant.articles.published import published
from assistant.articles.source import Source
from assistant.errors import ArticleUnreadable
from assistant.language import detect_language
from assistant.types import Article, Skipped, primary_language

_LARGEST = 5_000_000
"""Bytes of a page; of 10 MB, trafilatura takes 356 MB and 3 seconds."""

_ZONE = re.compile(r"(?:Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?|\b[ECMP][SD]T)\s*\Z", re.IGNORECASE)

_LONG = 600
"""Characters of a text, each half of which tells its language."""

_NEAR = (
    frozenset({"bs", "hr", "sr", "sh"}),
    frozenset({"da", "nb", "nn", "no"}),
    frozenset({"id", "ms"}),
    frozenset({"he", "iw"}),
    frozenset({"fil", "tl"}),
    frozenset({"es", "gl", "pt", "ca", "an"}),
    frozenset({"zh", "yue", "wuu", "cmn"}),
    frozenset({"cs", "sk"}),
    frozenset({"af", "nl"}),
)
"""Languages that are easily taken for each other: the page knows better."""


def read_html(source: Source) -> Iterator[Article | Skipped]:
    data = source.read(_LARGEST)
    yield from _read(source, data, source.encoding or declared_encoding(data), source.url)


def read_mhtml(source: Source) -> Iterator[Article | Skipped]:
    """A page with its pictures, as browsers save it: a mail whose first part of HTML it is."""
    try:
        message = message_from_bytes(source.read(), policy=policy.compat32)
        parts = [part for part in message.walk() if part.get_content_type() == "text/html"]
        data = parts[0].get_payload(decode=True) if parts else None
    except (LookupError, ValueError, RecursionError) as error:
        raise ArticleUnreadable(f"it is no saved page ({str(error)[:80]})") from None
    if not isinstance(data, bytes) or not data:
        raise ArticleUnreadable("it is no saved page: there is no part of HTML")
    if len(data) > _LARGEST:
        raise ArticleUnreadable(f"the page is larger than {_LARGEST // 1_000_000} MB")
    told = parts[0].get_content_charset()
    url = parts[0].get("Content-Location") or message.get("Snapshot-Content-Location")
    yield from _read(source, data, told or declared_encoding(data), str(url) if url else None)


def _read(
    source: Source, data: bytes, declared: str | None, url: str | None
) -> Iterator[Article | Skipped]:
    decoded = decode(data, declared=declared)
    markup = clean_markup(decoded.text)
    tree = parse(markup)
    if tree is None:
        raise ArticleUnreadable("the page cannot be parsed")
    page = Page(tree, url)
    metadata = _metadata(page)
    text = main_text(markup, url=url, tree=tree)
    if text is None:
        raise ArticleUnreadable("no article text was found in the page")
    language, note = _language(metadata.language, text)
    metadata = replace(metadata, language=language)
    name = source.name
    yield make_article(metadata, text=text, title=source.stem, key=name, path=name)
    for reason in filter(None, (decoded.note, note, *metadata.notes)):
        yield Skipped(name, reason)


def _metadata(page: Page) -> Metadata:
    return read_metadata(
        {
            "title": page.title,
            "language": page.language,
            "published": _published(page),
            "source": page.outlet,
            "url": page.url,
            "authors": page.authors,
        }
    )


def _published(page: Page) -> str | None:
    """The likeliest time of publication that has a zone, else the likeliest day."""
    day = None
    for value in page.published():
        found = published(value)
        if found is None:
            continue
        if found.endswith("Z") and _ZONE.search(value):
            return found
        day = day or found[: len("2024-03-05")]
    return day


def _language(declared: str | None, text: str) -> tuple[str | None, str | None]:
    """The language of a text, and what to say where the page declares another."""
    if declared is None or len(text) < _LONG:
        return declared, None
    middle = len(text) // 2
    found = {primary_language(detect_language(half)) for half in (text[:middle], text[middle:])}
    own = primary_language(declared)
    if own in found or len(found) > 1 or any({own, *found} <= near for near in _NEAR):
        return declared, None
    (language,) = found
    return language, f"language: declared as {declared}, which the text is not; taken as {language}"
