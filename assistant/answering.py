"""From hits to an answer: the sentences that answer the question, or a refusal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.index import Index
from assistant.sentences import likeness
from assistant.text import Span, lexical_terms, sentence_spans
from assistant.types import Answer, Citation, Filters, Hit, Mode

MAX_SENTENCES = 4

_HITS_READ = 6
_SHORTEST = 12
_PASSAGE_WEIGHT = 0.1
_MARGIN = 0.4
_SAME_SENTENCE = 0.8
_ENOUGH = 10.0
"""A hit of more points shares the question's wording, and is no surer to answer it."""

THRESHOLD = 0.4
# Logistic models on the score of the best hit and of the best sentence, fitted with the bundled
# model by benchmarks/calibration.py; the second as if it were no table of token vectors, since
# late interaction is a part of both scores.
_CALIBRATION: dict[Mode, tuple[float, float, float]] = {
    "hybrid": (0.434, 2.948, -6.165),
    "dense": (2.532, 5.98, -4.736),
    "lexical": (3.044, 3.895, -2.009),
}
_CALIBRATION_WITHOUT_WORDS: dict[Mode, tuple[float, float, float]] = {
    "hybrid": (0.429, 2.274, -3.683),
    "dense": (4.934, 7.733, -4.241),
}


@dataclass(frozen=True, slots=True)
class _Sentence:
    hit: Hit
    start: int
    end: int
    terms: frozenset[str]

    @property
    def quote(self) -> str:
        return self.hit.article.text[self.start : self.end]


def _sentences(hits: Sequence[Hit]) -> list[_Sentence]:
    """The sentences that lie in the passages, each once, best passage first."""
    spans: dict[str, list[Span]] = {}
    seen: set[tuple[str, int]] = set()
    sentences = []
    for hit in hits:
        article, passage = hit.article, hit.passage
        if article.id not in spans:
            spans[article.id] = sentence_spans(article.text, article.language)
        for start, end in spans[article.id]:
            # A sentence longer than a passage is quoted as far as the passage goes.
            start, end = max(start, passage.start), min(end, passage.end)
            if end - start < _SHORTEST or (article.id, start) in seen:
                continue
            seen.add((article.id, start))
            terms = frozenset(lexical_terms(article.text[start:end]))
            sentences.append(_Sentence(hit, start, end, terms))
    return sentences


def _overlap(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / max(1, min(len(a), len(b)))


def _best(hits: Sequence[Hit]) -> float:
    return min(_ENOUGH, max(hit.score for hit in hits))


def _calibration(index: Index, mode: Mode) -> tuple[float, float, float]:
    # The lexical mode loads no model.
    with_words = mode == "lexical" or index.token_table is not None
    return (_CALIBRATION if with_words else _CALIBRATION_WITHOUT_WORDS)[mode]


def _confidence(index: Index, hits: Sequence[Hit], scores: Sequence[float], mode: Mode) -> float:
    """Evidence that the collection answers the question, 0 to 1."""
    of_hit, of_sentence, bias = _calibration(index, mode)
    evidence = of_hit * _best(hits) + of_sentence * max(scores) + bias
    return 1 / (1 + math.exp(-evidence))


def _scores(index: Index, question: str, sentences: Sequence[_Sentence], mode: Mode) -> list[float]:
    """How well each sentence answers: its likeness to the question, and its passage's score."""
    near = likeness(index, question, [s.quote for s in sentences], mode=mode)
    points = np.array([min(_ENOUGH, s.hit.score) for s in sentences], np.float32)
    behind = points.max() - points
    scores: list[float] = (near - _PASSAGE_WEIGHT * behind).tolist()
    return scores


def _choose(sentences: Sequence[_Sentence], scores: Sequence[float]) -> list[_Sentence]:
    """The best sentences near the best score, without one that repeats another."""
    order = sorted(range(len(sentences)), key=lambda i: (-scores[i], i))
    chosen: list[_Sentence] = []
    for i in order:
        if chosen and scores[i] < scores[order[0]] - _MARGIN:
            break
        repeated = any(_overlap(sentences[i].terms, c.terms) > _SAME_SENTENCE for c in chosen)
        if not repeated:
            chosen.append(sentences[i])
        if len(chosen) == MAX_SENTENCES:
            break
    return chosen


def _cite(chosen: Sequence[_Sentence]) -> tuple[Citation, ...]:
    numbers: dict[str, int] = {}
    return tuple(
        Citation(
            number=numbers.setdefault(s.hit.passage.id, len(numbers) + 1),
            article=s.hit.article,
            passage=s.hit.passage,
            start=s.start,
            end=s.end,
            quote=s.quote,
        )
        for s in chosen
    )


def evidence(
    index: Index, question: str, hits: Sequence[Hit], *, mode: Mode
) -> tuple[float, float]:
    """What the confidence is made of: the scores of the best hit and of the best sentence.

    `hits` are not empty; `benchmarks/calibration.py` fits the confidence to it.
    """
    sentences = _sentences(hits[:_HITS_READ])
    return _best(hits), max(_scores(index, question, sentences, mode))


def compose(
    index: Index, question: str, hits: Sequence[Hit], *, mode: Mode, filters: Filters
) -> Answer:
    """An answer of quoted sentences from `hits`, or one that says nothing was found."""
    sentences = _sentences(hits[:_HITS_READ])
    confidence = 0.0
    citations: tuple[Citation, ...] = ()
    if sentences:
        scores = _scores(index, question, sentences, mode)
        confidence = _confidence(index, hits, scores, mode)
        if confidence >= THRESHOLD:
            citations = _cite(_choose(sentences, scores))
    return Answer(
        question=question,
        found=bool(citations),
        confidence=confidence,
        citations=citations,
        hits=tuple(hits),
        mode=mode,
        filters=filters,
        index=index.info,
    )
