"""What the chat says, in the reader's language: `wordings/` has a table for each.

Plurals, lists, numbers and the names of languages are Babel's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from babel import Locale
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

from assistant.chat.escaping import html_text
from assistant.types import UNDETERMINED

TAGS = ("en", "fr", "de", "es", "ko", "ja", "zh", "ar")
"""The languages that the chat speaks; the first one where the reader's is none of them."""

_FOLDER = Path(__file__).parent / "wordings"
_LONGEST_HEADER = 1_000


class Wording:
    """The chat's words in one language. Texts are plain where a method does not say HTML."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self._locale = Locale.parse(tag)
        self.table: dict[str, Any] = tomllib.loads(
            (_FOLDER / f"{tag}.toml").read_text(encoding="utf-8")
        )

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`."""
        return str(self._locale.text_direction)

    def say(self, key: str, **values: object) -> str:
        """The words under `key`, with `values` in place of the names in braces."""
        return str(self.table[key]).format(**values)

    def html(self, key: str, **values: str) -> str:
        """The words under `key` escaped, with `values`, which are HTML, in their places."""
        shown = ""
        for text, name, _, _ in Formatter().parse(self.table[key]):
            shown += html_text(text) + (values[name] if name else "")
        return shown

    def count(self, key: str, number: int) -> str:
        """`1 article`, `1,200 articles`, for the key `articles`."""
        forms: dict[str, str] = self.table[key]
        form = forms.get(self._locale.plural_form(number), forms["other"])
        return form.format(n=self.number(number))

    def number(self, number: float) -> str:
        return str(format_decimal(number, locale=self._locale))

    def share(self, part: float) -> str:
        """`85%` for 0.85."""
        return str(format_percent(part, locale=self._locale))

    def listed(self, names: Iterable[str], *, either: bool = False) -> str:
        """`a, b and c`, or `a, b or c`; empty where there are none."""
        return str(
            format_list(list(names), style="or" if either else "standard", locale=self._locale)
        )

    def joined(self, parts: Iterable[str]) -> str:
        """The parts that are not empty, with the language's comma between them."""
        return str(self.table["comma"]).join(part for part in parts if part)

    def language(self, tag: str) -> str:
        """`French` for `fr`, `Chinese (zh-Hant)` for `zh-Hant`, and an unknown tag as it is."""
        if tag == UNDETERMINED:
            return self.say("unknown_language")
        primary = tag.split("-", 1)[0].lower()
        name = self._locale.languages.get(primary)
        if name is None:
            return tag
        return str(name) if primary == tag.lower() else f"{name} ({tag})"

    def days(self, first: str | None, last: str | None) -> str:
        """A day, or one to another, or a range that is open on one side; empty without any."""
        first, last = first and first[:10], last and last[:10]
        if first and last:
            if first != last:
                return self.say("days_range", first=first, last=last)
            # A day in digits would be read backwards after Arabic letters.
            return f"\u200e{first}" if self.direction == "rtl" else first
        if first:
            return self.say("days_from", first=first)
        return self.say("days_until", last=last) if last else ""


@cache
def wording(tag: str = TAGS[0]) -> Wording:
    """The words of one of TAGS; they are read once."""
    return Wording(tag)


def wording_for(accepted: str | None) -> Wording:
    """The words for a reader whose browser sends `accepted` as Accept-Language."""
    wanted: list[tuple[float, int, str]] = []
    for place, item in enumerate((accepted or "")[:_LONGEST_HEADER].split(",")):
        tag, _, weight = item.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight.strip() else 1.0
        except ValueError:
            continue
        if quality > 0:
            wanted.append((-quality, place, tag.strip().split("-")[0].lower()))
    for _, _, tag in sorted(wanted):
        if tag in TAGS:
            return wording(tag)
    return wording()
