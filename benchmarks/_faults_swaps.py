"""Readers of an index whose generations are swapped and removed under them."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.api import Assistant
from assistant.files import write_atomically
from assistant.index import current_generation
from assistant.index.layout import CURRENT
from benchmarks._faults_kills import Desk, write_desk
from benchmarks._faults_world import (
    QUESTIONS,
    Part,
    built,
    end,
    in_child,
    must,
    same,
    seen,
    seen_by,
    start,
)

_BUILDS = 8
_SAID_AT_MOST = 3


def _sight(assistant: Assistant, question: str) -> list[Any]:
    hits = assistant.retrieve(question, k=5)
    return [[h.article.id, h.passage.id, round(h.score, 4), h.passage.text] for h in hits]


def _sights(index: Path) -> Callable[[], Any]:
    def work() -> list[Any]:
        with Assistant(index) as assistant:
            return [_sight(assistant, question) for question in QUESTIONS]

    return work


def swapped(index: Path, prepared: Path, number: int, previous: list[str]) -> str:
    """Puts a copy of a generation in use as a build does; all but it and the last are removed."""
    name = f"swap-{number}"
    target = index / name
    shutil.copytree(prepared, target, copy_function=os.link)
    path = target / "manifest.json"
    manifest = json.loads(path.read_bytes()) | {"generation": name}
    path.unlink()
    data = json.dumps(manifest).encode()
    path.write_bytes(data)
    pointer = {"generation": name, "manifest_sha256": hashlib.sha256(data).hexdigest()}
    write_atomically(index / CURRENT, json.dumps(pointer).encode())
    for old in previous[:-1]:
        shutil.rmtree(index / old)
    return name


def _reader(index: Path, allowed: list[Any], stopped: threading.Event, told: Part) -> None:
    """Asks until it is stopped; each answer is that of one of the states, whole."""
    chance = random.Random(threading.get_ident())
    assistant: Assistant | None = None
    generations = set()
    while not stopped.is_set():
        try:
            # Now and then one that opens the index anew, which must not fail either.
            if assistant is None or chance.random() < 0.2:
                assistant = Assistant(index)
            number = chance.randrange(len(QUESTIONS))
            found = _sight(assistant, QUESTIONS[number])
            generations.add(assistant._index.info.generation)
            told.count("questions")
            if found not in [state[number] for state in allowed]:
                told.failures.append(f"a wrong answer: {json.dumps(found)[:300]}")
        except Exception as error:
            told.failures.append(f"{type(error).__name__}: {error}")
    told.figures["generations"] = len(generations)


def _readers(index: Path, allowed: list[Any], until: Path, threads: int) -> Callable[[], Any]:
    """The work of a process with some threads that ask until the file `until` is there."""

    def work() -> list[Any]:
        stopped, told = threading.Event(), [Part() for _ in range(threads)]
        running = [
            threading.Thread(target=_reader, args=(index, allowed, stopped, part)) for part in told
        ]
        for thread in running:
            thread.start()
        while not until.exists():
            time.sleep(0.05)
        stopped.set()
        for thread in running:
            thread.join()
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
        return [[part.figures, part.failures[:_SAID_AT_MOST]] for part in told] + [descriptors]

    return work


def swaps(root: Path, model: str, *, swaps: int = 1_000) -> Part:
    """`swaps` changes of the generation, and some real builds, while four readers ask."""
    part = Part()
    desk = write_desk(root.parent / "desk", model)
    states = list(desk.articles)
    allowed = [must(in_child(_sights(desk.indexes[name]))) for name in states]
    index, until = root / "index", root / "stop"
    shutil.copytree(desk.indexes["base"], index)
    # Two processes of two threads each.
    running = [start(_readers(index, allowed, until, 2)) for _ in range(2)]
    names = [current_generation(index)]
    for old in index.glob("*/manifest.json"):
        if old.parent.name != names[0]:
            shutil.rmtree(old.parent)
    for number in range(swaps):
        source = desk.indexes[states[number % len(states)]]
        prepared = source / current_generation(source)
        names = [*names[-1:], swapped(index, prepared, number, names)]
        # As fast as a disk of its own would be; readers have to come in between.
        time.sleep(0.05)
    part.figures["swaps"] = swaps
    for number in range(_BUILDS):
        must(in_child(built(desk.articles[states[number % len(states)]], index, model)))
        part.count("builds")
    until.touch()
    most_descriptors = 0
    for child, reads in running:
        *readers, descriptors = must(end(child, reads))
        most_descriptors = max(most_descriptors, descriptors)
        for figures, failures in readers:
            part.count("readers")
            part.count("questions", figures.get("questions", 0))
            part.count("generations seen by all readers", figures["generations"])
            part.failures += failures
    part.figures["open files of a reading process at the end"] = most_descriptors
    return part


def gone(root: Path, model: str) -> Part:
    """A generation that is removed while a reader has it open, and one removed in between."""
    part = Part()
    desk = write_desk(root.parent / "desk", model)
    for what, work in (
        ("all of the index goes", _all_goes),
        ("the generation goes", _generation_goes),
        ("the generation goes and another comes", _another_comes),
    ):
        index = root / what.replace(" ", "-")
        shutil.copytree(desk.indexes["base"], index)
        outcome = in_child(work(index, desk))
        if not outcome.whole:
            part.failures.append(f"{what}: {outcome}")
            continue
        part.count("right answers", outcome.value[0])
        part.failures += [f"{what}: {line}" for line in outcome.value[1]]
        reopened = in_child(seen(index))
        part.count(reopened.error or "opened again")
        if reopened.crash is not None:
            part.failures.append(f"{what}, opened again: {reopened.crash}")
    return part


def _compared(assistant: Assistant, expected: Any) -> tuple[int, list[str]]:
    held = json.loads(json.dumps(seen_by(assistant)))
    return (1, []) if same(held, expected) else (0, ["an open reader sees something else"])


def _generation_goes(index: Path, desk: Desk) -> Callable[[], Any]:
    def work() -> tuple[int, list[str]]:
        with Assistant(index) as assistant:
            shutil.rmtree(index / current_generation(index))
            return _compared(assistant, desk.expected["base"])

    return work


def _all_goes(index: Path, desk: Desk) -> Callable[[], Any]:
    def work() -> tuple[int, list[str]]:
        with Assistant(index) as assistant:
            kept = index.with_name("elsewhere")
            index.rename(kept)
            refused = _refusal(assistant)
            kept.rename(index)
            right, wrong = _compared(assistant, desk.expected["base"])
            shutil.rmtree(index)
            wrong += [] if refused == _refusal(assistant) == "IndexNotFound" else [str(refused)]
            return right, wrong

    return work


def _another_comes(index: Path, desk: Desk) -> Callable[[], Any]:
    def work() -> tuple[int, list[str]]:
        with Assistant(index) as assistant:
            before = current_generation(index)
            source = desk.indexes["more"] / current_generation(desk.indexes["more"])
            swapped(index, source, 0, [before, before])
            return _compared(assistant, desk.expected["more"])

    return work


def _refusal(assistant: Assistant) -> str | None:
    """The name of the error that a question ends with."""
    try:
        assistant.retrieve(QUESTIONS[0])
    except Exception as error:
        return type(error).__name__
    return None
