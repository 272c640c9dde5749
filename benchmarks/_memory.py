"""What processes hold and use, as the kernel (Linux) tells it: of one, and of a whole tree."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

_PROC = Path("/proc")
_KILOBYTE = 1024


@dataclass(frozen=True, slots=True)
class Held:
    """Megabytes that processes hold: resident, and of these anonymous."""

    resident: float
    anonymous: float

    def __add__(self, other: Held) -> Held:
        return Held(self.resident + other.resident, self.anonymous + other.anonymous)


def held_by(pid: int) -> Held | None:
    """What one process holds; None where it has ended."""
    fields = {}
    try:
        text = (_PROC / str(pid) / "status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name in ("VmRSS", "RssAnon"):
            fields[name] = int(value.split()[0]) * _KILOBYTE / 1e6
    # One that has ended and was not waited for has no memory.
    return Held(fields["VmRSS"], fields["RssAnon"]) if len(fields) == 2 else None


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found = [pid]
    for parent in found:
        try:
            for task in (_PROC / str(parent) / "task").iterdir():
                found += map(int, (task / "children").read_text(encoding="ascii").split())
        except OSError:
            # It ended between two looks.
            continue
    return found


def count_of(pid: int, what: str) -> int:
    """How many a process has: open files (`fd`), threads (`task`). Raises OSError."""
    return sum(1 for _ in (_PROC / str(pid) / what).iterdir())


def mappings_of(pid: int) -> int:
    """How many mappings of files or memory a process has. Raises OSError."""
    with (_PROC / str(pid) / "maps").open("rb") as lines:
        return sum(1 for _ in lines)


class Watch:
    """Samples the memory of a tree of processes until it is left; `peak` is the most of each.

    Pages that processes share are counted in each of them that holds them.
    """

    def __init__(self, pid: int, *, every: float = 0.25) -> None:
        self._pid = pid
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.samples: list[tuple[float, Held]] = []
        self.most_processes = 0

    @property
    def peak(self) -> Held:
        held = [sample for _, sample in self.samples] or [Held(0.0, 0.0)]
        return Held(max(one.resident for one in held), max(one.anonymous for one in held))

    def look(self) -> None:
        """Takes one sample now."""
        pids = tree(self._pid)
        each = [held for pid in pids if (held := held_by(pid)) is not None]
        if each:
            self.samples.append((time.monotonic(), sum(each, Held(0.0, 0.0))))
            self.most_processes = max(self.most_processes, len(each))

    def _run(self) -> None:
        while not self._ended.wait(self._every):
            self.look()

    def __enter__(self) -> Watch:
        self.look()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()


@dataclass(frozen=True, slots=True)
class Trend:
    """How a figure went: its median, growth from the first third to the last in per cent, and
    the slope over the last two thirds for an hour, with its standard error."""

    median: float
    growth_percent: float
    slope_an_hour: float
    slope_error: float

    def to_dict(self) -> dict[str, float]:
        return {
            "median": round(self.median, 2),
            "growth_percent": round(self.growth_percent, 2),
            "slope_an_hour": round(self.slope_an_hour, 2),
            "slope_error": round(self.slope_error, 2),
        }


def trend(seconds: Sequence[float], values: Sequence[float]) -> Trend:
    """The trend of values that were taken at these times; at least nine of them.

    The slope is that of least squares: a start that is still warming up is left out of it.
    """
    if len(values) < 9:
        raise ValueError(f"{len(values)} samples are too few for a trend")
    at, measured = np.asarray(seconds, np.float64), np.asarray(values, np.float64)
    third = len(measured) // 3
    first, last = float(np.median(measured[:third])), float(np.median(measured[-third:]))
    hours, late = (at[third:] - at[third]) / 3_600, measured[third:]
    spread = hours - hours.mean()
    slope = float(spread @ late / (spread @ spread))
    left = late - late.mean() - slope * spread
    error = float(np.sqrt(left @ left / (len(late) - 2) / (spread @ spread)))
    growth = (last / first - 1) * 100 if first else 0.0
    return Trend(float(np.median(late)), growth, slope, error)


def own() -> Held:
    """What this process holds."""
    held = held_by(os.getpid())
    assert held is not None
    return held
