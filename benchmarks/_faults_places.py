"""Places that cannot be written: a full disk, a read-only one, another's folder, a held lock."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from assistant.index import current_generation, writing
from benchmarks._faults_kills import Desk, write_desk
from benchmarks._faults_mounts import Disk, on_a_disk, refused, without_privileges
from benchmarks._faults_world import (
    Outcome,
    Part,
    built,
    end,
    in_child,
    left_overs,
    must,
    same,
    seen,
    start,
)

_ROOM = 256 << 20
_ANOTHER = 65534
_MOST_TOLD = 1_000


def _expect(part: Part, outcome: Outcome, error: str, what: str) -> None:
    """Fails where the outcome is not this error of the product."""
    if outcome.error == error:
        part.count(error)
    else:
        part.failures.append(f"{what}: {error} was expected, not {outcome}")


def _expect_same(part: Part, outcome: Outcome, expected: Any, what: str) -> None:
    if outcome.whole and same(outcome.value, expected):
        part.count("right answers")
    else:
        part.failures.append(f"{what}: a reader sees something else ({str(outcome)[:500]})")


def full_disks(root: Path, model: str, *, sizes: int = 60) -> Part:
    """Builds on disks that are full at `sizes` different moments, then have space again."""
    part = Part()
    reason = refused(root)
    if reason is not None:
        part.figures["skipped"] = f"NOT MEASURED: no file system can be mounted here ({reason})"
        return part
    place = root / "disk"
    place.mkdir()
    desk = write_desk(root.parent / "desk", model)
    for before, after in ((None, "base"), ("base", "more")):
        for turn in range(sizes // 2):
            share = turn / (sizes // 2)
            work = _filled(desk, place / "index", before, after, share)
            outcome = on_a_disk(place, work, size=_ROOM)
            if outcome.whole:
                for name, number in outcome.value["figures"].items():
                    part.count(name, number)
                part.failures += outcome.value["failures"]
            else:
                part.failures.append(f"a full disk, {after}, {share:.2f}: {outcome}")
    return part


def _filled(
    desk: Desk, index: Path, before: str | None, after: str, share: float
) -> Callable[[Disk], Any]:
    """The work of one disk, which has room for `share` of what a build writes."""

    def work(disk: Disk) -> dict[str, Any]:
        part, what = Part(), f"a full disk, {after}, {share:.2f}"
        if before is not None:
            shutil.copytree(desk.indexes[before], index)
        used = disk.used()
        newest = desk.indexes[after] / current_generation(desk.indexes[after])
        needed = sum(-(-p.stat().st_size // 4096) * 4096 for p in newest.rglob("*"))
        disk.resize(used + 4096 + int(share * needed))
        build = built(desk.articles[after], index, desk.model)
        outcome = in_child(build)
        if outcome.whole:
            part.count("disks with just enough room")
            _expect_same(part, in_child(seen(index)), desk.expected[after], what)
            return {"figures": part.figures, "failures": part.failures}
        _expect(part, outcome, "IndexUnwritable", what)
        part.count("disks filled")
        if before is not None:
            _expect_same(part, in_child(seen(index)), desk.expected[before], what)
        elif index.exists():
            _expect(part, in_child(seen(index)), "IndexNotFound", what)
        if index.exists() and (left := left_overs(index)):
            part.failures.append(f"{what}: left behind {left}")
        disk.resize(_ROOM)
        must(in_child(build))
        _expect_same(part, in_child(seen(index)), desk.expected[after], f"{what}, with room again")
        return {"figures": part.figures, "failures": part.failures}

    return work


def read_only(root: Path, model: str) -> Part:
    """An index on a read-only disk, and one in a folder that is another user's."""
    part = Part()
    desk = write_desk(root.parent / "desk", model)
    build = built(desk.articles["more"], root / "disk" / "index", model)

    def work(disk: Disk) -> dict[str, Any]:
        shutil.copytree(desk.indexes["base"], root / "disk" / "index")
        disk.make_read_only()
        inner = Part()
        found = in_child(seen(root / "disk" / "index"))
        _expect_same(inner, found, desk.expected["base"], "a read-only disk")
        _expect(inner, in_child(build), "IndexUnwritable", "a build on a read-only disk")
        return {"figures": inner.figures, "failures": inner.failures}

    (root / "disk").mkdir()
    reason = refused(root / "disk")
    if reason is None:
        value = must(on_a_disk(root / "disk", work, size=_ROOM))
        part.figures |= value["figures"]
        part.failures += value["failures"]
    else:
        part.figures["read-only disk"] = f"NOT MEASURED: nothing can be mounted here ({reason})"
    index = root / "of another user"
    shutil.copytree(desk.indexes["base"], index)
    for path in (index, *index.rglob("*")):
        if path.is_dir():
            path.chmod(0o555)
        if os.geteuid() == 0:
            os.chown(path, _ANOTHER, _ANOTHER)
    build = built(desk.articles["more"], index, model)
    found = in_child(without_privileges(seen(index)))
    _expect_same(part, found, desk.expected["base"], "another's folder")
    _expect(part, in_child(without_privileges(build)), "IndexUnwritable", "another's folder")
    for path in (p for p in (index, *index.rglob("*")) if p.is_dir()):
        path.chmod(0o755)
    return part


def second_writers(root: Path, model: str) -> Part:
    """A build while another one runs; readers meanwhile; a build after the other one is killed."""
    part = Part()
    desk = write_desk(root.parent / "desk", model)
    index = root / "index"
    shutil.copytree(desk.indexes["base"], index)
    for ending, held in (("it ends", "base"), ("it is killed", "more")):
        told, tells = os.pipe()
        told_to_go, go = os.pipe()
        progress = partial(_wait, tells, told_to_go)
        build = built(desk.articles["more"], index, model, progress=progress, full=True)
        first, reads = start(build)
        os.read(told, 1)
        for full in (False, True):
            second = in_child(built(desk.articles["changed"], index, model, full=full))
            _expect(part, second, "IndexLocked", "a second writer")
        found = in_child(seen(index))
        _expect_same(part, found, desk.expected[held], "a reader beside two writers")
        if ending == "it is killed":
            os.kill(first, signal.SIGKILL)
        os.write(go, b"." * _MOST_TOLD)
        end(first, reads)
        for descriptor in (told, tells, told_to_go, go):
            os.close(descriptor)
    must(in_child(built(desk.articles["changed"], index, model)))
    found = in_child(seen(index))
    _expect_same(part, found, desk.expected["changed"], "a build after a killed one")
    if left := left_overs(index):
        part.failures.append(f"a killed writer left behind {left}")
    return part


def _wait(tells: int, told_to_go: int, stage: str, *_: int) -> None:
    """A build that says when it writes, and waits until it may go on."""
    if stage == "writing":
        os.write(tells, b".")
        os.read(told_to_go, 1)


def clocks(root: Path, model: str) -> Part:
    """Builds by a clock that goes backwards, stands still, and jumps."""
    part = Part()
    desk = write_desk(root.parent / "desk", model)
    index = root / "index"
    now = datetime.fromisoformat("2031-05-05T12:00:00+00:00")
    steps = (0, -86_400, 0, -3_600, 400_000_000, -800_000_000, 1)
    names = list(desk.articles)
    made: list[str] = []
    for turn, step in enumerate(steps):
        now += timedelta(seconds=step)
        state = names[turn % len(names)]
        must(in_child(_at(now, built(desk.articles[state], index, model))))
        for path in index.iterdir():
            os.utime(path, (now.timestamp() - turn * 1e6,) * 2)
        outcome = in_child(seen(index))
        what = f"the clock at {now:%Y-%m-%d %H:%M}"
        _expect_same(part, outcome, desk.expected[state], what)
        made.append(outcome.value["generation"] if outcome.whole else "none")
        kept = {path.parent.name for path in index.glob("*/manifest.json")}
        if kept != set(made[-2:]):
            part.failures.append(f"{what}: {kept} are kept, not {made[-2:]}")
    part.figures["generations"] = len(set(made))
    if len(set(made)) != len(steps):
        part.failures.append(f"a generation's name came twice: {made}")
    return part


def _at(moment: datetime, work: Callable[[], Any]) -> Callable[[], Any]:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return moment.astimezone(tz)

    def run() -> Any:
        with patch.object(writing, "datetime", Clock):
            return work()

    return run
