"""Questions that go on from the one before: "And Japan's?" after one about Germany.

Such a question says too little to search with. It is completed with the words of the question
before it, in brackets behind the reader's own words, which stay as they are: "And Japan's?
(When did … close its last nuclear plants)". An ellipsis stands where a word of the reader's
takes the place of an earlier one of the same kind. Nothing is rewritten, so that the completed
question is correct in every language and hides nothing: the reader sees what was added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import regex

from assistant.follow_words import (
    ARTICLES,
    COPULAS,
    LINKS,
    MONTHS,
    PLACES,
    POSSESSIVES,
    Word,
    refers_within,
    words_of,
)
from assistant.settings import MAX_QUESTION_CHARACTERS
from assistant.text import is_spaceless, one_line

MOST_QUESTIONS = 20
"""How many of the questions before are looked at; the last with words of its own is used."""

_LONGEST = 200
"""A longer question, in characters, says enough by itself."""

_LONGEST_CARRIED = 300
_SAME_KIND, _SURELY, _AHEAD = 0.3, 0.45, 0.1
"""When a word is a country, a city or a month: by its cosines with their English names.

The vectors of the bundled model bring together what is a translation. Such names reach 0.32 to
0.9, and other words up to 0.33, but those are then as near to a second name: below 0.45 the
best has to be 0.1 ahead (chosen on the tuning half of `benchmarks/dialogues.py`).
"""

_YEAR = regex.compile(r"[12]\p{N}{3}")
_ASKED = regex.compile(r"[?？؟;]\s*$")
_COMPLETED = regex.compile(r"^(?P<own>[^()]{1,400}) \((?P<carried>[^()]{1,2000})\)$")
_CASELESS = regex.compile(r"\p{Lo}")
_EDGES = " \t\n?？؟¿¡!.,;:，、。।"
_BRACKETS = str.maketrans("()（）", "    ")
_IN_NAMES = frozenset(
    (" ", "-", "\u2010", "\u2011", " de ", " del ", " do ", " da ", " du ", " of ", " la ")
)
_GAP = "…"
_JOINED = "; "


class TokenTable(Protocol):
    """What is needed of a model; `embedding.StaticEmbedder` has it."""

    def embed_passages(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Unit vectors [n, d]."""

    def located_words(self, text: str) -> tuple[npt.NDArray[np.int32], list[tuple[int, int]]]:
        """The tokens of a text, and where each word stands in it, as (start, end)."""


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A name or another word with content, `text[start:end]`, which begins at a word's place.

    `kind` is "year", "place", "month", "name" or empty.
    """

    start: int
    end: int
    place: int
    kind: str


def _is_name(question: str, words: Sequence[Word], place: int) -> bool:
    """Whether a word with content is a number or has a capital that a noun would not have."""
    word = words[place]
    if word.kind != "content":
        return False
    if word.text[:1].isnumeric():
        return True
    before = words[place - 1].text if place else ""
    # German nouns have capitals too, but an article more often than names have.
    return place > 0 and question[word.start].isupper() and before not in ARTICLES


def _stands(question: str, words: Sequence[Word]) -> bool:
    """Whether a word stands for something that is said before the question."""
    named = False
    content = sum(word.weight for word in words if word.kind == "content")
    for place, word in enumerate(words):
        if word.kind == "stands" and not (named and (content > 2 or word.text in POSSESSIVES)):
            return True
        if refers_within(word.text) and content < 3:
            return True
        named = named or _is_name(question, words, place)
    return False


def follows(question: str) -> bool:
    """Whether a question needs the one before it to be understood.

    It does where it has no content of its own; where it begins with "and" or has a word such as
    "it" and little else; where it asks nothing and is a word or two; and where it asks about
    one thing that has no name.
    """
    words = words_of(question) if len(question) <= _LONGEST else []
    if not words:
        return False
    content = [word for word in words if word.kind == "content"]
    count = sum(word.weight for word in content)
    names = sum(_is_name(question, words, place) for place in range(len(words)))
    asks = any(word.kind == "asks" for word in words) or words[0].kind == "helps"
    if not content:
        return True
    if _stands(question, words):
        return count <= 4
    if words[0].kind == "begins":
        return count <= 2 or (count <= 4 and not asks)
    if not asks:
        return count <= 3 if _ASKED.search(question) else count == 1
    if names or count > 2:
        return False
    if len(content) == 1:
        # "Who won?" needs more, "Who is Kishida?" does not; with neither capitals nor "is",
        # nothing tells them apart.
        helped = any(word.text in COPULAS for word in words)
        return not helped and not _CASELESS.search(content[0].text)
    at = words.index(content[1])
    return words[at - 1].text in ARTICLES


def _kinds(said: Sequence[str], table: TokenTable | None) -> list[str]:
    """For each word "place", "month" or "", by the nearest English names."""
    if table is None or not said:
        return [""] * len(said)
    names = table.embed_passages([*PLACES, *MONTHS])
    kinds = []
    for row in table.embed_passages(list(said)) @ names.T:
        second, best = np.sort(row)[-2:]
        known = best >= _SURELY or (best >= _SAME_KIND and best - second >= _AHEAD)
        kinds.append("" if not known else "place" if row.argmax() < len(PLACES) else "month")
    return kinds


def _link(words: Sequence[Word], place: int) -> int | None:
    """The number of the preposition before a word, over an article or the words of its name."""
    for word in reversed(words[max(0, place - 3) : place]):
        if word.text in LINKS:
            return LINKS[word.text]
        if word.text not in ARTICLES:
            return None
    return None


def _runs(text: str, words: Sequence[Word]) -> list[tuple[int, int, int]]:
    """The words with content as (start, end, place of the first), those of one name together."""
    runs: list[tuple[int, int, int]] = []
    for place, word in enumerate(words):
        if word.kind != "content":
            continue
        if runs:
            start, end, first = runs[-1]
            capitals = text[word.start].isupper() and text[start].isupper()
            if capitals and text[end : word.start].lower() in _IN_NAMES:
                runs[-1] = (start, word.end, first)
                continue
        runs.append((word.start, word.end, place))
    return runs


def _phrases(text: str, words: Sequence[Word], table: TokenTable | None) -> list[_Phrase]:
    """The words with content of a question, each with its kind.

    A run of a script without spaces is cut where the model does, if a part of it is a place or a
    month.
    """
    runs = _runs(text, words)
    located = table.located_words(text)[1] if table is not None and is_spaceless(text) else []
    cut: list[tuple[int, int, int]] = []
    for run in runs:
        pieces = [(a, b, run[2]) for a, b in located if run[0] <= a < b <= run[1]]
        some = len(pieces) > 1 and is_spaceless(text[run[0] : run[1]])
        cut.extend(
            pieces if some and any(_kinds([text[a:b] for a, b, _ in pieces], table)) else [run]
        )
    said = [text[start:end] for start, end, _ in cut]
    phrases = []
    for (start, end, place), phrase, kind in zip(cut, said, _kinds(said, table), strict=True):
        if phrase[:1].isnumeric():
            kind = "year" if _YEAR.fullmatch(phrase) else ""
        elif not kind and place and phrase[:1].isupper():
            kind = "name"
        phrases.append(_Phrase(start, end, place, kind))
    return phrases


def _replaced(question: str, before: str, table: TokenTable | None) -> list[tuple[int, int]]:
    """Where words of the question before stand whose place words of `question` take.

    A year takes the place of a year and month, a month that of a month, a country or city that
    of another one, and any word that of the last one that stands behind the same preposition.
    """
    words, old_words = words_of(question), words_of(before)
    new, old = _phrases(question, words, table), _phrases(before, old_words, table)
    kinds = {phrase.kind for phrase in new}
    dates = {"year", "month"} if "year" in kinds else {"month"} & kinds
    taken = {phrase for phrase in old if phrase.kind in dates}
    named = not kinds.isdisjoint(("name", "place"))
    for phrase in new:
        if phrase.kind in ("year", "month") or (named and not phrase.kind):
            continue
        capital = question[phrase.start].isupper()
        caseless = _CASELESS.match(question, phrase.start) is not None
        alike = [
            other
            for other in old
            if caseless
            or _CASELESS.match(before, other.start)
            or before[other.start].isupper() == capital
        ]
        places = [other for other in alike if other.kind == "place"]
        link = _link(words, phrase.place)
        linked = [
            other
            for other in alike
            if link is not None
            and other.kind in ("name", "place", "")
            and _link(old_words, other.place) == link
        ]
        if phrase.kind == "place" and places:
            taken.add(places[0] if len(places) == 1 or not linked else linked[-1])
        elif linked:
            taken.add(linked[-1])
    return sorted((phrase.start, phrase.end) for phrase in taken)


def _without_asking(text: str) -> str:
    """A question without the words that ask, and the verbs that help them."""
    kept: list[str] = []
    place, asked = 0, True
    for word in words_of(text):
        asked = word.kind == "asks" or (asked and word.kind == "helps")
        if asked:
            kept.append(text[place : word.start])
            place = word.end
    kept.append(text[place:])
    return one_line("".join(kept)).strip(_EDGES)


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """`text` with an ellipsis in place of each of the spans."""
    parts: list[str] = []
    place = 0
    for start, end in spans:
        parts += [text[place:start], _GAP]
        place = end
    return "".join([*parts, text[place:]])


def _has_content(text: str) -> bool:
    return any(word.kind == "content" for word in words_of(text))


def _topic(before: str) -> list[str]:
    """What a question before is about: its words, or of a completed one both parts."""
    completed = _COMPLETED.match(before)
    if completed is None:
        return [before.translate(_BRACKETS)]
    carried = completed["carried"].split(_JOINED)
    words = words_of(completed["own"])
    first = next((word.start for word in words if word.kind != "begins"), 0)
    return [completed["own"][first:], carried[-1]]


def complete(
    question: str, history: Sequence[str], *, table: TokenTable | None = None
) -> str | None:
    """The question with the words that it leaves out, or None where it stands by itself.

    `history` has the questions before, oldest first, as they were understood: completed. The
    result begins with the question as it was asked and has at most
    `settings.MAX_QUESTION_CHARACTERS` characters. With a `table` of token vectors, a new country
    or month takes the place of the old one in any language; without, only years and names
    that stand behind the same preposition do.
    """
    asked = question.strip()
    if not asked or not history or not follows(asked):
        return None
    recent = [one_line(text[:MAX_QUESTION_CHARACTERS]) for text in history[-MOST_QUESTIONS:]]
    before = next((text for text in reversed(recent) if _has_content(text)), None)
    if before is None:
        return None
    asks = any(word.kind == "asks" for word in words_of(asked))
    parts: list[str] = []
    topic = _topic(before)
    for part in topic:
        gaps = _without(part, _replaced(asked, part, table))
        if len(topic) == 1 and not _has_content(gaps):
            gaps = part
        carried = _without_asking(gaps) if asks else gaps
        carried = one_line(carried).strip(_EDGES)
        if _has_content(carried):
            parts.append(carried)
    room = min(_LONGEST_CARRIED, MAX_QUESTION_CHARACTERS - len(asked) - 3)
    carried = _JOINED.join(parts)[:room].strip()
    return f"{asked} ({carried})" if carried else None
