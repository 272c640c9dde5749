"""Whole days, weeks, months, seasons and years in the Gregorian calendar.

A span is its first and its last day. Weeks are ISO 8601's, Monday to Sunday. Seasons are the
northern hemisphere's by whole months: spring is March to May, winter December to February of
the next year.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from assistant.times.words import Unit

Days = tuple[date, date]

FIRST_YEAR, LAST_YEAR = 1800, 2199
_BUDDHIST = 543
_BEFORE_ERA = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
ERAS = "|".join(_BEFORE_ERA)


def western(said: str) -> int | None:
    """A year of our era from one of it, of the Buddhist era or of an East Asian one.

    None where it is none of them, or out of `FIRST_YEAR` to `LAST_YEAR`.
    """
    era, number = said[:2], said[2:].strip()
    if era in _BEFORE_ERA:
        return _BEFORE_ERA[era] + (1 if number == "元" else int(number))
    year = int(said)
    for candidate in (year, year - _BUDDHIST):
        if FIRST_YEAR <= candidate <= LAST_YEAR:
            return candidate
    return None


def day_of(year: int, month: int, day: int) -> Days | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found, found


def month_of(year: int, month: int) -> Days:
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def months_from(year: int, month: int, count: int) -> Days:
    """`count` months, the first of which is `month`."""
    last = year * 12 + month - 1 + count - 1
    return date(year, month, 1), month_of(last // 12, last % 12 + 1)[1]


def year_of(year: int) -> Days:
    return date(year, 1, 1), date(year, 12, 31)


def season_of(year: int, season: int) -> Days:
    """`season` counts from spring, 0; winter is that which begins in `year`."""
    return months_from(year, 3 * season + 3, 3)


def moved(day: date, unit: Unit, count: int) -> date | None:
    """The day `count` units later, a month's last day where it has none of that number."""
    if unit in ("day", "week"):
        step = count * (7 if unit == "week" else 1)
        try:
            return day + timedelta(days=step)
        except OverflowError:
            return None
    months = day.year * 12 + day.month - 1 + count * (12 if unit == "year" else 1)
    year, month = months // 12, months % 12 + 1
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    return day.replace(
        year=year, month=month, day=min(day.day, calendar.monthrange(year, month)[1])
    )


def around(day: date, unit: Unit) -> Days:
    """The whole unit that `day` lies in."""
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    if unit == "month":
        return month_of(day.year, day.month)
    return year_of(day.year) if unit == "year" else (day, day)


def latest(spans: list[Days | None], as_of: date) -> Days | None:
    """Of spans in order of time the last that has begun by `as_of`."""
    begun = [span for span in spans if span is not None and span[0] <= as_of]
    return begun[-1] if begun else None
