"""The read side: two legs, dense and lexical, fused into hits."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.index import Index
from assistant.late import TokenMatrix, maxsim
from assistant.types import Filters, Hit, Mode

PER_ARTICLE = 3
"""The most hits that one article gives."""

_DEPTH = 100
_COVERAGE_WEIGHT = 3.0
_MEAN_PRIOR = 2.0
_VARIANCE_PRIOR = 8.0

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


def _standardised(index: Index, scores: Floats, sampled: Floats, rows: Rows) -> Floats:
    """Scores [n] of passages `rows`, in standard deviations over their own language's sample.

    Words of the question's own language make all its passages score higher, and by how
    much differs between questions: without this, they bury a better one in another. Mean
    and deviation of a language with few passages are drawn to those of all.
    """
    of_sample = index.sample.language_of_row[index.sample.rows]
    of_row = index.sample.language_of_row[rows]
    mean, deviation = float(sampled.mean()), float(sampled.var())
    result = np.zeros_like(scores)
    for language in np.unique(of_row):
        own = sampled[of_sample == language]
        n = len(own)
        own_mean = (own.sum() + _MEAN_PRIOR * mean) / (n + _MEAN_PRIOR)
        variance = (n * own.var() + _VARIANCE_PRIOR * deviation) / (n + _VARIANCE_PRIOR)
        here = of_row == language
        result[here] = (scores[here] - own_mean) / (np.sqrt(variance) + 1e-6)
    return result


def _semantic(index: Index, question: str, vector: Floats, rows: Rows) -> Floats:
    """How near the passages `rows` are in meaning [n], comparable over languages."""
    sample = index.sample.rows
    dense, dense_sample = index.vectors.at(rows) @ vector, index.vectors.at(sample) @ vector
    table = index.token_table
    if table is None or index.tokens is None:
        standard: Floats = (dense - dense_sample.mean()) / (dense_sample.std() + 1e-6)
        return standard
    # Small collections lie in the sample as a whole: their token vectors are at hand.
    known = {int(row): i for i, row in enumerate(sample)}
    others = [int(row) for row in rows if int(row) not in known]
    matrices = [index.sample_tokens]
    if others:
        matrices.append(TokenMatrix([index.tokens[r] for r in others], table.token_vectors))
        known.update((row, len(sample) + i) for i, row in enumerate(others))
    late = maxsim(table.token_ids([question])[0], matrices, table.token_vectors)
    late_sample, late = late[: len(sample)], late[[known[int(row)] for row in rows]]
    dense_part = _standardised(index, dense, dense_sample, rows)
    return dense_part + _standardised(index, late, late_sample, rows)


def _fused(index: Index, question: str, vector: Floats, dense: _Leg, lexical: _Leg) -> _Leg:
    """Both legs' passages, ordered by their nearness in meaning plus weighted coverage."""
    rows = np.union1d(dense.rows, lexical.rows)
    covered = lexical.by_row()
    coverage = np.array([covered.get(int(row), 0.0) for row in rows], np.float32)
    scores = _COVERAGE_WEIGHT * coverage
    if len(dense.rows):
        scores += _semantic(index, question, vector, rows)
    order = np.lexsort((rows, -scores))
    return _Leg(rows[order], scores[order])


def search(index: Index, question: str, *, k: int, mode: Mode, filters: Filters) -> list[Hit]:
    """At most `k` hits for a checked question, best first; equal scores by passage id."""
    allowed = index.allowed_rows(filters)
    if allowed is not None and not allowed.any():
        return []
    depth = max(_DEPTH, k * PER_ARTICLE * 2)
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
