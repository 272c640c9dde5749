"""Times in the languages without tables of words here, as dateparser knows their dates.

dateparser has the names of months and "yesterday" or "last week" of some 200 languages. It is
shown a few words at a time, and may see in them only a day or month with its year (its
"absolute-time" parser) or words like "last week" ("relative-time"): left free, it takes small
words and numbers for dates. What it says is as_of's own day may be "now" as well as "today", and
is no time here. Only for the languages of `_SIDES` it is known what "since" and "before" are;
in the others the period is the day, week, month or year that was named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

import regex

from assistant.answers import Period
from assistant.times.calendar import FIRST_YEAR, LAST_YEAR, around, year_of
from assistant.times.words import Side, Unit

_MOST_WORDS = 60
_LONGEST_TIME = 4
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}'’./-]{0,30}[\p{L}\p{M}\p{N}])?")
_YEAR = regex.compile(r"(?<!\d)\d{4}(?!\d)")
_GAP = regex.compile(r"[\s.,]{1,3}")
_IN: Side = "in"
_CALLED = {"no": "nb", "tl": "fil"}

_SIDES: dict[str, Mapping[Side, str]] = {
    "bg": {
        "in": "през|в",
        "since": "от|откакто",
        "after": "след",
        "until": "до",
        "before": "преди",
    },
    "cs": {"in": "v|ve|roce", "since": "od", "after": "po", "until": "do", "before": "před"},
    "da": {"in": "i|året", "since": "siden", "after": "efter", "until": "til", "before": "før"},
    "el": {
        "in": "το|στο|τον|του",
        "since": "από",
        "after": "μετά",
        "until": "μέχρι|έως|ως",
        "before": "πριν",
    },
    "fa": {"in": "در|سال", "since": "از", "after": "پس|بعد", "until": "تا", "before": "پیش|قبل"},
    "id": {
        "in": "pada|tahun|di",
        "since": "sejak",
        "after": "setelah|sesudah",
        "until": "hingga|sampai",
        "before": "sebelum",
    },
    "nl": {
        "in": "in",
        "since": "sinds|vanaf",
        "after": "na",
        "until": "tot",
        "before": "voor|vóór",
    },
    "no": {"in": "i|året", "since": "siden", "after": "etter", "until": "til", "before": "før"},
    "pl": {"in": "w|we|roku", "since": "od", "after": "po", "until": "do", "before": "przed"},
    "ro": {
        "in": "în|anul",
        "since": "din|de la",
        "after": "după",
        "until": "până",
        "before": "înainte",
    },
    "sv": {
        "in": "under|år|i",
        "since": "sedan",
        "after": "efter",
        "until": "till",
        "before": "före",
    },
}
_LINKS = frozenset(
    "de la în anul roku roce året år tahun jaar het den den το του τον از سال".split()
)


@cache
def _words_of(language: str) -> dict[str, Side]:
    sides = _SIDES.get(language, {})
    return {word: side for side, words in sides.items() for word in words.replace("|", " ").split()}


def period_by_dateparser(question: str, *, as_of: date, language: str) -> Period | None:
    """The first time of a question that dateparser knows, None where there is none.

    `language` is a primary BCP 47 tag; None for one that dateparser does not know.
    """
    words = list(_WORD.finditer(question))[:_MOST_WORDS]
    if not words:
        return None
    parsers = _parsers(_CALLED.get(language, language), as_of)
    if parsers is None:
        return None
    for first, last in _windows(question, words):
        start, end = words[first].start(), words[last].end()
        days = _days(question[start:end], as_of, *parsers)
        place, side = _side(words, first, language)
        if days is None and first == last and place < first:
            days = _bare_year(words[first][0])
        if days is not None:
            since, until = _on_side(days, side)
            return Period(
                since=None if since is None else since.isoformat(),
                until=None if until is None else until.isoformat(),
                start=words[place].start(),
                end=end,
            )
    return None


def _windows(question: str, words: list[Any]) -> Iterator[tuple[int, int]]:
    """Up to four words on end with no mark between them: from the first on, the longest first."""
    for first in range(len(words)):
        longest = first
        while (
            longest + 1 < min(len(words), first + _LONGEST_TIME)
            and _GAP.fullmatch(question, words[longest].end(), words[longest + 1].start())
        ):  # fmt: skip
            longest += 1
        for last in range(longest, first - 1, -1):
            yield first, last


def _parsers(language: str, as_of: date) -> tuple[Any, Any] | None:
    """dateparser's parsers of dates and of relative words."""
    # Imported here, since it takes a tenth of a second and few questions need it.
    from dateparser.date import DateDataParser

    settings = {
        "RELATIVE_BASE": datetime.combine(as_of, time()),
        "PREFER_DATES_FROM": "past",
        "DATE_ORDER": "DMY",
    }
    try:
        return (
            DateDataParser(
                languages=[language],
                settings={
                    **settings,
                    "PARSERS": ["absolute-time"],
                    "REQUIRE_PARTS": ["month", "year"],
                },
            ),
            DateDataParser(
                languages=[language], settings={**settings, "PARSERS": ["relative-time"]}
            ),
        )
    except ValueError:
        return None


def _days(text: str, as_of: date, absolute: Any, relative: Any) -> tuple[date, date] | None:
    dated = bool(_YEAR.search(text))
    try:
        found = (absolute if dated else relative).get_date_data(text)
    except Exception:  # what dateparser's inner parsers raise on odd text is not documented
        return None
    if found.date_obj is None:
        return None
    day = found.date_obj.date()
    if not FIRST_YEAR <= day.year <= LAST_YEAR or (day == as_of and not dated):
        return None
    units: dict[str, Unit] = {"day": "day", "week": "week", "month": "month", "year": "year"}
    return around(day, units[found.period]) if found.period in units else None


def _bare_year(word: str) -> tuple[date, date] | None:
    if not _YEAR.fullmatch(word) or not FIRST_YEAR <= int(word) <= LAST_YEAR:
        return None
    return year_of(int(word))


def _side(words: list[Any], first: int, language: str) -> tuple[int, Side]:
    """What stands before a time: where it starts and what it says, "in" where nothing is known."""
    known = _words_of(language)
    place, side = first, _IN
    for number in range(first - 1, max(-1, first - 4), -1):
        word = words[number][0].lower()
        if word in known:
            place, side = number, known[word]
            if side != "in":
                break
        elif word not in _LINKS:
            break
    return place, side


def _on_side(days: tuple[date, date], side: Side) -> tuple[date | None, date | None]:
    first, last = days
    one = timedelta(days=1)
    sides: dict[Side, Callable[[], tuple[date | None, date | None]]] = {
        "since": lambda: (first, None),
        "after": lambda: (last + one, None),
        "until": lambda: (None, last),
        "before": lambda: (None, first - one),
    }
    return sides[side]() if side in sides else (first, last)
