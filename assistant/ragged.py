"""Lists of numbers of different lengths, one after the other in one array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


def edges_of(counts: npt.NDArray[np.integer]) -> Rows:
    """Where each list begins, and where the last one ends [n + 1]."""
    edges = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=edges[1:])
    return edges


@dataclass(frozen=True, slots=True)
class Ragged:
    """List `i` is `flat[edges[i] : edges[i + 1]]`."""

    flat: npt.NDArray[Any]
    edges: Rows  # [n + 1]

    @classmethod
    def of(cls, lists: Sequence[npt.NDArray[Any]], dtype: npt.DTypeLike) -> Ragged:
        flat = np.concatenate([*lists, np.zeros(0, dtype)]).astype(dtype, copy=False)
        return cls(flat, edges_of(np.array([len(one) for one in lists], np.int64)))

    def __len__(self) -> int:
        return len(self.edges) - 1

    def __getitem__(self, place: int) -> npt.NDArray[Any]:
        return self.flat[self.edges[place] : self.edges[place + 1]]

    @property
    def counts(self) -> Rows:
        return np.diff(self.edges)

    def take(self, places: Rows) -> Ragged:
        """The lists at `places`, in this order."""
        starts, counts = self.edges[places], self.edges[places + 1] - self.edges[places]
        edges = edges_of(counts)
        where = np.repeat(starts - edges[:-1], counts) + np.arange(int(edges[-1]))
        return Ragged(self.flat[where], edges)


class RaggedFile:
    """An array of lists on disk whose lengths are known and which are written in any order."""

    def __init__(self, path: Path, counts: npt.NDArray[np.integer], dtype: npt.DTypeLike) -> None:
        """Makes the new file `path`, in numpy's format. Raises OSError."""
        self.edges = edges_of(counts)
        total = int(self.edges[-1])
        self._flat: npt.NDArray[Any]
        if total:
            self._flat = np.lib.format.open_memmap(path, "w+", dtype=dtype, shape=(total,))
        else:
            # An empty file cannot be mapped.
            self._flat = np.zeros(0, dtype)
            np.save(path, self._flat, allow_pickle=False)

    def put(self, places: Rows, lists: Ragged) -> None:
        """Writes lists to their places."""
        starts, counts = self.edges[places], lists.counts
        where = np.repeat(starts - lists.edges[:-1], counts) + np.arange(len(lists.flat))
        self._flat[where] = lists.flat

    def close(self) -> None:
        if isinstance(self._flat, np.memmap):
            self._flat.flush()
