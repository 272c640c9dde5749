"""Where an article is read from: a file, or a member of an archive, and what it may cost."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from assistant.errors import ArticleUnreadable
from assistant.limits import Limits

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_ROOM_BYTES = 1_000_000
"""What is unpacked to less than this is never a bomb, whatever its ratio."""

_BLOCK = 1 << 16


class Budget:
    """What a file with all that it holds may still cost. One for each file of the folder."""

    def __init__(self, limits: Limits, tell: Callable[[], None] | None = None) -> None:
        self._limits = limits
        self._bytes = limits.unpacked_bytes
        self._members = limits.members
        self._tell = tell

    def tell(self) -> None:
        """Says that reading goes on: a page of many is done, say."""
        if self._tell is not None:
            self._tell()

    def take_member(self) -> None:
        """Raises ArticleUnreadable where the file holds more members than it may."""
        self._members -= 1
        if self._members < 0:
            raise ArticleUnreadable(f"it holds more than {self._limits.members:,} members")

    def take_bytes(self, count: int) -> None:
        """Raises ArticleUnreadable where more was unpacked than may be."""
        self._bytes -= count
        if self._bytes < 0:
            megabytes = self._limits.unpacked_bytes // 1_000_000
            raise ArticleUnreadable(f"it unpacks to more than {megabytes:,} MB")


@dataclass(frozen=True, slots=True)
class Source:
    """Something to be read as articles.

    `name` is the path under the folder, with slashes; that of a member goes on from its
    archive's: `letters.zip/march/a.html`. `open` may be called while the archive is open, which
    it is until the next source is asked for. `depth` counts the archives around it. `encoding`
    and `url` are what the outside says of it, a web archive's record, say.
    """

    name: str
    open: Callable[[], BinaryIO]
    limits: Limits
    budget: Budget
    depth: int = 0
    encoding: str | None = None
    url: str | None = None

    @property
    def file_name(self) -> str:
        return self.name.rsplit("/", 1)[-1]

    @property
    def stem(self) -> str:
        stem, dot, _ = self.file_name.rpartition(".")
        return stem if dot and stem else self.file_name

    @property
    def suffix(self) -> str:
        """The last suffix, in lower case, with its dot; "" where there is none."""
        stem, dot, last = self.file_name.rpartition(".")
        return f".{last.lower()}" if dot and stem else ""

    def read(self, most: int | None = None) -> bytes:
        """All bytes. Raises ArticleUnreadable where there are none, or too many; OSError."""
        most = self.limits.file_bytes if most is None else min(most, self.limits.file_bytes)
        with self.open() as file:
            data = file.read(most + 1)
        if not data:
            raise ArticleUnreadable("the file is empty")
        if len(data) > most:
            raise ArticleUnreadable(f"the file is larger than {size(most)}")
        return data

    def check_depth(self) -> None:
        """Raises ArticleUnreadable where this archive lies too deep for its members to be read."""
        if self.depth >= self.limits.depth:
            raise ArticleUnreadable(f"it is an archive within {self.limits.depth} archives")

    def member(
        self,
        name: str,
        open: Callable[[], BinaryIO],  # noqa: A002 - the field's name
        *,
        encoding: str | None = None,
        url: str | None = None,
    ) -> Source:
        """A part of this archive. Raises ArticleUnreadable where it has too many."""
        self.budget.take_member()
        return replace(
            self,
            name=f"{self.name}/{name}",
            open=open,
            depth=self.depth + 1,
            encoding=encoding,
            url=url,
        )


class _Unpacking(io.RawIOBase):
    """Reads what is unpacked from `packed` bytes, and stops where it costs too much."""

    def __init__(self, file: BinaryIO, source: Source, packed: int | Callable[[], int]) -> None:
        super().__init__()
        self._file = file
        self._source = source
        self._packed = packed
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        data = self._file.read(len(view))
        self._source.budget.take_bytes(len(data))
        self._given += len(data)
        packed = self._packed if isinstance(self._packed, int) else self._packed()
        ratio = self._source.limits.ratio
        if self._given > max(_ROOM_BYTES, packed * ratio):
            raise ArticleUnreadable(f"it unpacks to more than {ratio} times its size")
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


class _Resumed(io.RawIOBase):
    """Reads what was read of a file already, and then the rest of it."""

    def __init__(self, head: bytes, file: BinaryIO) -> None:
        super().__init__()
        self._head = memoryview(head)
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        data = self._head[: len(view)] or self._file.read(len(view))
        self._head = self._head[len(data) :]
        view[: len(data)] = data
        return len(data)


def peeked(file: BinaryIO, count: int) -> tuple[bytes, BinaryIO]:
    """The first `count` bytes of a file, and the whole file: some can be read only once."""
    head = file.read(count)
    return head, io.BufferedReader(_Resumed(head, file), _BLOCK)


def unpacking(file: BinaryIO, source: Source, packed: int | Callable[[], int]) -> BinaryIO:
    """A reader of what `file` unpacks, from `packed` bytes of `source`: so many, or so many by now.

    Its methods raise ArticleUnreadable where it unpacks to more than the limits allow.
    """
    return io.BufferedReader(_Unpacking(file, source, packed), _BLOCK)


def member_name(name: str) -> str:
    """A name in an archive as a part of a path: it stays within it, and UTF-8 can hold it."""
    parts = name.replace("\\", "/").replace("\0", "").split("/")
    kept = "/".join("_" if part == ".." else part for part in parts if part not in ("", "."))
    return kept.encode("utf-8", "backslashreplace").decode("utf-8") or "_"


def is_left_out(name: str) -> bool:
    """Whether a member is hidden, or a README: such files are left out of a folder, too."""
    *folders, last = name.split("/")
    hidden = last.startswith(".") or any(f.startswith(".") or f == "__MACOSX" for f in folders)
    return hidden or last.rpartition(".")[0].lower() == "readme" or last.lower() == "readme"


def size(count: int) -> str:
    """A number of bytes, as a message has it."""
    return f"{count // 1_000_000} MB" if count >= 1_000_000 else f"{count:,} bytes"
