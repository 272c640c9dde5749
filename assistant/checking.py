"""Whether the passages that a sentence cites say what it says, as far as words can show it.

First word for word. Else the sentence's numbers, dates and names (`facts`) are looked up one by
one among those of the passages, and the share of its lexical terms that they hold is taken, where
both are in one language by script and little words.

What this cannot see: who did what to whom ("A beat B", "B beat A"), irony, a cause that is not
there, a weekday, a name in a script that does not mark names, and a negation but for the
simple case: a passage's sentence that is almost the same but for a word like "not", in thirteen
languages. It says that a sentence agrees with its source, not that it follows from it.

The thresholds were set on the 99 labelled sentences in tests/verdicts.py, in 15 languages, all of
which get their label; of 56 written afterwards, 54 did at first sight. tests/test_checking.py
prints the confusion and asserts these figures. Both sets are small, made by hand and plain: news
is harder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import regex

from assistant.answers import Sentence, State
from assistant.facts import Fact, facts_of
from assistant.little_words import language_of, negation
from assistant.number_words import ONE, unit_of
from assistant.text import lexical_terms, romanised_terms, sentence_spans

LONGEST_SENTENCE = 5_000
LONGEST_PASSAGE = 20_000
"""Code points of a sentence and of a passage that are compared; word for word all are."""

SAME_WORDS = 0.5
"""Share of lexical terms from which a sentence with all its facts found is supported."""

SAME_WORDS_ALONE = 0.7
"""The same for a sentence that has no facts."""

SOME_WORDS = 0.35
"""Share of lexical terms from which a sentence none of whose facts is found is partly there."""

NEAR = 0.6
"""Share of lexical terms that a passage's sentence holds when it can contradict."""

ALMOST_THE_SAME = 0.75
"""Dice's coefficient of the lexical terms of two sentences that a negation sets apart."""

SAME_NAME = 0.55
"""Dice's coefficient of the romanised terms of two words of one script that are one name."""

SAME_SOUND = 0.4
"""The same across scripts."""

SAME_CONSONANTS = 0.75
"""The same of the consonants alone, where one of the scripts is Arabic."""

_SCRIPT = regex.compile(
    r"(?P<Latin>\p{Latin})|(?P<Cyrillic>\p{Cyrillic})|(?P<Greek>\p{Greek})|(?P<Arabic>\p{Arabic})"
    r"|(?P<Hebrew>\p{Hebrew})|(?P<Devanagari>\p{Devanagari})|(?P<kana>[\p{Hiragana}\p{Katakana}])"
    r"|(?P<Han>\p{Han})|(?P<Hangul>\p{Hangul})|(?P<Thai>\p{Thai})|(?P<other>\p{L})"
)
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*")
_AFTER = regex.compile(r"[ \u00a0-]?(?P<word>[\p{L}\p{M}]{1,30}+|[$€£₽¥₹])")
_BEFORE = regex.compile(r"(?P<word>[\p{L}\p{M}]{2,30}|[$€£₽¥₹]) ?\Z")
_VOWELS = {ord(letter): "a" for letter in "اأإآويىؤئ"}
_PARTICLES = frozenset("of the de la del van von der den bin al el du da do dos di and y e".split())


def locate(quote: str, text: str) -> tuple[int, int] | None:
    """Where `quote` stands in `text` for the first time, in code points, or None.

    White space at the edges of the quote does not count; an empty quote stands nowhere.
    """
    quote = quote.strip()
    start = text.find(quote) if quote else -1
    return None if start < 0 else (start, start + len(quote))


@dataclass(frozen=True, slots=True)
class _Read:
    """A text and what it is compared by."""

    text: str
    tongue: str  # a language, or the name of a script
    script: str
    facts: tuple[Fact, ...]
    terms: frozenset[str]
    words: frozenset[str]

    def of(self, kind: str) -> list[Fact]:
        return [fact for fact in self.facts if fact.kind == kind]


def _script(text: str) -> str:
    counts: dict[str, int] = {}
    for match in _SCRIPT.finditer(text):
        counts[str(match.lastgroup)] = counts.get(str(match.lastgroup), 0) + 1
    if counts.get("kana", 0) * 10 > counts.get("Han", 0) and counts.get("kana", 0) > 1:
        counts["kana"] += counts.pop("Han", 0)
    return max(counts, key=lambda script: counts[script], default="")


_TONGUES = {"kana": "ja", "Han": "zh", "Hangul": "ko", "Arabic": "ar", "Devanagari": "hi"}


def _tongue(script: str, words: list[str]) -> str:
    """The language of a text by its script and its little words; the script, where they are few."""
    if script not in ("Latin", "Cyrillic"):
        return _TONGUES.get(script, script)
    return language_of(script, words) or script


@lru_cache(maxsize=1 << 10)
def _terms(text: str) -> frozenset[str]:
    return frozenset(lexical_terms(text))


# An answer's sentences are checked against the same passages one after the other.
@lru_cache(maxsize=64)
def _read(text: str, language: str, *, own: bool = False) -> _Read:
    """A text; `own` is the sentence, whose facts are read once, in the language that it is in."""
    words = [match[0].casefold() for match in _WORD.finditer(text)]
    script = _script(text)
    tongue = _tongue(script, words)
    base = language.replace("_", "-").split("-")[0].lower()
    if own and tongue == script and len(base) == 2:
        tongue = base
    facts = facts_of(text, tongue if language == "und" and len(tongue) == 2 else language)
    if not own:
        # The languages of the passages are not known: what any reading finds, they hold.
        readings = [*facts, *facts_of(text)]
        if tongue != language and len(tongue) == 2 and language != "und":
            readings += facts_of(text, tongue)
        facts = tuple(dict.fromkeys(readings))
    return _Read(
        text,
        tongue,
        script,
        facts,
        frozenset(lexical_terms(text)),
        frozenset(words),
    )


def _alike(one: _Read, other: _Read) -> bool:
    """Whether two texts may be in one language: in one script, and not known to be in two."""
    tongues = {one.tongue, other.tongue}
    return one.script == other.script and (len(tongues) == 1 or one.script in tongues)


def _share(part: frozenset[str], whole: frozenset[str]) -> float:
    return len(part & whole) / len(part) if part else 0.0


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


@lru_cache(maxsize=1 << 14)
def _sounds(word: str, manner: str) -> frozenset[str]:
    """The romanised terms of a word, in the manner of the script that it is to meet.

    Kana know no l, and write "er" as a long vowel. Arabic leaves out vowels or writes them with
    the letters of w and y, and knows no p and v: there, consonants alone are compared.
    """
    if manner == "kana":
        word = word[:-1] + "r" if word.endswith("ー") else word
        return frozenset(term.replace("r", "l") for term in romanised_terms(word))
    if manner == "Arabic":
        word = word[:1] + word[1:].translate(_VOWELS)
        return frozenset(
            term.replace("p", "b").replace("v", "f")
            for term in romanised_terms(word)
            if term[0] == "-"
        )
    return frozenset(romanised_terms(word))


def _name_held(name: str, sentence: _Read, passage: _Read) -> bool:
    """Whether a passage has a name: whole, a part of it, in another form, or as it sounds."""
    parts = [part for part in _WORD.findall(name) if part not in _PARTICLES] or [name]
    for other in passage.of("name"):
        held = _WORD.findall(other.value)
        if name == other.value or set(parts) <= set(held):
            return True
        if len(parts) > 1 and parts[-2:] == held[-2:]:
            return True
        if held and max(map(len, held)) > 2 and set(held) - _PARTICLES <= set(parts):
            return True
    same = sentence.script == passage.script
    scripts = {sentence.script, passage.script}
    manner = "" if same else next((name for name in ("Arabic", "kana") if name in scripts), "")
    threshold = SAME_NAME if same else SAME_CONSONANTS if manner == "Arabic" else SAME_SOUND
    # Before a first name and a surname stands a title, which is not a name.
    return all(_part_held(part, passage, threshold, manner) for part in parts[-2:])


def _part_held(part: str, passage: _Read, threshold: float, manner: str) -> bool:
    if part in passage.words:
        return True
    sounds = _sounds(part, manner)
    return len(part) > 2 and any(
        _dice(sounds, _sounds(word, manner)) >= threshold for word in passage.words if len(word) > 1
    )


def _unit(fact: Fact, text: str) -> str | None:
    """The unit of a number: of the word after it, or of the sign before."""
    after = _AFTER.match(text, fact.end)
    unit = None if after is None else unit_of(after["word"].casefold())
    if unit is None and (before := _BEFORE.search(text, max(0, fact.start - 32), fact.start)):
        unit = unit_of(before["word"].casefold())
        if unit in ("people", "day", "year", "month", "week", "hour", "minute"):
            return None
    return unit


def _held(fact: Fact, sentence: _Read, passage: _Read) -> bool:
    if fact.kind == "name":
        return _name_held(fact.value, sentence, passage)
    if fact.kind == "date":
        return any(
            other.value == fact.value
            or (
                other.kind == "date"
                and (other.value.startswith(fact.value) or other.value[4:] == fact.value[1:])
            )
            for other in passage.facts
        )
    if fact.value == "1" and not ONE.isdisjoint(passage.words):
        return True
    unit = _unit(fact, sentence.text)
    for other in passage.facts:
        if other.value == fact.value and other.kind != "name":
            theirs = _unit(other, passage.text)
            if unit is None or theirs is None or unit == theirs:
                return True
    return False


def _neighbours(fact: Fact, text: str) -> tuple[str, str]:
    """The words after and before a fact, folded; empty where there is none."""
    after = _AFTER.match(text, fact.end)
    before = _BEFORE.search(text, max(0, fact.start - 32), fact.start)
    return (
        "" if after is None else after["word"].casefold(),
        "" if before is None else before["word"].casefold(),
    )


def _another(fact: Fact, sentence: _Read, near: _Read) -> bool:
    """Whether a near sentence has another number or day in the place of this one."""
    own = {other.value for other in sentence.facts}
    theirs = {other.value for other in near.facts}
    if fact.value in theirs and fact.kind == "date":
        return False
    for other in near.of(fact.kind):
        if other.value == fact.value or (other.value in own and fact.value not in theirs):
            continue
        if fact.kind == "date":
            if len(other.value) >= len(fact.value) > 3 and other.value[:2] != "--":
                return True
            continue
        one, two = _neighbours(fact, sentence.text), _neighbours(other, near.text)
        unit = _unit(fact, sentence.text)
        percent = fact.value.endswith("%") and other.value.endswith("%")
        if percent or (unit is not None and unit == _unit(other, near.text)):
            return True
        if any(a and a == b for a, b in zip(one, two, strict=True)):
            return True
    return False


def _swapped(sentence: _Read, near: _Read) -> bool:
    """Whether a number stands where a near sentence has another, which has it elsewhere."""
    places: dict[str, list[tuple[str, str]]] = {}
    for fact in near.of("number"):
        places.setdefault(fact.value, []).append(_neighbours(fact, near.text))

    def like(one: tuple[str, str], value: str) -> bool:
        others = places.get(value, [])
        return any(a and a == b for two in others for a, b in zip(one, two, strict=True))

    for fact in sentence.of("number"):
        own = _neighbours(fact, sentence.text)
        elsewhere = fact.value in places and not like(own, fact.value)
        if elsewhere and any(like(own, value) for value in places):
            return True
    return False


def _contradicts(sentence: _Read, near: _Read, missing: Sequence[Fact]) -> bool:
    """Whether a sentence of a passage says almost the same, with another figure or its opposite."""
    share, dice = _share(sentence.terms, near.terms), _dice(sentence.terms, near.terms)
    if share >= NEAR and any(
        fact.kind != "name" and _another(fact, sentence, near) for fact in missing
    ):
        return True
    if share >= ALMOST_THE_SAME and _swapped(sentence, near):
        return True
    pattern = negation(sentence.tongue)
    if pattern is None or dice < ALMOST_THE_SAME:
        return False
    return (pattern.search(sentence.text) is None) != (pattern.search(near.text) is None)


def _cut(text: str, longest: int) -> str:
    """The first `longest` code points at most, to a space if there is one: no half figures."""
    if len(text) <= longest:
        return text
    space = text.rfind(" ", longest - 100, longest)
    return text[: space if space > 0 else longest]


def check(sentence: str, passages: Mapping[int, str], *, language: str = "und") -> Sentence:
    """What the passages, by the numbers of their citations, say of a sentence.

    The citations of the result are those that it rests on: that hold it word for word, or some of
    its facts or words, or that contradict it. Of very long texts only the first
    `LONGEST_SENTENCE` and `LONGEST_PASSAGE` code points are compared. Never raises.
    """
    exact = tuple(number for number, text in passages.items() if locate(sentence, text))
    if exact:
        return Sentence(sentence, "verbatim", exact)
    said = _read(_cut(sentence, LONGEST_SENTENCE), language, own=True)
    read = {
        number: _read(_cut(text, LONGEST_PASSAGE), language) for number, text in passages.items()
    }
    holding: dict[Fact, list[int]] = {
        fact: [number for number, passage in read.items() if _held(fact, said, passage)]
        for fact in said.facts
    }
    missing = [fact for fact in said.facts if not holding[fact]]
    same = {number: passage for number, passage in read.items() if _alike(said, passage)}
    shares = {number: _share(said.terms, passage.terms) for number, passage in same.items()}
    spoken = tuple(dict.fromkeys(said.text[fact.start : fact.end] for fact in missing))
    against = _against(said, same, missing, shares)
    if against is not None:
        return Sentence(sentence, "contradicted", (against,), spoken)
    words = max(shares.values(), default=0.0)
    rests = tuple(
        number
        for number in passages
        if any(number in held for held in holding.values()) or shares.get(number, 0) >= SOME_WORDS
    )
    state = _state(len(holding), len(holding) - len(missing), words, bool(same))
    return Sentence(sentence, state, () if state == "not found" else rests, spoken)


def _against(
    said: _Read, same: Mapping[int, _Read], missing: Sequence[Fact], shares: Mapping[int, float]
) -> int | None:
    """The number of the passage whose nearest sentence contradicts, if one does."""
    nearest: tuple[float, int, _Read] | None = None
    for number, passage in same.items():
        if shares[number] < NEAR:
            continue
        for start, end in sentence_spans(passage.text, passage.tongue):
            dice = _dice(said.terms, _terms(passage.text[start:end]))
            if nearest is None or dice > nearest[0]:
                nearest = dice, number, passage
                place = start, end
    if nearest is None:
        return None
    near = replace(_read(nearest[2].text[place[0] : place[1]], "und"), tongue=nearest[2].tongue)
    return nearest[1] if _contradicts(said, near, missing) else None


def _state(facts: int, found: int, words: float, same_language: bool) -> State:
    if not facts:
        if words >= SAME_WORDS_ALONE:
            return "supported"
        return "partly" if words >= SAME_WORDS else "not found"
    if not found:
        return "partly" if words >= SAME_WORDS else "not found"
    if found == facts and (words >= SAME_WORDS or not same_language):
        return "supported"
    return (
        "partly" if words >= SOME_WORDS or not same_language or found * 2 >= facts else "not found"
    )
