"""Late interaction: a question's words against the words of each passage.

A mean of token vectors finds passages about the same things; which of them answers is
better told by asking, for each word of the question, how near the nearest word of the
passage is (MaxSim of ColBERT, Khattab and Zaharia 2020), here over the static vectors of the
embedding model itself. A static vector knows no context, so a word is compared together with
its neighbours: its vector is the sum of its tokens' vectors and, with less weight, of those
of the words around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.errors import IndexCorrupt

Floats = npt.NDArray[np.float32]
Halves = npt.NDArray[np.float16]
Ids = npt.NDArray[np.int32]
Rows = npt.NDArray[np.int64]
TokenVectors = Callable[[Rows], Floats]

NEIGHBOUR_WEIGHT = 0.3
QUESTION_REACH = 1
PASSAGE_REACH = 3
"""How many words to either side are added to a word's vector."""

_MATCH = 0.6
"""The cosine over which a passage is said to hold a word of the question."""

_TEXTS_AT_ONCE = 64
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""Odd, and without a short period: 2**64 over the golden ratio (Knuth, TAOCP 3, 6.4)."""


@dataclass(frozen=True, slots=True)
class Words:
    """A passage's words: its tokens, and how long the words' vectors are in their contexts."""

    tokens: Ids  # [t]; a token that begins a word is its id, one that goes on a word is ~id
    lengths: Halves  # [w]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Texts one after the other: their distinct words, and which word stands where.

    Each text is followed by blanks, so that the last word of one is no neighbour of the first
    of the next. A blank's number is that of the distinct words, `len(starts)`.
    """

    ids: Rows  # [t], the tokens of the distinct words
    starts: Rows  # [m], where each distinct word begins in ids
    places: Rows  # [p], the distinct word at each place, or a blank
    edges: Rows  # [n + 1], where each text begins in places
    counts: Rows  # [n], how many words each text has

    @classmethod
    def of(cls, texts: Sequence[Ids]) -> _Layout:
        flat = np.concatenate([*texts, np.zeros(0, np.int32)])
        begins = flat >= 0
        ids = np.where(begins, flat, ~flat).astype(np.int64)
        starts = np.flatnonzero(begins)
        lengths = np.diff(np.append(starts, len(ids)))
        # Words are told apart by a hash of their tokens; 64 bits of it do not meet by chance.
        within = np.arange(len(ids)) - np.repeat(starts, lengths)
        hashed = (ids.astype(np.uint64) + np.uint64(1)) * _FACTOR ** within.astype(np.uint64)
        keys = np.add.reduceat(hashed, starts) if len(starts) else hashed
        _, firsts, numbers = np.unique(keys, return_index=True, return_inverse=True)
        kept = lengths[firsts]
        own_starts = np.cumsum(kept) - kept
        tokens = np.repeat(starts[firsts] - own_starts, kept) + np.arange(int(kept.sum()))
        counts = np.array([np.count_nonzero(tokens >= 0) for tokens in texts], np.int64)
        edges = np.concatenate([[0], np.cumsum(counts + PASSAGE_REACH)])
        places = np.full(int(edges[-1]), len(firsts), np.int64)
        shift = np.repeat(np.arange(len(texts)) * PASSAGE_REACH, counts)
        places[np.arange(len(numbers)) + shift] = numbers
        return cls(ids[tokens], own_starts, places, edges, counts)

    def word_vectors(self, token_vectors: TokenVectors) -> Floats:
        """The sum of the tokens' vectors of each distinct word, and zeros for the blank.

        [m + 1, d]"""
        vectors = token_vectors(self.ids)
        sums = np.zeros((len(self.starts) + 1, vectors.shape[1]), np.float32)
        if len(self.starts):
            np.add.reduceat(vectors, self.starts, axis=0, out=sums[:-1])
        return sums

    def without_blanks(self, values: Floats) -> Floats:
        """Of values at all places [p, ...] those of words [w, ...]."""
        words: Floats = values[self.places < len(self.starts)]
        return words


def _with_neighbours(values: Floats, reach: int) -> Floats:
    """Values at places [p, ...], each with its neighbours', up to `reach` places away."""
    total = values.copy(order="K")
    weighted = values * np.float32(NEIGHBOUR_WEIGHT)
    for distance in range(1, reach + 1):
        total[distance:] += weighted[:-distance]
        total[:-distance] += weighted[distance:]
    return total


def _contexts(layout: _Layout, token_vectors: TokenVectors, reach: int) -> Floats:
    """The vectors [w, d] of all words of texts in their contexts."""
    vectors = np.take(layout.word_vectors(token_vectors), layout.places, axis=0)
    return layout.without_blanks(_with_neighbours(vectors, reach))


def words_of(texts: Sequence[Ids], token_vectors: TokenVectors) -> Iterator[Words]:
    """The words of passages, from the tokens of each; `token_vectors` maps ids [m] to [m, d]."""
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        some = texts[start : start + _TEXTS_AT_ONCE]
        layout = _Layout.of(some)
        lengths = np.linalg.norm(_contexts(layout, token_vectors, PASSAGE_REACH), axis=1)
        edges = np.cumsum([0, *layout.counts])
        for tokens, (first, last) in zip(some, pairwise(edges), strict=True):
            yield Words(tokens, lengths[first:last].astype(np.float16))


def write_words(folder: Path, passages: Sequence[Words]) -> None:
    """Writes the words of each passage into the empty folder `folder`."""
    offsets = np.zeros((len(passages) + 1, 2), np.int64)
    counts = [(len(words.tokens), len(words.lengths)) for words in passages]
    np.cumsum(np.array(counts, np.int64).reshape(-1, 2), axis=0, out=offsets[1:])
    tokens = np.concatenate([*(words.tokens for words in passages), np.zeros(0, np.int32)])
    lengths = np.concatenate([*(words.lengths for words in passages), np.zeros(0, np.float16)])
    np.save(folder / "tokens.npy", tokens.astype(np.int32), allow_pickle=False)
    np.save(folder / "lengths.npy", lengths.astype(np.float16), allow_pickle=False)
    np.save(folder / "offsets.npy", offsets, allow_pickle=False)


class WordIndex:
    """The words of every passage, mapped from disk."""

    def __init__(self, folder: Path) -> None:
        """Raises IndexCorrupt."""
        try:
            self._tokens = np.load(folder / "tokens.npy", mmap_mode="r", allow_pickle=False)
            self._lengths = np.load(folder / "lengths.npy", mmap_mode="r", allow_pickle=False)
            self._offsets = np.load(folder / "offsets.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise IndexCorrupt(
                f"{folder} cannot be read ({error}); build it again: assistant build --full"
            ) from error

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, row: int) -> Words:
        (token, word), (last_token, last_word) = self._offsets[row : row + 2]
        return Words(
            np.asarray(self._tokens[token:last_token]), np.asarray(self._lengths[word:last_word])
        )


class WordMatrix:
    """The words of some passages, laid out to be compared with many questions."""

    def __init__(self, passages: Sequence[Words], token_vectors: TokenVectors) -> None:
        """`token_vectors` maps ids [m] to vectors [m, d], of any length."""
        self._n = len(passages)
        layout = _Layout.of([words.tokens for words in passages])
        self._places = layout.places
        self._vectors = layout.word_vectors(token_vectors)  # [m + 1, d]
        lengths = [words.lengths for words in passages]
        flat = np.concatenate([*lengths, np.zeros(0, np.float16)]).astype(np.float32)
        inverse = np.divide(1, flat, out=np.zeros_like(flat), where=flat > 0)
        # A blank has the cosine 0 with everything.
        self._inverse = np.zeros(len(layout.places), np.float32)
        self._inverse[layout.places < len(layout.starts)] = inverse
        self._edges = layout.edges[:-1]

    def best(self, units: Floats) -> Floats:
        """The highest cosine, at least 0, of unit vectors [q, d] in each passage [q, n]."""
        if not self._n:
            return np.zeros((len(units), 0), np.float32)
        # A product with a sum of vectors is the sum of the products: no vector of a word in
        # its context has to be made.
        products = np.take(units @ self._vectors.T, self._places, axis=1)  # [q, p]
        cosines = _with_neighbours(products.T, PASSAGE_REACH).T * self._inverse
        best = np.maximum.reduceat(cosines, self._edges, axis=1)
        clipped: Floats = np.clip(best, 0.0, 1.0)
        return clipped


@dataclass(frozen=True, slots=True)
class Question:
    """A question's words in their contexts: unit vectors [q, d], and the lengths they had [q]."""

    units: Floats
    lengths: Floats

    @classmethod
    def of(cls, tokens: Ids, token_vectors: TokenVectors) -> Question:
        vectors = _contexts(_Layout.of([tokens]), token_vectors, QUESTION_REACH)
        lengths = np.linalg.norm(vectors, axis=1)
        return cls(vectors / np.maximum(lengths, 1e-9)[:, None], lengths)


def word_weights(question: Question, best: Floats) -> Floats:
    """How much each word of a question counts [q], given its matches `best` [q, n]; sums to 1.

    The length of its vector, in which training has put how much a word matters, times
    ln(1 + 1/share), where `share` is the share of passages that hold the word: a soft inverse
    document frequency.
    """
    share = (best > _MATCH).mean(axis=1)
    weights = question.lengths * np.log1p(1 / (share + 1 / best.shape[1]))
    shares: Floats = (weights / max(float(weights.sum()), 1e-9)).astype(np.float32)
    return shares


def maxsim(question: Question, best: Floats) -> Floats:
    """The late-interaction scores [n] of passages whose matches are `best` [q, n], 0 to 1.

    The weighted mean, over the words of the question, of the highest cosine with a word of
    the passage. Without a word on either side it is 0.
    """
    if not best.size:
        return np.zeros(best.shape[1], np.float32)
    return word_weights(question, best) @ best


def above_usual(best: Floats, usual: Floats) -> Floats:
    """By how much matches [q, n] exceed the usual ones [q, n], at least 0.

    A word of the passage's own language, however common, has a good match in any of its
    passages: only what goes beyond that tells them apart.
    """
    excess: Floats = np.maximum(best - usual, 0.0)
    return excess
