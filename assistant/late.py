"""Late interaction: a question's words against the words of each passage.

A mean of token vectors finds passages about the same things; which of them answers is
better told by asking, for each word of the question, how near the nearest word of the
passage is (MaxSim of ColBERT, Khattab and Zaharia 2020), here over the static vectors of the
embedding model itself. A static vector knows no context, so a word is compared together with
its neighbours: its vector is the sum of its tokens' vectors and, with less weight, of those
of the words around it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.errors import IndexCorrupt
from assistant.ragged import Ragged, RaggedFile, edges_of

Floats = npt.NDArray[np.float32]
Halves = npt.NDArray[np.float16]
Ids = npt.NDArray[np.int32]
Rows = npt.NDArray[np.int64]
TokenVectors = Callable[[Rows], Floats]

NEIGHBOUR_WEIGHT = 0.3
QUESTION_REACH = 1
PASSAGE_REACH = 3
"""How many words to either side are added to a word's vector."""

MOST_WORDS = 16
"""Of a longer question, the words with the longest vectors: those that matter most."""

_MATCH = 0.6
"""The cosine over which a passage is said to hold a word of the question."""

_TOKENS_AT_ONCE = 512

MOST_KEPT = 2048
"""How many texts a reader keeps: of a sentence's usual length they take 4 MB."""


@dataclass(frozen=True, slots=True)
class Words:
    """A passage's words: its tokens, and how long the words' vectors are in their contexts."""

    tokens: Ids  # [t]; a token that begins a word is its id, one that goes on a word is ~id
    lengths: Halves  # [w]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Texts one after the other: their distinct tokens, and which word stands where.

    Each text is followed by blanks, so that the last word of one is no neighbour of the first
    of the next. Words are ordered by how many tokens they have: so those that have a second
    one are the last of them, and so on.
    """

    ids: Rows  # [m], the distinct tokens
    words: int
    tokens: tuple[Rows, ...]  # the places in ids of the words' first tokens, second ones, …
    places: Rows  # [p], the word at each place, or `words` for a blank
    edges: Rows  # [n + 1], where each text begins in places
    counts: Rows  # [n], how many words each text has

    @classmethod
    def of(cls, texts: Sequence[Ids]) -> _Layout:
        flat = np.concatenate([*texts, np.zeros(0, np.int32)])
        begins = flat >= 0
        tokens = np.where(begins, flat, ~flat)
        # By a table of all ids up to the highest: sorting them takes several times as long.
        number = np.full(1 + int(tokens.max(initial=0)), -1)
        number[tokens] = 0
        distinct = np.flatnonzero(number == 0)
        number[distinct] = np.arange(len(distinct))
        starts = np.flatnonzero(begins)
        lengths = np.diff(np.append(starts, len(flat)))
        # Of 16 bits, numpy sorts in linear time.
        order = np.argsort(lengths.astype(np.uint16), kind="stable")
        starts, lengths = starts[order], lengths[order]
        numbers = number[tokens]
        longest = int(lengths[-1]) if len(lengths) else 0
        firsts = [int(np.searchsorted(lengths, n, side="right")) for n in range(longest)]
        ends = np.cumsum([0, *(len(text) for text in texts)])
        counts = np.diff(np.append(0, np.cumsum(begins))[ends])
        edges = np.append(0, np.cumsum(counts + PASSAGE_REACH))
        places = np.full(int(edges[-1]), len(starts), np.int64)
        shift = np.repeat(np.arange(len(texts)) * PASSAGE_REACH, counts)
        places[order + shift[order]] = np.arange(len(starts))
        return cls(
            distinct,
            len(starts),
            tuple(numbers[starts[first:] + n] for n, first in enumerate(firsts)),
            places,
            edges,
            counts,
        )

    def at_places(self, values: Floats) -> Floats:
        """Of values of the distinct tokens [m, x] the sums of each word's [p, x]; blanks have 0."""
        sums = np.zeros((self.words + 1, values.shape[1]), np.float32)
        for tokens in self.tokens:
            sums[self.words - len(tokens) : self.words] += np.take(values, tokens, axis=0)
        at_places: Floats = np.take(sums, self.places, axis=0)
        return at_places

    def is_word(self) -> npt.NDArray[np.bool_]:
        """Where no blank is [p]."""
        is_word: npt.NDArray[np.bool_] = self.places < self.words
        return is_word


def _with_neighbours(values: Floats, reach: int) -> Floats:
    """Values at places [p, ...], each with its neighbours', up to `reach` places away."""
    total = values.copy(order="K")
    weighted = values * np.float32(NEIGHBOUR_WEIGHT)
    for distance in range(1, reach + 1):
        total[distance:] += weighted[:-distance]
        total[:-distance] += weighted[distance:]
    return total


def _contexts(layout: _Layout, vectors: Floats, reach: int) -> Floats:
    """The vectors [w, d] of all words of texts in their contexts; those of the tokens [m, d]."""
    at_places = layout.at_places(vectors)
    contexts: Floats = _with_neighbours(at_places, reach)[layout.is_word()]
    return contexts


def _lengths(texts: Sequence[Ids], token_vectors: TokenVectors) -> tuple[Halves, Rows]:
    """How long the vectors of all words of passages are in their contexts [w], and where each
    passage's begin, and the last one's end [n + 1].

    The vectors are those of `_contexts`, to the last bit, made in place.
    """
    flat = np.concatenate(texts)
    begins = flat >= 0
    vectors = token_vectors(np.where(begins, flat, ~flat))
    starts = np.flatnonzero(begins)
    words = vectors[starts]
    token_counts = np.diff(np.append(starts, len(flat)))
    for number in range(1, int(token_counts.max(initial=1))):
        # `np.add.reduceat` takes three times as long.
        longer = np.flatnonzero(token_counts > number)
        words[longer] += vectors[starts[longer] + number]
    edges = np.append(0, np.cumsum(begins))[np.cumsum([0, *map(len, texts)])]
    # Blanks between the passages, as in `_Layout`.
    shift = np.repeat(np.arange(len(texts)) * PASSAGE_REACH, np.diff(edges))
    places = np.arange(len(starts)) + shift
    contexts = np.zeros((len(starts) + len(texts) * PASSAGE_REACH, vectors.shape[1]), np.float32)
    contexts[places] = words
    weighted = contexts * np.float32(NEIGHBOUR_WEIGHT)
    for distance in range(1, PASSAGE_REACH + 1):
        contexts[distance:] += weighted[:-distance]
        contexts[:-distance] += weighted[distance:]
    contexts *= contexts
    lengths: Halves = np.sqrt(contexts.sum(axis=1))[places].astype(np.float16)
    return lengths, edges


def _in_cache(texts: Sequence[Ids]) -> Iterator[Sequence[Ids]]:
    """Texts in groups whose vectors a processor's cache holds: larger ones take twice as long."""
    start = tokens = 0
    for place, text in enumerate(texts):
        if place > start and tokens + len(text) > _TOKENS_AT_ONCE:
            yield texts[start:place]
            start, tokens = place, 0
        tokens += len(text)
    if start < len(texts):
        yield texts[start:]


def words_of(texts: Sequence[Ids], token_vectors: TokenVectors) -> Iterator[Words]:
    """The words of passages, from the tokens of each; `token_vectors` maps ids [m] to [m, d]."""
    for some in _in_cache(texts):
        lengths, edges = _lengths(some, token_vectors)
        for tokens, (first, last) in zip(some, pairwise(edges.tolist()), strict=True):
            # A copy, because a view would keep those of all that were made with it.
            yield Words(tokens, lengths[first:last].copy())


def open_words(folder: Path, sizes: npt.NDArray[np.integer]) -> tuple[RaggedFile, RaggedFile]:
    """Files for the tokens and the lengths of passages in the empty folder `folder`.

    `sizes` are how many of each a passage has [n, 2]. Raises OSError.
    """
    offsets = np.stack([edges_of(sizes[:, column]) for column in range(2)], axis=1)
    np.save(folder / "offsets.npy", offsets, allow_pickle=False)
    return (
        RaggedFile(folder / "tokens.npy", sizes[:, 0], np.int32),
        RaggedFile(folder / "lengths.npy", sizes[:, 1], np.float16),
    )


class WordIndex:
    """The words of every passage, mapped from disk."""

    def __init__(self, folder: Path) -> None:
        """Raises IndexCorrupt."""
        try:
            # As plain arrays: a slice of a memmap takes ten times as long.
            self._tokens = np.asarray(
                np.load(folder / "tokens.npy", mmap_mode="r", allow_pickle=False)
            )
            self._lengths = np.asarray(
                np.load(folder / "lengths.npy", mmap_mode="r", allow_pickle=False)
            )
            self._offsets = np.asarray(
                np.load(folder / "offsets.npy", mmap_mode="r", allow_pickle=False)
            )
        except (OSError, ValueError, EOFError) as error:
            raise IndexCorrupt(
                f"{folder} cannot be read ({error}); build it again: assistant build --full"
            ) from error

    def __len__(self) -> int:
        return len(self._offsets) - 1

    @property
    def tokens(self) -> Ragged:
        """The tokens of every passage."""
        return Ragged(self._tokens, self._offsets[:, 0])

    @property
    def lengths(self) -> Ragged:
        """The lengths of every passage's words."""
        return Ragged(self._lengths, self._offsets[:, 1])

    def __getitem__(self, row: int) -> Words:
        (token, word), (last_token, last_word) = self._offsets[row : row + 2].tolist()
        return Words(self._tokens[token:last_token], self._lengths[word:last_word])


def _inverse_lengths(layout: _Layout, lengths: Halves) -> Floats:
    """One over the length of the vector at each place [p]; 0 where there is none."""
    known = lengths.astype(np.float32)
    inverse = np.zeros(len(layout.places), np.float32)
    inverse[layout.is_word()] = np.divide(1, known, out=np.zeros_like(known), where=known > 0)
    return inverse


def _best(layout: _Layout, inverse: Floats, products: Floats) -> Floats:
    """The highest cosines [q, n] from the products of tokens with unit vectors [m, q]."""
    if not len(layout.counts):
        return np.zeros((products.shape[1], 0), np.float32)
    # A product with a sum of vectors is the sum of the products: no vector of a word, let
    # alone of one in its context, has to be made.
    cosines = _with_neighbours(layout.at_places(products), PASSAGE_REACH)
    cosines *= inverse[:, None]
    best = np.maximum.reduceat(cosines, layout.edges[:-1], axis=0).T
    clipped: Floats = np.clip(best, 0.0, 1.0)
    return clipped


class WordMatrix:
    """The words of some passages, laid out to be compared with questions."""

    def __init__(
        self, passages: Sequence[Words], token_vectors: TokenVectors, *, many: bool = False
    ) -> None:
        """`token_vectors` maps ids [m] to vectors [m, d], of any length.

        `many` says that many questions will come: then it pays to reorder the vectors.
        """
        self._layout = _Layout.of([words.tokens for words in passages])
        lengths = np.concatenate([*(words.lengths for words in passages), np.zeros(0, np.float16)])
        self._inverse = _inverse_lengths(self._layout, lengths)
        vectors = token_vectors(self._layout.ids)
        self._vectors = np.asfortranarray(vectors) if many else vectors  # [m, d]

    def best(self, units: Floats) -> Floats:
        """The highest cosine, at least 0, of unit vectors [q, d] in each passage [q, n]."""
        products = np.ascontiguousarray((units @ self._vectors.T).T)  # [m, q]
        return _best(self._layout, self._inverse, products)


@dataclass(frozen=True, slots=True)
class Question:
    """A question's words in their contexts: unit vectors [q, d], and the lengths they had [q]."""

    units: Floats
    lengths: Floats

    @classmethod
    def of(cls, tokens: Ids, token_vectors: TokenVectors) -> Question:
        layout = _Layout.of([tokens])
        vectors = _contexts(layout, token_vectors(layout.ids), QUESTION_REACH)
        lengths = np.linalg.norm(vectors, axis=1)
        if len(lengths) > MOST_WORDS:
            kept = np.sort(np.argsort(-lengths, kind="stable")[:MOST_WORDS])
            vectors, lengths = vectors[kept], lengths[kept]
        return cls(vectors / np.maximum(lengths, 1e-9)[:, None], lengths)


def alignment(question: Ids, passage: Ids, token_vectors: TokenVectors) -> tuple[Floats, Floats]:
    """The cosines [q, w] of a question's words with a passage's, and the former's lengths [q].

    The words are taken alone, without their neighbours: this is to be shown, not to rank by.
    """
    asked, words = (
        _contexts(layout, token_vectors(layout.ids), 0)
        for layout in (_Layout.of([question]), _Layout.of([passage]))
    )
    lengths = np.linalg.norm(asked, axis=1)
    units = asked / np.maximum(lengths, 1e-9)[:, None]
    cosines: Floats = units @ (words / np.maximum(np.linalg.norm(words, axis=1), 1e-9)[:, None]).T
    return cosines, lengths


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


class Table(Protocol):
    """What is needed of a model; `embedding.StaticEmbedder` has it."""

    def word_tokens(self, texts: Sequence[str]) -> list[Ids]:
        """The tokens of texts, those that go on a word inverted."""

    def token_vectors(self, ids: Rows) -> Floats:
        """The vectors [n, d] of tokens."""

    def embed_tokens(self, tokens: Sequence[Ids]) -> Floats:
        """The unit vectors [n, d] of texts."""


@dataclass(frozen=True, slots=True)
class _ReadText:
    """A text as a model has it: its words, and its unit vector [d]."""

    words: Words
    vector: Floats


class Reader:
    """Compares questions with texts that are in no index, and keeps what it read last.

    Questions come back to the same passages, and an explained answer compares their sentences
    twice.
    """

    def __init__(self, table: Table, *, most_kept: int = MOST_KEPT) -> None:
        self._table = table
        self._most_kept = most_kept
        self._kept: OrderedDict[str, _ReadText] = OrderedDict()
        self._lock = threading.Lock()

    def _keep(self, texts: Mapping[str, _ReadText]) -> None:
        with self._lock:
            for text, read in texts.items():
                self._kept[text] = read
                self._kept.move_to_end(text)
            while len(self._kept) > self._most_kept:
                self._kept.popitem(last=False)

    def compare(self, question: str, texts: Sequence[str]) -> tuple[Floats, Floats]:
        """The cosine of a question with each of some texts, and their late interaction; [n]."""
        with self._lock:
            read = {text: self._kept[text] for text in texts if text in self._kept}
        missing = [text for text in dict.fromkeys(texts) if text not in read]
        asked, *tokens = self._table.word_tokens([question, *missing])
        vector, *vectors = self._table.embed_tokens([asked, *tokens])
        words = words_of(tokens, self._table.token_vectors)
        for text, some, its_vector in zip(missing, words, vectors, strict=True):
            # A copy, because a view would keep all that was read with it.
            read[text] = _ReadText(some, its_vector.copy())
        self._keep(read)
        cosines: Floats = np.stack([read[text].vector for text in texts]) @ vector
        by_words = Question.of(asked, self._table.token_vectors)
        matrix = WordMatrix([read[text].words for text in texts], self._table.token_vectors)
        return cosines, maxsim(by_words, matrix.best(by_words.units))
