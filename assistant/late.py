"""Late interaction: a question's tokens against the tokens of each passage.

A mean of token vectors finds passages about the same things; which of them answers is
better told by asking, for each token of the question, how near the nearest token of the
passage is (MaxSim of ColBERT, Khattab and Zaharia 2020), here over the static vectors of the
embedding model itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.errors import IndexCorrupt

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int32]
TokenVectors = Callable[[npt.NDArray[np.int64]], Floats]

_MATCH = 0.6
"""The squared cosine over which a passage is said to hold a token of the question."""


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
        except (OSError, ValueError) as error:
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
        """The highest squared cosine, at least 0, of unit vectors [q, d] in each passage [q, n]."""
        best = np.zeros((len(tokens), self._n), np.float32)
        if len(self._filled):
            # Tokens lie along the rows, so that what is gathered lies together in memory.
            cosines = np.maximum(self._units @ tokens.T, 0.0)  # [m, q]
            highest = np.maximum.reduceat(cosines[self._place], self._starts, axis=0)
            best[:, self._filled] = highest.T**2
        return best


def _units(vectors: Floats) -> Floats:
    units: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return units


def maxsim(
    question_ids: Sequence[int], matrices: Sequence[TokenMatrix], token_vectors: TokenVectors
) -> Floats:
    """The late-interaction scores of a question with the passages of all matrices [n], 0 to 1.

    For each token of the question: the highest squared cosine with a token of the passage.
    The mean over the tokens is weighted by the length of their vectors, in which training
    has put how much a token matters, and by ln(1 + 1/share), where `share` is the share of
    the given passages that hold the token: a soft inverse document frequency. Passages or
    questions without a token score 0.
    """
    vectors = token_vectors(np.asarray(question_ids, np.int64))  # [q, d]
    lengths = np.linalg.norm(vectors, axis=1)  # [q]
    units = _units(vectors)
    best = np.concatenate([matrix.best(units) for matrix in matrices], axis=1)  # [q, n]
    if not best.size:
        return np.zeros(best.shape[1], np.float32)
    share = (best > _MATCH).mean(axis=1)
    weights = lengths * np.log1p(1 / (share + 1 / best.shape[1]))
    scores: Floats = (weights @ best / max(float(weights.sum()), 1e-9)).astype(np.float32)
    return scores
