"""What a language says of time: the form of the tables, and what languages share.

A table holds pieces of regular expressions. A space in them stands for one to three blanks and
` ?` for none to three. The marks in braces stand for a day {d}, a month {m}, a year {y}, a
quarter {q}, a season {s}, a count {n} and a unit {u}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Unit = Literal["day", "week", "month", "year"]
Side = Literal["in", "on", "since", "after", "until", "before"]

NUMERIC_MONTHS = tuple(f"0?{number}" for number in range(1, 13))


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How one language speaks of days, months and years.

    `bounds` says where a word ends: "both" at blanks on both sides, "left" where endings are
    glued to it, "none" where there are no blanks; `clitics` are letters glued before a word.
    `months` are January to December, `seasons` spring to winter, `quarters` the first to the
    fourth, `numbers` one to ten. `relative` gives for a unit and how many of them from now the
    words for it.

    `before` and `behind` are what stands there and makes a bare year or month a time, by what it
    says; "on" does so for a day without its year, which needs nothing in languages that have no
    "on". `lead` may stand between `before` and the date. `counted` are words that make the number
    before them no year. A range is `opening`, a date, `middle`, a date, `closing`; `joins` are
    "and" and "or". `month_alone`: a month needs nothing beside it, since no other word is like it.
    """

    bounds: Literal["both", "left", "none"] = "both"
    clitics: str = ""
    months: tuple[str, ...]
    dates: str
    month_year: str
    years: str = "{y}"
    relative: Mapping[tuple[Unit, int], str]
    units: Mapping[Unit | Literal["hour"], str]
    numbers: tuple[str, ...]
    last: str
    ago: str
    decades: str
    quarters: tuple[str, ...] = ("1", "2", "3", "4")
    quarter: str = "Q{q}(?: {y})?"
    seasons: tuple[str, ...] = ()
    season: str = ""
    last_season: str = ""
    this_season: str = ""
    before: Mapping[Side, str] = field(default_factory=dict)
    behind: Mapping[Side, str] = field(default_factory=dict)
    lead: str = ""
    opening: str = ""
    middle: str
    closing: str = ""
    joins: str
    counted: str = ""
    month_alone: bool = False
