"""The contrast that the model is trained by, with its gradient written out.

Autograd keeps and passes over every matrix several times; written by hand a step takes
less than half the time.
"""

from __future__ import annotations

import numpy as np

from training.bags import Floats, Longs

DENSE_TEMPERATURE = 0.05


def units(vectors: Floats) -> tuple[Floats, Floats]:
    """Rows [n, d] at length one, and the lengths [n, 1] they had."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True) + np.float32(1e-9)
    return vectors / lengths, lengths


def units_backward(unit: Floats, lengths: Floats, gradient: Floats) -> Floats:
    """The gradient [n, d] of rows, from that of their unit vectors."""
    inside = (gradient * unit).sum(axis=1, keepdims=True)
    moved: Floats = ((gradient - inside * unit) / lengths).astype(np.float32)
    return moved


def same_meaning(meanings: Longs) -> tuple[Longs, Longs]:
    """The off-diagonal places (rows, columns) of pairs that mean the same."""
    order = np.argsort(meanings, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(meanings[order]) != 0])
    rows: list[Longs] = []
    columns: list[Longs] = []
    for start, end in zip(starts, np.r_[starts[1:], len(order)], strict=True):
        if end - start > 1:
            members = order[start:end]
            a, b = np.meshgrid(members, members, indexing="ij")
            rows.append(a[a != b])
            columns.append(b[a != b])
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(rows), np.concatenate(columns)


def info_nce(
    scores: Floats, excluded: tuple[Longs, Longs], temperature: float
) -> tuple[float, Floats]:
    """InfoNCE in both directions over `scores` [b, b] whose diagonal holds the pairs.

    Returns the loss and its gradient [b, b]; `scores` is overwritten. `excluded` places
    are no negatives (van den Oord, Li and Vinyals 2018; symmetric as in CLIP).
    """
    n = len(scores)
    diagonal = np.arange(n)
    right = scores[diagonal, diagonal].astype(np.float64)
    highest = np.float32(scores.max())
    scores -= highest
    scores *= np.float32(1 / temperature)
    np.exp(scores, out=scores)
    scores[excluded] = 0.0
    by_row = scores.sum(axis=1)
    by_column = scores.sum(axis=0)
    own = (right - highest) / temperature
    loss = float(np.mean(np.log(by_row) + np.log(by_column) - 2 * own) / 2)
    gradient = scores * (1 / by_row)[:, None]
    scores *= 1 / by_column
    gradient += scores
    gradient[diagonal, diagonal] -= 2
    gradient *= np.float32(1 / (2 * n * temperature))
    return loss, gradient


def dense_contrast(
    first: Floats, second: Floats, excluded: tuple[Longs, Longs]
) -> tuple[float, Floats, Floats]:
    """The contrast of unit vectors [b, d]: the loss and the gradient of either side."""
    loss, gradient = info_nce(first @ second.T, excluded, DENSE_TEMPERATURE)
    return loss, gradient @ second, gradient.T @ first
