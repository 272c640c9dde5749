"""Tar archives, read from front to back."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from assistant.articles.source import Source, is_left_out, member_name
from assistant.errors import ArticleUnreadable
from assistant.types import Skipped

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class _Member(io.RawIOBase):
    """A member, whose damage is told like any other file's."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        try:
            data = self._file.read(len(view))
        except (tarfile.TarError, EOFError):
            raise ArticleUnreadable("the archive is cut off within it") from None
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
    held: bytes | None = None
    streamed = False

    def opened() -> BinaryIO:
        nonlocal held, streamed
        if held is None:
            if streamed:
                raise ArticleUnreadable("it is too large to be read from here; unpack the archive")
            inner = archive.extractfile(entry)
            assert inner is not None
            file = io.BufferedReader(_Member(inner))  # type: ignore[arg-type]
            if entry.size > source.limits.file_bytes:
                streamed = True
                return file
            held = file.read()
        return io.BytesIO(held)

    yield source.member(name, opened)
