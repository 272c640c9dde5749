"""From hits to an answer: the sentences that answer the question, or a refusal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import regex

from assistant.answers import Answer, Period, Sentence, Update
from assistant.checking import check
from assistant.index import Index
from assistant.selecting import Candidate, by_day, candidates, choose, features, with_context
from assistant.text import lexical_terms
from assistant.times import wants_development
from assistant.types import Citation, Filters, Hit, Mode

Floats = npt.NDArray[np.float32]

_DIGIT = regex.compile(r"\p{N}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is to be answered; the fields are those of Answer."""

    question: str
    language: str
    filters: Filters
    as_of: str
    completed: str | None = None
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights fitted by benchmarks/calibration.py, with the bundled model.

    `sentence` are those of `assistant.selecting.FEATURES`; `evidence` those of EVIDENCE and,
    last, a constant. `threshold` is the confidence that 85 of 100 questions reach that have an
    answer; below it there is none.
    """

    sentence: tuple[float, ...]
    evidence: tuple[float, ...]
    threshold: float


EVIDENCE = ("score", "best three", "coverage", "agreement", "sentence")
"""What the confidence is made of; `evidence` has the meaning of each."""

CALIBRATION: dict[Mode, Calibration] = {
    "hybrid": Calibration(
        sentence=(-0.69, 1.58, 15.76, -0.69, 0.36, 3.15, 1.76, -0.34, 5.11),
        evidence=(0.124, 0.226, -6.432, 1.324, 0.136, -4.778),
        threshold=0.289,
    ),
    "dense": Calibration(
        sentence=(0.0, -1.1, 20.11, -7.52, 0.23, 2.92, 1.92, 0.0, 6.64),
        evidence=(-0.859, 4.752, 0.0, 9.322, 0.423, -12.905),
        threshold=0.478,
    ),
    "lexical": Calibration(
        sentence=(9.42, 0.0, 0.0, -9.79, 0.91, 2.41, 2.35, 1.72, 0.0),
        evidence=(9.048, 4.404, -14.512, 0.0, 0.075, -1.411),
        threshold=0.265,
    ),
}
CALIBRATION_WITHOUT_WORDS: dict[Mode, Calibration] = {
    "hybrid": Calibration(
        sentence=(5.01, 8.33, 0.0, -0.72, 0.78, 1.82, 1.32, 1.54, 0.0),
        evidence=(0.13, 0.396, -10.344, 1.889, 0.325, -4.893),
        threshold=0.351,
    ),
    "dense": Calibration(
        sentence=(0.0, 13.18, 0.0, -12.21, 1.08, 1.99, 1.38, 0.0, 0.0),
        evidence=(1.468, -0.184, 0.0, 9.632, 0.651, -12.231),
        threshold=0.544,
    ),
}
"""For models without a table of token vectors: late interaction is a part of both scores."""


def calibration(index: Index, mode: Mode) -> Calibration:
    """The weights that go with the index's model and the mode."""
    # The lexical mode loads no model.
    with_words = mode == "lexical" or index.token_table is not None
    return (CALIBRATION if with_words else CALIBRATION_WITHOUT_WORDS)[mode]


def evidence(hits: Sequence[Hit], scores: Floats) -> tuple[float, ...]:
    """What the confidence is made of, EVIDENCE: `hits` and `scores` are not empty.

    The best hit's score, and the mean of the best three; the mean coverage of the hits, which
    tells how much of the scores is owed to a shared wording; one over the best hit's place in
    the dense leg; and the best sentence's score.
    """
    ordered = sorted(hits, key=lambda hit: -hit.score)
    best = ordered[0]
    three = [hit.score for hit in ordered[:3]]
    return (
        best.score,
        sum(three) / len(three),
        sum(hit.coverage or 0.0 for hit in hits) / len(hits),
        1 / best.dense_rank if best.dense_rank is not None else 0.0,
        float(scores.max()),
    )


def _confidence(weights: Sequence[float], values: Sequence[float]) -> float:
    *of_values, constant = weights
    logit = constant + sum(w * v for w, v in zip(of_values, values, strict=True))
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, logit))))


def _cite(chosen: Sequence[Candidate]) -> tuple[Citation, ...]:
    numbers: dict[str, int] = {}
    return tuple(
        Citation(
            number=numbers.setdefault(one.hit.passage.id, len(numbers) + 1),
            article=one.hit.article,
            passage=one.hit.passage,
            start=one.start,
            end=one.end,
            quote=one.quote,
        )
        for one in chosen
    )


def _figures(sentence: Sentence) -> str:
    return ", ".join(sentence.missing)


def updates(citations: Sequence[Citation]) -> tuple[Update, ...]:
    """Pairs of citations of which the newer article gives another figure for the same thing."""
    found = []
    dated = sorted(
        (c.article.published[:10], i) for i, c in enumerate(citations) if c.article.published
    )
    for (day, older), (later, newer) in combinations(dated, 2):
        before, after = citations[older], citations[newer]
        if day == later or not all(_DIGIT.search(one.quote) for one in (before, after)):
            continue
        language = after.article.language
        now = check(after.quote, {1: before.quote}, language=language)
        if now.state == "contradicted":
            was = check(before.quote, {1: after.quote}, language=language)
            found.append(Update(older, newer, _figures(was), _figures(now)))
    return tuple(found)


def compose(index: Index, asked: Asked, hits: Sequence[Hit], *, mode: Mode) -> Answer:
    """An answer of quoted sentences from `hits`, or one that says nothing was found."""
    confidence = 0.0
    citations: tuple[Citation, ...] = ()
    sentences = candidates(hits)
    question = asked.completed or asked.question
    if sentences and lexical_terms(question):
        weights = calibration(index, mode)
        values = features(index, question, sentences, mode=mode)
        scores = values @ np.array(weights.sentence, np.float32)
        confidence = _confidence(weights.evidence, evidence(hits, scores))
        if confidence >= weights.threshold:
            chosen = choose(sentences, scores)
            if wants_development(question):
                chosen = by_day(chosen)
            citations = _cite(with_context(chosen, sentences))
    return Answer(
        question=asked.question,
        found=bool(citations),
        confidence=confidence,
        sentences=tuple(Sentence(c.quote, "verbatim", (c.number,)) for c in citations),
        citations=citations,
        hits=tuple(hits),
        mode=mode,
        filters=asked.filters,
        index=index.info,
        searched=index.searched(asked.filters),
        as_of=asked.as_of,
        language=asked.language,
        completed=asked.completed,
        period=asked.period,
        updates=updates(citations),
    )
