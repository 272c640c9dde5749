"""The tables of words as compiled patterns, one language at a time, when it is first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import regex

from assistant.times import glued, latin, romance, spaced
from assistant.times.calendar import ERAS
from assistant.times.words import Side, Unit, Words

Kind = Literal[
    "date", "month", "year", "quarter", "season", "decade", "relative", "last", "ago",
    "last season", "this season",
]  # fmt: skip

LANGUAGES: dict[str, Words] = {
    "ar": spaced.ARABIC,
    "de": latin.GERMAN,
    "en": latin.ENGLISH,
    "es": romance.SPANISH,
    "fr": romance.FRENCH,
    "hi": spaced.HINDI,
    "it": romance.ITALIAN,
    "ja": glued.JAPANESE,
    "ko": glued.KOREAN,
    "pt": romance.PORTUGUESE,
    "ru": spaced.RUSSIAN,
    "th": glued.THAI,
    "tr": latin.TURKISH,
    "uk": spaced.UKRAINIAN,
    "vi": latin.VIETNAMESE,
    "zh": glued.CHINESE,
}

_LETTER = r"[\p{L}\p{M}\p{N}_]"
_DASH = r"[-–—~〜～]"
_UNIT_SIGNS = r"(?:%|km|kg|m²|m\b|€|\$|£|mw|gw)"
# A number that is part of a larger one, of a name with a hyphen or of an amount is no year.
_BEFORE_YEAR = r"(?<![\p{N}$€£¥#])(?<!\d[.,:/])(?:(?<=\b(?:mid|mi)-)|(?<!\p{L}[-–]))"
_AFTER_YEAR = rf"(?!\d|[.,:/]\d|\s?{_UNIT_SIGNS})"
NUMERIC = regex.compile(
    r"(?<![\d./-])(?:(?P<year>\d{4})(?P<sep>[-./])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})"
    r"|(?P<first>\d{1,2})(?P<sep>[-./])(?P<second>\d{1,2})(?P=sep)(?P<year>\d{4}))"
    r"(?!\d|[./-]\d)"
)

Pattern = regex.Pattern[str]


@dataclass(frozen=True, slots=True)
class Patterns:
    """One language's patterns. Those of `before` end, those of `behind` start, at a date."""

    atoms: tuple[tuple[Kind, Pattern], ...]
    relative: tuple[tuple[Unit, int, Pattern], ...]
    months: tuple[Pattern, ...]
    quarters: tuple[Pattern, ...]
    seasons: tuple[Pattern, ...]
    numbers: tuple[Pattern, ...]
    units: tuple[tuple[str, Pattern], ...]
    before: tuple[tuple[Side, Pattern], ...]
    behind: tuple[tuple[Side, Pattern], ...]
    opening: Pattern | None
    middle: Pattern
    dash: Pattern
    closing: Pattern | None
    joins: Pattern
    first_day: Pattern
    last_day: Pattern
    day_needs_on: bool
    month_alone: bool


def _spaced(piece: str) -> str:
    return piece.replace(" ?", r"\s{0,3}").replace(" ", r"\s{1,3}")


def _any(pieces: tuple[str, ...]) -> str:
    """The alternatives, the last first: what ends in another comes before it ("十二", "二")."""
    return "|".join(f"(?:{piece})" for piece in reversed(pieces))


class _Compiler:
    def __init__(self, words: Words) -> None:
        self._words = words
        spaceless = words.bounds == "none"
        start = rf"(?<!{_LETTER})"
        if words.clitics:
            start = rf"(?:{start}|(?<={start}{words.clitics.removesuffix('?')}))"
        self.left = "" if spaceless else start
        self.right = rf"(?!{_LETTER})" if words.bounds == "both" else ""
        self.gap = r"\s{0,3}" if spaceless else r"(?:\s{1,3}|(?<=['’])\s{0,3}|(?<=\bmi-|\bmid-))"
        eras = rf"|(?:{ERAS})\s?(?:\d{{1,3}}|元)" if spaceless else ""
        self._marks = {
            "{d}": r"(?<![\d.,:/])(?P<day>\d{1,2})(?!\d|[:,]\d)",
            "{m}": f"(?P<month>{_any(words.months)})",
            "{y}": rf"(?P<year>(?<!\d)\d{{4}}{eras}){_AFTER_YEAR}",
            "{q}": f"(?P<quarter>{_any(words.quarters)})",
            "{s}": f"(?P<season>{_any(words.seasons)})",
            "{n}": rf"(?P<count>(?<!\d)\d{{1,3}}(?!\d)|{_any(words.numbers)})",
            "{u}": f"(?P<unit>{'|'.join(words.units.values())})",
            "{decade}": r"(?P<decade>(?<!\d)(?:\d{3})?\d?0(?!\d)|(?<!\d)\d0(?!\d))",
        }

    def filled(self, piece: str) -> str:
        piece = _spaced(piece)
        for mark, group in self._marks.items():
            piece = piece.replace(mark, _spaced(group))
        return piece

    def word(self, piece: str, left: str | None = None) -> Pattern:
        start = self.left if left is None else left
        return self.compiled(f"{start}(?:{self.filled(piece)}){self.right}")

    def compiled(self, pattern: str) -> Pattern:
        return regex.compile(pattern, regex.IGNORECASE)

    def whole(self, pieces: tuple[str, ...]) -> tuple[Pattern, ...]:
        return tuple(self.compiled(_spaced(piece)) for piece in pieces)

    def leading(self, piece: str) -> Pattern:
        lead = _spaced(self._words.lead)
        return self.compiled(f"{self.left}(?:{_spaced(piece)}){self.gap}{lead}$")

    def between(self, piece: str) -> Pattern:
        lead = _spaced(self._words.lead)
        article = r"(?:(?:the|dem|den|le|el|il|l['’])\s{1,3})?"
        return self.compiled(rf"\s{{0,3}}(?:{_spaced(piece)})\s{{0,3}}{article}{lead}")


@cache
def patterns(language: str) -> Patterns:
    """The patterns of one of `LANGUAGES`."""
    words = LANGUAGES[language]
    make = _Compiler(words)
    years = words.years
    if words.counted:
        years += rf"(?!\s{{1,3}}(?:{words.counted})(?!{_LETTER}))"
    templates: list[tuple[Kind, str]] = [
        ("date", words.dates),
        ("month", words.month_year),
        ("quarter", f"{words.quarter}|{{y}} ?[QT]{{q}}"),
        ("decade", words.decades),
        ("last", words.last),
        ("ago", words.ago),
        ("season", words.season),
        ("last season", words.last_season),
        ("this season", words.this_season),
    ]
    atoms = [(kind, make.word(piece)) for kind, piece in templates if piece]
    year_left = _BEFORE_YEAR + make.left
    atoms.append(
        ("year", make.compiled(f"{year_left}(?:{make.filled(years)}){_after_year(words)}"))
    )
    middle = _spaced(words.middle)
    return Patterns(
        atoms=tuple(atoms),
        relative=tuple((*key, make.word(piece)) for key, piece in words.relative.items()),
        months=make.whole(words.months),
        quarters=make.whole(words.quarters),
        seasons=make.whole(words.seasons),
        numbers=make.whole(words.numbers),
        units=tuple((unit, make.compiled(_spaced(piece))) for unit, piece in words.units.items()),
        before=tuple((side, make.leading(piece)) for side, piece in words.before.items()),
        behind=tuple(
            (side, make.compiled(f"(?:{_spaced(piece)}){make.right if piece else ''}"))
            for side, piece in words.behind.items()
        ),
        opening=make.leading(words.opening) if words.opening else None,
        middle=make.between(words.middle),
        dash=make.between(_DASH),
        closing=make.compiled(_spaced(words.closing)) if words.closing else None,
        joins=make.between(rf"{words.joins}|,|،|、|,\s?(?:{words.joins})"),
        first_day=make.compiled(
            rf"(?<![\d.,:/])(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|[.º°日号號일])?\s{{0,3}}"
            rf"(?P<middle>{_DASH}|{middle})\s{{0,3}}(?:(?:the|dem|le|el|il)\s{{1,3}})?$"
        ),
        last_day=make.compiled(rf"\s?(?:{_DASH}|{middle})\s?(?P<day>\d{{1,2}})\s?[日号號일]"),
        day_needs_on="on" in words.before,
        month_alone=words.month_alone,
    )


def _after_year(words: Words) -> str:
    """What must not follow a year: letters, or where endings follow numbers only digits."""
    if words.behind or words.bounds != "both":
        return r"(?!\d)"
    return rf"(?!{_LETTER}|-\p{{L}})"
