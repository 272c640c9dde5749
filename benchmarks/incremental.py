"""Building again after one file of many has changed, beside building everything.

    python -m benchmarks.incremental TRAIN [--articles 10000] [--compare] [--output FILE]

TRAIN is a folder of training data, whose sentences are put together to articles of about ten
passages (`_recombined.py`), a Markdown file each. The index is built in full, then again after
nothing, one text, one date, one name of a file was changed, and after a file came and one went,
each three times; each in a process that has imported all it needs by the full build before.
Figures are seconds, and the ratio of the median to the full build's. "files_read" and
"articles_embedded" are counted where they happen. With `--compare` the last index is compared
with one that is built at once: passages, vectors, article vectors, sketches. Prints a line for
each and writes all to `benchmarks/results/incremental.json`; the status is 1 where a ratio is 0.1
or more, where anything but the changed article is embedded, or where the indexes differ.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from assistant import build
from assistant.articles import FileItems, Reading
from assistant.index import Index
from assistant.labour import Labour
from assistant.types import Article, BuildReport
from benchmarks._recombined import COLLECTION, write_collection

RESULT = Path(__file__).parent / "results" / "incremental.json"
BAR = 0.1
_PASSAGES_EACH = 10
_TIMES = 3
_IN_A_FOLDER = 500


def _write_files(train: Path, root: Path, count: int) -> list[Path]:
    with tempfile.TemporaryDirectory() as folder:
        write_collection(train, Path(folder), count * _PASSAGES_EACH)
        files = []
        lines = (Path(folder) / COLLECTION).read_text(encoding="utf-8").rstrip("\n").split("\n")
    for number, line in enumerate(lines):
        article = json.loads(line)
        path = root / str(number // _IN_A_FOLDER) / f"{article['id']}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        title = json.dumps(article["title"], ensure_ascii=False)
        fields = f"title: {title}\nlanguage: {article['language']}\nsource: {article['source']}\n"
        fields += f"published: {article['published']}\n"
        path.write_text(f"---\n{fields}---\n\n{article['text']}\n", encoding="utf-8")
        files.append(path)
    return files


class Counted:
    """Builds, and counts the files that were read and the articles that were embedded."""

    def __init__(self, articles: Path, index: Path) -> None:
        self._articles = articles
        self._index = index

    def __call__(self, index: Path | None = None) -> tuple[dict[str, Any], BuildReport]:
        files, articles = 0, 0
        read_all, make = Reading.read_all, Labour.make

        def read(self: Reading, paths: Sequence[Path]) -> Any:
            nonlocal files
            one: FileItems
            for one in read_all(self, paths):
                files += 1
                yield one

        def counted(groups: Iterable[Sequence[Article]]) -> Iterator[Sequence[Article]]:
            nonlocal articles
            for group in groups:
                articles += len(group)
                yield group

        def making(self: Labour, groups: Iterable[Sequence[Article]], **options: Any) -> Any:
            return make(self, counted(groups), **options)

        with patch.object(Reading, "read_all", read), patch.object(Labour, "make", making):
            wall, processor = time.perf_counter(), time.process_time()
            # A change is the work of one process, so everything is done by one as well.
            report = build(self._articles, index=index or self._index, processes=1)
            seconds = time.perf_counter() - wall
        return {
            "seconds": seconds,
            "processor_seconds": time.process_time() - processor,
            "files_read": files,
            "articles_embedded": articles,
            "passages_embedded": report.embedded,
        }, report


def _changes(files: list[Path]) -> dict[str, Callable[[int], None]]:
    def text(turn: int) -> None:
        path = files[10 + turn]
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\nA sentence was added to this article as number {turn}.\n")

    def date(turn: int) -> None:
        path = files[20 + turn]
        path.write_text(path.read_text(encoding="utf-8").replace("published: 20", "published: 19"))

    def name(turn: int) -> None:
        files[30 + turn].rename(files[30 + turn].with_name(f"renamed-{turn}.md"))

    def new(turn: int) -> None:
        path = files[40 + turn].with_name(f"new-{turn}.md")
        path.write_text(f"A new article\n\nIts text has the number {turn}.\n", encoding="utf-8")

    def gone(turn: int) -> None:
        files[50 + turn].unlink()

    return {
        "nothing": lambda _: None,
        "a text": text,
        "a date": date,
        "a file's name": name,
        "a new file": new,
        "a file gone": gone,
    }


def _difference(first: Path, second: Path) -> str | None:
    """What of two indexes is not the same to the last byte; None where nothing is."""
    one, other = Index.open(first), Index.open(second)
    try:
        parts: dict[str, list[object]] = {
            "passages": [list(index.store.spans()) for index in (one, other)],
            "articles": [index.store.contents() for index in (one, other)],
            "vectors": [index.vectors.all().tobytes() for index in (one, other)],
            "article vectors": [np.asarray(i.article_vectors).tobytes() for i in (one, other)],
            "sketches": [np.asarray(index.sketches).tobytes() for index in (one, other)],
        }
    finally:
        one.close()
        other.close()
    return next((name for name, both in parts.items() if both[0] != both[1]), None)


def measured(train: Path, count: int, root: Path, *, compare: bool) -> dict[str, Any]:
    """The figures; `root` is an empty folder to work in."""
    files = _write_files(train, root / "articles", count)
    run = Counted(root / "articles", root / "index")
    full, report = run()
    print("all", json.dumps(full), flush=True)
    result: dict[str, Any] = {
        "articles": report.articles,
        "passages": report.passages,
        "all": full,
        "after": {},
    }
    for what, change in _changes(files).items():
        runs = []
        for turn in range(_TIMES):
            change(turn)
            runs.append(run()[0])
        median = statistics.median(one["seconds"] for one in runs)
        most = {name: max(one[name] for one in runs) for name in runs[0] if "seconds" not in name}
        result["after"][what] = {"seconds": median, "ratio": median / full["seconds"], **most}
        print(what, json.dumps(result["after"][what]), flush=True)
    if compare:
        run(root / "once")
        result["differs_from_built_at_once"] = _difference(root / "index", root / "once")
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("train", type=Path)
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--compare", action="store_true", help="with an index built at once")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    parser.add_argument("--output", type=Path, default=RESULT)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as temporary:
        root = Path(temporary)
        result = measured(arguments.train, arguments.articles, root, compare=arguments.compare)
    arguments.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    differs = result.get("differs_from_built_at_once")
    print("differs from built at once:", differs if arguments.compare else "not compared")
    after = result["after"]
    fails = [what for what, one in after.items() if one["ratio"] >= BAR]
    wanted = {"a text": 1, "a new file": 1}
    fails += [w for w, one in after.items() if one["articles_embedded"] != wanted.get(w, 0)]
    return 1 if fails or differs else 0


if __name__ == "__main__":
    sys.exit(main())
