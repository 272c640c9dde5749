"""Records to articles: what the columns of other people's data are called."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from assistant.articles.common import clean_newlines, clean_text, make_article, read_metadata
from assistant.articles.fragments import is_html, text_of_html
from assistant.articles.plain import headline_of
from assistant.errors import ArticleUnreadable
from assistant.types import Article, Skipped

NAMES: dict[str, tuple[str, ...]] = {
    "text": (
        *("text", "body", "content", "article", "full_text", "main_text", "article_body"),
        *("article_text", "body_text", "content_text", "story"),
    ),
    "title": ("title", "headline", "heading", "subject"),
    "language": ("language", "lang", "in_language", "language_code", "locale"),
    "published": (
        *("published", "date", "published_at", "pub_date", "date_published", "publish_date"),
        *("publication_date", "published_on", "created_at", "created", "datetime", "timestamp"),
    ),
    "source": (
        *("source", "outlet", "publisher", "newspaper", "site", "site_name", "source_name"),
        *("publication", "domain"),
    ),
    "url": ("url", "link", "article_url", "source_url", "permalink", "main_entity_of_page", "uri"),
    "authors": ("authors", "author", "byline", "creator", "writer"),
    "id": ("id", "guid", "doc_id", "article_id", "uuid"),
}
"""What a field is called, our own name first.

Case, and what is no letter and no digit, do not count: `datePublished` is `date_published`, and
`_id` is `id`. The first name that a record has, with something in it, is taken; a name as it is
written here comes before its other spellings.
"""

_WRAPPED = ("name", "rendered", "@value", "@id", "$oid", "$date", "value", "#text")
"""Where the value is in an object that stands for one: in JSON-LD, WordPress and MongoDB, say."""

_SHOWN = 12


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


@lru_cache(maxsize=64)
def columns_of(names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """By field, the columns among `names` that may hold it, best first."""
    spelled: dict[str, list[str]] = {}
    for name in names:
        spelled.setdefault(_bare(name), []).append(name)
    found = {}
    for field, known in NAMES.items():
        columns = [name for alias in known for name in spelled.get(_bare(alias), ())]
        found[field] = tuple(sorted(columns, key=lambda c: c != field))
    return found


def no_text(names: Iterable[str], what: str) -> str:
    """The reason `what` for which something is not read, with the names it has and could have."""
    shown = [" ".join(clean_text(name).split())[:40] for name in names]
    more = f" and {len(shown) - _SHOWN:,} more" if len(shown) > _SHOWN else ""
    has = ", ".join(shown[:_SHOWN]) + more or "nothing"
    return f"{what} (it has: {has}; looked for: {', '.join(NAMES['text'])})"


def _plain(value: object) -> Any:
    """A value, taken out of the object that stands for it; None for one that says nothing."""
    if isinstance(value, Mapping):
        value = next((value[key] for key in _WRAPPED if _says(value.get(key))), value)
    return value if _says(value) else None


def _says(value: object) -> bool:
    # Nothing but "not a number" differs from itself.
    return value is not None and value == value and value not in ("", [], ())


def _people(value: object) -> object:
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("["):
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                value = text.strip("[]").replace("'", "").split(",")
        else:
            value = text.split(";")
    if isinstance(value, (list, tuple)):
        people = [_plain(one) for one in value]
        return [p.strip() if isinstance(p, str) else p for p in people if p is not None]
    return [value]


class Repeated:
    """What is wrong with records one after the other, listed once where it is the same."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._first: tuple[str, str, int | None] | None = None
        self._more = 0

    def add(self, reason: str, *, place: str = "", line: int | None = None) -> Iterator[Skipped]:
        """What came before, if it was something else. `place` and `line` say where this is."""
        if self._first is not None and self._first[1] == reason:
            self._more += 1
            return
        yield from self.told()
        self._first = place, reason, line

    def told(self) -> Iterator[Skipped]:
        """What was wrong until now."""
        if self._first is not None:
            place, reason, line = self._first
            more = f"; so with the next {self._more:,}" if self._more else ""
            yield Skipped(self._name, f"{place}{reason}{more}", line)
            self._first, self._more = None, 0


def text_of(row: Mapping[str, Any]) -> str | None:
    """The text that a record has, as it stands in it."""
    for column in columns_of(tuple(row))["text"]:
        value = _plain(row[column])
        if isinstance(value, str) and value.strip():
            return value
    return None


def read_record(
    row: Mapping[str, Any], name: str, *, what: str = "the object", path: str | None = None
) -> Iterator[Article | str]:
    """The article that a record of the file `name` is, then what of it was of no use.

    `what` is how a message calls the record; `path` is where the article was read from, if that
    is not the file. A text that looks like HTML is turned into text unless the record says
    `"markup": false`. Raises ArticleUnreadable.
    """
    text = text_of(row)
    if text is None:
        columns = columns_of(tuple(row))["text"]
        if any(isinstance(row[column], str) for column in columns):
            raise ArticleUnreadable("there is no text")
        raise ArticleUnreadable(no_text(row, f"{what} has no 'text'"))
    text = clean_newlines(clean_text(text))
    if row.get("markup") is not False and is_html(text):
        text = text_of_html(text) or text
    values = {}
    for field, columns in columns_of(tuple(row)).items():
        found = (_plain(row[column]) for column in columns if field != "text")
        value = next((value for value in found if value is not None), None)
        values[field] = _people(value) if field == "authors" and value is not None else value
    metadata = read_metadata(values)
    # Without an id or an address, the text itself is all that could tell a record from another.
    key = f"{name}\0{metadata.url or text}"
    yield make_article(metadata, text=text, title=headline_of(text, ""), key=key, path=path or name)
    yield from metadata.notes
