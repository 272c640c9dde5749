"""What the faults are done to: small folders of articles, their indexes, and forked processes.

Everything that reads or writes an index runs in a forked child, so that a crash of native code is
seen as one, and so that this process never has a thread when it forks.
"""

from __future__ import annotations

import json
import os
import random
import resource
import select
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast

from assistant import building, embedding, pieces
from assistant.api import Assistant
from assistant.copies import sketch
from assistant.errors import AssistantError
from assistant.index import Index, reading
from assistant.language import detect_language

PATIENCE = 120.0
_TOLD = 600
"""Characters of a traceback that are told."""

ROOM = 3_000_000_000
"""Bytes of address space that a child may take beyond its parent's."""

_REPLACED = ("CURRENT", "last_build.json", ".lock")
_NAMED = ("Fairhaven", "Oberstadt", "Marisol", "Tiefensee", "Kirkwall", "Bellavista", "Northam")
_DID = ("opened a harbour", "lost its glacier", "raised the tram fare", "closed two schools")
_THINGS = ("bridge", "library", "storks", "bakery", "mill", "ferry", "orchard", "theatre")
QUESTIONS = ("Which town opened a harbour?", "Who closed two schools?", "storks at the mill")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a child ended: with a value, an error of the product, a crash, or out of time."""

    value: Any = None
    error: str | None = None
    message: str = ""
    crash: str | None = None

    @property
    def whole(self) -> bool:
        return self.error is None and self.crash is None


@dataclass(slots=True)
class Part:
    """What a part of the benchmark found: figures, and each failure in words."""

    figures: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def count(self, name: str, more: int = 1) -> None:
        self.figures[name] = self.figures.get(name, 0) + more

    def to_dict(self) -> dict[str, Any]:
        return {**self.figures, "failures": len(self.failures), "failed": self.failures[:50]}


def warm(model: str) -> None:
    """Loads what every child needs, once, and embeds articles without torch."""
    for module in (pieces, reading):
        for name in ("load_for_passages", "load_for_questions", "static_part"):
            if hasattr(module, name):
                plain = "static_part" if name == "static_part" else "load_for_questions"
                setattr(module, name, _once(plain))
    _once("load_for_questions")(model)
    _once("static_part")(model)
    # Copies are found with scipy's help, imported when it is first needed.
    sketch(" ".join(map(str, range(200))))
    detect_language("Which language this is in has to be found out of the words alone.")


@cache
def _once(name: str) -> Callable[[str], Any]:
    """A function of `embedding` that loads each model once."""
    return cache(getattr(embedding, name))


def start(work: Callable[[], Any]) -> tuple[int, int]:
    """Forks a child that does `work` and tells of it; its process id, and where it tells."""
    reads, writes = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        os.close(writes)
        return child, reads
    os.close(reads)
    told: dict[str, Any]
    try:
        told = {"value": work()}
    except AssistantError as error:
        told = {"error": type(error).__name__, "message": str(error)}
    except BaseException:
        told = {"crash": traceback.format_exc()[-_TOLD:]}
    with os.fdopen(writes, "w") as pipe:
        json.dump(told, pipe)
    os._exit(0)


def end(child: int, reads: int, *, patience: float = PATIENCE) -> Outcome:
    """Waits for a child and takes what it told."""
    chunks, last = [], time.monotonic() + patience
    while True:
        ready, _, _ = select.select([reads], [], [], max(0.0, last - time.monotonic()))
        if not ready:
            os.kill(child, signal.SIGKILL)
            break
        chunk = os.read(reads, 1 << 16)
        if not chunk:
            break
        chunks.append(chunk)
    os.close(reads)
    _, status = os.waitpid(child, 0)
    if not ready:
        return Outcome(crash=f"no end within {patience:.0f} s")
    if os.WIFSIGNALED(status):
        return Outcome(crash=f"signal {signal.Signals(os.WTERMSIG(status)).name}")
    if not chunks:
        return Outcome(crash=f"status {os.WEXITSTATUS(status)}, without a word")
    return Outcome(**json.loads(b"".join(chunks)))


def in_child(work: Callable[[], Any], *, patience: float = PATIENCE, room: int = 0) -> Outcome:
    """Does `work` in a forked child, with at most `room` bytes more of address space."""

    def limited() -> Any:
        if room:
            taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (taken + room, taken + room))
        return work()

    return end(*start(limited), patience=patience)


def write_story(folder: Path, number: int, *, edition: int = 0) -> None:
    """One article as Markdown, of several passages, the same for the same numbers."""
    chance = random.Random(f"{number} {edition}")
    town = _NAMED[number % len(_NAMED)]
    lines = [f"{town} {_DID[number % len(_DID)]} in {1950 + number}, edition {edition}."]
    for _ in range(30):
        one, other = chance.sample(_THINGS, 2)
        lines.append(f"The {one} of {chance.choice(_NAMED)} cost {chance.randrange(9000)} crowns.")
        lines.append(f"Nobody asked about the {other}, said the mayor of {town}.")
    head = {"id": f"story-{number}", "title": f"{town} {number}", "published": "2024-03-02"}
    front = "\n".join(f"{key}: {json.dumps(value)}" for key, value in head.items())
    (folder / f"story-{number}.md").write_text(f"---\n{front}\n---\n{' '.join(lines)}\n")


def write_state(folder: Path, numbers: Sequence[int], *, changed: Sequence[int] = ()) -> Path:
    folder.mkdir(parents=True)
    for number in numbers:
        write_story(folder, number, edition=int(number in changed))
    return folder


def must(outcome: Outcome) -> Any:
    """The value of what was to end well. Raises RuntimeError where it did not."""
    if not outcome.whole:
        raise RuntimeError(str(outcome))
    return outcome.value


def built(articles: Path, index: Path, model: str, **options: Any) -> Callable[[], Any]:
    """The work of one build."""
    return lambda: building.build(articles, index=index, model=model, **options).to_dict()


def _asked(assistant: Assistant) -> list[Any]:
    found: list[Any] = []
    for question in QUESTIONS:
        for mode in ("hybrid", "dense", "lexical"):
            hits = assistant.retrieve(question, k=5, mode=mode)
            found.append([(h.article.id, h.passage.id, round(h.score, 4)) for h in hits])
            found.append([h.passage.text for h in hits])
    answer = assistant.answer(QUESTIONS[0]).to_dict()
    found.append([answer["found"], answer["answer"]])
    return found


def seen_by(assistant: Assistant) -> dict[str, Any]:
    """All that a reader can see of an index, but its generation's name."""
    generation = assistant.info.generation
    index = cast(Index, assistant._index)
    contents = dict(index.store.contents())
    passages, texts = 0, []
    numbers = index.store.article_numbers()
    for identity in sorted(contents):
        article = assistant.article(identity)
        texts.append([article.content_hash(), article.title, article.text])
        passages += len(index.store.spans_of(numbers[identity]))
    held = assistant.collection()
    return {
        "contents": contents,
        "texts": texts,
        "passages": passages,
        "answers": _asked(assistant),
        "held": [held.info.articles, held.info.passages, held.info.first_day, held.undated],
        "found": [one.id for one in assistant.find_articles("Fairhaven")],
        "generation": generation,
    }


def seen(index: Path) -> Callable[[], Any]:
    """The work of opening an index and seeing all of it."""

    def work() -> dict[str, Any]:
        with Assistant(index) as assistant:
            return seen_by(assistant)

    return work


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two readers saw the same, in whichever generation."""
    return all(one[name] == other[name] for name in one if name != "generation")


def copied(source: Path, target: Path) -> Path:
    """A copy of an index; files of generations, which nothing changes, are second names."""
    shutil.copytree(source, target, copy_function=_link)
    return target


def _link(source: str, target: str) -> None:
    """A second name where nothing writes to a file, else a copy."""
    if Path(source).name in _REPLACED:
        shutil.copy2(source, target)
    else:
        os.link(source, target)


def left_overs(index: Path) -> list[str]:
    """What lies in an index's folder and belongs to none of its generations."""
    generations = [path for path in index.iterdir() if (path / "manifest.json").is_file()]
    extra = [p.name for p in index.iterdir() if p.name not in _REPLACED and p not in generations]
    if len(generations) > 2:
        extra.append(f"{len(generations)} generations")
    return sorted(extra)
