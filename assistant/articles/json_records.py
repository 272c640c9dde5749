"""JSON: a list of records, wherever it is in the file, or one record."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from assistant.articles.decoding import decode
from assistant.articles.jsonlines import read_jsonlines
from assistant.articles.records import Repeated, no_text, read_record, text_of
from assistant.articles.source import Source
from assistant.errors import ArticleUnreadable
from assistant.types import Article, Skipped

_DEPTH = 5
"""So deep, at most, lies the list of records in a file."""


def read_json(source: Source) -> Iterator[Article | Skipped]:
    if _is_lines(source):
        yield from read_jsonlines(source)
        return
    try:
        decoded = decode(source.read(), declared=source.encoding)
        value = json.loads(decoded.text)
    except (ValueError, RecursionError) as error:
        raise ArticleUnreadable(f"the file is not JSON ({str(error)[:80]})") from None
    records = _records(value)
    if not records:
        first = value[0] if isinstance(value, list) and value else value
        names = first if isinstance(first, dict) else ()
        raise ArticleUnreadable(no_text(names, "no object in the file has a 'text'"))
    if decoded.note:
        yield Skipped(source.name, decoded.note)
    wrong = Repeated(source.name)
    for number, record in enumerate(records, 1):
        place = f"object {number:,}: "
        try:
            if not isinstance(record, dict):
                raise ArticleUnreadable("it is not a JSON object")
            for item in read_record(record, source.name):
                if isinstance(item, Article):
                    yield from wrong.told()
                    yield item
                else:
                    yield Skipped(source.name, place + item)
        except ArticleUnreadable as error:
            yield from wrong.add(str(error), place=place)
    yield from wrong.told()


def _is_lines(source: Source) -> bool:
    """Whether the first line is an object of its own, and not the last."""
    with source.open() as file:
        line = file.readline(source.limits.file_bytes + 1)
        if not line.rstrip().endswith(b"}"):
            return False
        try:
            whole = isinstance(json.loads(line.decode("utf-8-sig")), dict)
        except (ValueError, RecursionError):
            return False
        return whole and bool(file.read(4096).strip())


def _is_record(value: object) -> bool:
    return isinstance(value, dict) and text_of(value) is not None


def _records(value: Any) -> list[Any]:
    """The members of the lists that have articles in them; without one, what else is an article."""
    if _is_record(value):
        return [value]
    lists: list[Any] = []
    single: list[Any] = []
    level = [value]
    for _ in range(_DEPTH):
        below: list[Any] = []
        for one in level:
            inner = one if isinstance(one, list) else _values(one)
            if isinstance(one, list) and any(map(_is_record, inner)):
                lists += inner
                continue
            single += filter(_is_record, inner)
            graph = one.get("@graph") if isinstance(one, dict) else None
            if isinstance(graph, list):
                # What else a page says of itself, its owner and its menus.
                lists += filter(_is_record, graph)
                inner = [value for value in inner if value is not graph]
            below += [v for v in inner if isinstance(v, (list, dict)) and not _is_record(v)]
        level = below
    return lists or single


def _values(value: object) -> list[Any]:
    return list(value.values()) if isinstance(value, Mapping) else []
