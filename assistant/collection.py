"""What an index holds: its months and languages, its gaps, its size, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from assistant.last_build import LastBuild
from assistant.searchable import Searchable
from assistant.types import IndexInfo

MAX_MONTHS = 1_200
_MAX_GAPS = 10
_SHORTEST_GAP = 14
_STANDS_OUT = 3
_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Month:
    """A month, `YYYY-MM`, and its articles by language, most frequent first."""

    month: str
    languages: tuple[tuple[str, int], ...]

    @property
    def articles(self) -> int:
        return sum(count for _, count in self.languages)

    def to_dict(self) -> dict[str, Any]:
        return {
            "month": self.month,
            "articles": self.articles,
            "languages": [list(one) for one in self.languages],
        }


@dataclass(frozen=True, slots=True)
class Gap:
    """`days` days without an article, the first and the last of them, `YYYY-MM-DD`."""

    since: str
    until: str
    days: int

    def to_dict(self) -> dict[str, Any]:
        return {"since": self.since, "until": self.until, "days": self.days}


@dataclass(frozen=True, slots=True)
class Collection:
    """What an index holds.

    `undated` articles are in none of the `months`, which are those from the first to the last,
    empty ones too; where these are more than MAX_MONTHS, because a date is wrong, empty ones are
    left out. `gaps` are the spans without an article that stand out: at least 14 days long, and
    at least three times the median distance between neighbouring days with articles; the
    longest first, at most 10. `size` counts the bytes of the generation in use. `last_build` is
    None where it is not known.
    """

    info: IndexInfo
    undated: int
    months: tuple[Month, ...]
    gaps: tuple[Gap, ...]
    size: int
    last_build: LastBuild | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "index": self.info.to_dict(),
            "built": self.info.built,
            "first_day": self.info.first_day,
            "last_day": self.info.last_day,
            "languages": [list(one) for one in self.info.languages],
            "sources": [list(one) for one in self.info.sources],
            "undated": self.undated,
            "months": [month.to_dict() for month in self.months],
            "gaps": [gap.to_dict() for gap in self.gaps],
            "size": self.size,
            "last_build": None if self.last_build is None else self.last_build.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Found:
    """An article that was found by its title."""

    id: str
    title: str
    source: str | None
    published: str | None
    language: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "source": self.source,
            "published": self.published,
            "language": self.language,
        }


def describe(index: Searchable) -> Collection:
    """What `index` holds, and what its last build did."""
    days = index.catalogue.days
    dated = days[days != ""]
    return Collection(
        info=index.info,
        undated=len(days) - len(dated),
        months=_months(index),
        gaps=_gaps([date.fromisoformat(day) for day in np.unique(dated).tolist()]),
        size=index.size,
        last_build=index.last_build(),
    )


def _months(index: Searchable) -> tuple[Month, ...]:
    catalogue = index.catalogue
    dated = catalogue.days != ""
    months = catalogue.days[dated].astype("U7")
    names, of_article = catalogue.languages.distinct, catalogue.languages.of_article[dated]
    held, places = np.unique(months, return_inverse=True)
    counts = np.zeros((len(held), len(names)), np.int64)
    np.add.at(counts, (places, of_article), 1)
    languages = {
        str(month): tuple(
            sorted(
                ((names[i], int(row[i])) for i in np.flatnonzero(row)),
                key=lambda one: (-one[1], one[0]),
            )
        )
        for month, row in zip(held, counts, strict=True)
    }
    return tuple(Month(month, languages.get(month, ())) for month in _every_month(list(languages)))


def _every_month(held: list[str]) -> list[str]:
    """The months from the first to the last of `held`, or `held` where they are too many."""
    if not held:
        return []
    first, last = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (held[0], held[-1]))
    if last - first >= MAX_MONTHS:
        return held
    return [f"{n // 12:04}-{n % 12 + 1:02}" for n in range(first, last + 1)]


def _gaps(days: list[date]) -> tuple[Gap, ...]:
    distances = np.diff([day.toordinal() for day in days])
    if not len(distances):
        return ()
    shortest = max(_SHORTEST_GAP + 1, _STANDS_OUT * float(np.median(distances)))
    gaps = [
        Gap(
            (days[place] + timedelta(1)).isoformat(),
            (days[place + 1] - timedelta(1)).isoformat(),
            int(distances[place]) - 1,
        )
        for place in np.flatnonzero(distances >= shortest).tolist()
    ]
    return tuple(sorted(gaps, key=lambda gap: (-gap.days, gap.since))[:_MAX_GAPS])


def find_articles(index: Searchable, text: str, *, limit: int = 20) -> list[Found]:
    """The articles whose title, or outlet, holds every word of `text`, best first.

    Case, accents and width make no difference. `Titles.find` has the order.
    """
    places = index.titles.find(text, limit=limit)
    numbers = index.catalogue.numbers[np.array(places, np.int64)].tolist()
    articles = index.articles(numbers)
    return [
        Found(a.id, a.title, a.source, a.published, a.language)
        for a in (articles[number] for number in numbers)
    ]


def headlines(index: Searchable, *, limit: int = 6) -> list[Found]:
    """The newest article with a title in each of the `limit` most frequent languages."""
    catalogue = index.catalogue
    newest = np.argsort(catalogue.days, kind="stable")[::-1]
    of_article = catalogue.languages.of_article[newest]
    found: list[Found] = []
    for tag, _ in index.info.languages:
        if len(found) == limit:
            break
        places = newest[of_article == catalogue.languages.distinct.index(tag)][:_LOOKED_AT]
        numbers = catalogue.numbers[places].tolist()
        articles = index.articles(numbers)
        titled = [articles[number] for number in numbers if articles[number].title.strip()]
        found += [Found(a.id, a.title, a.source, a.published, a.language) for a in titled[:1]]
    return found
