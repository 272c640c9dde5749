"""Fits which sentences answer, and how sure an answer is, and says how well that tells.

    python -m benchmarks.calibration DEV [--questions N] [--without-words]

DEV holds aligned questions, answers and passages as for `benchmarks.mixed_pool`, five passages
in a row being of one article (XQuAD). The articles are made into collections: one with each
article in a language drawn at random ("pool"), and one for each language. Of the pool N questions
are asked in the language of their article ("same"), N in another ("cross") and N with their letters
in any order ("nonsense"); of the collections of one language as many together.

Sentences: a softmax over the sentences of a question's first passages is fitted to those that
hold the answer. Confidence: every question is asked once of all articles and once of all but its
own, so that there is no answer; a logistic regression tells the two apart, one where the best hit
is in the question's language and one where it is in another. All are fitted on the questions of
every other article; everything printed is measured on the rest. Prints for each mode, as JSON,
the weights for `assistant/answering.py`; the area under the ROC curve; the shares that are
answered and refused at the threshold, which 90 % of the fitted questions with an answer reach,
and where 90 % of the measured ones do. With `--without-words` the model is taken as one that is no
table of token vectors.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from assistant.answering import EVIDENCE, evidence, speaks
from assistant.building import build
from assistant.evaluation import contains_answer
from assistant.index import Index
from assistant.language import question_language
from assistant.retrieval import search
from assistant.selecting import FEATURES, candidates, features
from assistant.settings import DEFAULT_K
from assistant.types import Filters, Hit, Mode
from benchmarks._dev_sets import Case, DevSet, read_sets

SEED = 1
PASSAGES_IN_ARTICLE = 5
RIDGE = 1e-3
STEPS = 200
NEWTON_STEPS = 30
RATE = 0.5
ANSWERED = 0.9
MEASURED = 0.9
NONSENSE_EVERY = 4
NONSENSE = "nonsense"

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Asked:
    """What one question found: the features of the sentences, and which hold the answer."""

    kind: str
    fitted: bool
    hits: tuple[Hit, ...]
    own: bool  # whether the best hit is in the question's language
    features: npt.NDArray[np.float32]  # [n, FEATURES]
    right: Bools  # [n]
    answerable: bool


class WithoutWords(Index):
    """An index as a model that is no table of token vectors has it: without late interaction."""

    @property
    def token_table(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Collection:
    """Articles of five passages each, and where each passage is."""

    name: str
    articles: Mapping[str, tuple[str, str]]  # language and text, by id
    of_passage: Mapping[str, str]


def collections(sets: Mapping[str, DevSet]) -> Iterator[Collection]:
    """The pool of all languages, then one collection for each of them."""
    chance = random.Random(SEED)
    languages = sorted(sets)
    texts = {name: dict(zip(s.ids, s.texts, strict=True)) for name, s in sets.items()}
    passages = sets[languages[0]].ids
    starts = range(0, len(passages), PASSAGES_IN_ARTICLE)
    of_passage = {
        identity: f"article-{start}"
        for start in starts
        for identity in passages[start : start + PASSAGES_IN_ARTICLE]
    }

    def made(name: str, chosen: Mapping[str, str]) -> Collection:
        parts: dict[str, list[str]] = {}
        for identity, article in of_passage.items():
            parts.setdefault(article, []).append(texts[chosen[article]][identity])
        articles = {one: (chosen[one], "\n\n".join(some)) for one, some in parts.items()}
        return Collection(name, articles, of_passage)

    drawn = {f"article-{start}": chance.choice(languages) for start in starts}
    yield made("pool", drawn)
    for language in languages:
        yield made(language, dict.fromkeys(drawn, language))


def indexed(collection: Collection, folder: Path, *, without_words: bool) -> Index:
    rows = folder / f"{collection.name}.jsonl"
    with rows.open("w", encoding="utf-8") as file:
        for identity, (language, text) in collection.articles.items():
            row = {"id": identity, "source": identity, "language": language, "text": text}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    build(rows, index=folder / collection.name)
    return (WithoutWords if without_words else Index).open(folder / collection.name)


def _scrambled(case: Case, chance: random.Random) -> Case:
    """The case with the letters of its question in any order."""
    letters = [c for c in case.question if c.isalpha()]
    chance.shuffle(letters)
    drawn = iter(letters)
    text = "".join(next(drawn) if c.isalpha() else c for c in case.question)
    return replace(case, question=text)


def questions(
    collection: Collection, sets: Mapping[str, DevSet], count: int
) -> Iterator[tuple[str, str, Case, tuple[str, ...]]]:
    """Kind, article, question and the answers in the article's language."""
    chance = random.Random(f"{SEED} {collection.name}")
    languages = sorted(sets)
    cases = {name: {case.id: case for case in s.cases} for name, s in sets.items()}
    identities = sorted(cases[languages[0]])
    for identity in chance.sample(identities, min(count, len(identities))):
        article = collection.of_passage[cases[languages[0]][identity].relevant[0]]
        own, _ = collection.articles[article]
        other = chance.choice([language for language in languages if language != own])
        for kind, language in (("same", own), ("cross", other)):
            yield kind, article, cases[language][identity], cases[own][identity].answers
        yield NONSENSE, article, _scrambled(cases[own][identity], chance), ()


def observe(
    index: Index,
    collection: Collection,
    sets: Mapping[str, DevSet],
    mode: Mode,
    count: int,
) -> Iterator[Asked]:
    """What `count` questions of each kind find, with their article and without it."""
    for kind, article, case, answers in questions(collection, sets, count):
        others = tuple(sorted(set(collection.articles) - {article}))
        fitted = int(article.removeprefix("article-")) // PASSAGES_IN_ARTICLE % 2 == 0
        for answerable, filters in ((True, Filters()), (False, Filters(sources=others))):
            if answerable and kind == NONSENSE:
                continue
            found = search(index, case.question, k=DEFAULT_K, mode=mode, filters=filters)
            sentences = candidates(found)
            if not sentences:
                continue
            of_article = np.array([s.hit.article.id == article for s in sentences])
            right = of_article & [contains_answer(s.quote, answers) for s in sentences]
            language = question_language(case.question)
            values = features(index, case.question, sentences, language=language, mode=mode)
            own = speaks(found, language)
            yield Asked(kind, fitted, tuple(found), own, values, right, answerable)


def fit_sentences(asked: Sequence[Asked]) -> Floats:
    """Weights [FEATURES] under which the sentences that hold the answer are the likeliest."""
    chosen = [one for one in asked if one.right.any()]
    everything = np.concatenate([one.features for one in chosen]).astype(np.float64)
    deviation = everything.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1.0)
    rows = [(one.features / scale, one.right) for one in chosen]
    weights = np.zeros(len(scale))
    for _ in range(STEPS):
        gradient = RIDGE * weights
        for columns, right in rows:
            logits = columns @ weights
            shares = np.exp(logits - logits.max())
            shares /= shares.sum()
            wanted = np.where(right, shares, 0.0)
            gradient += columns.T @ (shares - wanted / wanted.sum()) / len(rows)
        weights -= RATE * gradient
    return np.where(deviation > 0, weights / scale, 0.0)


def fit(values: Floats, answerable: Bools) -> Floats:
    """Weights of values [n, v] and a bias [v + 1], by Newton's method on standardised values."""
    mean, deviation = values.mean(axis=0), values.std(axis=0) + 1e-9
    columns = np.c_[(values - mean) / deviation, np.ones(len(values))]
    weights = np.zeros(columns.shape[1])
    ridge = np.append(np.full(len(mean), RIDGE), 0.0)
    for _ in range(NEWTON_STEPS):
        probability = 1 / (1 + np.exp(-columns @ weights))
        gradient = columns.T @ (probability - answerable) / len(answerable) + ridge * weights
        spread = (probability * (1 - probability))[:, None]
        curvature = columns.T @ (columns * spread) / len(answerable) + np.diag(ridge + 1e-9)
        weights -= np.linalg.solve(curvature, gradient)
    scaled = weights[:-1] / deviation
    return np.append(scaled, weights[-1] - scaled @ mean)


def area_under_curve(values: Floats, positive: Bools) -> float:
    """How often a positive value is above a negative one; half of the ties count."""
    above = values[positive][:, None] - values[~positive][None]
    return float((above > 0).mean() + (above == 0).mean() / 2)


def threshold(confidence: Floats, answerable: Bools, answered: float) -> float:
    """The confidence that a share of the questions with an answer reaches."""
    return float(np.quantile(confidence[answerable], 1 - answered))


def told_apart(confidence: Floats, answerable: Bools, least: float) -> dict[str, float]:
    """How well the confidence tells questions with an answer from those without."""
    there, absent = confidence[answerable], confidence[~answerable]
    own = threshold(confidence, answerable, MEASURED)
    return {
        "auroc": round(area_under_curve(confidence, answerable), 3),
        "answered when it is there": round(float((there >= least).mean()), 3),
        "refused when it is not": round(float((absent < least).mean()), 3),
        "refused where 90 % are answered": round(float((absent < own).mean()), 3),
    }


def _scores(one: Asked, weights: Floats) -> npt.NDArray[np.float32]:
    return (one.features @ weights).astype(np.float32)


def first_right(asked: Sequence[Asked], weights: Floats, count: int) -> float:
    """The share of questions with an answer that one of the first `count` sentences holds."""
    there = [one for one in asked if one.answerable]
    return float(
        np.mean([one.right[np.argsort(-_scores(one, weights))[:count]].any() for one in there])
    )


def summary(asked: Sequence[Asked]) -> dict[str, Any]:
    weights = fit_sentences([one for one in asked if one.fitted])
    values = np.array([evidence(one.hits, _scores(one, weights)) for one in asked])
    answerable = np.array([one.answerable for one in asked])
    fitted = np.array([one.fitted for one in asked])
    kinds = np.array([one.kind for one in asked])
    nonsense = kinds == NONSENSE
    # Nobody asks as much nonsense as questions.
    drawn = fitted & (~nonsense | (np.arange(len(asked)) % NONSENSE_EVERY == 0))
    own = np.array([one.own for one in asked])
    confidence = np.zeros(len(asked))
    result: dict[str, Any] = {
        "sentence": dict(zip(FEATURES, np.round(weights, 2).tolist(), strict=True))
    }
    for name, chosen in (("own", own), ("foreign", ~own)):
        of_values = fit(values[drawn & chosen], answerable[drawn & chosen])
        confidence[chosen] = 1 / (1 + np.exp(-(values[chosen] @ of_values[:-1] + of_values[-1])))
        result[name] = dict(
            zip((*EVIDENCE, "constant"), np.round(of_values, 3).tolist(), strict=True)
        )
    least = threshold(confidence[fitted], answerable[fitted], ANSWERED)
    result["threshold"] = round(least, 3)
    refused = confidence[~fitted & nonsense] < least
    result["nonsense refused"] = round(float(refused.mean()), 3)
    for kind in ("same", "cross", "both"):
        chosen = ~fitted & ~nonsense & ((kinds == kind) | (kind == "both"))
        rows = [one for one, taken in zip(asked, chosen, strict=True) if taken]
        result[kind] = told_apart(confidence[chosen], answerable[chosen], least)
        for count in (1, 3):
            result[kind][f"answer in the first {count}"] = round(
                first_right(rows, weights, count), 3
            )
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dev", type=Path)
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--without-words", action="store_true")
    arguments = parser.parse_args()
    sets = read_sets(arguments.dev)
    modes: tuple[Mode, ...] = get_args(Mode)
    asked: dict[Mode, list[Asked]] = {mode: [] for mode in modes}
    with tempfile.TemporaryDirectory() as temporary:
        for collection in collections(sets):
            print(collection.name, file=sys.stderr)
            index = indexed(collection, Path(temporary), without_words=arguments.without_words)
            share = 1 if collection.name == "pool" else len(sets)
            for mode, rows in asked.items():
                rows += observe(index, collection, sets, mode, arguments.questions // share)
    for mode, rows in asked.items():
        print(json.dumps({"mode": mode, **summary(rows)}), flush=True)


if __name__ == "__main__":
    main()
