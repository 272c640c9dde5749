"""Small and read-only file systems that a process mounts for itself and that end with it."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks._faults_world import Outcome, in_child

_CAPABILITIES = 0x20080522
"""The version of the structures that `capset` takes."""

_NEW_MOUNTS, _NEW_USERS = 0x00020000, 0x10000000
_READ_ONLY, _REMOUNT, _RECURSIVE, _PRIVATE = 0x1, 0x20, 0x4000, 0x40000


def _call(name: str, *arguments: Any) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _mount(folder: Path, kind: bytes, flags: int, options: str | None = None) -> None:
    data = None if options is None else options.encode()
    _call("mount", b"none", os.fsencode(folder), kind, ctypes.c_ulong(flags), data)


class Disk:
    """A file system in memory, mounted on a folder, for this process and its children alone."""

    def __init__(self, folder: Path, *, size: int) -> None:
        """`size` in bytes. Raises OSError where the system does not allow it."""
        self._folder = folder
        user, group = os.geteuid(), os.getegid()
        if user == 0:
            _call("unshare", _NEW_MOUNTS)
        else:
            _call("unshare", _NEW_MOUNTS | _NEW_USERS)
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"0 {user} 1")
            Path("/proc/self/gid_map").write_text(f"0 {group} 1")
        _mount(Path("/"), b"", _RECURSIVE | _PRIVATE)
        _mount(folder, b"tmpfs", 0, f"size={size}")

    def used(self) -> int:
        """Bytes in use."""
        at = os.statvfs(self._folder)
        return (at.f_blocks - at.f_bfree) * at.f_frsize

    def resize(self, size: int) -> None:
        _mount(self._folder, b"tmpfs", _REMOUNT, f"size={size}")

    def make_read_only(self) -> None:
        _mount(self._folder, b"tmpfs", _REMOUNT | _READ_ONLY)


def on_a_disk(folder: Path, work: Callable[[Disk], Any], *, size: int) -> Outcome:
    """Does `work` in a child whose `folder` is a new file system of `size` bytes."""
    return in_child(lambda: work(Disk(folder, size=size)), patience=600)


def refused(folder: Path) -> str | None:
    """Why this system lets no process mount anything; None where it does."""

    def probe() -> str | None:
        try:
            Disk(folder, size=1 << 20)
        except OSError as error:
            return str(error)
        return None

    reason: str | None = in_child(probe).value
    return reason


def without_privileges(work: Callable[[], Any]) -> Callable[[], Any]:
    """The work, done by a process to which permissions apply, also where root started it."""

    def run() -> Any:
        none = (ctypes.c_uint32 * 6)()
        _call("capset", (ctypes.c_uint32 * 2)(_CAPABILITIES, 0), none)
        return work()

    return run
