"""Builds what texts are translated with, word by word: senses, words for them, marked texts.

A model that adds up token vectors learns almost as much from a text whose words were
replaced one by one as from a translation; and texts with questions exist in few languages,
word lists in all.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import regex
from tokenizers import Tokenizer

from training.alignment import word_translations
from training.corpus import TECHNICAL, Group
from training.packing import Ids, Offsets, Side, pack_texts

SPACELESS = ("ja", "th", "zh", "zh-Hant")
LONGEST_ENTRY = 40
LONGEST_KEY = 3
SENTENCE_CHARACTERS = 200
ALIGNED_SENTENCES = 36_000
TECHNICAL_SENTENCES = 2_500
QUESTION_CHARACTERS = 500
PASSAGE_CHARACTERS = {"en": 700, "ja": 400, "th": 400, "zh": 400}
ARTICLE_CHARACTERS = 3_000
MIN_SENTENCE_CHARACTERS = 60

STOP_WORDS = frozenset(
    "1 2 5 7 a after all also an and are as at be but by can first for from had has have his how if"
    " in information is it may more most not of often on one or other some that the their these"
    " they this to was were when which who with you your".split()
)
_FUNCTION_WORDS = frozenset(
    "the of and to in a is that it for as was on are be with by at from an i you he this have or"
    " not his but they we".split()
)

UNKNOWN_WORD = -1
"""In place of a sense: a word without one, kept as it is half of the time (names, numbers)."""
LITTLE_WORD = -2
"""In place of a sense: a word that only its own language needs."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
_LATIN = re.compile(r"[a-z0-9]+(?:[.,][0-9]+)*")
_LETTER = regex.compile(r"[\p{L}\p{M}\p{N}]")
_ENDINGS = (
    ("s", ""),
    ("es", ""),
    ("ies", "y"),
    ("ed", ""),
    ("ed", "e"),
    ("d", ""),
    ("ing", ""),
    ("ing", "e"),
    ("'s", ""),
    ("ly", ""),
)

Key = tuple[str, ...]
Marked = tuple[tuple[int, str], ...]


def words(text: str) -> list[str]:
    """Lower-cased words of a language with spaces."""
    return [word.lower().replace("’", "'") for word in _WORD.findall(text)]


def english_key(entry: str) -> Key | None:
    """What an English dictionary entry is looked up by, or None if it is long."""
    key = tuple(words(entry))
    if len(key) > 1 and key[0] == "to":
        key = key[1:]
    return key if 0 < len(key) <= LONGEST_KEY else None


@dataclass(frozen=True, slots=True)
class Wordbook:
    """For each language, English keys and their translations with how often each is chosen."""

    entries: Mapping[str, Mapping[Key, Counter[str]]]

    def senses(self) -> dict[Key, int]:
        """All keys, numbered in order."""
        keys = {key for by_key in self.entries.values() for key in by_key}
        return {key: number for number, key in enumerate(sorted(keys))}


def collect(groups: Sequence[Group], tokenizer: Tokenizer) -> Wordbook:
    """Every word list of `groups`, and what their sentence pairs teach.

    Learned translations have the endings that text has, and come in the proportions of
    text; of all choices for a word they get about half.
    """
    entries: dict[str, dict[Key, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    sentences: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for group in groups:
        if group.kind == "lexicon":
            for english, translation in group.pairs:
                key = english_key(english)
                if key and len(translation) < LONGEST_ENTRY:
                    entries[group.language][key][translation] += 1
        elif group.kind == "parallel":
            technical = group.source.startswith(TECHNICAL)
            usable = group.pairs[:TECHNICAL_SENTENCES] if technical else group.pairs
            sentences[group.language] += [p for p in usable if len(p[0]) < SENTENCE_CHARACTERS]
    for language, pairs in sorted(sentences.items()):
        if len(pairs) > ALIGNED_SENTENCES:
            pairs = random.Random(0).sample(pairs, ALIGNED_SENTENCES)
        english_words = [[w for w in words(a) if w not in _FUNCTION_WORDS] for a, _ in pairs]
        other_words = _other_words([b for _, b in pairs], language, tokenizer)
        for word, translations in word_translations(english_words, other_words).items():
            chosen = entries[language][(word,)]
            already = max(4, chosen.total())
            for translation, probability in translations:
                chosen[translation] += max(1, round(probability * already))
    return Wordbook(entries)


def _other_words(texts: list[str], language: str, tokenizer: Tokenizer) -> list[list[str]]:
    if language in SPACELESS:
        split = [
            [str(tokenizer.id_to_token(i)) for i in encoding.ids]
            for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        ]
    else:
        split = [words(text) for text in texts]
    return [[w for w in ws if any(c.isalpha() for c in w)] for ws in split]


class EnglishMarker:
    """Marks English text with senses: the longest entry at each place, else its base form."""

    def __init__(self, senses: Mapping[Key, int]) -> None:
        self._senses = senses

    def __call__(self, text: str) -> Marked:
        marked = []
        split = words(text)
        i = 0
        while i < len(split):
            sense, length = self._longest(split, i)
            marked.append((sense, " ".join(split[i : i + length])))
            i += length
        return tuple(marked)

    def _longest(self, split: list[str], i: int) -> tuple[int, int]:
        word = split[i]
        for length in range(min(LONGEST_KEY, len(split) - i), 1, -1):
            sense = self._senses.get(tuple(split[i : i + length]))
            if sense is not None:
                return sense, length
        if word in STOP_WORDS:
            return LITTLE_WORD, 1
        for base in self._bases(word):
            sense = self._senses.get((base,))
            if sense is not None:
                return sense, 1
        return UNKNOWN_WORD, 1

    @staticmethod
    def _bases(word: str) -> Iterable[str]:
        yield word
        for ending, instead in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                yield word[: -len(ending)] + instead


class SpacelessMarker:
    """Marks text without spaces: the longest entry of a word list at each place.

    What no entry covers belongs to its own language only, but for Latin letters and numbers.
    """

    def __init__(self, language: str, wordbook: Wordbook, senses: Mapping[Key, int]) -> None:
        spread = Counter(key for by_key in wordbook.entries.values() for key in by_key)
        meant: dict[str, Counter[Key]] = defaultdict(Counter)
        for key, translations in wordbook.entries.get(language, {}).items():
            for translation in translations:
                meant[_plain(translation)][key] += spread[key]
        self._thai = language == "th"
        self._longest = 14 if self._thai else 8
        self._senses = {
            entry: senses[min(keys, key=lambda key: (-keys[key], key))]
            for entry, keys in meant.items()
            if self._telling(entry)
        }

    def _telling(self, entry: str) -> bool:
        if self._thai:
            return len(entry) > 2
        if all("ぁ" <= c <= "ん" for c in entry):
            # Short hiragana are particles and endings.
            return len(entry) > 3
        return len(entry) > 1 or "一" <= entry <= "鿿"

    def __call__(self, text: str) -> Marked:
        text = _plain(text)
        marked: list[tuple[int, str]] = []
        rest = ""
        i = 0
        while i < len(text):
            latin = _LATIN.match(text, i)
            sense, length = (UNKNOWN_WORD, len(latin.group())) if latin else self._at(text, i)
            parts = not length and not _LETTER.match(text[i])
            if rest and (length or parts):
                marked.append((LITTLE_WORD, rest))
                rest = ""
            if length:
                marked.append((sense, text[i : i + length]))
            elif not parts:
                rest += text[i]
            i += max(length, 1)
        if rest:
            marked.append((LITTLE_WORD, rest))
        return tuple(marked)

    def _at(self, text: str, i: int) -> tuple[int, int]:
        for length in range(min(self._longest, len(text) - i), 0, -1):
            sense = self._senses.get(text[i : i + length])
            if sense is not None:
                return sense, length
        return LITTLE_WORD, 0


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


@dataclass(frozen=True, slots=True)
class MarkedTexts:
    """Texts as rows of (sense, own word): text `i` is `rows[offsets[i]:offsets[i + 1]]`."""

    rows: Ids  # [words, 2]
    offsets: Offsets  # [texts + 1]

    def __getitem__(self, i: int) -> Ids:
        return self.rows[self.offsets[i] : self.offsets[i + 1]]

    def __len__(self) -> int:
        return len(self.offsets) - 1


class Vocabulary:
    """The own words of marked texts in one language, packed once each."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}

    def number(self, texts: Iterable[Marked]) -> MarkedTexts:
        rows: list[tuple[int, int]] = []
        offsets = [0]
        for marked in texts:
            rows += [(s, self._number.setdefault(w, len(self._number))) for s, w in marked]
            offsets.append(len(rows))
        return MarkedTexts(np.array(rows, np.int32).reshape(-1, 2), np.array(offsets, np.int64))

    def pack(self, tokenizer: Tokenizer) -> Side:
        return pack_texts(tokenizer, list(self._number))
