"""What filters and fusion need of every passage and article, in files that are mapped.

    columns/article_of_row.npy    the number of each passage's article
    columns/languages.npy         the place of each article's language among the names
    columns/sources.npy           the place of its outlet, -1 for none
    columns/days.npy              the day that it was published, `YYYY-MM-DD`, or empty
    columns/names.json            the distinct languages and outlets, in order

The database holds the same; to fetch a million rows from it takes seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.errors import IndexCorrupt

_NAMES = "names.json"
_DAY = np.dtype("<U10")


@dataclass(frozen=True, slots=True)
class Names:
    """A name of every article, or none: the distinct names, and the place of each one's there."""

    distinct: tuple[str, ...]
    of_article: npt.NDArray[np.int32]  # [articles]; -1 for none

    @classmethod
    def of(cls, values: Iterable[str | None]) -> Names:
        listed = list(values)
        distinct = tuple(sorted({value for value in listed if value is not None}))
        place: dict[str | None, int] = {name: i for i, name in enumerate(distinct)}
        place[None] = -1
        return cls(distinct, np.array([place[value] for value in listed], np.int32))

    def among(self, wanted: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Which articles have one of the names [articles]."""
        names = set(wanted)
        # The last place is that of articles without a name.
        chosen = np.array([*(name in names for name in self.distinct), False])
        among: npt.NDArray[np.bool_] = chosen[self.of_article]
        return among


@dataclass(frozen=True, slots=True)
class Columns:
    """What is known of every passage, by row, and of every article, by number."""

    article_of_row: npt.NDArray[np.int32]  # [passages]
    languages: Names
    sources: Names
    days: npt.NDArray[np.str_]  # [articles]; "" for none


def write_columns(
    folder: Path,
    article_of_row: npt.NDArray[np.integer],
    *,
    languages: Iterable[str],
    sources: Iterable[str | None],
    days: Iterable[str | None],
) -> None:
    """Writes the columns into the empty folder `folder`.

    The last three say of each article, by number, its language, its outlet and its day,
    `YYYY-MM-DD`. Raises OSError.
    """
    of_language, of_source = Names.of(languages), Names.of(sources)
    columns = {
        "article_of_row": np.asarray(article_of_row, np.int32),
        "languages": of_language.of_article,
        "sources": of_source.of_article,
        "days": np.array([day or "" for day in days], _DAY),
    }
    for name, values in columns.items():
        np.save(folder / f"{name}.npy", values, allow_pickle=False)
    names = {"languages": of_language.distinct, "sources": of_source.distinct}
    (folder / _NAMES).write_text(json.dumps(names), encoding="utf-8")


def read_columns(folder: Path) -> Columns:
    """Maps what `write_columns` wrote into memory. Raises IndexCorrupt."""
    try:
        # As plain arrays: a slice of a memmap takes ten times as long.
        article_of_row, languages, sources, days = (
            np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False))
            for name in ("article_of_row", "languages", "sources", "days")
        )
        names = json.loads((folder / _NAMES).read_bytes())
        columns = Columns(
            article_of_row,
            Names(tuple(map(str, names["languages"])), languages),
            Names(tuple(map(str, names["sources"])), sources),
            days,
        )
        if not len(days) == len(languages) == len(sources):
            raise ValueError("they are of different lengths")
    except (OSError, ValueError, EOFError, KeyError, TypeError, RecursionError) as error:
        raise IndexCorrupt(
            f"{folder} cannot be read ({error}); build it again: assistant build --full"
        ) from error
    return columns
