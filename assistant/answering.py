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
from assistant.searchable import Searchable
from assistant.selecting import Candidate, by_day, candidates, choose, features, with_context
from assistant.text import lexical_terms
from assistant.times import wants_development
from assistant.types import Citation, Filters, Hit, Mode, primary_language

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

    `sentence` are those of `assistant.selecting.FEATURES`; `own` and `foreign` those of EVIDENCE
    and, last, a constant: the former where the best hit is in the question's language.
    `threshold` is the confidence that 90 of 100 questions reach that have an answer; below it
    there is none.
    """

    sentence: tuple[float, ...]
    own: tuple[float, ...]
    foreign: tuple[float, ...]
    threshold: float


EVIDENCE = ("score", "best three", "coverage", "lead", "sentence")
"""What the confidence is made of; `evidence` has the meaning of each."""

CALIBRATION: dict[Mode, Calibration] = {
    "hybrid": Calibration(
        sentence=(0.79, 0.82, 17.65, -0.58, 0.38, 3.58, 1.91, -0.73, 4.33, -0.15, -6.78),
        own=(0.02, 0.11, 1.496, 0.158, 0.223, -4.296),
        foreign=(-0.162, 0.563, -3.118, 0.216, 0.104, -4.475),
        threshold=0.229,
    ),
    "dense": Calibration(
        sentence=(0.0, -1.27, 23.12, -6.17, 0.0, 2.78, 1.89, 0.0, 6.59, 0.0, -4.54),
        own=(-5.826, 6.877, 0.0, 12.543, 0.585, -5.802),
        foreign=(-11.69, 15.192, 0.0, 12.057, 0.237, -3.291),
        threshold=0.252,
    ),
    "lexical": Calibration(
        sentence=(9.53, 0.0, 0.0, -9.14, 0.96, 2.39, 2.21, 1.45, 0.0, 0.0, 0.0),
        own=(2.183, -1.408, 2.183, 6.18, 0.066, -2.167),
        foreign=(-0.067, 6.128, -0.067, 13.882, 0.012, -1.202),
        threshold=0.231,
    ),
}
CALIBRATION_WITHOUT_WORDS: dict[Mode, Calibration] = {
    "hybrid": Calibration(
        sentence=(4.33, 6.87, 0.0, -0.59, 0.55, 2.62, 2.24, 0.7, 0.0, -0.16, 0.0),
        own=(0.012, 0.122, 1.626, 0.23, 0.152, -3.292),
        foreign=(0.025, 1.014, -3.477, 0.13, 0.023, -5.147),
        threshold=0.23,
    ),
    "dense": Calibration(
        sentence=(0.0, 11.61, 0.0, -9.63, 0.68, 2.26, 1.54, 0.0, 0.0, 0.0, 0.0),
        own=(-5.181, 4.943, 0.0, 16.564, 0.67, -3.818),
        foreign=(-11.916, 17.222, 0.0, 13.639, 0.115, -2.525),
        threshold=0.278,
    ),
}
"""For models without a table of token vectors: late interaction is a part of both scores."""


def calibration(index: Searchable, mode: Mode) -> Calibration:
    """The weights that go with the index's model and the mode."""
    # The lexical mode loads no model.
    with_words = mode == "lexical" or index.token_table is not None
    return (CALIBRATION if with_words else CALIBRATION_WITHOUT_WORDS)[mode]


def best_hit(hits: Sequence[Hit]) -> Hit:
    """The first of those with the highest score; `hits` is not empty."""
    return max(hits, key=lambda hit: hit.score)


def evidence(hits: Sequence[Hit], scores: Floats) -> tuple[float, ...]:
    """What the confidence is made of, EVIDENCE: `hits` and `scores` are not empty.

    The best hit's score, and the mean of the best three; the best hit's coverage, which tells how
    much of its score is owed to a shared wording; the points that it is ahead of the best of
    another article, 0 where there is none; and the best sentence's score.
    """
    best = best_hit(hits)
    three = sorted((hit.score for hit in hits), reverse=True)[:3]
    others = (hit.score for hit in hits if hit.article.id != best.article.id)
    return (
        best.score,
        sum(three) / len(three),
        best.coverage or 0.0,
        best.score - max(others, default=best.score),
        float(scores.max()),
    )


def speaks(hits: Sequence[Hit], language: str) -> bool:
    """Whether the best hit is in a language, whatever its region or script."""
    return primary_language(best_hit(hits).article.language) == primary_language(language)


def _confidence(weights: Calibration, language: str, hits: Sequence[Hit], scores: Floats) -> float:
    # Words that are shared within a language say much, and across languages little.
    *of_values, constant = weights.own if speaks(hits, language) else weights.foreign
    values = evidence(hits, scores)
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


def compose(index: Searchable, asked: Asked, hits: Sequence[Hit], *, mode: Mode) -> Answer:
    """An answer of quoted sentences from `hits`, or one that says nothing was found."""
    confidence = 0.0
    citations: tuple[Citation, ...] = ()
    sentences = candidates(hits)
    question = asked.completed or asked.question
    if sentences and lexical_terms(question):
        weights = calibration(index, mode)
        values = features(index, question, sentences, language=asked.language, mode=mode)
        scores = values @ np.array(weights.sentence, np.float32)
        confidence = _confidence(weights, asked.language, hits, scores)
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
