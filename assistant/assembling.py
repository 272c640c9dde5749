"""Puts together what an index is made of: pieces of the old one, and pieces that were made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.batches import Batch, Batches, Pieces
from assistant.index import Index
from assistant.passages import passage_id
from assistant.ragged import Ragged, Rows
from assistant.spool import Key, Spool
from assistant.table import Places, Source, Table

_OLD = 0
"""The number of the source that the old index is; batches come after it."""


class OldPieces:
    """The pieces of an index that is there: places are its rows, and its articles' numbers."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def pieces(self, places: Rows) -> Pieces:
        index = self._index
        words = index.words
        return Pieces(
            index.vectors.at(places).astype(np.float16),
            index.romanised.lists.take(places),
            None if words is None else words.tokens.take(places),
            None if words is None else words.lengths.take(places),
        )

    def sizes(self, places: Rows) -> npt.NDArray[np.int32]:
        """How many keys, tokens and words passages have [n, 3]."""
        words = self._index.words
        lists: list[Ragged] = [self._index.romanised.lists]
        lists += [] if words is None else [words.tokens, words.lengths]
        sizes = np.zeros((len(places), 3), np.int32)
        for column, one in enumerate(lists):
            sizes[:, column] = one.edges[places + 1] - one.edges[places]
        return sizes

    def sketches(self, places: Rows) -> npt.NDArray[np.uint32]:
        sketches: npt.NDArray[np.uint32] = self._index.sketches[places]
        return sketches


class BatchPieces:
    """The pieces of a batch, which is read when they are first asked for."""

    def __init__(self, read: Callable[[], Batch]) -> None:
        self._read = read

    def pieces(self, places: Rows) -> Pieces:
        return self._read().pieces.take(places)

    def sketches(self, places: Rows) -> npt.NDArray[np.uint32]:
        return self._read().sketches[places]


@dataclass(frozen=True, slots=True)
class Assembled:
    """All passages and articles of an index, and where what it keeps of them comes from.

    `untitled` are the numbers of articles whose title is left out of what is searched.
    """

    table: Table
    articles: Places
    untitled: frozenset[int]
    sources: tuple[Source, ...]


class _Rows:
    """Passages as they come, article by article."""

    def __init__(self) -> None:
        self._parts: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]] = []
        self._ids: list[int] = []

    def add(
        self,
        number: int,
        key: Key,
        spans: npt.NDArray[np.int32],
        source: int,
        places: Rows,
        sizes: npt.NDArray[np.int32],
    ) -> None:
        """The passages of an article: their spans [n, 2], and where they come from."""
        rows = np.empty((len(spans), 5), np.int64)
        rows[:, 0], rows[:, 1:3], rows[:, 3], rows[:, 4] = number, spans, source, places
        self._parts.append((rows, sizes))
        self._ids.extend(
            int(passage_id(key.content_hash, start, end), 16) for start, end in spans.tolist()
        )

    def table(self) -> Table:
        rows = np.concatenate([np.zeros((0, 5), np.int64), *(rows for rows, _ in self._parts)])
        sizes = np.concatenate([np.zeros((0, 3), np.int32), *(sizes for _, sizes in self._parts)])
        ids = np.array(self._ids, np.uint64)
        order = np.argsort(ids, kind="stable")
        ordered = rows[order]
        columns = (ordered[:, column].astype(np.int32) for column in range(4))
        articles, starts, ends, sources = columns
        return Table(
            ids[order],
            articles,
            starts,
            ends,
            sizes[order],
            Places(sources, np.ascontiguousarray(ordered[:, 4])),
        )


def assemble(
    articles: Spool,
    *,
    kept: Mapping[str, str],
    old: Index | None,
    batches: Batches,
    fit: Callable[[Sequence[str]], list[bool]],
) -> Assembled:
    """The passages of all articles, which are those that `kept` names by the old index's ids, and
    those of batches.

    `fit` tells of titles whether they are a part of what is embedded.
    """
    rows = _Rows()
    untitled: set[int] = set()
    titles: dict[int, str] = {}
    of_articles: list[tuple[int, int]] = []
    sources: list[Source] = [] if old is None else [OldPieces(old)]
    first = len(sources)
    sources += [BatchPieces(_reader(batches, number)) for number in range(len(batches))]
    numbers = {} if old is None else old.store.article_numbers()
    for number, key in enumerate(articles.listed()):
        if old is not None and key.id in kept:
            was = kept[key.id]
            found = old.store.spans_of(numbers[was])
            places = np.array([row for row, _, _ in found], np.int64)
            spans = np.array([span for _, *span in found], np.int32).reshape(-1, 2)
            source = sources[_OLD]
            assert isinstance(source, OldPieces)
            rows.add(number, key, spans, _OLD, places, source.sizes(places))
            of_articles.append((_OLD, numbers[was]))
            titles[number] = old.store.title_of(numbers[was])
            continue
        batch, place = batches.place(articles.said(key))
        made = batches[batch]
        places = np.arange(made.edges[place], made.edges[place + 1])
        spans = np.stack([made.starts[places], made.ends[places]], axis=1)
        rows.add(number, key, spans, first + batch, places, made.sizes[places])
        of_articles.append((first + batch, place))
        if made.untitled[place]:
            untitled.add(number)
    titled = zip(titles.items(), fit(list(titles.values())), strict=True)
    untitled |= {number for (number, title), fits in titled if title and not fits}
    where = np.array(of_articles, np.int64).reshape(-1, 2)
    return Assembled(
        rows.table(),
        Places(where[:, 0].astype(np.int32), np.ascontiguousarray(where[:, 1])),
        frozenset(untitled),
        tuple(sources),
    )


def _reader(batches: Batches, number: int) -> Callable[[], Batch]:
    return lambda: batches.read(number)
