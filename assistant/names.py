"""Names in a text, by what its script shows: capitals, katakana, Latin letters elsewhere, titles.

Chinese, Japanese, Korean, Arabic, Hindi and other scripts without capitals do not mark names, so
that none is found there, but for words in Latin letters, runs of katakana and titles in 《》,
「」 or 『』. German capitalises every noun: there, a name is a run of capitalised words, an
acronym, or a word that is part of such a run elsewhere in the text.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

import regex

from assistant.little_words import OPENERS


class Name(NamedTuple):
    """A name at `text[start:end]`, folded by NFKC and case."""

    start: int
    end: int
    value: str


_PREFIX = r"(?:(?:al|el|ad|as|an|ar|ash|at|az|ibn|d|l|o|аль|эль|ад)[-'’‑])?"
_CASED = r"\p{Lu}\p{Ll}\p{Lt}\p{M}\p{Nd}ʻʼ"
_TOKEN = regex.compile(
    rf"(?<![{_CASED}_])(?P<word>{_PREFIX}[\p{{Lu}}\p{{Lt}}]"
    rf"(?:[{_CASED}]|[-'’‑.·&](?=[{_CASED}])){{0,60}}+)"
    r"|(?P<katakana>[\p{Katakana}ー][\p{Katakana}ー・]{2,40}+)"
    r"|《(?P<t1>[^《》\n]{1,60})》|『(?P<t3>[^『』\n]{1,60})』"
    # What ends in hiragana is rather speech than a title.
    r"|「(?P<t2>[^「」\n。、]{1,30})(?<!\p{Hiragana})」"
)
_UNCASED = regex.compile(r"\p{Lo}")
_GAP = regex.compile(
    r"[ \u00a0](?:(?P<particle>(?:of the|of|de la|de los|de las|de|del|della|dello|dei|di|da|do"
    r"|dos|das"
    r"|du|des|la|van der|van den|van|von der|von|zu|der|den|ter|bin|ibn|al|el|e|y|och|og|af|til|och"
    r"|для|по|та|і))[ \u00a0])?"
)
_TITLES = frozenset(
    "mr mrs ms dr prof st sr jr gen adm col lt sgt capt gov sen rep m mme sra dott".split()
)
_APOSTROPHE = regex.compile(r"['’](?:\p{Ll}{1,6})\Z")
_START = regex.compile(
    r"(?:\A|[.!?…:;\n\r\u2028\u2029•|。！？；：।؟۔])[\s\p{Ps}\p{Pi}\"'“„«»‘¿¡\-–—*]*\Z"
)
_ACRONYM = regex.compile(r"(?:.*?\p{Lu}){2}|\p{Lu}.*?[0-9]")
_INNER = regex.compile(r"[-'’‑]\p{Lu}|\p{Ll}\p{Lu}")

_CALENDAR = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june
    july august september october november december montag dienstag mittwoch donnerstag freitag
    samstag sonnabend sonntag januar februar märz mai juni juli oktober dezember am pm i gmt utc
    mr mrs ms dr
    """.split()
)
_MOST_WORDS = 8
_NOUNS_CAPITAL = frozenset({"de", "lb", "nds", "gsw"})


def folded(name: str) -> str:
    """`name` in the form that names are compared in: NFKC, case-folded, with single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().replace("’", "'").split())


class _Word(NamedTuple):
    start: int
    end: int
    first: bool  # whether it begins a sentence
    joined: bool  # whether it goes on the run of the word before


def _cased_words(text: str, matches: list[regex.Match[str]]) -> list[_Word]:
    words: list[_Word] = []
    for match in matches:
        start, end = match.span("word")
        suffix = _APOSTROPHE.search(match["word"])
        if suffix is not None:
            end -= len(suffix[0])
        first = _START.search(text, max(0, start - 12), start) is not None
        # A word in Latin letters is a name wherever it stands among letters without case.
        first = first and _UNCASED.search(text, end, end + 3) is None
        joined = False
        if words:
            before = words[-1]
            previous = text[before.start : before.end]
            gap_start = before.end
            stopped = text[gap_start : gap_start + 1] == "."
            if stopped and (len(previous) == 1 or folded(previous) in _TITLES or "." in previous):
                gap_start += 1
            gap = _GAP.match(text, gap_start, start)
            joined = gap is not None and gap.end() == start
            first = first and not joined
        words.append(_Word(start, end, first, joined))
    return words


def _runs(words: list[_Word]) -> list[list[_Word]]:
    runs: list[list[_Word]] = []
    for word in words:
        if word.joined and len(runs[-1]) < _MOST_WORDS:
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs


def _stripped(text: str, run: list[_Word]) -> list[_Word]:
    """A run without the little words that begin its sentence, and without days and months."""
    while run and (
        (run[0].first and folded(text[run[0].start : run[0].end]) in OPENERS)
        or folded(text[run[0].start : run[0].end]) in _CALENDAR
    ):
        first, *run = run
        # What follows an opener begins no sentence itself, unless it is an opener too.
        if run and first.first and folded(text[run[0].start : run[0].end]) in OPENERS:
            run = [run[0]._replace(first=True), *run[1:]]
    while run and folded(text[run[-1].start : run[-1].end]) in _CALENDAR:
        run = run[:-1]
    return run


def _in_cased(text: str, matches: list[regex.Match[str]], language: str) -> list[Name]:
    runs = [_stripped(text, run) for run in _runs(_cased_words(text, matches))]
    runs = [run for run in runs if run]
    nouns = language.replace("_", "-").split("-")[0].lower() in _NOUNS_CAPITAL
    known: set[str] = set()
    for run in runs:
        if len(run) > 1 or not (run[0].first or nouns):
            known.update(folded(text[word.start : word.end]) for word in run)
    found = []
    for run in runs:
        start, end = run[0].start, run[-1].end
        value = folded(text[start:end])
        single = len(run) == 1
        plain = single and not (_ACRONYM.match(text, start, end) or _INNER.search(text, start, end))
        if plain and (nouns or run[0].first) and value not in known:
            continue
        if end - start > 1 and not (single and value in OPENERS and not text[start:end].isupper()):
            found.append(Name(start, end, value))
    return found


def names(text: str, language: str = "und") -> list[Name]:
    """The names in `text`, in order, none over another; offsets count code points.

    A single capitalised word that begins a sentence is a name only if the text has it with a
    capital inside a sentence too, or if it is an acronym. Runs may hold particles: "de", "van",
    "al-", "of the". Weekdays and months are no names.
    """
    cased: list[regex.Match[str]] = []
    found: list[Name] = []
    for match in _TOKEN.finditer(text):
        if match["word"] is not None:
            cased.append(match)
            continue
        group = str(match.lastgroup)
        value = folded(match[group])
        if value:
            found.append(Name(*match.span(group), value))
    found += _in_cased(text, cased, language)
    return sorted(found)
