"""The passages of each language by which scores in different languages are made comparable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]

_PASSAGES = 288
_LEAST = 24
_ROWS_AT_ONCE = 8_192


@dataclass(frozen=True, slots=True)
class Sample:
    """Some passages of each language: 24 or, in an index of few languages, 288 of all of them.

    Rows are ordered by passage id, a hash: the first of a language are a random sample.
    The rows of language `i` are `rows[starts[i] :][: counts[i]]`.
    """

    rows: Rows  # [n]
    starts: Rows  # [languages]
    counts: Rows  # [languages]
    language_of_row: npt.NDArray[np.int32]  # [passages]

    def rows_of(self, languages: npt.NDArray[np.integer]) -> Rows:
        """The sampled rows of some of the languages, one language after the other."""
        parts = [self.rows[self.starts[n] : self.starts[n] + self.counts[n]] for n in languages]
        return np.concatenate(parts) if parts else self.rows[:0]


def quota(languages: int) -> int:
    """How many passages of each of so many languages are sampled."""
    return max(_LEAST, _PASSAGES // max(languages, 1))


def draw_sample(language_of_row: npt.NDArray[np.int32], copied: npt.NDArray[np.bool_]) -> Sample:
    """The sample of an index, from the number of each passage's language [passages].

    `copied` [passages] marks the passages of articles that are copies of another: a report that
    ran in twenty papers would else be taken for what is usual. Languages without a passage get
    no number in the sample.
    """
    held = np.bincount(language_of_row)
    numbers = np.flatnonzero(held)
    renumbered = np.zeros(len(held), np.int32)
    renumbered[numbers] = np.arange(len(numbers))
    of_row = renumbered[language_of_row]
    most = quota(len(numbers))
    chosen = [_first(of_row, i, most, ~copied) for i in range(len(numbers))]
    for i in (i for i, rows in enumerate(chosen) if not len(rows)):
        chosen[i] = _first(of_row, i, most, None)
    counts = np.array([len(rows) for rows in chosen], np.int64)
    return Sample(
        np.concatenate([*chosen, np.zeros(0, np.int64)]), np.cumsum(counts) - counts, counts, of_row
    )


def _first(
    of_row: npt.NDArray[np.int32], language: int, most: int, among: npt.NDArray[np.bool_] | None
) -> Rows:
    """The first `most` rows of a language, of those that `among` marks."""
    found: list[Rows] = []
    # Of a million rows, the first thousands are usually enough.
    start, size, count = 0, _ROWS_AT_ONCE, 0
    while start < len(of_row) and count < most:
        rows = of_row[start : start + size] == language
        if among is not None:
            rows &= among[start : start + size]
        found.append(start + np.flatnonzero(rows))
        count += len(found[-1])
        start, size = start + size, 2 * size
    return np.concatenate([*found, np.zeros(0, np.int64)])[:most]
