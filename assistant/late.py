"""Late interaction: a question's tokens against the tokens of each passage.

A mean of token vectors finds passages about the same things; which of them answers is
better told by asking, for each token of the question, how near the nearest token of the
passage is (MaxSim of ColBERT, Khattab and Zaharia 2020), here over the static vectors of the
embedding model itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.errors import IndexCorrupt

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int32]
TokenVectors = Callable[[npt.NDArray[np.int64]], Floats]

_MATCH = 0.6
"""The cosine over which a passage is said to hold a token of the question."""


def write_tokens(folder: Path, tokens: Sequence[Ids]) -> None:
    """Writes the distinct token ids of each passage into the empty folder `folder`."""
    offsets = np.zeros(len(tokens) + 1, np.int64)
    np.cumsum([len(ids) for ids in tokens], out=offsets[1:])
    flat = np.concatenate(tokens) if tokens else np.zeros(0, np.int32)
    np.save(folder / "ids.npy", flat.astype(np.int32), allow_pickle=False)
    np.save(folder / "offsets.npy", offsets, allow_pickle=False)


class TokenIndex:
    """The distinct token ids of every passage, mapped from disk."""

    def __init__(self, folder: Path) -> None:
        """Raises IndexCorrupt."""
        try:
            self._ids = np.load(folder / "ids.npy", mmap_mode="r", allow_pickle=False)
            self._offsets = np.load(folder / "offsets.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise IndexCorrupt(
                f"{folder} cannot be read ({error}); build it again: assistant build --full"
            ) from error

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, row: int) -> Ids:
        ids: Ids = np.asarray(self._ids[self._offsets[row] : self._offsets[row + 1]])
        return ids


class TokenMatrix:
    """The token vectors of some passages, laid out to be compared with many questions."""

    def __init__(self, passages: Sequence[Ids], token_vectors: TokenVectors) -> None:
        """`token_vectors` maps ids [m] to vectors [m, d], of any length."""
        self._n = len(passages)
        self._filled = np.array([i for i, ids in enumerate(passages) if len(ids)], np.int64)
        if len(self._filled):
            flat = np.concatenate([passages[i] for i in self._filled])
            lengths = [len(passages[i]) for i in self._filled[:-1]]
            self._starts = np.cumsum([0, *lengths])
            distinct, self._place = np.unique(flat, return_inverse=True)
            self._units = _units(token_vectors(distinct.astype(np.int64)))  # [m, d]

    def best(self, tokens: Floats) -> Floats:
        """The highest cosine, at least 0, of unit vectors [q, d] in each passage [q, n]."""
        best = np.zeros((len(tokens), self._n), np.float32)
        if len(self._filled):
            # Tokens lie along the rows, so that what is gathered lies together in memory.
            cosines = np.maximum(self._units @ tokens.T, 0.0)  # [m, q]
            highest = np.maximum.reduceat(cosines[self._place], self._starts, axis=0)
            best[:, self._filled] = highest.T
        return best


def _units(vectors: Floats) -> Floats:
    units: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return units


@dataclass(frozen=True, slots=True)
class Question:
    """A question's tokens: unit vectors [q, d] and the lengths they had [q]."""

    units: Floats
    lengths: Floats

    @classmethod
    def of(cls, ids: Sequence[int], token_vectors: TokenVectors) -> Question:
        vectors = token_vectors(np.asarray(ids, np.int64))
        return cls(_units(vectors), np.linalg.norm(vectors, axis=1))


def token_weights(question: Question, best: Floats) -> Floats:
    """How much each token of a question counts [q], given its matches `best` [q, n]; sums to 1.

    The square of the length of its vector, in which training has put how much a token
    matters, times ln(1 + 1/share), where `share` is the share of passages that hold the
    token: a soft inverse document frequency.
    """
    share = (best > _MATCH).mean(axis=1)
    weights = question.lengths**2 * np.log1p(1 / (share + 1 / best.shape[1]))
    shares: Floats = (weights / max(float(weights.sum()), 1e-9)).astype(np.float32)
    return shares


def maxsim(question: Question, best: Floats) -> Floats:
    """The late-interaction scores [n] of passages whose matches are `best` [q, n], 0 to 1.

    The weighted mean, over the tokens of the question, of the highest cosine with a token
    of the passage. Without a token on either side it is 0.
    """
    if not best.size:
        return np.zeros(best.shape[1], np.float32)
    return token_weights(question, best) @ best


def above_usual(best: Floats, usual: Floats) -> Floats:
    """By how much matches [q, n] exceed the usual ones [q, n], at least 0.

    A token of the passage's own language, however common, has a good match in any of its
    passages: only what goes beyond that tells them apart.
    """
    excess: Floats = np.maximum(best - usual, 0.0)
    return excess
