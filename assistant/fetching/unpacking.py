"""Unpacks what a server sent packed, and never more of it than is allowed."""

from __future__ import annotations

import zlib

from assistant.errors import FetchError
from assistant.fetching.limits import FetchLimits

ACCEPTED = b"gzip, deflate"

_PIECE = 1 << 16
_FREE = 1_000_000
"""Unpacked bytes below which any ratio is fine."""

_MOST_PARTS = 100
_GZIP = zlib.MAX_WBITS | 16
_RAW = -zlib.MAX_WBITS


class Unpacker:
    """Takes a body piece by piece. With `cut`, what is too long is cut and not an error."""

    def __init__(self, coding: str, limits: FetchLimits, *, cut: bool = False) -> None:
        """Raises FetchError for a coding that was not asked for."""
        names = {"": None, "identity": None, "gzip": _GZIP, "x-gzip": _GZIP}
        names["deflate"] = zlib.MAX_WBITS
        if coding not in names:
            raise FetchError("the server packs its pages in a way that it was not asked for")
        self._window = names[coding]
        self._parts = 0
        self._unpacking = None if self._window is None else zlib.decompressobj(self._window)
        self._limits = limits
        self._cut = cut
        self._body = bytearray()
        self._received = 0
        self.full = False
        """Whether enough was taken; only with `cut`."""

    def add(self, data: bytes) -> None:
        """Raises FetchError for what is too large, or damaged."""
        first = not self._received
        self._received += len(data)
        if self._received > self._limits.max_bytes and not self._cut:
            raise self._too_large()
        if self._unpacking is None:
            self._take(data)
            return
        try:
            self._unpack(data)
        except zlib.error:
            if not (first and self._window == zlib.MAX_WBITS and not self._body):
                raise FetchError("the page arrived damaged; try again") from None
            # Some servers leave out the two bytes that "deflate" begins with.
            self._window = _RAW
            self._unpacking = zlib.decompressobj(_RAW)
            try:
                self._unpack(data)
            except zlib.error:
                raise FetchError("the page arrived damaged; try again") from None

    def _unpack(self, data: bytes) -> None:
        assert self._unpacking is not None and self._window is not None
        more = True
        while more and not self.full:
            if self._unpacking.eof and data:
                if self._window != _GZIP or not data.startswith(b"\x1f"):
                    return  # padding after the end, which browsers pass over too
                self._parts += 1
                if self._parts > _MOST_PARTS:
                    raise FetchError("the page is packed in too many parts")
                self._unpacking = zlib.decompressobj(_GZIP)
            piece = self._unpacking.decompress(data, _PIECE)
            self._take(piece)
            data = self._unpacking.unconsumed_tail or self._unpacking.unused_data
            # A full piece may leave some behind that needs no more data.
            more = bool(data) or len(piece) == _PIECE

    def _take(self, piece: bytes) -> None:
        self._body += piece
        size = len(self._body)
        if self._cut and size >= self._limits.max_bytes:
            del self._body[self._limits.max_bytes :]
            self.full = True
            return
        if size > self._limits.max_bytes:
            raise self._too_large()
        packed = self._unpacking is not None
        if packed and size > max(_FREE, self._limits.max_ratio * self._received):
            raise FetchError(
                f"the page unpacks to more than {self._limits.max_ratio} times its size; "
                "no page does"
            )

    def _too_large(self) -> FetchError:
        return FetchError(f"the page is larger than {self._limits.max_bytes:,} bytes")

    def body(self) -> bytes:
        """All of it. Raises FetchError where the end is missing."""
        unpacking = self._unpacking
        if unpacking is not None and self._received and not (unpacking.eof or self.full):
            raise FetchError("the page arrived only in part; try again")
        return bytes(self._body)
