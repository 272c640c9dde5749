"""What a question prefers without ruling out the rest: a language, a time, the newest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import regex

from assistant.answers import Period
from assistant.searchable import Searchable

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

_TEXTS_READ = 50
_YEAR = regex.compile(r"(?<!\p{Nd})\p{Nd}{4}(?!\p{Nd})")


@dataclass(frozen=True, slots=True)
class Preferring:
    """Languages, days, and whether the newest articles are wanted."""

    languages: tuple[str, ...] = ()
    period: Period | None = None
    newest: bool = False


NO_PREFERENCE = Preferring()


def _published(index: Searchable, rows: Rows, period: Period) -> npt.NDArray[np.bool_]:
    """Which passages are of articles published in the period [n]."""
    days = index.days_of(index.article_numbers(rows))
    inside: npt.NDArray[np.bool_] = days != ""
    if period.since is not None:
        inside &= days >= period.since
    if period.until is not None:
        inside &= days <= period.until
    return inside


def _named(index: Searchable, rows: Rows, period: Period) -> npt.NDArray[np.bool_]:
    """Which of the first passages write the period's year, where it lies in one [n]."""
    named = np.zeros(len(rows), bool)
    year = (period.since or "")[:4]
    if not year or year != (period.until or "")[:4]:
        return named
    for place, (_, passage) in enumerate(index.passages(rows[:_TEXTS_READ].tolist())):
        named[place] = any(str(int(found)) == year for found in _YEAR.findall(passage.text))
    return named


def _newness(index: Searchable, rows: Rows) -> Floats:
    """The place of each article's day among the days found, 0 for the oldest and for none [n]."""
    days = index.days_of(index.article_numbers(rows))
    distinct, place = np.unique(days, return_inverse=True)
    newness: Floats = (place / max(len(distinct) - 1, 1)).astype(np.float32)
    return np.where(days != "", newness, np.float32(0))


def preferences(index: Searchable, rows: Rows, preferring: Preferring) -> dict[str, Floats]:
    """By part, how far each of the passages, best first, is as preferred: 0 to 1 [n].

    "preference" is the language's; "time" is for articles published in the period, and for
    those of the first 50 passages that name its year; "newest" rises with the day.
    """
    found: dict[str, Floats] = {}
    if preferring.languages:
        languages = index.languages_for(preferring.languages)
        among = index.among_languages(index.article_numbers(rows), languages)
        found["preference"] = among.astype(np.float32)
    if preferring.period is not None:
        published = _published(index, rows, preferring.period)
        named = _named(index, rows, preferring.period)
        found["time"] = (published | named).astype(np.float32)
    if preferring.newest:
        found["newest"] = _newness(index, rows)
    return found
