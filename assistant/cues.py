"""What a question asks for, by its question words, and whether a sentence has such a thing.

Languages put these words at the beginning or in the middle, inflect them, and share their spelling
with little words of other languages ("wo", "hur", "de", "ai"): so each language has a pattern of
its own. They are matched against the question in lower case, NFKC; where a language writes
spaces, from the beginning of a word on.
"""

from __future__ import annotations

import unicodedata
from functools import cache, cached_property, lru_cache
from typing import Literal

import regex

from assistant.language import question_language
from assistant.question_words import QUESTION_WORDS
from assistant.types import primary_language

Expected = Literal["number", "date", "person", "place"]

_KINDS: tuple[Expected, ...] = ("number", "date", "person", "place")
_UNSPACED = frozenset(("ja", "ko", "th", "zh"))


def _alternative(word: str, language: str) -> str:
    start = "^" if word.startswith("^") else ""
    body = regex.escape(word.strip("^*"), literal_spaces=True).replace(" ", r"\s+")
    if language in _UNSPACED:
        return start + body
    end = "" if word.endswith("*") else r"(?![\p{L}\p{M}])"
    return rf"{start}(?<![\p{{L}}\p{{M}}]){body}{end}"


class _Cue:
    """The words of a language that ask for one kind, as one pattern."""

    def __init__(self, kind: Expected, words: str, language: str) -> None:
        self.kind = kind
        self._words = unicodedata.normalize("NFKC", words).split("|")
        self._language = language
        # Each word's longest part: without it in the question the word cannot be there.
        self._parts = [max(word.strip("^*").split(), key=len) for word in self._words]

    def search(self, folded: str) -> regex.Match[str] | None:
        """The first of the words in a question, at one place the longest."""
        # To compile the patterns of all languages would take half of a first answer's time.
        if "_pattern" not in self.__dict__ and not any(part in folded for part in self._parts):
            return None
        return self._pattern.search(folded)

    @cached_property
    def _pattern(self) -> regex.Pattern[str]:
        longest_first = sorted(self._words, key=len, reverse=True)
        alternatives = (_alternative(word, self._language) for word in longest_first)
        return regex.compile("|".join(alternatives))


@cache
def _cues(language: str) -> tuple[_Cue, ...]:
    words = QUESTION_WORDS[language]
    return tuple(_Cue(kind, of, language) for kind, of in zip(_KINDS, words, strict=True))


def _of_language(folded: str, language: str) -> Expected | None:
    found = [
        (match.start(), -len(match[0]), cue.kind)
        for cue in _cues(language)
        if (match := cue.search(folded)) is not None
    ]
    return min(found)[2] if found else None


def expected(question: str) -> Expected | None:
    """What a question asks for; None where no question word says.

    Of several question words the first counts, at one place the longest. Where languages
    disagree ("ile" asks for a number in Polish and is "with" in Turkish) it is that of the
    question's language.
    """
    folded = unicodedata.normalize("NFKC", question).lower()
    kinds = {
        name: kind for name in QUESTION_WORDS if (kind := _of_language(folded, name)) is not None
    }
    if len(set(kinds.values())) < 2:
        return next(iter(kinds.values()), None)
    return kinds.get(primary_language(question_language(question)))


_NUMBER = regex.compile(r"\p{N}+(?:[.,]\p{N}+)*|[一二三四五六七八九十百千万億亿两兩]+")
_YEAR = regex.compile(
    r"(?<!\p{N})(?:1\p{N}{3}|20\p{N}{2})(?!\p{N})|(?<!\p{N})\p{N}++ ?[年月日년월일]"
)
_NAME = regex.compile(r"(?<=[\p{L}\p{M},;:] )\p{Lu}[\p{L}\p{M}'’-]+")
_WORD = regex.compile(r"[\p{L}\p{M}'’-]+")
_PATTERN: dict[Expected, regex.Pattern[str]] = {
    "number": _NUMBER,
    "date": _YEAR,
    "person": _NAME,
    "place": _NAME,
}
_UNSEEN = 0.5


@lru_cache(maxsize=64)
def _said(question: str) -> frozenset[str]:
    """The words, numbers and years of a question, which every sentence is held against."""
    words = (word.casefold() for word in _WORD.findall(question))
    return frozenset((*words, *_NUMBER.findall(question), *_YEAR.findall(question)))


def offers(sentence: str, question: str, wanted: Expected | None) -> float:
    """Whether a sentence has something of the kind that the question does not say itself.

    1 or 0, and a half where it cannot be seen: names in a script without capital letters.
    """
    if wanted is None:
        return 0.0
    if wanted in ("person", "place") and not any(map(str.isupper, sentence)):
        return _UNSEEN
    said = _said(question)
    found = _PATTERN[wanted].findall(sentence)
    return float(any(one.casefold() not in said and one not in said for one in found))
