"""Finds articles by their titles, however the title and what is typed are written."""

from __future__ import annotations

import heapq
import re
import unicodedata
from collections.abc import Iterable

_LONGEST = 500
"""The most characters of what is typed that are read; a title holds no more."""

# Accents of Latin, Greek and Cyrillic, vowel signs of Hebrew and Arabic, and characters that are
# not seen. The marks of other scripts are letters to their readers, and stay.
_PASSED_OVER = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640"
    "\u064b-\u065f\u0670\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+"
)
_PLAIN = (
    ("ł", "l"),
    ("ø", "o"),
    ("đ", "d"),
    ("ð", "d"),
    ("ı", "i"),
    ("æ", "ae"),
    ("œ", "oe"),
    ("þ", "th"),
)
"""Letters that are typed without their stroke and that Unicode does not take apart."""

_NOWHERE = 1 << 30
_EDGE = "\x1f"
"""Between title and outlet: white space to `split`, so that no word holds it."""


def _folded(text: str) -> str:
    """`text` without differences of case, accent and width."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = _PASSED_OVER.sub("", unicodedata.normalize("NFD", text))
    for letter, plain in _PLAIN:
        text = text.replace(letter, plain)
    return unicodedata.normalize("NFC", text)


def _line(title: str, source: str | None) -> str:
    return " ".join(title.split()) + _EDGE + " ".join((source or "").split())


class Titles:
    """The titles and outlets of all articles, by their numbers. Serves many threads."""

    def __init__(self, articles: Iterable[tuple[str, str, str | None, str | None]]) -> None:
        """`articles` gives the id, the title, the outlet and the day of each."""
        listed = list(articles)
        self._ids = [identity for identity, *_ in listed]
        self._age = [-_day_number(day) for *_, day in listed]
        # Folded as one text, which takes a tenth of the time.
        lines = _folded("\n".join(_line(title, source) for _, title, source, _ in listed))
        self._lines = lines.split("\n") if listed else []

    def find(self, text: str, *, limit: int) -> list[int]:
        """The numbers of the articles whose title, or outlet, holds every word of `text`.

        A word is held wherever its characters follow each other, so that scripts without
        spaces need none. Those come first whose title begins with `text`, then those that
        hold it, or else its first word, earlier in the title, then newer ones; ties by id.
        """
        words = _folded(text[:_LONGEST]).split()
        if not words:
            return []
        found = list(range(len(self._lines)))
        # The longest word leaves the fewest to be looked at for the others.
        for word in sorted(dict.fromkeys(words), key=len, reverse=True):
            found = [number for number in found if word in self._lines[number]]
        phrase = " ".join(words)

        def order(number: int) -> tuple[int, int, int, str]:
            line = self._lines[number]
            end = line.index(_EDGE)
            place = line.find(phrase, 0, end)
            first = line.find(words[0], 0, end)
            return (
                place if place >= 0 else _NOWHERE,
                first if first >= 0 else _NOWHERE,
                self._age[number],
                self._ids[number],
            )

        return heapq.nsmallest(limit, found, key=order)


def _day_number(day: str | None) -> int:
    digits = (day or "")[:10].replace("-", "")
    return int(digits) if digits.isdecimal() else 0
