"""What a passage scores for a question: the parts of the sum, over the passages of all legs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from assistant.embedding import StaticEmbedder
from assistant.index import Index
from assistant.late import Question, above_usual, word_weights

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

ARTICLE_WEIGHT = 0.5
COVERAGE_WEIGHT = 20.0
COVERAGE_FLOOR = 0.3
"""Up to this coverage the words that a passage shares with a question are little words."""

ROMANISED_WEIGHT = 24.0
ROMANISED_USUAL = 2.0
"""How many times what is usual in its language a passage must share for the rest to count."""

_MEAN_PRIOR = 2.0
_VARIANCE_PRIOR = 50.0


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
    # Small collections lie in the sample as a whole: their words are not compared again.
    place = {row: i for i, row in enumerate(sample.tolist())}
    others = [row for row in rows.tolist() if row not in place]
    place.update((row, len(sample) + i) for i, row in enumerate(others))
    known = index.sample_words.best(asked.units, [index.words[row] for row in others])
    best = known[:, [place[row] for row in rows.tolist()]]  # [q, n]
    return _comparable(index, asked, best, known[:, : len(sample)], rows)


def _romanised(index: Index, weights: Mapping[str, float], rows: Rows) -> Floats:
    """The share of a question's romanised terms that passages hold [n], above the usual one.

    In the question's own language all passages share some, its little words first, and those
    on related matters more: taken as it is, the share would bury the rest of the collection.
    """
    usual, _ = _by_language(index, index.sample_romanised.shares(weights))
    shares = index.romanised.of(rows.tolist()).shares(weights)
    expected = ROMANISED_USUAL * usual[index.sample.language_of_row[rows]]
    above: Floats = np.maximum(shares - expected, 0.0)
    return above


def _standard(scores: Floats, sampled: Floats) -> Floats:
    """Scores [n] in standard deviations over sampled scores [s]."""
    standard: Floats = (scores - sampled.mean()) / (sampled.std() + 1e-6)
    return standard


def parts(
    index: Index,
    question: str,
    vector: Floats,
    rows: Rows,
    *,
    coverage: Mapping[int, float],
    romanised: Mapping[str, float],
) -> dict[str, Floats]:
    """The points of the passages `rows` by part, [n] each; a passage's score is their sum.

    `vector` [d] is the question's, of length one. `coverage` is by row, of those passages that
    the lexical leg found; `romanised` has the weights of the question's romanised terms. A
    question of no known token has the vector zero: then only what it shares in writing counts.
    A model without token vectors gives no points for words.
    """
    covered = np.array([coverage.get(int(row), 0.0) for row in rows], np.float32)
    nothing = np.zeros(len(rows), np.float32)
    meaning = article = words = nothing
    if vector.any():
        passages = index.vectors.at(rows) @ vector
        articles = index.article_vectors[index.columns.article_of_row[rows]] @ vector
        sampled_passages, sampled_articles = index.sample_vectors
        meaning = _standard(passages, sampled_passages @ vector)
        article = ARTICLE_WEIGHT * _standard(articles, sampled_articles @ vector)
        table = index.token_table
        words = nothing if table is None else _late(index, table, question, rows)
    return {
        "meaning": meaning,
        "article": article,
        "words": words,
        "coverage": COVERAGE_WEIGHT * np.maximum(covered - COVERAGE_FLOOR, 0.0),
        "romanised": ROMANISED_WEIGHT * _romanised(index, romanised, rows),
    }
