"""All passages of an index that is to be written, and where what it keeps of them comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.batches import Pieces
from assistant.ragged import Rows

_AT_ONCE = 8_192


class Source(Protocol):
    """What has the pieces of passages and the sketches of articles, by places of its own."""

    def pieces(self, places: Rows) -> Pieces:
        """Raises OSError and ValueError where it has gone."""

    def sketches(self, places: Rows) -> npt.NDArray[np.uint32]:
        """[n, values]. Raises OSError and ValueError where it has gone."""


@dataclass(frozen=True, slots=True)
class Places:
    """The source of each of some things, and their places there."""

    sources: npt.NDArray[np.int32]  # [n]
    places: Rows  # [n]

    def by_source(self) -> Iterator[tuple[int, Rows, Rows]]:
        """The number of a source, which of the things are there, and their places, in portions."""
        order = np.argsort(self.sources, kind="stable")
        edges = np.flatnonzero(np.diff(self.sources[order], prepend=-1, append=-1))
        for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            for start in range(first, last, _AT_ONCE):
                some = order[start : min(last, start + _AT_ONCE)]
                yield int(self.sources[some[0]]), some, self.places[some]


@dataclass(frozen=True, slots=True)
class Table:
    """The passages, ordered by id: 16 hexadecimal digits, here as a number."""

    ids: npt.NDArray[np.uint64]  # [n]
    articles: npt.NDArray[np.int32]  # the numbers of their articles [n]
    starts: npt.NDArray[np.int32]  # [n]
    ends: npt.NDArray[np.int32]  # [n]
    sizes: npt.NDArray[np.int32]  # keys, tokens and words of each [n, 3]
    where: Places

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self) -> Iterator[tuple[str, int, int, int]]:
        """The id, the number of the article, the start and the end of each passage."""
        for first in range(0, len(self), _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            ids = (f"{one:016x}" for one in self.ids[some].tolist())
            columns = (part[some].tolist() for part in (self.articles, self.starts, self.ends))
            yield from zip(ids, *columns, strict=True)
