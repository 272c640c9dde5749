"""Contrast over late-interaction scores, the way passages are ranked at use."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from training.bags import Floats, Longs
from training.objective import info_nce, units, units_backward
from training.packing import Ids
from training.sampling import Batch

TEMPERATURE = 0.03
QUESTION_TOKENS = 32
PASSAGE_TOKENS = 128


@numba.njit(fastmath=True, nogil=True, cache=True)
def _best(cosines: Floats, ids: Longs, offsets: Longs, best: Floats, where: Longs) -> None:
    """For each row of `cosines` [q, p] its highest in each bag of columns: value and column."""
    for a in range(len(cosines)):
        for c in range(len(offsets) - 1):
            highest = np.float32(0)
            place = -1
            for j in range(offsets[c], offsets[c + 1]):
                value = cosines[a, ids[j]]
                if value > highest:
                    highest = value
                    place = ids[j]
            best[a, c] = highest
            where[a, c] = place


@numba.njit(fastmath=True, nogil=True, cache=True)
def _best_backward(
    gradient: Floats,
    where: Longs,
    questions: Floats,
    passages: Floats,
    question_gradient: Floats,
    passage_gradient: Floats,
    least: np.float32,
) -> None:
    """Passes the gradient [q, c] of the best cosines on to the unit vectors they came from."""
    d = questions.shape[1]
    for a in range(len(gradient)):
        for c in range(gradient.shape[1]):
            g = gradient[a, c]
            u = where[a, c]
            if u < 0 or abs(g) < least:
                continue
            for k in range(d):
                question_gradient[a, k] += g * passages[u, k]
                passage_gradient[u, k] += g * questions[a, k]


@dataclass(frozen=True, slots=True)
class _Side:
    """The distinct rows of one side of a batch, and its texts in terms of them."""

    rows: Longs  # places among the batch's rows
    bags: list[Longs]


def _side(rows: Longs, texts: list[Ids]) -> _Side:
    flat = np.searchsorted(rows, np.concatenate(texts))
    distinct, places = np.unique(flat, return_inverse=True)
    bounds = np.cumsum([len(text) for text in texts])[:-1]
    return _Side(distinct, [np.unique(bag) for bag in np.split(places, bounds)])


def weights_of(lengths: Floats, bags: list[Longs]) -> Floats:
    """How much each distinct token [q] counts in each text [b, q]: its squared length's share."""
    weights = np.zeros((len(bags), len(lengths)), np.float32)
    for i, bag in enumerate(bags):
        squares = lengths[bag] ** 2
        weights[i, bag] = squares / squares.sum()
    return weights


def _weights_backward(
    lengths: Floats, bags: list[Longs], weights: Floats, gradient: Floats
) -> Floats:
    moved = np.zeros_like(lengths)
    for i, bag in enumerate(bags):
        own = gradient[i, bag]
        total = (lengths[bag] ** 2).sum()
        moved[bag] += 2 * lengths[bag] / total * (own - (weights[i, bag] * own).sum())
    return moved


def late_contrast(
    used: Floats, questions: _Side, passages: _Side, excluded: tuple[Longs, Longs]
) -> tuple[float, Floats]:
    """The contrast of late-interaction scores; `used` [m, d] are the batch's rows.

    A score is the mean over the question's distinct tokens, weighted by the squares of the
    lengths of their vectors, of the best cosine with a token of the passage, at least 0
    (MaxSim, Khattab and Zaharia 2020). Returns the loss and its gradient [m, d].
    """
    asked, lengths = units(used[questions.rows])
    told, told_lengths = units(used[passages.rows])
    offsets = np.concatenate([[0], np.cumsum([len(bag) for bag in passages.bags])])
    shape = (len(asked), len(passages.bags))
    best, where = np.empty(shape, np.float32), np.empty(shape, np.int64)
    _best(asked @ told.T, np.concatenate(passages.bags), offsets, best, where)
    weights = weights_of(lengths[:, 0], questions.bags)
    loss, gradient = info_nce(weights @ best, excluded, TEMPERATURE)

    best_gradient = weights.T @ gradient
    asked_gradient, told_gradient = np.zeros_like(asked), np.zeros_like(told)
    least = np.float32(1e-3 * np.abs(best_gradient).max())
    _best_backward(best_gradient, where, asked, told, asked_gradient, told_gradient, least)
    moved = np.zeros_like(used)
    moved[questions.rows] = units_backward(asked, lengths, asked_gradient)
    by_length = _weights_backward(lengths[:, 0], questions.bags, weights, gradient @ best.T)
    moved[questions.rows] += by_length[:, None] * asked
    moved[passages.rows] += units_backward(told, told_lengths, told_gradient)
    return loss, moved


def late_gradient(
    rows: Longs, used: Floats, batch: Batch, excluded: tuple[Longs, Longs]
) -> tuple[float, Floats]:
    """`late_contrast` of a batch whose distinct token ids are `rows` [m], ascending."""
    questions = _side(rows, [text[:QUESTION_TOKENS] for text in batch.first])
    passages = _side(rows, [text[:PASSAGE_TOKENS] for text in batch.second])
    return late_contrast(used, questions, passages, excluded)
