"""Memory that was freed: how many places glibc takes it from, and that it can be given back."""

from __future__ import annotations

import platform

import pytest
from helpers import python

# Each thread holds what it takes, so that one after the other finds no place that is free.
_PLACES = """
import ctypes, sys, threading
from assistant.memory import give_memory_back, share_arenas
if sys.argv[1] == "shared":
    share_arenas()
barrier = threading.Barrier(6)
def take():
    held = [bytearray(5_000) for _ in range(50)]
    barrier.wait()
    barrier.wait()
threads = [threading.Thread(target=take) for _ in range(5)]
for thread in threads:
    thread.start()
barrier.wait()
library = ctypes.CDLL(None)
library.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(library.fopen(sys.argv[2].encode(), b"w"))
library.malloc_info(0, file)
library.fclose(file)
barrier.wait()
for thread in threads:
    thread.join()
give_memory_back()
print(open(sys.argv[2]).read().count("<heap "))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others have no such places")
@pytest.mark.parametrize(("which", "least", "most"), [("shared", 1, 2), ("own", 3, 99)])
def test_threads_share_places(tmp_path: object, which: str, least: int, most: int) -> None:
    done = python("-c", _PLACES, which, f"{tmp_path}/info.xml")
    assert done.returncode == 0, done.stderr
    assert least <= int(done.stdout) <= most


def test_where_there_is_no_such_library_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    from assistant import memory

    assert memory._libc() is None
    memory.share_arenas()
    memory.give_memory_back()
