"""The two rankings that a static model gives: by pooled vectors, and re-ranked by its words.

"dense" orders by the cosine of the pooled vectors of question and passage.

"re-ranked" orders by z(dense) + z(late). A word's vector is the sum of its tokens' vectors and
of 0.3 times its neighbours': one word to either side in a question, three in a passage. For a
question with the words t, of vectors v:

    match(t, p)  the highest cosine, at least 0, of t with a word of the passage p
    share(t)     the share of the n passages of the pool with match(t, p) > 0.6
    weight(t)    |v| · ln(1 + 1 / (share(t) + 1/n)), divided by the sum over the words
    usual(t)     the mean of match(t, p) over the passages in p's language
    late(p)      Σ weight(t) · max(0, match(t, p) - usual(t))

z(dense) is in standard deviations over the pool, z(late) over the pool's passages in p's
language. That is what `assistant.retrieval` adds up for the semantic part of its score, by
the same primitives of `assistant.late`, but that its sample of 24 passages of a language is
here all of them, and that nothing is added for whole articles, since these are one passage.
Nothing lexical takes part. Equal scores are ordered by id.

Where only the first `depth` of the dense order are re-ranked, the rest follows as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from assistant.embedding import StaticEmbedder
from assistant.late import Question, WordMatrix, above_usual, word_weights, words_of

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Ranks = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int32]

_QUESTIONS_AT_ONCE = 2
"""Bounds the memory of the cosines between words of questions and of passages: they are to stay
in a core's cache."""

_THREADS = 2


@dataclass(frozen=True, slots=True)
class Encoded:
    """Texts as a model sees them: unit vectors [n, d], and the tokens of each with its words
    marked (`assistant.late.Words`)."""

    vectors: Floats
    tokens: list[Ids]


@dataclass(frozen=True, slots=True)
class Orders:
    """Rows of the pool, best first, for each question; each [questions, n]."""

    dense: Ints
    re_ranked: Ints

    def items(self) -> tuple[tuple[str, Ints], tuple[str, Ints]]:
        return ("dense", self.dense), ("re-ranked", self.re_ranked)


def encode(model: StaticEmbedder, texts: Sequence[str]) -> Encoded:
    """The vectors of texts, by the code that the product asks with, and their tokens."""
    return Encoded(model.embed_passages(texts), model.word_tokens(texts))


def _descending(scores: Floats) -> Ints:
    """Columns of scores [q, n], highest first; equal ones by column."""
    order: Ints = np.argsort(-scores, axis=1, kind="stable")
    return order


def _standard(scores: Floats) -> Floats:
    """Each row of scores [..., n] in its standard deviations."""
    deviation = scores.std(axis=-1, keepdims=True) + np.float32(1e-6)
    standard: Floats = (scores - scores.mean(axis=-1, keepdims=True)) / deviation
    return standard


class Pool:
    """Passages to be ranked: those of each language in a block, ordered by id within it.

    Row `i` of the pool is passage `i` of the blocks one after the other.
    """

    def __init__(self, model: StaticEmbedder, blocks: Sequence[Encoded]) -> None:
        self._model = model
        self._vectors = np.concatenate([block.vectors for block in blocks])
        self._matrices = [
            WordMatrix(list(words_of(block.tokens, model.token_vectors)), model.token_vectors)
            for block in blocks
        ]
        edges = np.cumsum([0, *(len(block.tokens) for block in blocks)]).tolist()
        self._blocks = [slice(a, b) for a, b in pairwise(edges)]

    def _late(self, questions: Sequence[Ids]) -> Floats:
        asked = [Question.of(tokens, self._model.token_vectors) for tokens in questions]
        units = np.concatenate([question.units for question in asked])
        best = np.concatenate([matrix.best(units) for matrix in self._matrices], axis=1)  # [q, n]
        usual = np.empty_like(best)
        for block in self._blocks:
            usual[:, block] = best[:, block].mean(axis=1, keepdims=True)
        excess = above_usual(best, usual)
        edges = np.cumsum([0, *(len(question.units) for question in asked)]).tolist()
        scores = np.empty((len(asked), best.shape[1]), np.float32)
        for number, (start, end) in enumerate(pairwise(edges)):
            scores[number] = word_weights(asked[number], best[start:end]) @ excess[start:end]
        for block in self._blocks:
            scores[:, block] = _standard(scores[:, block])
        return scores

    def late(self, questions: Sequence[Ids]) -> Floats:
        """z(late) of questions, given as marked tokens, with the passages [questions, n]."""
        starts = range(0, len(questions), _QUESTIONS_AT_ONCE)
        with ThreadPoolExecutor(_THREADS) as threads:
            parts = threads.map(
                lambda start: self._late(questions[start : start + _QUESTIONS_AT_ONCE]), starts
            )
            return np.concatenate(list(parts))

    def orders(self, asked: Encoded, *, depth: int | None = None) -> Orders:
        """Both rankings of the pool for each question; `depth` None re-ranks the whole pool."""
        cosines = asked.vectors @ self._vectors.T
        dense = _descending(cosines)
        scores = _standard(cosines) + self.late(asked.tokens)
        if depth is None or depth >= dense.shape[1]:
            return Orders(dense, _descending(scores))
        # Ordered by row, so that equal scores stay ordered by id.
        first = np.sort(dense[:, :depth], axis=1)
        within = _descending(np.take_along_axis(scores, first, axis=1))
        again = np.take_along_axis(first, within, axis=1)
        return Orders(dense, np.concatenate([again, dense[:, depth:]], axis=1))


def ranks_of(order: Ints, right: Sequence[Sequence[int]]) -> list[Ranks]:
    """For each question the ranks, from 1 and ascending, of its right rows in `order` [q, n]."""
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, order.shape[1] + 1)[None, :], axis=1)
    return [
        np.sort(row[list(rows)]).astype(np.float64) for row, rows in zip(ranks, right, strict=True)
    ]


def recall(ranks: Sequence[Ranks], k: int) -> float:
    """The mean over questions of the share of their right passages among the first `k`."""
    return float(np.mean([np.mean(r <= k) for r in ranks]))


def ndcg(ranks: Sequence[Ranks], k: int) -> float:
    """Mean normalised discounted cumulative gain over the first `k`.

    Gains of 0 and 1, discounted by log2(1 + rank), over the best possible sum (Järvelin and
    Kekäläinen 2002). A passage that was not found has the rank infinity.
    """
    best = np.cumsum(1 / np.log2(np.arange(2, k + 2)))
    gains = [np.sum(1 / np.log2(1 + r[r <= k])) / best[min(k, len(r)) - 1] for r in ranks]
    return float(np.mean(gains))


def measures(ranks: Sequence[Ranks]) -> dict[str, float]:
    """The two measures that every task of one right passage has."""
    return {"recall@1": recall(ranks, 1), "ndcg@10": ndcg(ranks, 10)}


def average_precision(ranks: Ranks) -> float:
    """The mean over the right passages of the precision at their ranks.

    Its mean over questions is mAP (Manning, Raghavan and Schütze 2008, chapter 8).
    """
    return float(np.mean(np.arange(1, len(ranks) + 1) / ranks))
