"""One file, compressed: .gz, .bz2 and .xz, read as they are unpacked."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, Protocol

from assistant.articles.source import Source, member_name, unpacking
from assistant.errors import ArticleUnreadable
from assistant.types import Skipped

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BLOCK = 1 << 14
"""What comes before damage is lost with the block that it is in."""


class _Decoder(Protocol):
    """What bz2 and lzma have."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """zlib's, in the same shape."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def needs_input(self) -> bool:
        return not self._inflate.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inflate.decompress(self._inflate.unconsumed_tail + data, max_length)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A way to compress. Each stream begins with `magic`; several make one file."""

    name: str
    magic: bytes
    decoder: Callable[[], _Decoder]


_GZIP = _Kind("gzip", b"\x1f\x8b\x08", _Gzip)
_KINDS: dict[str, tuple[_Kind, str]] = {
    ".bz2": (_Kind("bzip2", b"BZh", bz2.BZ2Decompressor), ""),
    ".gz": (_GZIP, ""),
    ".tbz2": (_Kind("bzip2", b"BZh", bz2.BZ2Decompressor), ".tar"),
    ".tgz": (_GZIP, ".tar"),
    ".txz": (_Kind("xz", b"\xfd7zXZ\0", lzma.LZMADecompressor), ".tar"),
    ".xz": (_Kind("xz", b"\xfd7zXZ\0", lzma.LZMADecompressor), ""),
}
"""By suffix, with the suffix that stands for in what is unpacked."""


class _Unpacked(io.RawIOBase):
    """What a compressed file unpacks to, as far as it is sound.

    Damage ends it, and is told in `notes`; in a file of several streams, a web archive's records,
    it goes on at the next one.
    """

    def __init__(self, file: BinaryIO, kind: _Kind, notes: list[str]) -> None:
        super().__init__()
        self._file = file
        self._kind = kind
        self._notes = notes
        self._decoder: _Decoder | None = None
        self._pending = b""
        self._streams = 0
        self._given = 0
        self._over = False
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        while self._decoder is not None or self._starts():
            assert self._decoder is not None
            if not self._pending and self._decoder.needs_input:
                self._fill()
                if not self._pending:
                    self._note("the file is cut off")
                    self._decoder = None
                    return 0
            block, self._pending = self._pending, b""
            try:
                data = self._decoder.decompress(block, len(view))
            except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
                self._note("the file is damaged")
                self._decoder = None
                # Where it holds several streams, this one may start anew in what is left.
                self._pending = block[1:]
                if self._streams < 2 or not self._sought():
                    self._pending = b""
                    self._over = True
                    return 0
                continue
            if self._decoder.eof:
                self._pending = self._decoder.unused_data
                self._decoder = None
                self._streams += 1
            if data:
                view[: len(data)] = data
                self._given += len(data)
                return len(data)
        return 0

    def close(self) -> None:
        self._file.close()
        super().close()

    def _fill(self) -> None:
        block = b"" if self._over else self._file.read(_BLOCK)
        self.taken += len(block)
        self._pending += block

    def _starts(self) -> bool:
        """Whether another stream begins here."""
        magic = self._kind.magic
        while True:
            if self._streams:
                # Tapes and blocks are filled up with zeros.
                self._pending = self._pending.lstrip(b"\0")
            if len(self._pending) >= len(magic):
                break
            before = self.taken
            self._fill()
            if self.taken == before:
                break
        if not self._pending and self._given + self._streams:
            return False
        if not self._pending.startswith(magic):
            if not self._streams:
                raise ArticleUnreadable(f"it is no {self._kind.name} file")
            self._note("something else follows in the file")
            self._pending = b""
            self._over = True
            return False
        self._decoder = self._kind.decoder()
        return True

    def _sought(self) -> bool:
        """Goes on to what looks like the start of another stream."""
        magic = self._kind.magic
        while (at := self._pending.find(magic)) < 0:
            self._pending = self._pending[-len(magic) + 1 :]
            before = self.taken
            self._fill()
            if self.taken == before:
                return False
        self._pending = self._pending[at:]
        return True

    def _note(self, what: str) -> None:
        self._notes.append(f"{what} after {self._given:,} bytes unpacked; these were read")


def unpacked(file: BinaryIO, source: Source, notes: list[str]) -> BinaryIO:
    """What gzip's `file`, a part of `source`, unpacks to, within limits; `notes` tell of damage."""
    raw = _Unpacked(file, _GZIP, notes)
    return unpacking(io.BufferedReader(raw), source, lambda: raw.taken)


def read_packed(source: Source) -> Iterator[Skipped | Source]:
    kind, suffix = _KINDS[source.suffix]
    notes: list[str] = []

    def opened() -> BinaryIO:
        notes.clear()
        raw = _Unpacked(source.open(), kind, notes)
        return unpacking(io.BufferedReader(raw), source, lambda: raw.taken)

    member = source.member(member_name(source.stem + suffix), opened)
    # Compression is no archive, but for a file that is compressed twice.
    yield member if member.suffix in _KINDS else replace(member, depth=source.depth)
    for note in notes:
        yield Skipped(source.name, note)
