"""The facts of a text that can be compared one by one: numbers, dates and names.

Numbers are plain decimals ("1250000", "3.5", "20%"); dates are prefixes of ISO days ("2024-01-02",
"2024-01", "2024", "--01-02" for a day without its year, "199" for the nineties); names are
folded by NFKC and case. How each is read, and what is left out, say `numerals`, `dates` and
`names`; the scripts without capitals show no names but those that `names` lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assistant.dates import dates
from assistant.names import names
from assistant.numerals import figures, numbers

Kind = Literal["number", "date", "name"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A number, date or name that stands at `text[start:end]`, in code points."""

    kind: Kind
    value: str
    start: int
    end: int


def facts_of(text: str, language: str = "und") -> tuple[Fact, ...]:
    """The facts of `text`, in order, none over another; `language` is a BCP 47 tag.

    Where two overlap, a date stands before a number and a number before a name. Never raises.
    """
    found: list[Fact] = []
    taken: set[int] = set()
    plain = figures(text)
    for kind, spans in (
        ("date", dates(plain, language)),
        ("number", numbers(text, language)),
        ("name", names(text, language)),
    ):
        kept = [span for span in spans if taken.isdisjoint(range(span.start, span.end))]
        for start, end, value in kept:
            taken.update(range(start, end))
            found.append(Fact(_KINDS[kind], value, start, end))
    return tuple(sorted(found, key=lambda fact: fact.start))


_KINDS: dict[str, Kind] = {"date": "date", "number": "number", "name": "name"}
