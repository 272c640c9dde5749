"""CSV and TSV: a header, and a record a row."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from assistant.articles.csv_rows import Rows, dialect
from assistant.articles.decoding import decode
from assistant.articles.records import Repeated, columns_of, no_text, read_record
from assistant.articles.source import Source
from assistant.errors import ArticleUnreadable
from assistant.types import Article, Skipped

_SAMPLE = 1 << 16
_BETWEEN = "\x1e"
"""ASCII's own mark between records: what stands between the cells of a row while it is decoded."""


class _NoHeader(Exception):
    """The first row does not say which column is the text."""


def _is_header(names: list[str]) -> bool:
    return bool(columns_of(tuple(names))["text"])


def _decoded(row: list[str]) -> list[str]:
    """The cells of a row that is Latin-1 so far. Raises ArticleUnreadable."""
    raw = _BETWEEN.join(cell.replace(_BETWEEN, " ").replace("\0", "") for cell in row)
    data = raw.encode("latin-1")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = decode(data).text
    return text.split(_BETWEEN)


def read_csv(source: Source) -> Iterator[Article | Skipped]:
    most = source.limits.file_bytes
    with source.open() as file:
        head = file.read(most + 1)
    if not head:
        raise ArticleUnreadable("the file is empty")
    if len(head) > most:
        # Too much to be decoded at once: each row is, by itself.
        with source.open() as file:
            yield from _read_rows(source, file, head[:_SAMPLE])
        return
    nuls = head.count(b"\0")
    if 0 < nuls < len(head) // 100:
        head = head.replace(b"\0", b"")
        yield Skipped(source.name, f"{nuls:,} NUL bytes were left out")
    decoded = decode(head, declared=source.encoding)
    if decoded.note:
        yield Skipped(source.name, decoded.note)
    data = decoded.text.encode()
    yield from _read_rows(source, io.BytesIO(data), data[:_SAMPLE])


def _read_rows(source: Source, file: BinaryIO, sample: bytes) -> Iterator[Article | Skipped]:
    lines = sample.decode("latin-1").splitlines(keepends=True)
    # The last line of a sample may be cut.
    whole = lines[:-1] if len(sample) == _SAMPLE and len(lines) > 1 else lines
    given = re.match(r"\s*sep=(.)\s*$", whole[0].removeprefix("\xef\xbb\xbf")) if whole else None
    if given:
        # The line by which a spreadsheet is told.
        file.readline()
        delimiter, spaced = given[1], False
    else:
        delimiter, spaced = dialect(whole, _is_header)
    rows = Rows(
        file,
        delimiter=delimiter,
        spaced=spaced,
        most=source.limits.file_bytes,
        number=1 if given else 0,
    )
    names: list[str] = []
    wrong = Repeated(source.name)
    empty = True
    for number, row in rows:
        if isinstance(row, str):
            empty = False
            yield from wrong.told()
            yield Skipped(source.name, row, number)
            continue
        if not any(cell.strip() for cell in row):
            continue
        try:
            cells = _decoded(row)
            if not names:
                names = [cell.removeprefix("\ufeff").strip() for cell in cells]
                if not _is_header(names):
                    raise _NoHeader(no_text(names, "the first row names no column of 'text'"))
                continue
            empty = False
            if len(cells) > len(names) and not any(cells[len(names) :]):
                cells = cells[: len(names)]
            if len(cells) != len(names):
                yield from wrong.add(
                    f"the row has {len(cells):,} fields, not {len(names):,}", line=number
                )
                continue
            # Of two columns of one name, the first counts.
            record = dict(zip(reversed(names), reversed(cells), strict=True))
            for item in read_record(record, source.name, what="the row"):
                if isinstance(item, Article):
                    yield from wrong.told()
                    yield item
                else:
                    yield Skipped(source.name, item, number)
        except _NoHeader as error:
            raise ArticleUnreadable(str(error)) from None
        except ArticleUnreadable as error:
            yield from wrong.add(str(error), line=number)
    yield from wrong.told()
    if empty:
        raise ArticleUnreadable("there are no rows in it")
