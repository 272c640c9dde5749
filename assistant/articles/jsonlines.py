"""JSON lines: one article a line, with a text; also what `assistant export` writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from assistant.articles.common import clean_text
from assistant.articles.decoding import decode
from assistant.articles.labels import WIDE, shown
from assistant.articles.records import read_record
from assistant.articles.source import Source, peeked, size
from assistant.errors import ArticleUnreadable
from assistant.types import Article, Skipped

_LONGEST_PATH = 4096

_HEAD = 1 << 18
"""The bytes at the beginning of a file that tell its encoding."""


def _article(line: str, name: str) -> Iterator[Article | str]:
    try:
        row = json.loads(line)
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


class _Decoder:
    """Decodes lines as the file's beginning is; one that is otherwise, by itself."""

    def __init__(self, head: bytes, declared: str | None) -> None:
        whole = len(head) < _HEAD
        # The last line is cut, perhaps within a character.
        begin = head if whole else head[: head.rfind(b"\n") + 1] or head
        try:
            found = decode(
                begin[: len(begin) // 4 * 4] if b"\0" in begin else begin, declared=declared
            )
        except ArticleUnreadable:
            self.encoding, self.note = "utf-8", None
        else:
            self.encoding, self.note = found.encoding, None if found.repaired else found.note
        self._told = {self.encoding}

    def line(self, data: bytes) -> tuple[str, str | None]:
        """The text of a line, and what is to be said of it. Raises ArticleUnreadable."""
        if self.encoding == "utf-8":
            try:
                return data.decode("utf-8"), None
            except UnicodeDecodeError:
                found = decode(data)
        else:
            found = decode(data, declared=self.encoding)
        if found.repaired:
            return found.text, found.note
        if found.encoding in self._told:
            return found.text, None
        self._told.add(found.encoding)
        lines = f"this line, and perhaps more, read as {shown(found.encoding)}"
        return found.text, f"{lines}; those before are {shown(self.encoding)}"


def _lines(source: Source) -> Iterator[tuple[int, str | ArticleUnreadable, str | None]]:
    """The lines that are not empty, numbered from 1, each with a note or None."""
    most = source.limits.file_bytes
    with source.open() as file:
        head, lines = peeked(file, _HEAD)
        decoder = _Decoder(head, source.encoding)
        if decoder.encoding in WIDE:
            whole = lines.read(most + 1)
            if len(whole) > most:
                raise ArticleUnreadable(f"the file is larger than {size(most)}")
            decoded = decode(whole, declared=source.encoding)
            for number, line in enumerate(decoded.text.split("\n"), 1):
                yield number, line, decoded.note if number == 1 else None
            return
        number = 0
        while data := lines.readline(most + 1):
            number += 1
            if len(data) > most:
                while data and not data.endswith(b"\n"):
                    data = lines.readline(most)
                yield number, ArticleUnreadable(f"the line is longer than {size(most)}"), None
                continue
            if number == 1:
                data = data.removeprefix(b"\xef\xbb\xbf")
            try:
                line, note = decoder.line(data)
            except ArticleUnreadable as error:
                yield number, error, None
            else:
                yield number, line, decoder.note if number == 1 else note


def read_jsonlines(source: Source) -> Iterator[Article | Skipped]:
    name = source.name
    number = 0
    for number, line, note in _lines(source):
        if note:
            yield Skipped(name, note, number)
        try:
            if isinstance(line, ArticleUnreadable):
                raise line
            if line.strip():
                for item in _article(line, name):
                    yield item if isinstance(item, Article) else Skipped(name, item, number)
        except ArticleUnreadable as error:
            yield Skipped(name, str(error), number)
    if number == 0:
        raise ArticleUnreadable("the file is empty")
