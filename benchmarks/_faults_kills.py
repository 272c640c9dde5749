"""`kill -9` in the middle of builds: at each thing that they do to files, and at random times."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks._faults_world import (
    Part,
    built,
    copied,
    end,
    in_child,
    left_overs,
    must,
    same,
    seen,
    start,
    write_state,
)

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_HEARD = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "sqlite3.connect")
_ARTICLES = 12


@dataclass(frozen=True, slots=True)
class Scenario:
    """A build: the index that it finds (None: none), the articles, and its options."""

    name: str
    before: str | None
    after: str
    full: bool = False


SCENARIOS = (
    Scenario("first build", None, "base"),
    Scenario("added", "base", "more"),
    Scenario("changed", "base", "changed"),
    Scenario("removed", "base", "fewer"),
    Scenario("--full", "base", "base", full=True),
    Scenario("nothing changed", "base", "base"),
)


@dataclass(frozen=True, slots=True)
class Desk:
    """The folders of articles, an index of each, and what a reader sees of it."""

    model: str
    articles: Mapping[str, Path]
    indexes: Mapping[str, Path]
    expected: Mapping[str, Any]


@cache
def write_desk(root: Path, model: str) -> Desk:
    """Made once for all parts of a run, none of which changes it."""
    base = range(_ARTICLES)
    articles = {
        "base": write_state(root / "base", base),
        "more": write_state(root / "more", range(_ARTICLES + 3)),
        "changed": write_state(root / "changed", base, changed=[1, 5]),
        "fewer": write_state(root / "fewer", base[2:]),
    }
    indexes = {}
    for name, folder in articles.items():
        indexes[name] = root / f"index of {name}"
        # Two generations, so that the next build has one to remove.
        other = articles["fewer" if name != "fewer" else "base"]
        for source in (other, folder):
            must(in_child(built(source, indexes[name], model)))
    expected = {name: must(in_child(seen(index))) for name, index in indexes.items()}
    return Desk(model, articles, indexes, expected)


class _Fuse:
    """Counts what this process does to files, and kills it just before the `at`-th time."""

    def __init__(self, folder: Path, at: int | None) -> None:
        self._folder, self._at = str(folder), at
        self.count = 0

    def light(self) -> None:
        sys.addaudithook(self._heard)
        real = os.fsync

        def fsync(descriptor: Any) -> None:
            self._burn()
            real(descriptor)

        os.fsync = fsync  # type: ignore[assignment]

    def _burn(self) -> None:
        self.count += 1
        if self.count == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = any(c in "wxa+" for c in mode) if mode else bool(flags & _WRITING)
            if writes and str(path).startswith(self._folder):
                self._burn()
        elif event in _HEARD:
            self._burn()


def _fused(work: Callable[[], Any], folder: Path, at: int | None) -> Callable[[], Any]:
    def run() -> int:
        fuse = _Fuse(folder, at)
        fuse.light()
        work()
        return fuse.count

    return run


class Kills:
    """The part: kills builds and looks at what they leave."""

    def __init__(self, root: Path, desk: Desk) -> None:
        self._root, self._desk = root, desk
        self.part = Part()

    def _place(self, scenario: Scenario) -> tuple[Path, Callable[[], Any]]:
        folder = self._root / "killed"
        shutil.rmtree(folder, ignore_errors=True)
        if scenario.before is not None:
            copied(self._desk.indexes[scenario.before], folder)
        articles = self._desk.articles[scenario.after]
        return folder, built(articles, folder, self._desk.model, full=scenario.full)

    def events(self, scenario: Scenario) -> tuple[int, float]:
        """How many fault points an undisturbed build has, and its seconds."""
        folder, work = self._place(scenario)
        clock = time.monotonic()
        count = int(must(in_child(_fused(work, folder, None))))
        return count, time.monotonic() - clock

    def at_event(self, scenario: Scenario, number: int) -> None:
        folder, work = self._place(scenario)
        outcome = in_child(_fused(work, folder, number))
        where = f"{scenario.name}, fault point {number}"
        if outcome.crash == "signal SIGKILL":
            self.part.count("killed at fault points")
            self._look(scenario, folder, where)
        else:
            self.part.failures.append(f"{where}: not killed ({outcome})")

    def at_time(self, scenario: Scenario, seconds: float) -> bool:
        """Whether the build was still under way after so many seconds."""
        folder, work = self._place(scenario)
        child, reads = start(work)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        outcome = end(child, reads)
        ended = outcome.crash != "signal SIGKILL"
        self.part.count("ended before the kill" if ended else "killed at random times")
        self._look(scenario, folder, f"{scenario.name}, after {seconds:.3f} s")
        return not ended

    def _look(self, scenario: Scenario, folder: Path, where: str) -> None:
        """The old or the new generation is served whole; then a build ends well."""
        desk, fail = self._desk, self.part.failures.append
        outcome = in_child(seen(folder))
        new = desk.expected[scenario.after]
        old = None if scenario.before is None else desk.expected[scenario.before]
        if outcome.crash is not None:
            fail(f"{where}: {outcome.crash}")
        elif outcome.error is not None:
            if scenario.before is None and outcome.error == "IndexNotFound":
                self.part.count("no index yet")
            else:
                fail(f"{where}: {outcome.error}: {outcome.message}")
        elif old is not None and outcome.value["generation"] == old["generation"]:
            self.part.count("old served")
            if not same(outcome.value, old):
                fail(f"{where}: the old generation answers otherwise")
        else:
            self.part.count("new served")
            if not same(outcome.value, new):
                fail(f"{where}: the new generation answers otherwise")
        self._build_again(scenario, folder, where)

    def _build_again(self, scenario: Scenario, folder: Path, where: str) -> None:
        desk, fail = self._desk, self.part.failures.append
        outcome = in_child(built(desk.articles[scenario.after], folder, desk.model))
        if not outcome.whole:
            fail(f"{where}: the next build ended with {outcome}")
            return
        after = in_child(seen(folder))
        if not after.whole or not same(after.value, desk.expected[scenario.after]):
            fail(f"{where}: after the next build a reader sees something else")
            return
        wanted, held = desk.expected[scenario.after]["contents"], after.value["contents"]
        self.part.count("articles lost", len(wanted.keys() - held.keys()))
        left = left_overs(folder)
        if left:
            fail(f"{where}: left behind {left}")


def kills(root: Path, model: str, *, most: int | None = None, random_times: int = 60) -> Part:
    """Kills at every fault point, or at `most` of them spread evenly, and at random times."""
    desk = write_desk(root.parent / "desk", model)
    run = Kills(root, desk)
    points, seconds = [], {}
    for scenario in SCENARIOS:
        count, seconds[scenario.name] = run.events(scenario)
        run.part.figures[f"fault points, {scenario.name}"] = count
        points += [(scenario, number) for number in range(1, count + 1)]
    if most is not None and most < len(points):
        points = [points[i * len(points) // most] for i in range(most)]
    for scenario, number in points:
        run.at_event(scenario, number)
    chance = random.Random(7)
    for turn in range(random_times):
        scenario = SCENARIOS[turn % len(SCENARIOS)]
        moment = chance.random() * seconds[scenario.name]
        # Where other programs have left off meanwhile, a build is faster than it was.
        while not run.at_time(scenario, moment):
            moment /= 2
    return run.part
