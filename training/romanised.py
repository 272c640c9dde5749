"""What pieces of many scripts have in common once they are written in Latin letters.

A name or a loan word seen in one language then also moves the vectors of pieces that sound
alike in the others, the rare ones above all.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from anyascii import anyascii
from tokenizers import Tokenizer

from training.bags import Floats, Longs, Parameter, spread, weighted_sums

MIN_PIECES = 3
_FOLDS = (
    ("w", "v"),
    ("ph", "f"),
    ("ck", "k"),
    ("q", "k"),
    ("c", "k"),
    ("y", "i"),
    ("j", "i"),
    ("x", "ks"),
    ("z", "s"),
)
_DOUBLED = re.compile(r"(.)\1+")
_VOWELS = re.compile("[aeiou]")


def pieces_of(tokenizer: Tokenizer) -> list[str]:
    """The text of every piece, by its id."""
    return [str(tokenizer.id_to_token(i)) for i in range(tokenizer.get_vocab_size())]


def fold(word: str) -> str:
    """A romanised word in a spelling that the romanisations of many scripts share."""
    word = word.lower()
    for written, folded in _FOLDS:
        word = word.replace(written, folded)
    return _DOUBLED.sub(r"\1", word)


def grams(piece: str) -> set[str]:
    """The parts of a piece that others may share.

    Letters three and four at a time, the whole, and the same of its consonants alone, which
    is what Arabic and Hebrew write.
    """
    found: set[str] = set()
    for word in anyascii(piece).split():
        folded = fold(word)
        found.update(folded[i : i + n] for n in (3, 4) for i in range(len(folded) - n + 1))
        if len(folded) > 1:
            found.add(f"={folded}")
        skeleton = _VOWELS.sub("", folded)
        found.update(f"-{skeleton[i : i + 3]}" for i in range(len(skeleton) - 2))
        if len(skeleton) > 1:
            found.add(f"-={skeleton}")
    return found


@dataclass(frozen=True, slots=True)
class GramIndex:
    """Which grams each piece has: piece `i` has `ids[offsets[i]:offsets[i + 1]]`."""

    ids: Longs
    offsets: Longs  # [v + 1]
    count: int

    @classmethod
    def of(cls, pieces: Sequence[str], *, min_pieces: int = MIN_PIECES) -> GramIndex:
        """Grams of fewer than `min_pieces` pieces are left out: they join nothing."""
        found = [grams(piece) for piece in pieces]
        shared = Counter(gram for of_piece in found for gram in of_piece)
        kept = sorted(gram for gram, n in shared.items() if n >= min_pieces)
        number = {gram: i for i, gram in enumerate(kept)}
        ids = [sorted(number[gram] for gram in of_piece if gram in number) for of_piece in found]
        offsets = np.concatenate([[0], np.cumsum([len(row) for row in ids])]).astype(np.int64)
        return cls(np.array([i for row in ids for i in row], np.int64), offsets, len(kept))


class RomanisedTable:
    """A token table whose rows are a vector of their own plus those of their grams.

    The sum is what training sees and what is exported: at use it is a plain table.
    """

    def __init__(self, own: Floats, shared: Floats, index: GramIndex) -> None:
        """`own` [v, d], `shared` [grams, d]."""
        self.own = Parameter(own)
        self.shared = Parameter(shared)
        self._index = index
        lengths = np.diff(index.offsets)
        self._weights = (1 / np.sqrt(np.maximum(lengths, 1))).astype(np.float32)
        self._used = np.zeros(0, np.int64)
        self._places = np.zeros(0, np.int64)
        self._offsets = np.zeros(1, np.int64)

    def compose(self, rows: Longs) -> Floats:
        """The rows [m] of the table [m, d]; `step` after it moves the same ones."""
        starts, ends = self._index.offsets[rows], self._index.offsets[rows + 1]
        lengths = ends - starts
        self._offsets = np.concatenate([[0], np.cumsum(lengths)])
        flat = np.arange(self._offsets[-1]) + np.repeat(starts - self._offsets[:-1], lengths)
        self._used, self._places = self.shared.localise(self._index.ids[flat])
        composed = np.empty((len(rows), self.own.table.shape[1]), np.float32)
        weighted_sums(
            self.shared.table[self._used],
            self._places,
            self._offsets,
            self._weights[rows],
            composed,
        )
        composed += self.own.table[rows]
        return composed

    def step(self, rows: Longs, gradient: Floats, *, rate: float, number: int) -> None:
        """Moves what `compose(rows)` read along the gradient [m, d] of its result."""
        shared = np.zeros((len(self._used), gradient.shape[1]), np.float32)
        spread(gradient, self._places, self._offsets, self._weights[rows], shared)
        self.own.step(rows, gradient, rate=rate, number=number)
        self.shared.step(self._used, shared, rate=rate, number=number)

    def whole(self) -> Floats:
        """The table [v, d]."""
        return self.compose(np.arange(len(self.own.table)))
