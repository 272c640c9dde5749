"""Articles of recombined sentences in files of 500, and questions to ask them.

The first articles of a large collection are those of a smaller one, so that sizes differ in
nothing else. Questions are real: those of the training data's `qa.*`, an equal share for each
language, and headlines of its `news.*`. They are the same for every size.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._recombined import SEED, Pool, Writer, read_pools
from training.corpus import TECHNICAL, Group, read_groups

ABOUT = "about.json"
QUESTIONS = "questions.json"

_IN_A_FILE = 500
_PASSAGES_EACH = 10
_HEADLINES = 0.3
"""The share of the questions that are headlines: readers search by these as well."""

_CHARACTERS = range(12, 300)
_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Written:
    """A collection on disk: its folder, articles, and bytes of titles and texts as UTF-8."""

    folder: Path
    articles: int
    languages: int
    text_bytes: int

    @classmethod
    def read(cls, folder: Path) -> Written | None:
        """The collection of a folder, if one was written there to the end."""
        try:
            values = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return cls(folder / "articles", **values)


def articles_for(passages: int) -> int:
    """How many articles give about so many passages."""
    return max(1, passages // _PASSAGES_EACH)


def articles(pools: Mapping[str, Pool]) -> Iterator[dict[str, str]]:
    """Articles without end, no two of the same text: the same ones from the same pools."""
    writer = Writer(pools)
    seen: set[bytes] = set()
    number = 0
    while True:
        article, _ = writer.article(number)
        digest = hashlib.blake2b(article["text"].encode(), digest_size=12).digest()
        if digest not in seen:
            seen.add(digest)
            number += 1
            yield article


def write_articles(pools: Mapping[str, Pool], folder: Path, passages: int) -> Written:
    """Writes articles of about so many passages below `folder`, a file at a time."""
    count, size, languages = articles_for(passages), 0, set()
    inner = folder / "articles"
    inner.mkdir(parents=True, exist_ok=True)
    made = articles(pools)
    for start in range(0, count, _IN_A_FILE):
        path = inner / f"{start // _IN_A_FILE:05}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for article in (next(made) for _ in range(start, min(count, start + _IN_A_FILE))):
                file.write(json.dumps(article, ensure_ascii=False) + "\n")
                size += len(article["title"].encode()) + len(article["text"].encode())
                languages.add(article["language"])
    about: dict[str, Any] = {"articles": count, "languages": len(languages), "text_bytes": size}
    # Written last: a folder without it is written again.
    (folder / ABOUT).write_text(json.dumps(about), encoding="utf-8")
    return Written(inner, **about)


def _evenly(texts: Mapping[str, Sequence[str]], count: int, chance: random.Random) -> list[str]:
    """As many texts of each language as there are, until there are `count`."""
    left = {language: chance.sample(known, len(known)) for language, known in texts.items()}
    chosen: list[str] = []
    while len(chosen) < count and left:
        for language in sorted(left):
            chosen.append(left[language].pop())
            if not left[language]:
                del left[language]
    return chosen[:count]


def questions(groups: Sequence[Group], count: int) -> list[str]:
    """`count` distinct questions and headlines in a seeded order, or all where there are fewer."""
    chance = random.Random(SEED)
    found: dict[str, dict[str, dict[str, None]]] = {
        "question": defaultdict(dict),
        "headline": defaultdict(dict),
    }
    for group in groups:
        if group.kind in found and not group.source.startswith(TECHNICAL):
            for text, _ in group.pairs:
                if len(text) in _CHARACTERS and "\n" not in text:
                    found[group.kind][group.language][text] = None
    headlines = round(count * _HEADLINES)
    chosen = [
        text
        for kind, number in (("question", count - headlines), ("headline", headlines))
        for text in _evenly({k: list(v) for k, v in found[kind].items()}, number, chance)
    ]
    distinct = list(dict.fromkeys(chosen))
    chance.shuffle(distinct)
    return distinct


def prepare(train: Path, work: Path, sizes: Sequence[int], count: int) -> dict[int, Written]:
    """The collections of these sizes and the questions, written below `work` where they are not."""
    if not (work / QUESTIONS).exists():
        work.mkdir(parents=True, exist_ok=True)
        groups = read_groups(train, max_rows=_ROWS, min_rows=1)
        asked = json.dumps(questions(groups, count), ensure_ascii=False, indent=0)
        (work / QUESTIONS).write_text(asked, encoding="utf-8")
    done: dict[int, Written] = {}
    pools: dict[str, Pool] = {}
    for size in sizes:
        folder = work / f"text-{size}"
        written = Written.read(folder)
        if written is None:
            pools = pools or read_pools(train)
            written = write_articles(pools, folder, size)
        done[size] = written
    return done


def read_questions(work: Path) -> list[str]:
    """The questions that `prepare` wrote."""
    listed: list[str] = json.loads((work / QUESTIONS).read_text(encoding="utf-8"))
    return listed
