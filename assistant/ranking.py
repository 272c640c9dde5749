"""What a passage scores for a question: the parts of the sum, over the passages of all legs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from assistant.embedding import StaticEmbedder
from assistant.late import Question, WordMatrix, above_usual, word_weights
from assistant.searchable import Searchable

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


def _drawn(means: npt.NDArray[np.floating], counts: Rows) -> Floats:
    """Means [..., languages] of `counts` [languages] values, few drawn to the mean of all."""
    all_mean = means @ counts[:, None] / counts.sum()
    drawn: Floats = (counts * means + _MEAN_PRIOR * all_mean) / (counts + _MEAN_PRIOR)
    return drawn.astype(np.float32)


def _means(sampled: Floats, counts: Rows) -> Floats:
    """The mean over each language's values of [..., s] -> [..., languages].

    `counts` [languages] says how many of the values are each language's, one after the other.
    """
    totals = np.add.reduceat(sampled, np.cumsum(counts) - counts, axis=-1)
    return _drawn(totals / counts, counts)


def _deviations(sampled: Floats, counts: Rows) -> Floats:
    """The standard deviation of each language's values of [s], few drawn to those of all."""
    starts = np.cumsum(counts) - counts
    totals = np.add.reduceat(sampled, starts)
    own = np.maximum(np.add.reduceat(sampled**2, starts) - totals**2 / counts, 0.0)
    variance = (own + _VARIANCE_PRIOR * sampled.var()) / (counts + _VARIANCE_PRIOR)
    deviations: Floats = (np.sqrt(variance) + 1e-6).astype(np.float32)
    return deviations


def _late(index: Searchable, table: StaticEmbedder, question: str, rows: Rows) -> Floats:
    """Late interaction of a question with passages [n], comparable over languages.

    Words of the question's own language make all its passages score higher, and by how
    much differs between questions: without this, they bury a better one in another. Passages
    are compared with the samples of those languages that they are in.
    """
    asked = Question.of(table.word_tokens([question])[0], table.token_vectors)
    languages, of_rows = np.unique(index.sample_languages(rows), return_inverse=True)
    counts = index.sample.counts[languages]
    sampled = np.concatenate([index.sample_words(n).best(asked.units) for n in languages], axis=1)
    # Small collections lie in the sample as a whole: their words are not compared again.
    place = {row: i for i, row in enumerate(index.sample.rows_of(languages).tolist())}
    others = [row for row in rows.tolist() if row not in place]
    place.update((row, sampled.shape[1] + i) for i, row in enumerate(others))
    words = WordMatrix(index.words_of(np.array(others, np.int64)), table.token_vectors)
    known = np.concatenate([sampled, words.best(asked.units)], axis=1)
    best = known[:, [place[row] for row in rows.tolist()]]  # [q, n]
    weights = word_weights(asked, sampled)
    usual = _means(sampled, counts)  # [q, languages]
    scores = weights @ above_usual(best, usual[:, of_rows])
    usual_scores = weights @ above_usual(sampled, np.repeat(usual, counts, axis=1))
    mean, deviation = _means(usual_scores, counts), _deviations(usual_scores, counts)
    standardised: Floats = (scores - mean[of_rows]) / deviation[of_rows]
    return standardised


def _romanised(index: Searchable, weights: Mapping[str, float], rows: Rows) -> Floats:
    """The share of a question's romanised terms that passages hold [n], above the usual one.

    In the question's own language all passages share some, its little words first, and those
    on related matters more: taken as it is, the share would bury the rest of the collection.
    """
    usual = _drawn(index.usual_romanised.shares(weights), index.sample.counts)
    shares = index.romanised_of(rows).shares(weights)
    expected = ROMANISED_USUAL * usual[index.sample_languages(rows)]
    above: Floats = np.maximum(shares - expected, 0.0)
    return above


def _standard(scores: Floats, sampled: Floats) -> Floats:
    """Scores [n] in standard deviations over sampled scores [s]."""
    standard: Floats = (scores - sampled.mean()) / (sampled.std() + 1e-6)
    return standard


def parts(
    index: Searchable,
    question: str,
    vector: Floats,
    rows: Rows,
    *,
    coverage: Mapping[int, float],
    romanised: Mapping[str, float],
    depth: int,
) -> dict[str, Floats]:
    """The points of the passages `rows` by part, [n] each; a passage's score is their sum.

    `vector` [d] is the question's, of length one. `coverage` is by row, of those passages that
    the lexical leg found; `romanised` has the weights of the question's romanised terms. A
    question of no known token has the vector zero: then only what it shares in writing counts.
    A model without token vectors gives no points for words; with them, the `depth` passages
    that are best by all other parts are read word by word, and the others count as the least
    of those.
    """
    covered = np.array([coverage.get(int(row), 0.0) for row in rows], np.float32)
    nothing = np.zeros(len(rows), np.float32)
    meaning = article = nothing
    if vector.any():
        passages = index.vectors_at(rows) @ vector
        articles = index.article_vectors_at(index.article_numbers(rows)) @ vector
        sampled_passages, sampled_articles = index.sample_vectors
        meaning = _standard(passages, sampled_passages @ vector)
        article = ARTICLE_WEIGHT * _standard(articles, sampled_articles @ vector)
    points = {
        "meaning": meaning,
        "article": article,
        "words": nothing,
        "coverage": COVERAGE_WEIGHT * np.maximum(covered - COVERAGE_FLOOR, 0.0),
        "romanised": ROMANISED_WEIGHT * _romanised(index, romanised, rows),
    }
    table = index.token_table
    if table is not None and vector.any() and len(rows):
        first = np.lexsort((rows, -np.sum(list(points.values()), axis=0)))[:depth]
        read = _late(index, table, question, rows[first])
        points["words"] = np.full(len(rows), read.min(), np.float32)
        points["words"][first] = read
    return points
