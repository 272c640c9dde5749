"""Tar archives, read from front to back."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

from assistant.articles.source import Source, is_left_out, member_name
from assistant.errors import ArticleUnreadable
from assistant.types import Skipped

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


_ROOM = 1 << 19
"""What is read ahead of what somebody asked for."""


class _Content:
    """A member's bytes, of which the first `most` can be read again."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = file
        self._most = most
        self._held = bytearray()
        self._at = 0

    def read(self, at: int, count: int) -> bytes:
        """Raises ArticleUnreadable for what cannot be read again, and where the archive ends."""
        if at < len(self._held):
            return bytes(self._held[at : at + count])
        if at != self._at:
            raise ArticleUnreadable("it is too large to be read from here; unpack the archive")
        try:
            data = self._file.read(count)
        except (tarfile.TarError, EOFError):
            raise ArticleUnreadable("the archive is cut off within it") from None
        self._at += len(data)
        if at == len(self._held) and at + len(data) <= self._most:
            self._held += data
        return data


class _Member(io.RawIOBase):
    def __init__(self, content: _Content) -> None:
        super().__init__()
        self._content = content
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        data = self._content.read(self._at, len(view))
        self._at += len(data)
        view[: len(data)] = data
        return len(data)


def read_tar(source: Source) -> Iterator[Skipped | Source]:
    source.check_depth()
    with source.open() as file:
        try:
            with tarfile.open(fileobj=file, mode="r|", errors="surrogateescape") as archive:
                for entry in archive:
                    yield from _member(source, archive, entry)
                    # Else it keeps what it knows of each.
                    archive.members = []  # type: ignore[attr-defined]
        except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
            reason = str(error)[:80] or type(error).__name__
            raise ArticleUnreadable(f"it is no sound tar archive from here on ({reason})") from None


def _member(
    source: Source, archive: tarfile.TarFile, entry: tarfile.TarInfo
) -> Iterator[Skipped | Source]:
    name = member_name(entry.name)
    if entry.isdir() or is_left_out(name):
        return
    if not entry.isreg() or entry.issparse():
        what = "a link" if entry.issym() or entry.islnk() else "no plain file"
        yield Skipped(f"{source.name}/{name}", f"it is {what} in the archive; it is not followed")
        return
    inner = archive.extractfile(entry)
    assert inner is not None
    content = _Content(cast("BinaryIO", inner), source.limits.file_bytes + _ROOM)
    yield source.member(name, lambda: io.BufferedReader(_Member(content)))
