"""Zip archives."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from assistant.articles.decoding import decode
from assistant.articles.source import Source, is_left_out, member_name, unpacking
from assistant.errors import ArticleUnreadable
from assistant.types import Skipped

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_LOCAL_HEADER = 30
"""The least bytes that stand before a member's own."""

_ENCRYPTED = 0x1
_UTF_8 = 0x800
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError),
    *(RuntimeError, ValueError, OverflowError, LookupError, struct.error),
)


class _Member(io.RawIOBase):
    """A member, whose damage is told like any other file's."""

    def __init__(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
        super().__init__()
        try:
            self._file = archive.open(entry)
        except _BROKEN as error:
            raise _damaged(error) from None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        try:
            data = self._file.read(len(view))
        except _BROKEN as error:
            raise _damaged(error) from None
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def _damaged(error: Exception) -> ArticleUnreadable:
    return ArticleUnreadable(f"it cannot be unpacked ({str(error)[:80] or type(error).__name__})")


def read_zip(source: Source) -> Iterator[Skipped | Source]:
    source.check_depth()
    with ExitStack() as stack:
        file = stack.enter_context(source.open())
        if not file.seekable():
            # An archive in an archive.
            file = io.BytesIO(source.read())
        try:
            archive = stack.enter_context(zipfile.ZipFile(file))
        except _BROKEN as error:
            raise ArticleUnreadable(f"it is no sound zip archive ({str(error)[:80]})") from None
        entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
        if len(entries) > source.limits.members:
            raise ArticleUnreadable(f"it holds more than {source.limits.members:,} members")
        _check_places(archive)
        names = _names(entries)
        for entry in sorted(entries, key=lambda one: (names[one.header_offset], one.header_offset)):
            name = names[entry.header_offset]
            if is_left_out(name):
                continue
            # Raises where nothing more may be unpacked: then nothing more is tried.
            source.budget.take_bytes(0)
            if entry.flag_bits & _ENCRYPTED:
                yield Skipped(f"{source.name}/{name}", "it is encrypted; unpack the archive")
                continue
            yield source.member(name, partial(_opened, archive, entry, source))


def _opened(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, source: Source) -> BinaryIO:
    return unpacking(io.BufferedReader(_Member(archive, entry)), source, entry.compress_size)


def _check_places(archive: zipfile.ZipFile) -> None:
    """Raises ArticleUnreadable where members share bytes: so a small file holds petabytes."""
    end = archive.start_dir
    for entry in sorted(archive.infolist(), key=lambda one: one.header_offset, reverse=True):
        if entry.header_offset + _LOCAL_HEADER + entry.compress_size > end:
            raise ArticleUnreadable("its members overlap")
        end = entry.header_offset


def _names(entries: list[zipfile.ZipInfo]) -> dict[int, str]:
    """The names by the places of the members, in the encoding that they seem to be in."""
    old = [e for e in entries if not e.flag_bits & _UTF_8 and not e.filename.isascii()]
    names = {entry.header_offset: entry.filename for entry in entries}
    try:
        # zipfile takes them to be in the code page of the first PCs.
        raw = b"\n".join(entry.filename.encode("cp437") for entry in old)
        decoded = decode(raw).text.split("\n") if old else []
    except (ArticleUnreadable, UnicodeEncodeError):
        decoded = []
    if len(decoded) == len(old):
        names.update({e.header_offset: n for e, n in zip(old, decoded, strict=True)})
    return {place: member_name(name) for place, name in names.items()}
