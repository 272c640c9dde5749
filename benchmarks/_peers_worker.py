"""One measurement of one contestant of `benchmarks.peers`, in a process of its own.

    python -m benchmarks._peers_worker STEP CONTESTANT SET INDEX OUTPUT [--questions N]

SET is a folder with `articles.jsonl` and `questions.jsonl`. The steps, of which each writes its
figures to OUTPUT as JSON:

index   All is loaded; then, by the clock, the articles are indexed into the folder INDEX.
ask     INDEX is opened; after some questions without a clock, N are asked with one, 8 hits each.
        With `--quality` all questions are then asked for 30 hits, and the rank of each one's
        article is written.
first   INDEX is opened, and one question, in OUTPUT's place, answered on standard output.

This module runs in the peers' virtual environment: it imports neither `assistant` nor what only
the project's has.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import time
from pathlib import Path
from typing import Any

from benchmarks._peers_contestants import CONTESTANTS, PACKAGES, Collection, Contestant

HITS = 8
DEEP = 30
"""Enough for five articles, of which ours gives three passages each at most."""

_WARM_UP = 20
_SHARED = ("numpy", "sentence-transformers", "torch", "transformers")


def _clocks() -> tuple[float, float]:
    """Wall and processor seconds, those of child processes that ended included."""
    times = os.times()
    spent = times.user + times.system + times.children_user + times.children_system
    return time.perf_counter(), spent


def _megabytes(field: str) -> float:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return round(int(value.split()[0]) / 1_000, 1)
    raise AssertionError(f"the kernel does not tell {field}")


def _versions(name: str) -> dict[str, str]:
    found = {}
    for package in (*PACKAGES[name], *_SHARED):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _index(contestant: Contestant, data: Path, folder: Path) -> dict[str, Any]:
    collection = Collection.read(data / "articles.jsonl")
    contestant.load()
    loaded = _megabytes("VmRSS")
    before = _clocks()
    contestant.index(collection, folder)
    after = _clocks()
    stored = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {
        "articles": len(collection.articles),
        "seconds": after[0] - before[0],
        "processor_seconds": after[1] - before[1],
        "loaded_megabytes": loaded,
        "peak_megabytes": _megabytes("VmHWM"),
        "megabytes_on_disk": round(stored / 1e6, 2),
    }


def _rank(found: list[str], relevant: list[str]) -> int | None:
    """The place of the first of the right articles, from 1."""
    return next((place for place, i in enumerate(found, 1) if i in relevant), None)


def _ask(contestant: Contestant, data: Path, folder: Path, count: int, quality: bool) -> Any:
    with (data / "questions.jsonl").open(encoding="utf-8") as lines:
        questions = [json.loads(line) for line in lines]
    contestant.open(folder)
    for row in questions[-_WARM_UP:]:
        contestant.search(row["question"], HITS)
    times = []
    for row in questions[:count]:
        before = _clocks()[0], time.process_time()
        contestant.search(row["question"], HITS)
        times.append((time.perf_counter() - before[0], time.process_time() - before[1]))
    figures: dict[str, Any] = {
        "questions": len(times),
        "milliseconds": [round(wall * 1e3, 3) for wall, _ in times],
        "processor_milliseconds": [round(spent * 1e3, 3) for _, spent in times],
        "peak_megabytes": _megabytes("VmHWM"),
    }
    if quality:
        ranks: dict[str, list[int | None]] = {}
        for row in questions:
            rank = _rank(contestant.search(row["question"], DEEP), row["relevant"])
            ranks.setdefault(row["pair"], []).append(rank)
        figures["ranks"] = ranks
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("step", choices=["index", "ask", "first"])
    parser.add_argument("contestant", choices=list(CONTESTANTS))
    parser.add_argument("data", type=Path)
    parser.add_argument("index", type=Path)
    parser.add_argument("output")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--quality", action="store_true")
    arguments = parser.parse_args()
    contestant = CONTESTANTS[arguments.contestant]()
    if arguments.step == "first":
        contestant.open(arguments.index)
        print(" ".join(contestant.search(arguments.output, HITS)), flush=True)
        return
    figures = (
        _index(contestant, arguments.data, arguments.index)
        if arguments.step == "index"
        else _ask(
            contestant, arguments.data, arguments.index, arguments.questions, arguments.quality
        )
    )
    figures["versions"] = _versions(arguments.contestant)
    Path(arguments.output).write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
