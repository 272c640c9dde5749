"""Parquet: a record a row, of the columns that are known."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, BinaryIO

from assistant.articles.decoding import decode
from assistant.articles.records import Repeated, columns_of, no_text, read_record
from assistant.articles.source import Source, size
from assistant.errors import ArticleUnreadable
from assistant.types import Article, Skipped

_ROWS = 64
"""Rows that are unpacked at once: of one value of megabytes a file can have millions."""


def read_parquet(source: Source) -> Iterator[Article | Skipped]:
    # The allocators that come with it keep more memory for themselves than they are asked for.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    try:
        import pyarrow
    except ImportError:
        raise ArticleUnreadable(
            "Parquet is read with pyarrow; install it with pip install 'assistant[parquet]'"
        ) from None
    number = 0
    wrong = Repeated(source.name)
    try:
        with ExitStack() as stack:
            file = stack.enter_context(source.open())
            if not file.seekable():
                # A member of an archive.
                file = io.BytesIO(source.read())
            for row in _rows(file, source):
                number += 1
                yield from _items(row, source, number, wrong)
            yield from wrong.told()
    except MemoryError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError, TypeError, LookupError) as error:
        reason = " ".join(str(error).split())[:80]
        after = f"after row {number:,} " if number else ""
        raise ArticleUnreadable(f"it cannot be read as Parquet {after}({reason})") from None
    if not number:
        raise ArticleUnreadable("there are no rows in it")


def _items(
    row: dict[str, Any], source: Source, number: int, wrong: Repeated
) -> Iterator[Article | Skipped]:
    place = f"row {number:,}: "
    try:
        most = source.limits.file_bytes
        if any(isinstance(value, str) and len(value) > most for value in row.values()):
            raise ArticleUnreadable(f"it has a value larger than {size(most)}")
        for item in read_record(row, source.name, what="the row"):
            if isinstance(item, Article):
                yield from wrong.told()
                yield item
            else:
                yield Skipped(source.name, place + item)
    except ArticleUnreadable as error:
        yield from wrong.add(str(error), place=place)


def _rows(file: BinaryIO, source: Source) -> Iterator[dict[str, Any]]:
    import pyarrow
    from pyarrow import parquet

    pyarrow.set_cpu_count(1)
    pyarrow.set_io_thread_count(1)
    table = parquet.ParquetFile(file, pre_buffer=False, page_checksum_verification=True)
    names = tuple(table.schema_arrow.names)
    known = columns_of(names)
    if not known["text"]:
        raise ArticleUnreadable(no_text(names, "no column is called 'text'"))
    wanted = {column for columns in known.values() for column in columns}
    columns = [name for name in names if name in wanted]
    for batch in table.iter_batches(batch_size=_ROWS, columns=columns, use_threads=False):
        found = {
            name: _plain(column)
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        }
        for row in range(batch.num_rows):
            values = {name: _value(column[row]) for name, column in found.items()}
            # A file names a value once, and may have it in any number of rows.
            source.budget.take_bytes(sum(len(v) for v in values.values() if isinstance(v, str)))
            yield values


def _plain(column: Any) -> Any:
    """A column without what Python has not: nanoseconds, and some of the zones."""
    import pyarrow

    kind = column.type
    if not pyarrow.types.is_timestamp(kind):
        return column
    return column.cast(pyarrow.timestamp("us", "UTC" if kind.tz else None), safe=False)


def _value(scalar: Any) -> Any:
    try:
        value = scalar.as_py()
    except UnicodeDecodeError:
        # It is said to be UTF-8, and is not.
        value = getattr(scalar, "value", scalar).as_buffer().to_pybytes()
    if not isinstance(value, bytes):
        return value
    try:
        return decode(value).text
    except ArticleUnreadable:
        return None
