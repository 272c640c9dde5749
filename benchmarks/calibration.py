"""Fits how sure an answer is to what was found, and says how well that tells right from wrong.

    python -m benchmarks.calibration DEV [--questions N] [--without-words]

DEV holds aligned questions and passages as for `benchmarks.mixed_pool`, five passages in a row
being of one article (XQuAD). Each article goes into the collection in one language drawn at
random. Every question is asked in that language ("same") and in another one ("cross"), once
over all hits and once without the hits of its article, as if the collection had no answer. A
logistic regression on the score of the best hit and of the best sentence tells the two apart.
Prints for each mode, as JSON, its weights for `assistant/answering.py` and, for `same` and
`cross`, the area under the ROC curve and the shares that are answered at the threshold. With
`--without-words` the model is taken as one that is no table of token vectors.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt

from assistant.answering import THRESHOLD, evidence
from assistant.building import build
from assistant.index import Index
from assistant.retrieval import search
from assistant.types import Filters, Mode
from benchmarks._dev_sets import DevSet, read_set, set_names

SEED = 1
PASSAGES_IN_ARTICLE = 5
HITS = 24
READ = 8
RIDGE = 1e-3
STEPS = 4_000
RATE = 0.3

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Row:
    """What one question found: two scores, and whether its answer was there to be found."""

    kind: str
    hit: float
    sentence: float
    answerable: bool


class WithoutWords(Index):
    """An index as a model that is no table of token vectors has it: without late interaction."""

    @property
    def token_table(self) -> None:
        return None


def write_collection(sets: dict[str, DevSet], output: Path) -> dict[str, tuple[str, str]]:
    """Writes the articles as JSON lines; returns article id and language of each passage."""
    chance = random.Random(SEED)
    languages = sorted(sets)
    texts = {name: dict(zip(s.ids, s.texts, strict=True)) for name, s in sets.items()}
    passages = sets[languages[0]].ids
    where: dict[str, tuple[str, str]] = {}
    with output.open("w", encoding="utf-8") as file:
        for start in range(0, len(passages), PASSAGES_IN_ARTICLE):
            ids = passages[start : start + PASSAGES_IN_ARTICLE]
            language = chance.choice(languages)
            article = f"article-{start}"
            text = "\n\n".join(texts[language][i] for i in ids)
            row = {"id": article, "language": language, "text": text}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            where.update(dict.fromkeys(ids, (article, language)))
    return where


def observe(
    index: Index,
    sets: dict[str, DevSet],
    where: dict[str, tuple[str, str]],
    mode: Mode,
    count: int,
) -> list[Row]:
    """What `count` questions find, in two languages, with their article and without it."""
    chance = random.Random(SEED)
    languages = sorted(sets)
    cases = {name: {case.id: case for case in s.cases} for name, s in sets.items()}
    rows = []
    for identity in chance.sample(sorted(cases[languages[0]]), count):
        article, own = where[cases[languages[0]][identity].relevant[0]]
        other = chance.choice([language for language in languages if language != own])
        for kind, language in (("same", own), ("cross", other)):
            question = cases[language][identity].question
            hits = search(index, question, k=HITS, mode=mode, filters=Filters())
            without = [hit for hit in hits if hit.article.id != article]
            for answerable, found in ((True, hits[:READ]), (False, without[:READ])):
                if found:
                    scores = evidence(index, question, found, mode=mode)
                    rows.append(Row(kind, *scores, answerable))
    return rows


def fit(scores: Floats, answerable: Floats) -> Floats:
    """Weights of two scores [n, 2] and a bias [3], by gradient descent on standardised scores."""
    mean, deviation = scores.mean(axis=0), scores.std(axis=0) + 1e-9
    columns = np.c_[(scores - mean) / deviation, np.ones(len(scores))]
    weights = np.zeros(3)
    for _ in range(STEPS):
        probability = 1 / (1 + np.exp(-columns @ weights))
        gradient = columns.T @ (probability - answerable) / len(answerable)
        weights -= RATE * (gradient + RIDGE * weights)
    scaled = weights[:2] / deviation
    return np.append(scaled, weights[2] - scaled @ mean)


def area_under_curve(values: Floats, positive: npt.NDArray[np.bool_]) -> float:
    """How often a positive value is above a negative one; half of the ties count."""
    above = values[positive][:, None] - values[~positive][None]
    return float((above > 0).mean() + (above == 0).mean() / 2)


def summary(rows: list[Row]) -> dict[str, object]:
    scores = np.array([(row.hit, row.sentence) for row in rows])
    answerable = np.array([row.answerable for row in rows])
    weights = fit(scores, answerable.astype(np.float64))
    confidence = 1 / (1 + np.exp(-(scores @ weights[:2] + weights[2])))
    found: dict[str, object] = {"weights": [round(float(w), 3) for w in weights]}
    for kind in ("same", "cross"):
        chosen = np.array([row.kind == kind for row in rows])
        of_kind, right = confidence[chosen], answerable[chosen]
        found[kind] = {
            "auroc": round(area_under_curve(of_kind, right), 3),
            "answered when it is there": round(float((of_kind[right] >= THRESHOLD).mean()), 3),
            "answered when it is not": round(float((of_kind[~right] >= THRESHOLD).mean()), 3),
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dev", type=Path)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--without-words", action="store_true")
    arguments = parser.parse_args()
    sets = {name: read_set(arguments.dev, name) for name in set_names(arguments.dev)}
    with tempfile.TemporaryDirectory() as temporary:
        collection, folder = Path(temporary) / "articles.jsonl", Path(temporary) / "index"
        where = write_collection(sets, collection)
        build(collection, index=folder)
        index = (WithoutWords if arguments.without_words else Index).open(folder)
        for mode in get_args(Mode):
            print(mode, file=sys.stderr)
            rows = observe(index, sets, where, mode, arguments.questions)
            print(json.dumps({"mode": mode, **summary(rows)}), flush=True)


if __name__ == "__main__":
    main()
