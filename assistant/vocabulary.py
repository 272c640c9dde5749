"""What an index keeps of a text, put together from what it keeps of the text's words.

White space and some marks part a text into pieces that tell nothing of each other: the text's
tokens, its lexical terms and its romanised terms are those of its pieces, one after the other.
Words come again and again, so each is looked at once.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import chain, islice, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.embedding import Ids, StaticEmbedder
from assistant.romanised import Keys, keys_of_terms
from assistant.text import joined_romanised

Numbers = npt.NDArray[np.int64]
Flat = npt.NDArray[Any]

WHITE = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""Unicode's white space, as in a set of a regular expression; Python's own has four more."""

MARKS = ',;!?()"“”„«»。｡、！？，；「」『』（）《》【】।॥،؛؟'
"""Punctuation that parts words like white space does.

These are marks in every normal form, go together with no other character, and are none of
those over which the lower case of a letter depends on its neighbours, as a full stop is.
"""

PIECE = re.compile(f"[^{WHITE}{MARKS}]+|[{MARKS}]|[{WHITE}]+")

_LONGEST = 32
"""Characters of a piece that may come again."""

_MOST = 1 << 18
"""Pieces that are kept: they take some 100 MB."""

_AT_ONCE = 256


class _Rows:
    """Rows of different lengths, one after the other, that are added and taken many at once."""

    def __init__(self, kind: type[np.generic]) -> None:
        self._flat: Flat = np.zeros(1 << 12, kind)
        self._edges: Numbers = np.zeros(1 << 10, np.int64)
        self._count = 0

    def add(self, flat: Flat, lengths: Sequence[int]) -> None:
        last, count = int(self._edges[self._count]), self._count + len(lengths)
        self._flat = _with_room(self._flat, last + len(flat))
        self._edges = _with_room(self._edges, count + 1)
        self._flat[last : last + len(flat)] = flat
        self._edges[self._count + 1 : count + 1] = last + np.cumsum(lengths)
        self._count = count

    def cut_off(self, count: int) -> None:
        """Drops all rows but the first ones."""
        self._count = count

    def select(self, rows: Numbers) -> None:
        """Drops all rows but these."""
        flat, lengths = self.take(rows)[0], self.lengths(rows).tolist()
        self._count = 0
        self.add(flat, lengths)

    def lengths(self, rows: Numbers) -> Numbers:
        lengths: Numbers = self._edges[rows + 1] - self._edges[rows]
        return lengths

    def take(self, rows: Numbers) -> tuple[Flat, Numbers]:
        """The rows, one after the other, and where each ends."""
        lengths = self.lengths(rows)
        ends = np.cumsum(lengths)
        places = np.repeat(self._edges[rows] - ends + lengths, lengths)
        places += np.arange(len(places))
        return self._flat[places], ends


def _with_room(array: Flat, length: int) -> Flat:
    if length <= len(array):
        return array
    larger = np.zeros(2 * length, array.dtype)
    larger[: len(array)] = array
    return larger


class KnownText:
    """A text whose pieces a vocabulary knows, until it forgets them."""

    def __init__(
        self, text: str, pieces: Sequence[str], numbers: list[int], vocabulary: Vocabulary
    ) -> None:
        self.text = text
        self._vocabulary = vocabulary
        self._numbers = numbers
        starts = np.cumsum([0, *map(len, pieces)])
        counts = vocabulary.counts(np.array(numbers, np.int64))
        self._starts: list[int] = starts.tolist()
        self._before: list[int] = np.cumsum(np.append(0, counts)).tolist()

    def count(self, start: int, end: int) -> int:
        """How many tokens `text[start:end]` has."""
        first, last = self._between(start, end)
        count = self._before[last] - self._before[first]
        parts = self._parts(start, end, first, last)
        return count + sum(map(self._vocabulary.count_part, filter(None, parts)))

    def numbers(self, start: int, end: int) -> list[int]:
        """The numbers of the pieces of `text[start:end]`, in order."""
        first, last = self._between(start, end)
        before, after = self._parts(start, end, first, last)
        numbers = self._numbers[first:last]
        if before:
            numbers[:0] = self._vocabulary.numbers_in_passing([before])
        if after:
            numbers += self._vocabulary.numbers_in_passing([after])
        return numbers

    def _between(self, start: int, end: int) -> tuple[int, int]:
        """The first piece from `start` on, and the first one that `end` is not behind."""
        first = bisect_left(self._starts, start)
        return first, max(first, bisect_right(self._starts, end, first) - 1)

    def _parts(self, start: int, end: int, first: int, last: int) -> tuple[str, str]:
        """What of pieces that are not whole stands before and after those that are."""
        before = self.text[start : min(end, self._starts[first])]
        after = self.text[self._starts[last] : end]
        return before, after


class Vocabulary:
    """Pieces of text, each with a number, and what is known of them. For one thread."""

    def __init__(self, static: StaticEmbedder, *, most: int = _MOST) -> None:
        """The model must read word by word (`StaticEmbedder.reads_word_by_word`)."""
        self._static = static
        self._most = most
        self._numbers: dict[str, int] = {}
        self._kept = 0
        self._uses = np.zeros(0, np.int64)
        self._tokens, self._keys = _Rows(np.int32), _Rows(np.uint16)
        self._parts: dict[str, int] = {}

    def read(self, texts: Sequence[str]) -> list[KnownText]:
        """Texts with their pieces; those that were read before are forgotten."""
        self._forget()
        cut = [PIECE.findall(text) for text in texts]
        new = dict.fromkeys(p for pieces in cut for p in pieces if p not in self._numbers)
        # What is kept comes first, so that the rest can be cut off.
        self._learn([piece for piece in new if len(piece) <= _LONGEST])
        self._kept = len(self._numbers)
        self._learn([piece for piece in new if len(piece) > _LONGEST])
        numbers = [list(map(self._numbers.__getitem__, pieces)) for pieces in cut]
        uses = np.bincount(_joined(numbers)[0], minlength=self._kept)[: self._kept]
        uses[: len(self._uses)] += self._uses
        self._uses = uses
        return [
            KnownText(text, pieces, of_text, self)
            for text, pieces, of_text in zip(texts, cut, numbers, strict=True)
        ]

    def _forget(self) -> None:
        """Drops what is only known in passing, and of too much the half that came least often."""
        for piece in list(islice(reversed(self._numbers), len(self._numbers) - self._kept)):
            del self._numbers[piece]
        self._parts.clear()
        self._tokens.cut_off(self._kept)
        self._keys.cut_off(self._kept)
        if self._kept > self._most:
            rows = np.sort(np.argsort(-self._uses, kind="stable")[: self._most // 2])
            self._tokens.select(rows)
            self._keys.select(rows)
            pieces = list(self._numbers)
            self._numbers = {pieces[row]: place for place, row in enumerate(rows.tolist())}
            # What came often long ago counts for less.
            self._uses = self._uses[rows] // 2
            self._kept = len(rows)

    def _learn(self, pieces: list[str]) -> None:
        if not pieces:
            return
        self._numbers.update(zip(pieces, range(len(self._numbers), 1 << 62), strict=False))
        self._tokens.add(*self._static.marked_tokens(pieces))
        romanised = [joined_romanised(piece) for piece in pieces]
        keys = keys_of_terms(" ".join(filter(None, romanised)))
        self._keys.add(keys, [some.count(" ") + 1 if some else 0 for some in romanised])

    def counts(self, numbers: Numbers) -> Numbers:
        """How many tokens pieces have."""
        return self._tokens.lengths(numbers)

    def count_part(self, part: str) -> int:
        """How many tokens a part of a piece has."""
        if part not in self._parts:
            (self._parts[part],) = self._static.count_tokens([part])
        return self._parts[part]

    def numbers_in_passing(self, pieces: Sequence[str]) -> list[int]:
        """The numbers of any pieces, which are forgotten with the texts."""
        self._learn([piece for piece in dict.fromkeys(pieces) if piece not in self._numbers])
        return [self._numbers[piece] for piece in pieces]

    def word_tokens(self, texts: Sequence[Sequence[int]]) -> list[Ids]:
        """The `word_tokens` of texts, from the numbers of their pieces."""
        numbers, edges = _joined(texts)
        flat, ends = self._tokens.take(numbers)
        places = np.append(0, ends)[edges].tolist()
        # Copies, because a view would keep all that was made with it.
        return [flat[start:end].astype(np.int32) for start, end in pairwise(places)]

    def keys(self, texts: Sequence[Sequence[int]]) -> list[Keys]:
        """The `keys_of` texts, from the numbers of their pieces."""
        keys: list[Keys] = []
        for start in range(0, len(texts), _AT_ONCE):
            some = texts[start : start + _AT_ONCE]
            numbers, edges = _joined(some)
            flat, ends = self._keys.take(numbers)
            lengths = np.diff(np.append(0, ends)[edges])
            # A text's number in the upper half: so one sort orders the keys of all of them.
            of_text = np.repeat(np.arange(len(some), dtype=np.uint32) << 16, lengths)
            ordered = np.sort(of_text | flat)
            distinct = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
            parts = np.searchsorted(distinct >> 16, np.arange(len(some) + 1)).tolist()
            keys += [distinct[a:b].astype(np.uint16) for a, b in pairwise(parts)]
        return keys


def _joined(texts: Sequence[Iterable[int]]) -> tuple[Numbers, Numbers]:
    """All numbers, one text after the other, and where each text begins, and the last one ends."""
    lists = [list(text) for text in texts]
    numbers = np.fromiter(chain.from_iterable(lists), np.int64)
    return numbers, np.cumsum([0, *map(len, lists)])
