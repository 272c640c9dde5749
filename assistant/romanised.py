"""How much of a question's romanised terms each passage holds: names and numbers across scripts.

The lexical index finds passages by their rarest romanised terms; this says of any passage, found
by whichever leg, how much it shares with the question. A passage's terms are kept as 16-bit
hashes, so that a look into a table of the question's weights tells what a term is worth. Two of
65,536 hashes meet now and then: a passage of 500 terms is said to hold one in 130 that it does
not have.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.errors import IndexCorrupt
from assistant.ragged import Ragged, RaggedFile, edges_of
from assistant.text import romanised_terms

Floats = npt.NDArray[np.float32]
Keys = npt.NDArray[np.uint16]

_HASHES = 1 << 16
_K1, _B = 1.2, 0.75


def _key(term: str) -> int:
    return zlib.crc32(term.encode()) % _HASHES  # the lower 16 bits


def keys_of_terms(terms: str) -> Keys:
    """The hashes [n] of terms that are joined by spaces, in order."""
    if not terms:
        return np.zeros(0, np.uint16)
    hashes = map(zlib.crc32, terms.encode().split(b" "))
    return np.fromiter(hashes, np.uint32).astype(np.uint16)


def keys_of(text: str) -> Keys:
    """The hashes [n] of the distinct romanised terms of a text, ascending."""
    return np.unique(keys_of_terms(" ".join(romanised_terms(text))))


class Usual:
    """What passages of several groups usually share with a question: means over each group."""

    def __init__(self, table: Floats) -> None:
        self._table = table  # [hashes, groups]

    def shares(self, weights: Mapping[str, float]) -> Floats:
        """The mean of `Romanised.shares` over each group's passages [groups]."""
        asked = np.array(list(weights.values()), np.float32)
        held = asked @ self._table[[_key(term) for term in weights]]
        shares: Floats = held / np.float32(max(float(asked.sum()), 1e-9))
        return shares


class Romanised:
    """The keys of some passages, to be compared with questions."""

    def __init__(self, passages: Sequence[Keys], mean_length: float) -> None:
        """`mean_length` is that of all passages of the index, in keys."""
        self._flat = np.concatenate([*passages, np.zeros(0, np.uint16)])
        lengths = np.array([len(keys) for keys in passages], np.int64)
        self._edges = np.concatenate([[0], np.cumsum(lengths)])
        # BM25's saturation of a term that occurs once, by the passage's length.
        norms = _K1 * (1 - _B + _B * lengths / max(mean_length, 1.0))
        self._saturation = ((_K1 + 1) / (1 + norms)).astype(np.float32)

    def shares(self, weights: Mapping[str, float]) -> Floats:
        """The share of the weights of a question's terms that each passage holds [n].

        Like BM25's it is lowered for long passages and raised for short ones, over the sum of
        all weights; 0 where there is no weight.
        """
        table = np.zeros(_HASHES, np.float32)
        for term, weight in weights.items():
            table[_key(term)] += weight
        total = max(sum(weights.values()), 1e-9)
        # The zero at the end is where a last passage without keys begins.
        held = np.add.reduceat(np.append(table[self._flat], np.float32(0)), self._edges[:-1])
        held[self._edges[1:] == self._edges[:-1]] = 0
        shares: Floats = (held / total * self._saturation).astype(np.float32)
        return shares

    def usual(self, counts: npt.NDArray[np.int64]) -> Usual:
        """The passages as groups: the first `counts[0]` of them, the next `counts[1]`, …

        A share is a sum over terms, so its means can be taken term by term, once for all.
        """
        table = np.zeros((_HASHES, len(counts)), np.float32)
        group = np.repeat(np.arange(len(counts)), counts)
        held = np.diff(self._edges)
        values = self._saturation / np.maximum(counts, 1)[group]
        np.add.at(table, (self._flat, np.repeat(group, held)), np.repeat(values, held))
        return Usual(table)


def open_romanised(folder: Path, counts: npt.NDArray[np.integer]) -> RaggedFile:
    """A file for the keys of passages in the empty folder `folder`; `counts` are how many [n].

    Raises OSError.
    """
    np.save(folder / "edges.npy", edges_of(counts), allow_pickle=False)
    return RaggedFile(folder / "keys.npy", counts, np.uint16)


class RomanisedIndex:
    """The keys of every passage, mapped from disk."""

    def __init__(self, folder: Path) -> None:
        """Raises IndexCorrupt."""
        try:
            keys = np.load(folder / "keys.npy", mmap_mode="r", allow_pickle=False)
            edges = np.load(folder / "edges.npy", mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise IndexCorrupt(
                f"{folder} cannot be read ({error}); build it again: assistant build --full"
            ) from error
        # Slices of a plain array cost a tenth of those of a memory map.
        self._keys: Keys = np.asarray(keys)
        self._edges = np.asarray(edges)

    def __len__(self) -> int:
        return len(self._edges) - 1

    @property
    def lists(self) -> Ragged:
        """The keys of every passage."""
        return Ragged(self._keys, self._edges)

    def __getitem__(self, row: int) -> Keys:
        return self._keys[self._edges[row] : self._edges[row + 1]]

    def of(self, rows: Sequence[int]) -> Romanised:
        """The passages `rows`, in this order."""
        return Romanised([self[row] for row in rows], self.mean_length)

    @property
    def mean_length(self) -> float:
        return len(self._keys) / max(len(self), 1)
