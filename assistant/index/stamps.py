"""What the file system says of a generation's files since they were last hashed.

To hash some gigabytes takes seconds, and an index is opened for every question that a command
asks. So whoever has hashed all files of a generation leaves a hidden file in it with the size,
times, inode and device of each: every write through the file system gives a file another time of
change, which nothing but the clock sets, and every copy another inode. Where all are as they were,
the files are taken to be as they were. What changes beneath the file system, a sector that loses
its bits, goes unnoticed: `assistant verify` reads everything.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

from assistant.files import write_atomically

STAMP = ".stamp.json"

Stats = tuple[int, int, int, int, int]
"""Size in bytes, times of content and of change in nanoseconds, inode, device."""

ALWAYS_HASHED = 64_000_000
"""Bytes of a generation's smallest files that each opening hashes: a tenth of a second."""

_SETTLED_NS = 2_000_000_000
"""A second write within one tick of the clock leaves no trace: the coarsest ticks are FAT's."""

_LARGEST = 16_000_000


def smallest(sizes: Mapping[str, int]) -> list[str]:
    """As many of the smallest files as each opening hashes."""
    chosen, total = [], 0
    for name in sorted(sizes, key=lambda name: (sizes[name], name)):
        total += sizes[name]
        if total > ALWAYS_HASHED:
            break
        chosen.append(name)
    return chosen


def _stats(file: os.stat_result) -> Stats:
    return (file.st_size, file.st_mtime_ns, file.st_ctime_ns, file.st_ino, file.st_dev)


def look(generation: Path, names: Iterable[str]) -> dict[str, Stats]:
    """The stats of those of some files that are there and can be read."""
    seen: dict[str, Stats] = {}
    for name in names:
        path = generation / name
        with suppress(OSError):
            if path.is_file():
                # Opened, because a network file system asks its server only then.
                with path.open("rb") as file:
                    seen[name] = _stats(os.fstat(file.fileno()))
    return seen


def write_stamp(generation: Path, manifest_sha256: str, seen: Mapping[str, Stats]) -> None:
    """Leaves word that files with these stats had the checksums of the generation's manifest.

    `seen` was looked at before they were hashed. Files that were changed only just are left
    out: what is written to them within the same tick would not be seen. Nothing is left in a
    generation so small that all of it is always hashed, in one that cannot be written, or where
    the system keeps no time of change (Windows).
    """
    if os.name != "posix" or sum(stats[0] for stats in seen.values()) <= ALWAYS_HASHED:
        return
    with suppress(OSError):
        with TemporaryFile(dir=generation) as file:
            # By the file system's own clock, which may be a server's.
            settled = os.fstat(file.fileno()).st_ctime_ns - _SETTLED_NS
        files = {name: stats for name, stats in seen.items() if stats[2] < settled}
        values = {"manifest_sha256": manifest_sha256, "files": files}
        write_atomically(generation / STAMP, json.dumps(values).encode())


def read_stamp(generation: Path, manifest_sha256: str | None) -> dict[str, Stats]:
    """The stats that files had when they were hashed, as far as a sound stamp says.

    Empty where the stamp is of another manifest, damaged, or not there.
    """
    path = generation / STAMP
    try:
        if os.name != "posix" or path.stat().st_size > _LARGEST:
            return {}
        values = json.loads(path.read_bytes())
        if manifest_sha256 is None or values["manifest_sha256"] != manifest_sha256:
            return {}
        known = {}
        for name, stats in values["files"].items():
            size, modified, changed, inode, device = map(int, stats)
            known[str(name)] = (size, modified, changed, inode, device)
        return known
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
