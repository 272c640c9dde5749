"""The chat for half an hour: questions without pause, an index built anew every two minutes.

    python -m benchmarks.soak [--minutes 30] [--every 120] [--clients 8] [--sample 10]

Builds an index of a copy of `seeds/` in a temporary folder and starts `assistant chat` over it.
Clients ask `POST /api/ask` the questions of `benchmarks/questions/`, each one after the other.
Every `--every` seconds an article is added, the one before is changed, the one before that is
removed, and `assistant build` runs in a process of its own.

questions  How many, how many failed, milliseconds. Failed is one that was not answered with
           status 200, or from a generation that was in use neither when it was asked nor later.
builds     Seconds of each; from the replacement of `CURRENT` to the first answer of the new
           generation and to the last of the old one; whether the articles that were added, changed
           and removed are answered as they are now.
first swap Anonymous memory before and after the first build, which is not part of the time: the
           allocator keeps what two open indexes took.
server     Memory of its process (megabytes), open files, threads and mappings, each `--sample`
           seconds: the median, growth from the first third of the time to the last, and the slope
           over the last two thirds for an hour, with its standard error.

The slope is a bar only where the soak takes 30 minutes or more: over less, noise times sixty is all
that it would show. Prints a line for each figure and writes all to `benchmarks/results/soak.json`;
the status is 1 where a bar is missed. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from assistant.building import build
from assistant.index import current_generation
from benchmarks._chat_load import drive, new_client
from benchmarks._chat_server import ROOT, Running, command, running_chat
from benchmarks._memory import count_of, mappings_of, trend
from benchmarks.serve import QUESTIONS, machine, read_questions, say

RESULT = ROOT / "benchmarks" / "results" / "soak.json"
BARS = {
    "failed": 0.0,
    "builds_failed": 0.0,
    "wrong_afterwards": 0.0,
    "late_seconds": 5.0,
    "memory_growth_percent": 10.0,
    "memory_slope_percent_an_hour": 10.0,
    "files_growth": 2.0,
    "threads_growth": 2.0,
    "mappings_growth_percent": 10.0,
}
"""The most that each may be."""

_SLOPE_FROM_MINUTES = 30.0
_WARM_QUESTIONS = 400
_ERRORS_KEPT = 20
_COLOURS = ("violet", "turquoise", "ochre", "scarlet", "indigo", "emerald", "amber")
_SYLLABLES = ("var", "tess", "quill", "hol", "mar", "bren", "dun", "wex", "yar", "zel", "or", "pim")


@dataclass(slots=True)
class Asked:
    """What all clients met: errors, and when each generation answered first and last."""

    errors: list[str] = field(default_factory=list)
    first: dict[str, float] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)


class Client:
    """Asks `POST /api/ask`, and notes which generation answered."""

    def __init__(self, client: httpx.AsyncClient, asked: Asked) -> None:
        self._client = client
        self._asked = asked

    async def __call__(self, question: str) -> float | None:
        try:
            response = await self._client.post("/api/ask", json={"question": question})
        except httpx.HTTPError as error:
            self._asked.errors.append(f"{type(error).__name__}: {error}")
            return None
        answered = time.perf_counter()
        if response.status_code != 200:
            self._asked.errors.append(f"{response.status_code}: {response.text[:200]}")
            return None
        generation = str(response.json()["index"]["generation"])
        now = time.time()
        self._asked.first.setdefault(generation, now)
        self._asked.last[generation] = now
        return answered


def town(number: int) -> str:
    """A name that no article has: each number gives another one."""
    first, rest = number % len(_SYLLABLES), number // len(_SYLLABLES)
    return f"{_SYLLABLES[first]}{_SYLLABLES[rest % len(_SYLLABLES)]}holm".capitalize()


def _write(articles: Path, number: int, colour: str) -> None:
    place = town(number)
    (articles / f"{place.lower()}.md").write_text(
        f"---\ntitle: {place} paints its lighthouse\nlanguage: en\npublished: 2025-05-05\n---\n"
        f"The lighthouse of {place} was painted {colour} on Monday. "
        f"The council of {place} had voted for {colour} in spring.\n",
        encoding="utf-8",
    )


def change(articles: Path, number: int) -> dict[str, str | None]:
    """Adds, changes and removes an article each; what each town's colour is from now on.

    None stands for a town of which nothing is known any more.
    """
    colours = itertools.cycle(_COLOURS)
    added, changed = itertools.islice(colours, number % 5, number % 5 + 3, 2)
    _write(articles, number, added)
    now: dict[str, str | None] = {town(number): added}
    if number >= 1:
        _write(articles, number - 1, changed)
        now[town(number - 1)] = changed
    if number >= 2:
        (articles / f"{town(number - 2).lower()}.md").unlink()
        now[town(number - 2)] = None
    return now


async def _wrong(
    client: httpx.AsyncClient, now: dict[str, str | None], generation: str
) -> list[str]:
    """What is not answered as it is now, or not from this generation."""
    wrong = []
    for place, colour in now.items():
        question = f"What colour was the lighthouse of {place} painted?"
        response = await client.post("/api/ask", json={"question": question})
        result = response.json() if response.status_code == 200 else {}
        known = any(place in hit["article"]["title"] for hit in result.get("hits", ()))
        right = not known if colour is None else colour in str(result.get("answer"))
        if not right or not result or result["index"]["generation"] != generation:
            wrong.append(f"{place} ({colour}): {result.get('answer')!r}")
    return wrong


async def _rebuild(
    client: httpx.AsyncClient, articles: Path, index: Path, number: int
) -> dict[str, Any]:
    now = change(articles, number)
    before = current_generation(index)
    clock = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *command("build", articles, "--index", index),
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    seconds = time.perf_counter() - clock
    if process.returncode != 0:
        return {"failed": said.decode(errors="replace")[-500:], "seconds": round(seconds, 1)}
    after = current_generation(index)
    return {
        "before": before,
        "after": after,
        "replaced": (index / "CURRENT").stat().st_mtime,
        "seconds": round(seconds, 1),
        "wrong": await _wrong(client, now, after),
    }


async def rebuilds(
    client: httpx.AsyncClient, articles: Path, index: Path, *, every: float, seconds: float
) -> list[dict[str, Any]]:
    """Changes the articles and builds, every so many seconds, for so long."""
    began = time.monotonic()
    done: list[dict[str, Any]] = []
    for number in range(1, int(seconds // every) + 1):
        await asyncio.sleep(max(0.0, began + number * every - time.monotonic()))
        if time.monotonic() > began + seconds - every / 4:
            break
        done.append(await _rebuild(client, articles, index, number))
        say(f"build {number}: {done[-1]}")
    return done


async def samples(running: Running, *, every: float, seconds: float) -> list[dict[str, float]]:
    """What the server's process holds, each so many seconds, for so long."""
    began = time.monotonic()
    taken: list[dict[str, float]] = []
    for number in itertools.count():
        await asyncio.sleep(max(0.0, began + number * every - time.monotonic()))
        at = time.monotonic() - began
        if at > seconds:
            return taken
        taken.append(
            {
                "seconds": round(at, 1),
                **running.memory(),
                "files": count_of(running.pid, "fd"),
                "threads": count_of(running.pid, "task"),
                "mappings": mappings_of(running.pid),
            }
        )
    raise AssertionError


def lateness(builds: list[dict[str, Any]], asked: Asked) -> None:
    """Adds to each build when its generation answered first, and the one before it last.

    But for the first, during which nobody asks, and for one that ends when nobody asks any more.
    """
    for one in builds[1:]:
        if "failed" in one or one["after"] not in asked.first:
            continue
        one["first_after_seconds"] = round(asked.first[one["after"]] - one["replaced"], 2)
        one["old_until_seconds"] = round(asked.last[one["before"]] - one["replaced"], 2)


def summary(
    load: dict[str, float],
    builds: list[dict[str, Any]],
    taken: list[dict[str, float]],
    asked: Asked,
) -> dict[str, Any]:
    """All figures of a soak."""
    lateness(builds, asked)
    known = {one[which] for one in builds if "after" in one for which in ("before", "after")}
    strange = sorted(set(asked.first) - known)
    at = [one["seconds"] for one in taken]
    kinds = [name for name in taken[0] if name != "seconds"]
    server = {kind: trend(at, [one[kind] for one in taken]).to_dict() for kind in kinds}
    good = [one for one in builds if "after" in one]
    load = {**load, "failed": len(asked.errors)}
    return {
        "questions": {**load, "errors": asked.errors[:_ERRORS_KEPT], "strange": strange},
        "builds": {
            "builds": len(builds),
            "failed": [one["failed"] for one in builds if "failed" in one],
            "seconds_median": float(np.median([one["seconds"] for one in builds] or [0.0])),
            "first_after_seconds_most": _most(good, "first_after_seconds"),
            "old_until_seconds_most": _most(good, "old_until_seconds"),
            "wrong": [wrong for one in good for wrong in one["wrong"]],
            "each": builds,
        },
        "server": server,
        "samples": taken,
    }


def _most(builds: list[dict[str, Any]], name: str) -> float:
    return max((one[name] for one in builds if name in one), default=0.0)


def missed(result: dict[str, Any], minutes: float) -> list[str]:
    """The bars that a result misses, in words."""
    asked, builds, server = result["questions"], result["builds"], result["server"]
    memory = server["anonymous"]
    taken = result["samples"]
    third = max(1, len(taken) // 3)

    def grown(kind: str) -> float:
        values = [one[kind] for one in taken]
        return float(np.median(values[-third:]) - np.median(values[third : 2 * third]))

    measured = {
        "failed": float(asked["failed"] + len(asked["strange"])),
        "builds_failed": float(len(builds["failed"])),
        "wrong_afterwards": float(len(builds["wrong"])),
        "late_seconds": max(builds["old_until_seconds_most"], builds["first_after_seconds_most"]),
        "memory_growth_percent": memory["growth_percent"],
        "files_growth": grown("files"),
        "threads_growth": grown("threads"),
        "mappings_growth_percent": server["mappings"]["growth_percent"],
    }
    if minutes >= _SLOPE_FROM_MINUTES:
        slope = memory["slope_an_hour"] / memory["median"] * 100
        measured["memory_slope_percent_an_hour"] = round(slope, 2)
    return [f"{name} is {v}, over {BARS[name]}" for name, v in measured.items() if v > BARS[name]]


def lines(result: dict[str, Any]) -> list[str]:
    """The figures, one a line."""
    asked, builds = result["questions"], result["builds"]
    said = [
        f"{asked['questions']} questions, {asked['failed']} failed, p50 {asked['p50_ms']} ms, "
        f"p95 {asked['p95_ms']} ms, {asked['a_second']} a second",
        f"{builds['builds']} builds, {len(builds['failed'])} failed, median "
        f"{builds['seconds_median']:.1f} s; new generation answers at most "
        f"{builds['first_after_seconds_most']} s after the swap, the old one until "
        f"{builds['old_until_seconds_most']} s; {len(builds['wrong'])} wrong afterwards",
    ]
    for kind, one in result["server"].items():
        said.append(
            f"{kind}: median {one['median']}, first third to last {one['growth_percent']:+} %, "
            f"{one['slope_an_hour']:+} (± {one['slope_error']}) an hour"
        )
    return said


async def soaked(
    running: Running, arguments: argparse.Namespace, *, index: Path, articles: Path
) -> dict[str, Any]:
    """All figures of a chat that runs."""
    seconds, asked = arguments.minutes * 60.0, Asked()
    questions: Iterator[str] = itertools.cycle(read_questions(QUESTIONS))
    async with new_client(running.address) as client:
        clients = [Client(client, asked) for _ in range(arguments.clients)]

        async def warm() -> float:
            # The first questions of each thread pay for what later ones find ready.
            await drive(clients, questions, seconds=seconds, most=_WARM_QUESTIONS)
            return running.memory()["anonymous"]

        before = await warm()
        first = await _rebuild(client, articles, index, 0)
        after = await warm()
        say(f"anonymous memory {before} MB, {after} MB after the first swap")
        load, builds, taken = await asyncio.gather(
            drive(clients, questions, seconds=seconds),
            rebuilds(client, articles, index, every=arguments.every, seconds=seconds),
            samples(running, every=arguments.sample, seconds=seconds),
        )
    swapped = {"anonymous_before": before, "anonymous_after": after}
    return {"first_swap": swapped, **summary(load.figures(), [first, *builds], taken, asked)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--every", type=float, default=120.0, help="seconds between builds")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--sample", type=float, default=10.0, help="seconds between samples")
    parser.add_argument("--output", type=Path, default=RESULT)
    arguments = parser.parse_args()
    about = {"machine": machine(), "minutes": arguments.minutes, "clients": arguments.clients}
    with tempfile.TemporaryDirectory() as temporary:
        index, articles = Path(temporary) / "index", Path(temporary) / "articles"
        shutil.copytree(ROOT / "seeds", articles)
        build(articles, index=index)
        with running_chat(index, articles) as running:
            soak = soaked(running, arguments, index=index, articles=articles)
            result = {**about, **asyncio.run(soak)}
    wrong = missed(result, arguments.minutes)
    arguments.output.write_text(
        json.dumps({**result, "bars": BARS, "missed": wrong}, indent=1) + "\n", encoding="utf-8"
    )
    for line in lines(result):
        print(line)
    if wrong:
        sys.exit("; ".join(wrong))


if __name__ == "__main__":
    main()
