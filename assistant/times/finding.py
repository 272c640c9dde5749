"""Where a question speaks of time, and which days that is: the languages with tables of words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import regex

from assistant.answers import Period
from assistant.times.calendar import (
    FIRST_YEAR,
    LAST_YEAR,
    Days,
    around,
    day_of,
    latest,
    month_of,
    months_from,
    moved,
    season_of,
    western,
    year_of,
)
from assistant.times.patterns import NUMERIC, Kind, Pattern, Patterns
from assistant.times.words import Side, Unit

_WINDOW = 48
_MOST_ATOMS = 50
_SMALL_DECADES = 30
_QUOTED = regex.compile(
    r"“[^”]{1,200}”|„[^“”]{1,200}[“”]|«[^»]{1,200}»|»[^«]{1,200}«|\"[^\"]{1,200}\""
    r"|「[^」]{1,200}」|『[^』]{1,200}』|《[^》]{1,200}》"
)
_OF = regex.compile(r"\s{0,3}(?:,|of|del?|do|dell['’]|de\s?l['’]|des|का|के|की|の|的)?\s{0,3}")
_ALONE_LEFT = regex.compile(r"(?:^|[(,，、（:：;；])\s{0,3}$")
_ALONE_RIGHT = regex.compile(r"\s{0,3}(?:$|[),，、）:：;；?？。.!])")
_SENTENCE_START = regex.compile(r"(?:^|[.!?¿¡:\"“«„(—–-])\s{0,3}$")
_VAGUE = frozenset({"relative", "last", "ago", "last season", "this season"})


@dataclass(frozen=True, slots=True)
class Atom:
    """A piece of a question that may be a time: what its words say, not yet which days."""

    kind: Kind
    start: int
    end: int
    year: int | None = None
    month: int = 0
    day: int = 0
    unit: Unit = "day"
    count: int = 0

    def days(self, as_of: date) -> Days | None:
        """The days that it names on `as_of`; None where there are no such days."""
        return _RESOLVE[self.kind](self, as_of)


def _date(atom: Atom, as_of: date) -> Days | None:
    if atom.year is not None:
        return day_of(atom.year, atom.month, atom.day)
    # Nine years back: 29 February is eight years away around 1900 and 2100.
    years = range(as_of.year - 8, as_of.year + 1)
    return latest([day_of(year, atom.month, atom.day) for year in years], as_of)


def _month(atom: Atom, as_of: date) -> Days | None:
    if atom.year is not None:
        return month_of(atom.year, atom.month)
    return latest([month_of(as_of.year + step, atom.month) for step in (-1, 0)], as_of)


def _quarter(atom: Atom, as_of: date) -> Days | None:
    first = 3 * atom.count - 2
    if atom.year is not None:
        return months_from(atom.year, first, 3)
    return latest([months_from(as_of.year + step, first, 3) for step in (-1, 0)], as_of)


def _year(atom: Atom, _: date) -> Days | None:
    return None if atom.year is None else year_of(atom.year)


def _season(atom: Atom, _: date) -> Days | None:
    return None if atom.year is None else season_of(atom.year, atom.count)


def _last_season(atom: Atom, as_of: date) -> Days | None:
    over = [season_of(as_of.year + step, atom.count) for step in (-2, -1, 0)]
    return [days for days in over if days[1] < as_of][-1]


def _this_season(atom: Atom, as_of: date) -> Days | None:
    before = season_of(as_of.year - 1, atom.count)
    return before if as_of <= before[1] else season_of(as_of.year, atom.count)


def _decade(atom: Atom, _: date) -> Days | None:
    if atom.year is None:
        return None
    return date(atom.year, 1, 1), date(atom.year + 9, 12, 31)


def _relative(atom: Atom, as_of: date) -> Days | None:
    there = moved(as_of, atom.unit, atom.count)
    return None if there is None else around(there, atom.unit)


def _last(atom: Atom, as_of: date) -> Days | None:
    first = moved(as_of, atom.unit, -atom.count)
    return None if first is None else (first, as_of)


_RESOLVE: dict[Kind, Callable[[Atom, date], Days | None]] = {
    "date": _date,
    "month": _month,
    "year": _year,
    "quarter": _quarter,
    "season": _season,
    "decade": _decade,
    "relative": _relative,
    "last": _last,
    "ago": _relative,
    "last season": _last_season,
    "this season": _this_season,
}


def _place(text: str, forms: tuple[Pattern, ...]) -> int | None:
    """Which of the forms a text is, from 1."""
    return next((n for n, form in enumerate(forms, 1) if form.fullmatch(text)), None)


def _count(text: str | None, table: Patterns) -> int | None:
    if text is None:
        return 1
    return int(text) if text.isdecimal() else _place(text, table.numbers)


def _decade_year(text: str) -> int | None:
    number = int(text)
    if len(text) == 2:
        number += 1900 if number >= _SMALL_DECADES else 2000
    return number if number % 10 == 0 and FIRST_YEAR <= number <= LAST_YEAR else None


def _atom(kind: Kind, match: Any, table: Patterns) -> Atom | None:
    """What a match says, None where it is no time after all."""
    said = match.groupdict()
    atom = Atom(kind, match.start(), match.end())
    if said.get("year"):
        year = western(said["year"])
        if year is None:
            return None
        atom = replace(atom, year=year)
    if kind in ("date", "month"):
        month = _place(said["month"], table.months)
        day = int(said["day"]) if kind == "date" else 1
        if month is None or not 1 <= day <= 31:
            return None
        return replace(atom, month=month, day=day)
    if kind == "quarter":
        quarter = _place(said["quarter"], table.quarters)
        return None if quarter is None else replace(atom, count=quarter)
    if kind in ("season", "last season", "this season"):
        season = _place(said["season"], table.seasons)
        return None if season is None else replace(atom, count=season - 1)
    if kind == "decade":
        return replace(atom, year=_decade_year(said["decade"]))
    if kind in ("last", "ago"):
        count = _count(said["count"], table)
        unit = next((unit for unit, form in table.units if form.fullmatch(said["unit"])), None)
        if count is None or unit is None:
            return None
        if unit == "hour":
            days = -(-count // 24)
            return replace(atom, unit="day", count=-days if kind == "ago" else days)
        whole: dict[str, Unit] = {"day": "day", "week": "week", "month": "month", "year": "year"}
        return replace(atom, unit=whole[unit], count=-count if kind == "ago" else count)
    return atom


def _numeric(question: str, month_first: bool) -> Iterator[Atom]:
    for match in NUMERIC.finditer(question):
        year = western(match["year"])
        if match["first"] is None:
            month, day = int(match["month"]), int(match["day"])
        else:
            day, month = int(match["first"]), int(match["second"])
            if (month_first and day <= 12) or month > 12:
                day, month = month, day
        if year is not None and 1 <= month <= 12 and 1 <= day <= 31:
            yield Atom("date", match.start(), match.end(), year, month, day)


def _candidates(question: str, table: Patterns, month_first: bool) -> Iterator[Atom]:
    yield from _numeric(question, month_first)
    for unit, count, pattern in table.relative:
        for match in pattern.finditer(question):
            yield Atom("relative", match.start(), match.end(), unit=unit, count=count)
    for kind, pattern in table.atoms:
        for match in pattern.finditer(question):
            found = _atom(kind, match, table)
            if found is not None:
                yield found


def _is_name(question: str, atom: Atom) -> bool:
    """Whether relative words are written like a name: with a capital inside a sentence."""
    if atom.kind not in _VAGUE or not question[atom.start].isupper() or question.isupper():
        return False
    return _SENTENCE_START.search(question, 0, atom.start) is None


def atoms_of(question: str, table: Patterns, *, month_first: bool) -> list[Atom]:
    """The pieces of a question that may be times, in their order, none over another."""
    quoted = [match.span() for match in _QUOTED.finditer(question)]
    kept: list[Atom] = []
    longest_first = sorted(
        _candidates(question, table, month_first), key=lambda a: (a.start - a.end, a.start)
    )
    for atom in longest_first[: 4 * _MOST_ATOMS]:
        if any(start < atom.end and atom.start < end for start, end in quoted):
            continue
        if any(other.start < atom.end and atom.start < other.end for other in kept):
            continue
        if not _is_name(question, atom):
            kept.append(atom)
    return sorted(kept[:_MOST_ATOMS], key=lambda atom: atom.start)


@dataclass(frozen=True, slots=True)
class Found:
    """A time of a question: its days, open where None, and where it stands."""

    since: date | None
    until: date | None
    start: int
    end: int


class Reader:
    """Reads one question with one language's table."""

    def __init__(self, question: str, table: Patterns, as_of: date, *, month_first: bool) -> None:
        self._question = question
        self._table = table
        self._as_of = as_of
        self._atoms = self._with_years(atoms_of(question, table, month_first=month_first))

    def found(self) -> list[Found]:
        """The times, in their order."""
        times: list[Found] = []
        number = 0
        last: Atom | None = None
        while number < len(self._atoms):
            atom = self._atoms[number]
            following = self._atoms[number + 1] if number + 1 < len(self._atoms) else None
            time = None if following is None else self._range(atom, following)
            if time is not None:
                number += 1
                atom = self._atoms[number]
            else:
                time = self._days_range(atom) or self._single(atom)
            if time is None and last is not None and self._joined(last, atom):
                time = self._placed(atom, atom.start, atom.end, "in")
            if time is not None:
                times.append(time)
            last = atom if time is not None else None
            number += 1
        return times

    def _gap(self, first: Atom, second: Atom) -> str:
        return self._question[first.end : second.start]

    def _with_years(self, atoms: list[Atom]) -> list[Atom]:
        """The same with a month and the year that is said of it ("last year") as one."""
        joined: list[Atom] = []
        for atom in atoms:
            last = joined[-1] if joined else None
            if last is not None and _OF.fullmatch(self._gap(last, atom)):
                pair = {last.kind: last, atom.kind: atom}
                month = pair.get("month") or pair.get("date")
                year = pair.get("relative")
                if month and month.year is None and year and year.unit == "year":
                    named = self._as_of.year + year.count
                    joined[-1] = replace(month, start=last.start, end=atom.end, year=named)
                    continue
            joined.append(atom)
        return joined

    def _before(self, atom: Atom) -> tuple[Side, int] | None:
        """What stands before an atom: what it says and where it starts, the longest."""
        start = max(0, atom.start - _WINDOW)
        found: list[tuple[int, Side]] = []
        for side, pattern in self._table.before:
            if side == "on" and atom.kind != "date":
                continue
            match = pattern.search(self._question, start, atom.start)
            if match:
                found.append((match.start(), side))
        if not found:
            return None
        place, side = min(found)
        return ("in" if side == "on" else side), place

    def _behind(self, atom: Atom) -> tuple[Side, int] | None:
        """What stands behind an atom: what it says and where it ends, the longest."""
        end = min(len(self._question), atom.end + _WINDOW)
        found: list[tuple[int, Side]] = []
        for side, pattern in self._table.behind:
            match = pattern.match(self._question, atom.end, end)
            if match:
                found.append((match.end(), side))
        if not found:
            return None
        place, side = max(found)
        return side, place

    def _is_time(self, atom: Atom) -> bool:
        """Whether an atom is a time without anything beside it."""
        if atom.kind in _VAGUE or atom.kind in ("season", "decade"):
            return True
        if atom.kind == "date":
            return atom.year is not None or not self._table.day_needs_on
        if atom.kind == "month":
            return atom.year is not None or self._table.month_alone
        return atom.kind == "quarter" and atom.year is not None

    def _stand_alone(self, first: Atom, last: Atom) -> bool:
        return bool(
            _ALONE_LEFT.search(self._question, max(0, first.start - _WINDOW), first.start)
            and _ALONE_RIGHT.match(self._question, last.end)
        )

    def _placed(self, atom: Atom, start: int, end: int, side: Side) -> Found | None:
        days = atom.days(self._as_of)
        if days is None:
            return None
        first, last = days
        if side == "since":
            return Found(first, None, start, end)
        if side == "after":
            return Found(last + timedelta(days=1), None, start, end)
        if side == "until":
            return Found(None, last, start, end)
        if side == "before":
            return Found(None, first - timedelta(days=1), start, end)
        return Found(first, last, start, end)

    def _single(self, atom: Atom) -> Found | None:
        before, behind = self._before(atom), self._behind(atom)
        if not (before or behind or self._is_time(atom) or self._stand_alone(atom, atom)):
            return None
        start = before[1] if before else atom.start
        end = behind[1] if behind else atom.end
        sides = [place[0] for place in (before, behind) if place is not None]
        side: Side = next((side for side in sides if side != "in"), "in")
        if atom.kind == "last" and side in ("after", "before"):
            side = "in"
        return self._placed(atom, start, end, side)

    def _joined(self, last: Atom, atom: Atom) -> bool:
        """Whether an atom goes on with a list that an atom before it opened ("and 2023")."""
        return last.kind == atom.kind and bool(self._table.joins.fullmatch(self._gap(last, atom)))

    def _range(self, first: Atom, second: Atom) -> Found | None:
        gap = self._gap(first, second)
        dash = self._table.dash.fullmatch(gap)
        if not dash and not self._table.middle.fullmatch(gap):
            return None
        opening = self._table.opening and self._table.opening.search(
            self._question, max(0, first.start - _WINDOW), first.start
        )
        closing = self._table.closing and self._table.closing.match(self._question, second.end)
        joins = not dash and self._table.joins.fullmatch(gap)
        said = self._is_time(first) or self._before(first) or self._stand_alone(first, second)
        # "In 2019 and 2021" is two years, "between 2019 and 2021" all from one to the other.
        opened = opening and not (joins and opening[0].strip().lower() == "in")
        if not (closing or opened) and (joins or not said):
            return None
        first, second = _same_year(first, second)
        days, others = first.days(self._as_of), second.days(self._as_of)
        if days is None or others is None or days[0] > others[1]:
            return None
        before = self._before(first)
        start = opening.start() if opening else before[1] if before else first.start
        return Found(days[0], others[1], start, closing.end() if closing else second.end)

    def _days_range(self, atom: Atom) -> Found | None:
        """The days of one month ("from 5 to 12 March"), of which `atom` has the month."""
        if atom.kind != "date":
            return None
        start = max(0, atom.start - _WINDOW)
        match = self._table.first_day.search(self._question, start, atom.start)
        if match:
            opening = self._table.opening and self._table.opening.search(
                self._question, max(0, match.start() - _WINDOW), match.start()
            )
            dash = not match["middle"].strip()[:1].isalpha()
            place = opening.start() if opening else match.start()
            if not opening and not dash:
                return None
            return self._month_days(atom, int(match["day"]), atom.day, place, atom.end)
        match = self._table.last_day.match(self._question, atom.end)
        if match:
            return self._month_days(atom, atom.day, int(match["day"]), atom.start, match.end())
        return None

    def _month_days(self, atom: Atom, first: int, last: int, start: int, end: int) -> Found | None:
        until = replace(atom, day=last).days(self._as_of)
        if until is None or not 1 <= first <= last:
            return None
        return Found(until[0].replace(day=first), until[1], start, end)


def _same_year(first: Atom, second: Atom) -> tuple[Atom, Atom]:
    """The ends of a range; one without a year has that of the other, or the one next to it."""
    if first.kind in ("date", "month") and second.kind in ("date", "month"):
        later = (first.month, first.day) > (second.month, second.day)
        if first.year is None and second.year is not None:
            return replace(first, year=second.year - later), second
        if second.year is None and first.year is not None:
            return first, replace(second, year=first.year + later)
    return first, second


def together(times: list[Found]) -> Period | None:
    """One period of all times of a question, so that no day that it names is left out.

    A day from which and a day until which are the two ends of it. It stands where the first
    stands, and goes to the end of those that follow on it.
    """
    if not times:
        return None
    since, until = times[0].since, times[0].until
    for time in times[1:]:
        if until is None and time.since is None and since and time.until and since <= time.until:
            until = time.until
        elif since is None and time.until is None and until and time.since and time.since <= until:
            since = time.since
        else:
            since = None if since is None or time.since is None else min(since, time.since)
            until = None if until is None or time.until is None else max(until, time.until)
    if since is None and until is None:
        return None
    end = times[0].end
    for time, following in pairwise(times):
        if following.start - time.end > _WINDOW // 4:
            break
        end = following.end
    return Period(
        since=None if since is None else since.isoformat(),
        until=None if until is None else until.isoformat(),
        start=times[0].start,
        end=end,
    )
