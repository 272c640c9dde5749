"""Small things that several test modules use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.articles import read_file
from assistant.articles.folder import source_of
from assistant.articles.formats import read_source
from assistant.index import WORK
from assistant.late import Words, open_words
from assistant.limits import Limits
from assistant.ragged import Ragged
from assistant.romanised import Keys, open_romanised
from assistant.types import Article, Skipped

ROOT = Path(__file__).parent.parent
GUARD = ROOT / "benchmarks" / "guard"
"""A folder that keeps a Python with it on its path from reaching beyond this machine."""


@dataclass(frozen=True)
class Story:
    """An article to write as Markdown: its file's name, its text and its front matter."""

    name: str
    text: str
    language: str = "en"
    published: str | None = None
    source: str | None = None
    title: str | None = None

    def markdown(self) -> str:
        fields = {
            "id": self.name,
            "title": self.title or self.name,
            "language": self.language,
            "published": self.published,
            "source": self.source,
        }
        lines = [f"{k}: {json.dumps(v, ensure_ascii=False)}" for k, v in fields.items() if v]
        return "\n".join(["---", *lines, "---", self.text, ""])


HIT_FIELDS = [
    "rank",
    "score",
    "dense_rank",
    "lexical_rank",
    "romanised_rank",
    "reranker_score",
    "article",
    "passage",
    "copies",
    "also_in",
    "explanation",
]
"""The keys of a hit as JSON, in order, on every door."""

COLLECTION = (
    Story(
        "harbour",
        "The harbour of Fairhaven opened on Monday. Forty ships waited outside the breakwater. "
        "The mayor said that the cranes had cost nine million crowns.",
        published="2023-11-12",
        source="The Courier",
        title="Fairhaven opens its harbour",
    ),
    Story(
        "glacier",
        "The glacier above the valley lost four metres of ice in one summer. "
        "Measurements began in 1911. The village drinks its meltwater.",
        published="2023-11-13T23:30:00+00:00",
        source="The Courier",
        title="A glacier shrinks",
    ),
    Story(
        "boulangerie",
        "La boulangerie du village a fermé ses portes en mars. Les habitants font maintenant "
        "douze kilomètres pour acheter du pain.",
        language="fr",
        published="2023-12-01",
        source="Le Quotidien",
        title="Une boulangerie ferme",
    ),
    Story(
        "tram",
        "市內的電車路線將於明年春天延長三公里。新的車站設在圖書館前面。",
        language="zh-Hant",
        published="2024-01-05",
        source="城市報",
        title="電車延長路線",
    ),
    Story(
        "tea",
        "茶叶产量今年下降了两成。农民认为干旱是主要原因。",
        language="zh",
        source="农村报",
        title="茶叶减产",
    ),
    Story(
        "storks",
        "Die Störche sind in diesem Jahr drei Wochen früher zurückgekehrt. "
        "Auf dem Dach der Schule brüten zwei Paare.",
        language="de",
        published="2024-03-02",
        title="Störche kehren früh zurück",
    ),
)


def write_articles(folder: Path, stories: Sequence[Story]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for story in stories:
        (folder / f"{story.name}.md").write_text(story.markdown(), encoding="utf-8")


def read_here(path: Path, root: Path, **_: object) -> Iterator[Article | Skipped]:
    """What `read_file` gives, in this process: property tests have no time to start others."""
    return read_source(source_of(path, root, Limits()))


def read(path: Path, root: Path | None = None) -> tuple[list[Article], list[Skipped]]:
    """The articles of one file, and what was skipped or noted."""
    items = list(read_file(path, root or path.parent))
    return (
        [item for item in items if isinstance(item, Article)],
        [item for item in items if isinstance(item, Skipped)],
    )


def snapshot(folder: Path) -> dict[str, bytes]:
    """The contents of all files under a folder, but for lock files and what builds begin with."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.suffix != ".lock"
        and path.name != ".lock"
        and WORK not in path.parts
    }


def python(
    *arguments: str, environment: Mapping[str, str] | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """A fresh Python process in an empty environment but for what is needed to run."""
    base = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{GUARD}",
        "PYTHONIOENCODING": "utf-8",
        "HF_HUB_OFFLINE": "1",
        # Threads that spin while other processes work make short tests slow.
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        env=base | dict(environment or {}),
    )


def write_words(folder: Path, passages: Sequence[Words]) -> None:
    """Writes the words of each passage into the empty folder `folder`."""
    sizes = [(len(words.tokens), len(words.lengths)) for words in passages]
    tokens, lengths = open_words(folder, np.array(sizes, np.int64).reshape(-1, 2))
    places = np.arange(len(passages))
    tokens.put(places, Ragged.of([words.tokens for words in passages], np.int32))
    lengths.put(places, Ragged.of([words.lengths for words in passages], np.float16))
    tokens.close()
    lengths.close()


def write_romanised(folder: Path, passages: Sequence[Keys]) -> None:
    """Writes the keys of each passage into the empty folder `folder`."""
    lists = Ragged.of(passages, np.uint16)
    file = open_romanised(folder, lists.counts)
    file.put(np.arange(len(lists)), lists)
    file.close()
