"""Plain text: the first line is the headline where it looks like one."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.articles.common import make_article, read_metadata
from assistant.articles.decoding import decode
from assistant.articles.source import Source
from assistant.types import Article, Skipped

_LONGEST_HEADLINE = 200


def headline_of(text: str, fallback: str) -> str:
    """The first line of `text`, if it is short and something follows it; else `fallback`."""
    first, _, rest = text.strip().partition("\n")
    first = first.strip().lstrip("#").strip()
    usable = len(first) <= _LONGEST_HEADLINE and any(c.isalnum() for c in first)
    return first if usable and rest.strip() else fallback


def read_plain(source: Source) -> Iterator[Article | Skipped]:
    decoded = decode(source.read(), declared=source.encoding)
    text, name = decoded.text, source.name
    title = headline_of(text, source.stem)
    yield make_article(
        read_metadata({"url": source.url}), text=text, title=title, key=name, path=name
    )
    if decoded.note:
        yield Skipped(name, decoded.note)
