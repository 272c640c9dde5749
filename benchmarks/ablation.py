"""What each part of the ranking adds, in points and in milliseconds.

    python -m benchmarks.ablation DEV [--questions N] [--plot FILE]

DEV holds aligned questions and passages as for `benchmarks.mixed_pool`. Its collection, each
passage in one language, is asked in the passage's own language ("pool, same") and in another
("pool, cross"); besides, the passages of some languages alone are asked in all the others
("pairs"). Every question is ranked by the parts of the ranking one after the other, each with
those before it, and every passage found is read word by word (the product reads the first
50). Milliseconds of the processor are medians over the questions of the pool, of the
legs and parts that a stage adds. Prints JSON; FILE gets the table as a picture in SVG.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant import ranking, retrieval
from assistant.building import build
from assistant.index import Index
from assistant.types import Filters
from benchmarks._bars import Group, bars
from benchmarks._dev_sets import DevSet, read_sets
from benchmarks.mixed_pool import RRF, SEED, draw_questions, write_pool

PASSAGES_OF = ("de", "en", "hi", "ru", "zh")
CUTS = (1, 5)

Floats = npt.NDArray[np.float32]
Case = tuple[str, str]

STAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("dense leg", ("meaning",)),
    ("+ lexical leg, coverage", ("coverage",)),
    ("+ the article's meaning", ("article",)),
    ("+ late interaction over words", ("words",)),
    ("+ romanised leg", ("romanised",)),
)
TIMED = {
    "dense leg": ((retrieval, "_dense"),),
    "+ lexical leg, coverage": ((retrieval, "_lexical"),),
    "+ late interaction over words": ((ranking, "_late"),),
    "+ romanised leg": ((ranking, "_romanised"),),
}


@contextmanager
def timed(spent: dict[str, float]) -> Iterator[None]:
    """Adds the seconds of the processor that the functions of TIMED take to `spent`, by stage."""
    kept: list[tuple[Any, str, Callable[..., Any]]] = []

    def wrap(module: Any, name: str, stage: str) -> None:
        whole: Callable[..., Any] = getattr(module, name)

        def run(*values: Any, **options: Any) -> Any:
            # The romanised leg searches with the lexical leg's function.
            own = "+ romanised leg" if options.get("of") == "romanised" else stage
            began = time.process_time()
            try:
                return whole(*values, **options)
            finally:
                spent[own] = spent.get(own, 0.0) + time.process_time() - began

        kept.append((module, name, whole))
        setattr(module, name, run)

    for stage, functions in TIMED.items():
        for module, name in functions:
            wrap(module, name, stage)
    try:
        yield
    finally:
        for module, name, whole in kept:
            setattr(module, name, whole)


class Collection:
    """An index whose articles are passages of a development set, by their ids."""

    def __init__(self, folder: Path) -> None:
        self.index = Index.open(folder)
        self.ids = list(self.index.store.contents())
        self.article_of_row = self.index.columns.article_of_row

    def orders(self, question: str) -> dict[str, list[str]]:
        """The articles' ids, best first, after each stage."""
        index, nothing = self.index, Filters()
        vector = index.embedder.embed_question(question)
        dense = retrieval._dense(index, vector, retrieval.DEPTH, nothing)
        lexical = retrieval._lexical(index, question, retrieval.DEPTH, nothing)
        named = retrieval._lexical(index, question, retrieval.DEPTH, nothing, of="romanised")
        legs = {
            "meaning": dense.rows,
            "coverage": lexical.rows,
            "romanised": named.rows,
        }
        rows = np.unique(np.concatenate(list(legs.values())))
        points = ranking.parts(
            index,
            question,
            vector,
            rows,
            coverage=lexical.by_row(),
            romanised=named.weights,
            depth=len(rows),
        )
        found = np.zeros(len(rows), bool)
        scores = np.zeros(len(rows), np.float32)
        orders = {"reciprocal rank fusion": self._fused(dense.rows, lexical.rows)}
        for stage, added in STAGES:
            for part in added:
                scores = scores + points[part]
                if part in legs:
                    found |= np.isin(rows, legs[part])
            shown = np.where(found, scores, -np.inf)
            order = np.lexsort((rows, -shown))[: int(found.sum())]
            orders[stage] = self._articles(rows[order])
        return orders

    def _articles(self, rows: npt.NDArray[np.int64]) -> list[str]:
        return list(dict.fromkeys(self.ids[int(n)] for n in self.article_of_row[rows]))

    def _fused(self, *legs: npt.NDArray[np.int64]) -> list[str]:
        scores: dict[str, float] = {}
        for rows in legs:
            for rank, article in enumerate(self._articles(rows), 1):
                scores[article] = scores.get(article, 0.0) + 1 / (RRF + rank)
        return sorted(scores, key=lambda article: (-scores[article], article))


def recalls(collection: Collection, cases: Sequence[Case]) -> dict[str, dict[str, float]]:
    """recall@1 and recall@5 of each stage over (question, right article) pairs."""
    hits: dict[str, list[float]] = {}
    for question, right in cases:
        for stage, order in collection.orders(question).items():
            hits.setdefault(stage, []).append(order.index(right) if right in order else np.inf)
    return {
        stage: {f"recall@{k}": round(float(np.mean(np.array(r) < k)), 4) for k in CUTS}
        for stage, r in hits.items()
    }


def milliseconds(collection: Collection, questions: Sequence[str]) -> dict[str, float]:
    """The median time of what each stage adds."""
    collection.orders(questions[0])
    rows: list[dict[str, float]] = []
    for question in questions:
        spent: dict[str, float] = {}
        with timed(spent):
            began = time.process_time()
            retrieval.search(collection.index, question, k=8, mode="hybrid", filters=Filters())
            spent["whole search"] = time.process_time() - began
        rows.append(spent)
    return {
        stage: round(1000 * float(np.median([row.get(stage, 0.0) for row in rows])), 2)
        for stage in (*TIMED, "whole search")
    }


def _pair_cases(sets: dict[str, DevSet], language: str, count: int) -> list[Case]:
    chance = random.Random(SEED)
    cases = []
    for other, questions in sets.items():
        if other != language:
            for case in chance.sample(questions.cases, min(count, len(questions.cases))):
                cases.append((case.question, case.relevant[0]))
    return cases


def measure(dev: Path, count: int) -> dict[str, Any]:
    sets = read_sets(dev)
    result: dict[str, Any] = {"questions": count, "stages": {}}
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        chosen = write_pool(sets, root / "pool.jsonl")
        build(root / "pool.jsonl", index=root / "pool")
        pool = Collection(root / "pool")
        asked = draw_questions(sets, chosen, count)
        for kind, cases in asked.items():
            print(f"pool, {kind}", file=sys.stderr)
            result["stages"][f"pool, {kind}"] = recalls(pool, cases)
        everything = [question for cases in asked.values() for question, _ in cases]
        result["milliseconds"] = milliseconds(pool, everything)
        pairs = []
        for language in sorted(set(PASSAGES_OF) & set(sets)):
            print(f"pairs: passages in {language}", file=sys.stderr)
            collection = root / f"{language}.jsonl"
            with collection.open("w", encoding="utf-8") as file:
                passages = zip(sets[language].ids, sets[language].texts, strict=True)
                for identity, text in passages:
                    row = {"id": identity, "language": language, "text": text}
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
            build(collection, index=root / language)
            cases = _pair_cases(sets, language, max(1, count // 10))
            pairs.append(recalls(Collection(root / language), cases))
        result["stages"]["pairs"] = {
            stage: {
                name: round(float(np.mean([one[stage][name] for one in pairs])), 4)
                for name in pairs[0][stage]
            }
            for stage in pairs[0]
        }
    return result


def picture(result: dict[str, Any]) -> str:
    """recall@1 after each stage, as bars, with the milliseconds that the stage adds."""
    stages = result["stages"]
    spent = result["milliseconds"]
    names = ["reciprocal rank fusion", *(stage for stage, _ in STAGES)]
    labels = {name: f"{name} ({spent[name]:.1f} ms)" if name in spent else name for name in names}
    groups = [
        Group(kind, tuple((labels[n], 100 * values[n]["recall@1"]) for n in names))
        for kind, values in stages.items()
    ]
    return bars("recall@1 in per cent after each stage (and what the stage costs)", groups)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("dev", type=Path, help="folder of the aligned set")
    parser.add_argument("--questions", type=int, default=600)
    parser.add_argument("--plot", type=Path, help="file for the picture")
    arguments = parser.parse_args()
    result = measure(arguments.dev, arguments.questions)
    print(json.dumps(result, ensure_ascii=False, indent=1))
    if arguments.plot is not None:
        arguments.plot.write_text(picture(result), encoding="utf-8")


if __name__ == "__main__":
    main()
