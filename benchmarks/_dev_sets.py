"""Development sets: gzipped JSON lines, `<name>.articles.jsonl.gz` and `<name>.cases.jsonl.gz`.

Articles have `id` and `text`; cases `id`, `question` and `relevant`, the ids of the articles
that answer, and `answers` in some sets. Each article is one passage, whole.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ARTICLES = ".articles.jsonl.gz"
_CASES = ".cases.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Case:
    """A question, the ids of the passages that answer it, and the answers as they say it."""

    id: str
    question: str
    relevant: tuple[str, ...]
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DevSet:
    """Passages, ordered by id, and the questions about them."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    cases: tuple[Case, ...]

    @property
    def questions(self) -> list[str]:
        return [case.question for case in self.cases]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def set_names(folder: Path) -> list[str]:
    """The names of a folder's sets, in order: languages, or pairs of them."""
    return sorted(path.name.removesuffix(_ARTICLES) for path in folder.glob(f"*{_ARTICLES}"))


def read_set(folder: Path, name: str) -> DevSet:
    """The set `name` of a folder."""
    texts = {str(row["id"]): str(row["text"]) for row in _rows(folder / f"{name}{_ARTICLES}")}
    ids = tuple(sorted(texts))
    cases = tuple(
        Case(
            str(row["id"]),
            str(row["question"]),
            tuple(map(str, row["relevant"])),
            tuple(map(str, row.get("answers", ()))),
        )
        for row in _rows(folder / f"{name}{_CASES}")
    )
    return DevSet(ids, tuple(texts[i] for i in ids), cases)


def read_sets(folder: Path) -> dict[str, DevSet]:
    """All sets of a folder by name."""
    return {name: read_set(folder, name) for name in set_names(folder)}
