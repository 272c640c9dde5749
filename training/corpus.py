"""Reads a folder of training pairs in the form that `training/README.md` describes."""

from __future__ import annotations

import gzip
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["parallel", "lexicon", "question", "headline"]

LANGUAGES = frozenset(
    "ar cs de el en es fa fr he hi id it ja ko nl pl pt ro ru sv th tr uk vi zh zh-Hant".split()
)

# Manuals and course texts are easy to find in every language and would be half of
# everything; news readers do not ask about them.
TECHNICAL = ("mscourse", "pydocs", "fastapi", "tldr", "comprust", "promptguide", "cncf", "hfcourse")
TECHNICAL_ROWS = 6_000


@dataclass(frozen=True, slots=True)
class Group:
    """Pairs of one kind, from one source, in one language: the unit that batches are drawn from."""

    kind: Kind
    source: str
    language: str
    pairs: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.source}:{self.language}"


def _language(path: Path) -> str:
    return path.name.split(".")[1]


def _tsv(path: Path) -> Iterator[tuple[str, str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        for line in lines:
            parts = line.rstrip("\n").split("\t")
            if len(parts) == 3 and parts[1].strip() and parts[2].strip():
                yield parts[0], parts[1], parts[2]


def _jsonl(path: Path, first: str, second: str) -> Iterator[tuple[str, str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row[first].strip() and row[second].strip():
                yield row["source"], row[first], row[second]


_FILES: dict[Kind, str] = {
    "parallel": "parallel.{}.tsv.gz",
    "lexicon": "lexicon.{}.tsv.gz",
    "question": "qa.{}.jsonl.gz",
    "headline": "news.{}.jsonl.gz",
}


def write_groups(groups: list[Group], folder: Path) -> None:
    """Writes `groups` in the form that `read_groups` reads; every run writes the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    lines: dict[str, list[str]] = defaultdict(list)
    for group in groups:
        name = _FILES[group.kind].format(group.language)
        if group.kind in ("parallel", "lexicon"):
            lines[name] += [f"{group.source}\t{a}\t{b}\n" for a, b in group.pairs]
            continue
        first, second = ("question", "positive") if group.kind == "question" else ("title", "text")
        lines[name] += [
            json.dumps({"source": group.source, first: a, second: b}, ensure_ascii=False) + "\n"
            for a, b in group.pairs
        ]
    for name, rows in sorted(lines.items()):
        # Level 1: the folder is read once or twice.
        with gzip.GzipFile(folder / name, "wb", compresslevel=1, mtime=0) as file:
            file.write("".join(rows).encode())


def read_groups(folder: Path, *, max_rows: int = 80_000, min_rows: int = 100) -> list[Group]:
    """All groups of `folder`, ordered by name.

    A source in one language gives at most `max_rows` pairs (a seeded sample) and is left
    out under `min_rows`; for pairs with English the English side comes first.
    """
    rows: dict[tuple[Kind, str, str], list[tuple[str, str]]] = defaultdict(list)
    for path in sorted(folder.glob("*.gz")):
        language = _language(path)
        if language not in LANGUAGES:
            continue
        kind: Kind
        if path.name.startswith("parallel."):
            kind, lines = "parallel", _tsv(path)
        elif path.name.startswith("lexicon."):
            kind, lines = "lexicon", _tsv(path)
        elif path.name.startswith("qa."):
            kind, lines = "question", _jsonl(path, "question", "positive")
        elif path.name.startswith("news."):
            kind, lines = "headline", _jsonl(path, "title", "text")
        else:
            continue
        for source, a, b in lines:
            rows[kind, source, language].append((a, b))
    groups = []
    for (kind, source, language), pairs in sorted(rows.items()):
        limit = TECHNICAL_ROWS if source.startswith(TECHNICAL) else max_rows
        if len(pairs) > limit:
            pairs = random.Random(0).sample(pairs, limit)
        if len(pairs) >= min_rows:
            groups.append(Group(kind, source, language, tuple(pairs)))
    return groups
