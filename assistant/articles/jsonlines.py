"""JSON lines: one article a line, with a text; also what `assistant export` writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from assistant.articles.common import clean_text
from assistant.articles.records import read_record
from assistant.articles.source import Source, size
from assistant.errors import ArticleUnreadable
from assistant.types import Article, Skipped

_LONGEST_PATH = 4096


def _article(line: bytes, name: str) -> Iterator[Article | str]:
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ArticleUnreadable(f"the line is not UTF-8 (byte {error.start})") from None
    except (ValueError, RecursionError) as error:
        raise ArticleUnreadable(f"the line is not JSON ({str(error)[:80]})") from None
    if not isinstance(row, dict):
        raise ArticleUnreadable("the line is not a JSON object")
    yield from read_record(row, name, path=_path(row))


def _path(row: dict[str, Any]) -> str | None:
    """Where the article was read from, before it was exported. It is shown and never opened."""
    path = row.get("path")
    if not isinstance(path, str) or len(path) > _LONGEST_PATH:
        return None
    return clean_text(path)


def read_jsonlines(source: Source) -> Iterator[Article | Skipped]:
    name, most = source.name, source.limits.file_bytes
    with source.open() as lines:
        number = 0
        while line := lines.readline(most + 1):
            number += 1
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            try:
                if len(line) > most:
                    while line and not line.endswith(b"\n"):
                        line = lines.readline(most)
                    raise ArticleUnreadable(f"the line is longer than {size(most)}")
                if not line.strip():
                    continue
                for item in _article(line, name):
                    yield item if isinstance(item, Article) else Skipped(name, item, number)
            except ArticleUnreadable as error:
                yield Skipped(name, str(error), number)
        if number == 0:
            raise ArticleUnreadable("the file is empty")
