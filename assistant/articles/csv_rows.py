"""The rows of CSV, with quotes that may not be closed, and what its delimiter is."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from assistant.articles.source import size
from assistant.errors import ArticleUnreadable

_DELIMITERS = (",", ";", "\t", "|")
_MOST_UNCLOSED = 20
"""After so many quotes that are not closed no more is read: each is sought to the file's end."""

_LARGEST_FIELD = (1 << 31) - 1


class _TooLong(Exception):
    """A row is larger than what may be read at once."""


class Rows:
    """The rows of a file, as Latin-1, each with the number of its first line.

    Instead of a row there may be the reason for which it cannot be read. Latin-1 keeps each byte
    as it is: what matters to the csv module is ASCII in any encoding that CSV comes in, and the
    rows can be decoded one by one. A quote that is not closed costs the line that it is in:
    what follows is read again without it. Iterating raises ArticleUnreadable where there are too
    many of these.
    """

    def __init__(
        self, file: BinaryIO, *, delimiter: str, spaced: bool, most: int, number: int = 0
    ) -> None:
        """`spaced`: a space after a delimiter is none of a field's. `number`: lines before."""
        self._file = file
        self._delimiter = delimiter
        self._spaced = spaced
        self._most = most
        self._number = number
        self._again: deque[bytes] = deque()
        self._row: list[bytes] = []
        self._ended = False

    def __iter__(self) -> Iterator[tuple[int, list[str] | str]]:
        csv.field_size_limit(min(self._most, _LARGEST_FIELD))
        unclosed = 0
        reader = self._reader()
        while True:
            self._row, self._ended = [], False
            first = self._number + 1
            row: list[str] | None = None
            try:
                row = next(reader, None)
            except csv.Error:
                # A quote within one line is forgiven; over lines it has swallowed other rows.
                reader = self._reader()
                if len(self._row) == 1 and not self._ended:
                    row = self._forgiven(self._row[0])
            except _TooLong:
                pass
            if not self._row:
                return
            if row is not None:
                self._number += len(self._row)
                yield first, row
                continue
            line, *rest = self._row
            self._number += 1
            reader = self._reader()
            if not rest and not self._ended:
                long = len(line) > self._most
                while long and line and not line.endswith(b"\n"):
                    line = self._file.readline(self._most)
                reason = f"is longer than {size(self._most)}" if long else "cannot be parsed"
                yield first, f"the line {reason}"
                continue
            unclosed += 1
            if unclosed > _MOST_UNCLOSED:
                raise ArticleUnreadable(
                    f"quotes are opened and not closed in more than {_MOST_UNCLOSED} lines; "
                    f"from line {first:,} on it was not read"
                )
            self._again.extendleft(reversed(rest))
            yield first, "a quote is opened in the line and not closed; the line is left out"

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(
            self._lines(),
            delimiter=self._delimiter,
            skipinitialspace=self._spaced,
            strict=True,
        )

    def _forgiven(self, line: bytes) -> list[str] | None:
        text = [line.decode("latin-1")]
        try:
            return next(
                csv.reader(text, delimiter=self._delimiter, skipinitialspace=self._spaced), None
            )
        except csv.Error:
            return None

    def _lines(self) -> Iterator[str]:
        held = 0
        while True:
            if not self._row:
                held = 0
            line = self._again.popleft() if self._again else self._file.readline(self._most + 1)
            if not line:
                self._ended = True
                return
            self._row.append(line)
            held += len(line)
            if held > self._most:
                raise _TooLong
            yield line.decode("latin-1")


def dialect(lines: Sequence[str], is_header: Callable[[list[str]], bool]) -> tuple[str, bool]:
    """The delimiter of a file that begins with `lines`, and whether spaces follow it.

    It is the one by which the first row is a header, most rows have as many fields as that one,
    and that has most fields; of equals the first of `_DELIMITERS`.
    """
    best: tuple[bool, float, int] = (False, -1.0, 0)
    chosen = ","
    for delimiter in _DELIMITERS:
        try:
            rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        if not rows:
            continue
        count = len(rows[0])
        alike = sum(len(row) == count for row in rows) / len(rows)
        score = (is_header(rows[0]), alike if count > 1 or is_header(rows[0]) else 0.0, count)
        if score > best:
            best, chosen = score, delimiter
    text = "".join(lines)
    tight = re.search(re.escape(chosen) + '"', text)
    return chosen, not tight and re.search(re.escape(chosen) + ' +"', text) is not None
