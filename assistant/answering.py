"""From hits to an answer: the sentences that answer the question, or a refusal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.index import Index
from assistant.selecting import Candidate, candidates, choose, features, with_context
from assistant.types import Answer, Citation, Filters, Hit, Mode, Searched, Sentence

THRESHOLD = 0.5

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights fitted by benchmarks/calibration.py, with the bundled model.

    `sentence` are those of `assistant.selecting.FEATURES`; `evidence` those of EVIDENCE and,
    last, a constant.
    """

    sentence: tuple[float, ...]
    evidence: tuple[float, ...]


EVIDENCE = ("score", "best three", "coverage", "agreement", "similarity", "sentence")
"""What the confidence is made of; `evidence` has the meaning of each."""

CALIBRATION: dict[Mode, Calibration] = {
    "hybrid": Calibration(
        (0.7, 1.8, 14, -0.8, 0.4, 1.4, 1.1, 0.3, 4.8), (0.1, 0.2, -6, 2, -1.5, 0.1, -4)
    ),
    "dense": Calibration(
        (0.7, 1.8, 14, -0.8, 0.4, 1.4, 1.1, 0.3, 4.8), (0.1, 0.2, -6, 2, -1.5, 0.1, -4)
    ),
    "lexical": Calibration(
        (0.7, 1.8, 14, -0.8, 0.4, 1.4, 1.1, 0.3, 4.8), (0.1, 0.2, -6, 2, -1.5, 0.1, -4)
    ),
}
CALIBRATION_WITHOUT_WORDS: dict[Mode, Calibration] = {
    "hybrid": Calibration(
        (0.7, 1.8, 14, -0.8, 0.4, 1.4, 1.1, 0.3, 4.8), (0.1, 0.2, -6, 2, -1.5, 0.1, -4)
    ),
    "dense": Calibration(
        (0.7, 1.8, 14, -0.8, 0.4, 1.4, 1.1, 0.3, 4.8), (0.1, 0.2, -6, 2, -1.5, 0.1, -4)
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
    the dense leg; its cosine with the question; and the best sentence's score.
    """
    ordered = sorted(hits, key=lambda hit: -hit.score)
    best = ordered[0]
    three = [hit.score for hit in ordered[:3]]
    return (
        best.score,
        sum(three) / len(three),
        sum(hit.coverage or 0.0 for hit in hits) / len(hits),
        1 / best.dense_rank if best.dense_rank is not None else 0.0,
        best.similarity or 0.0,
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


def compose(
    index: Index,
    question: str,
    hits: Sequence[Hit],
    *,
    mode: Mode,
    filters: Filters,
    searched: Searched,
    as_of: str,
) -> Answer:
    """An answer of quoted sentences from `hits`, or one that says nothing was found."""
    confidence = 0.0
    citations: tuple[Citation, ...] = ()
    sentences = candidates(hits)
    if sentences:
        weights = calibration(index, mode)
        values = features(index, question, sentences, mode=mode)
        scores = values @ np.array(weights.sentence, np.float32)
        confidence = _confidence(weights.evidence, evidence(hits, scores))
        if confidence >= THRESHOLD:
            citations = _cite(with_context(choose(sentences, scores), sentences))
    return Answer(
        question=question,
        found=bool(citations),
        confidence=confidence,
        sentences=tuple(Sentence(c.quote, "verbatim", (c.number,)) for c in citations),
        citations=citations,
        hits=tuple(hits),
        mode=mode,
        filters=filters,
        index=index.info,
        searched=searched,
        as_of=as_of,
    )
