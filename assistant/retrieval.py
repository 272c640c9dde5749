"""The read side: two legs, dense and lexical, fused into hits."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.embedding import StaticEmbedder
from assistant.index import Index
from assistant.late import Question, WordMatrix, above_usual, word_weights
from assistant.types import Filters, Hit, Mode

PER_ARTICLE = 3
"""The most hits that one article gives."""

_DEPTH = 100
_ARTICLE_WEIGHT = 0.5
_COVERAGE_WEIGHT = 6.0
_COVERAGE_FLOOR = 0.2
"""Up to this coverage the words that a passage shares with a question are little words."""

_MEAN_PRIOR = 2.0
_VARIANCE_PRIOR = 50.0

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Leg:
    """What one leg found, best first; `values` are cosines or coverages."""

    rows: npt.NDArray[np.int64]  # [n]
    values: npt.NDArray[np.float32]  # [n]

    def ranks(self) -> dict[int, int]:
        return {int(row): rank for rank, row in enumerate(self.rows, 1)}

    def by_row(self) -> dict[int, float]:
        return {int(r): float(v) for r, v in zip(self.rows, self.values, strict=True)}


_NOTHING = _Leg(np.zeros(0, np.int64), np.zeros(0, np.float32))


def _dense(index: Index, vector: Floats, depth: int, allowed: npt.NDArray[np.bool_] | None) -> _Leg:
    if not vector.any():
        # No token of the question is known: every passage is as near as any other.
        return _NOTHING
    return _Leg(*index.vectors.search(vector, k=depth, allowed=allowed))


def _lexical(index: Index, question: str, depth: int, filters: Filters) -> _Leg:
    languages = filters.languages
    matches = index.lexical.search(
        question,
        k=depth,
        languages=None if languages is None else index.languages_for(languages),
        sources=filters.sources,
        since=filters.since,
        until=filters.until,
    )
    return _Leg(matches.rows, matches.coverage)


def _by_language(index: Index, sampled: Floats) -> tuple[Floats, Floats]:
    """Mean and variance over each language's sample of values [..., s] -> [..., languages].

    A language with few passages is drawn to what is usual in all of them.
    """
    starts, counts = index.sample.starts, index.sample.counts.astype(np.float32)
    totals = np.add.reduceat(sampled, starts, axis=-1)
    squares = np.add.reduceat(sampled**2, starts, axis=-1)
    own = np.maximum(squares - totals**2 / counts, 0.0)
    all_mean = _MEAN_PRIOR * sampled.mean(axis=-1, keepdims=True)
    mean: Floats = (totals + all_mean) / (counts + _MEAN_PRIOR)
    pooled = _VARIANCE_PRIOR * sampled.var(axis=-1, keepdims=True)
    variance: Floats = (own + pooled) / (counts + _VARIANCE_PRIOR)
    return mean, variance


def _comparable(
    index: Index, question: Question, best: Floats, sampled: Floats, rows: Rows
) -> Floats:
    """Late interaction [n] from matches [q, n] and those of the sample [q, s], standardised.

    Words of the question's own language make all its passages score higher, and by how
    much differs between questions: without this, they bury a better one in another.
    """
    of_rows = index.sample.language_of_row[rows]
    of_sample = index.sample.language_of_row[index.sample.rows]
    weights = word_weights(question, sampled)
    usual, _ = _by_language(index, sampled)  # [q, languages]
    scores = weights @ above_usual(best, usual[:, of_rows])
    sample_scores = weights @ above_usual(sampled, usual[:, of_sample])
    mean, variance = _by_language(index, sample_scores)
    deviation = np.sqrt(variance[of_rows]) + np.float32(1e-6)
    standardised: Floats = ((scores - mean[of_rows]) / deviation).astype(np.float32)
    return standardised


def _late(index: Index, table: StaticEmbedder, question: str, rows: Rows) -> Floats:
    """Late interaction of a question with passages [n], comparable over languages."""
    assert index.words is not None
    sample = index.sample.rows
    asked = Question.of(table.word_tokens([question])[0], table.token_vectors)
    sampled = index.sample_words.best(asked.units)  # [q, s]
    # Small collections lie in the sample as a whole: their matches are at hand.
    place = {int(row): i for i, row in enumerate(sample)}
    others = [int(row) for row in rows if int(row) not in place]
    known = sampled
    if others:
        matrix = WordMatrix([index.words[row] for row in others], table.token_vectors)
        known = np.concatenate([sampled, matrix.best(asked.units)], axis=1)
        place.update((row, len(sample) + i) for i, row in enumerate(others))
    best = known[:, [place[int(row)] for row in rows]]  # [q, n]
    return _comparable(index, asked, best, sampled, rows)


def _standard(scores: Floats, sampled: Floats) -> Floats:
    """Scores [n] in standard deviations over sampled scores [s]."""
    standard: Floats = (scores - sampled.mean()) / (sampled.std() + 1e-6)
    return standard


def _semantic(index: Index, question: str, vector: Floats, rows: Rows) -> Floats:
    """How near the passages `rows` are in meaning [n]: themselves, their articles, their words."""
    both = np.concatenate([index.sample.rows, rows])
    passages = index.vectors.at(both) @ vector
    articles = index.article_vectors[index.columns.article_of_row[both]] @ vector
    s = len(index.sample.rows)
    scores = _standard(passages[s:], passages[:s])
    scores += _ARTICLE_WEIGHT * _standard(articles[s:], articles[:s])
    table = index.token_table
    return scores if table is None else scores + _late(index, table, question, rows)


def _fused(index: Index, question: str, vector: Floats, dense: _Leg, lexical: _Leg) -> _Leg:
    """Both legs' passages, ordered by their nearness in meaning plus weighted coverage."""
    rows = np.union1d(dense.rows, lexical.rows)
    covered = lexical.by_row()
    coverage = np.array([covered.get(int(row), 0.0) for row in rows], np.float32)
    scores = coverage
    if len(dense.rows):
        scores = _semantic(index, question, vector, rows)
        scores += _COVERAGE_WEIGHT * np.maximum(coverage - _COVERAGE_FLOOR, 0.0)
    order = np.lexsort((rows, -scores))
    return _Leg(rows[order], scores[order])


def search(index: Index, question: str, *, k: int, mode: Mode, filters: Filters) -> list[Hit]:
    """At most `k` hits for a checked question, best first; equal scores by passage id."""
    allowed = index.allowed_rows(filters)
    if allowed is not None and not allowed.any():
        return []
    depth = max(_DEPTH, k * PER_ARTICLE)
    dense = lexical = _NOTHING
    if mode != "lexical":
        vector = index.embedder.embed_question(question)
        dense = _dense(index, vector, depth, allowed)
    if mode != "dense":
        lexical = _lexical(index, question, depth, filters)
    if mode == "hybrid":
        ordered = _fused(index, question, vector, dense, lexical)
    else:
        ordered = dense if mode == "dense" else lexical
    taken: list[int] = []
    of_article: Counter[int] = Counter()
    for row in ordered.rows:
        article = int(index.columns.article_of_row[row])
        if of_article[article] < PER_ARTICLE:
            of_article[article] += 1
            taken.append(int(row))
            if len(taken) == k:
                break
    numbers = [int(index.columns.article_of_row[row]) for row in taken]
    articles = index.store.articles(numbers)
    scores, similarity, coverage = ordered.by_row(), dense.by_row(), lexical.by_row()
    dense_ranks, lexical_ranks = dense.ranks(), lexical.ranks()
    return [
        Hit(
            rank=rank,
            score=scores[row],
            article=articles[number],
            passage=index.store.passage(row, articles[number]),
            dense_rank=dense_ranks.get(row),
            lexical_rank=lexical_ranks.get(row),
            similarity=similarity.get(row),
            coverage=coverage.get(row),
        )
        for rank, (row, number) in enumerate(zip(taken, numbers, strict=True), 1)
    ]
