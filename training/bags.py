"""Compiled loops over bags of rows: what numpy would make copies for."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Longs = npt.NDArray[np.int64]

_OPTIONS: dict[str, Any] = {"fastmath": True, "nogil": True, "cache": True}


@numba.njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def weighted_sums(table: Floats, ids: Longs, offsets: Longs, weights: Floats, out: Floats) -> None:
    """Writes into row `i` of `out` [b, d] `weights[i]` times the sum of its bag's rows.

    Bag `i` is `ids[offsets[i]:offsets[i + 1]]`, rows of `table` [v, d].
    """
    d = table.shape[1]
    for i in range(len(offsets) - 1):
        for k in range(d):
            out[i, k] = 0
        for j in range(offsets[i], offsets[i + 1]):
            row = ids[j]
            for k in range(d):
                out[i, k] += table[row, k]
        for k in range(d):
            out[i, k] *= weights[i]


@numba.njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def spread(gradient: Floats, ids: Longs, offsets: Longs, weights: Floats, out: Floats) -> None:
    """The transpose of `weighted_sums`: adds the gradient [b, d] of its result to `out` [v, d]."""
    d = gradient.shape[1]
    for i in range(len(offsets) - 1):
        weight = weights[i]
        for j in range(offsets[i], offsets[i + 1]):
            row = ids[j]
            for k in range(d):
                out[row, k] += weight * gradient[i, k]


@numba.njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def adam_rows(
    table: Floats, first: Floats, second: Floats, rows: Longs, gradient: Floats, rate: np.float32
) -> None:
    """One step of Adam for `rows` [m] of `table` [v, d], moments likewise; gradient [m, d]."""
    for i in range(len(rows)):
        row = rows[i]
        for k in range(table.shape[1]):
            g = gradient[i, k]
            mean = first[row, k] * np.float32(0.9) + g * np.float32(0.1)
            square = second[row, k] * np.float32(0.999) + g * g * np.float32(0.001)
            first[row, k] = mean
            second[row, k] = square
            table[row, k] -= rate * mean / (np.sqrt(square) + np.float32(1e-8))


class Parameter:
    """A table [v, d] of which each step moves only the rows that a batch touched, by Adam."""

    def __init__(self, table: Floats) -> None:
        self.table = table
        self.moments = np.zeros((2, *table.shape), np.float32)
        self._place = np.zeros(len(table), np.int64)

    def localise(self, ids: Longs) -> tuple[Longs, Longs]:
        """The distinct rows [m] of `ids` [n], ascending, and `ids` as places among them."""
        rows = np.flatnonzero(np.bincount(ids, minlength=len(self.table)))
        self._place[rows] = np.arange(len(rows))
        return rows, self._place[ids]

    def step(self, rows: Longs, gradient: Floats, *, rate: float, number: int) -> None:
        """`number` counts from 1 (Kingma and Ba 2015, with the usual 0.9 and 0.999)."""
        scale = rate * (1 - 0.999**number) ** 0.5 / (1 - 0.9**number)
        first, second = self.moments
        adam_rows(self.table, first, second, rows, gradient, np.float32(scale))


def flatten(bags: list[npt.NDArray[np.int32]]) -> tuple[Longs, Longs, Floats]:
    """Bags as flat ids [t], offsets [b + 1] and weights 1 / length [b]."""
    lengths = np.array([len(bag) for bag in bags], np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return np.concatenate(bags).astype(np.int64), offsets, (1 / lengths).astype(np.float32)
