"""What the C library does with memory that was freed, where that can be told: in glibc."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

_M_ARENA_MAX = -8
"""Of `mallopt` (malloc.h)."""

_ARENAS = 2


def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if sys.platform == "linux" else None


def share_arenas() -> None:
    """Has all threads of this process take memory from two places, not each from its own.

    Any thread may be the first to use an index, and another one the last: with places of their
    own, what they free lies in pieces. Over 14 generations of 50 articles, asked by eight threads,
    a process grew from 327 to 376 MB; with two places from 317 to 321. To be called before there
    are threads, by what the process belongs to.
    """
    with suppress(AttributeError, OSError):
        if (library := _libc()) is not None:
            library.mallopt(_M_ARENA_MAX, _ARENAS)


def give_memory_back() -> None:
    """Has freed memory returned to the system."""
    with suppress(AttributeError, OSError):
        if (library := _libc()) is not None:
            library.malloc_trim(0)
