"""Questions and passages with their words replaced by another language's, new every time."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from training.corpus import TECHNICAL, Group, read_groups
from training.packing import Ids, Offsets, Side, pack_texts, read_side, write_side
from training.wordbook import (
    ARTICLE_CHARACTERS,
    LITTLE_WORD,
    MIN_SENTENCE_CHARACTERS,
    PASSAGE_CHARACTERS,
    QUESTION_CHARACTERS,
    EnglishMarker,
    Marked,
    MarkedTexts,
    SpacelessMarker,
    Vocabulary,
    Wordbook,
    collect,
)

FOLDER = "switched"
UNKNOWN_KEPT = 0.5
LITTLE_KEPT = 0.4
ARTICLE_WORDS = 150
WEIGHTS = {
    ("question", "en"): 0.40,
    ("headline", "en"): 0.10,
    ("parallel", "en"): 0.25,
    ("question", "ja"): 0.16,
    ("question", "th"): 0.07,
    ("question", "zh"): 0.02,
}


@dataclass(frozen=True, slots=True)
class Choices:
    """Translations of senses in one language: for sense `s`, words
    `chosen[starts[s]:starts[s + 1]]`, one as often as it is to be chosen."""

    starts: Offsets  # [senses + 1]
    chosen: Ids
    words: Side


@dataclass(frozen=True, slots=True)
class Source:
    """Marked pairs of one kind in one language; a sentence stands on both sides."""

    kind: str
    language: str
    first: MarkedTexts
    second: MarkedTexts


class Switcher:
    """Draws pairs whose sides are said in languages of which one or none is the original."""

    def __init__(
        self,
        sources: Sequence[Source],
        own_words: dict[str, Side],
        english: Side,
        choices: dict[str, Choices],
    ) -> None:
        """`english` holds the English word of each sense."""
        self.sources = [s for s in sources if len(s.first)]
        weights = np.array([WEIGHTS[s.kind, s.language] for s in self.sources])
        self._shares = weights / weights.sum()
        self._own_words = own_words
        self._english = english
        self._choices = choices
        self._languages = sorted({"en", *choices})

    def pairs(self, size: int, chance: np.random.Generator) -> list[tuple[Ids, Ids, int]]:
        """`size` pairs of one source in one pair of languages, and a number for each meaning."""
        number = int(chance.choice(len(self.sources), p=self._shares))
        source = self.sources[number]
        first, second = self._two_languages(source.language, chance)
        rows = []
        for i in chance.integers(0, len(source.first), size).tolist():
            one, other = source.first[i], source.second[i]
            if source.kind == "parallel":
                one, other = self._sentence_as_question(source, i, chance)
            elif source.kind == "headline" and len(other) > ARTICLE_WORDS:
                start = int(chance.integers(0, len(other) - ARTICLE_WORDS + 1))
                other = other[start : start + ARTICLE_WORDS]
            rows.append(
                (
                    self.say(one, source.language, first, chance),
                    self.say(other, source.language, second, chance),
                    i * len(self.sources) + number,
                )
            )
        return rows

    def _two_languages(self, own: str, chance: np.random.Generator) -> tuple[str, str]:
        first, second = (str(chance.choice(self._languages)) for _ in range(2))
        point = chance.random()
        if point < 0.30:
            return first, own
        if point < 0.50:
            return own, second
        if point < 0.65:
            return first, first
        if point < 0.75:
            return first, "en"
        return first, second

    @staticmethod
    def _sentence_as_question(
        source: Source, i: int, chance: np.random.Generator
    ) -> tuple[Ids, Ids]:
        """A part of a sentence, and the sentence among others."""
        sentence = source.first[i]
        kept = max(3, int(len(sentence) * chance.uniform(0.3, 0.8)))
        start = int(chance.integers(0, max(1, len(sentence) - kept + 1)))
        others = chance.integers(0, len(source.first), int(chance.integers(0, 4)))
        passage = np.concatenate([sentence, *(source.first[int(j)] for j in others)])
        return sentence[start : start + kept], passage

    def say(self, marked: Ids, own: str, language: str, chance: np.random.Generator) -> Ids:
        """Marked words [n, 2] of a text in `own`, as token ids in `language`."""
        said: list[Ids] = []
        originals = self._own_words[own]
        choices = self._choices.get(language)
        points = chance.random((len(marked), 2))
        for (sense, word), (pick, keep) in zip(marked.tolist(), points.tolist(), strict=True):
            if language == own:
                # The little words of English are most of a text; other languages' marked
                # as little are only those that no word list has.
                if sense != LITTLE_WORD or own != "en" or keep < LITTLE_KEPT:
                    said.append(originals[word])
            elif sense == LITTLE_WORD:
                continue
            elif sense < 0:
                if keep < UNKNOWN_KEPT:
                    said.append(originals[word])
            elif language == "en":
                said.append(self._english[sense])
            elif choices is not None and choices.starts[sense + 1] > choices.starts[sense]:
                start, end = choices.starts[sense], choices.starts[sense + 1]
                said.append(choices.words[choices.chosen[start + int(pick * (end - start))]])
            elif own == "en" and keep < UNKNOWN_KEPT:
                said.append(originals[word])
        return np.concatenate(said) if said else np.zeros(1, np.int32)

    @classmethod
    def read(cls, store: Path) -> Switcher | None:
        """The switcher that `write_switcher` left in the folder of a store, if it did."""
        folder = store / FOLDER
        if not (folder / "contents.json").exists():
            return None
        contents = json.loads((folder / "contents.json").read_text(encoding="utf-8"))
        sources = []
        for kind, language in contents["sources"]:
            with np.load(folder / f"source.{kind}.{language}.npz", allow_pickle=False) as a:
                first = MarkedTexts(a["first"], a["first_offsets"])
                second = MarkedTexts(a["second"], a["second_offsets"])
            sources.append(Source(kind, language, first, second))
        choices = {}
        for language in contents["languages"]:
            with np.load(folder / f"choices.{language}.npz", allow_pickle=False) as a:
                choices[language] = Choices(a["starts"], a["chosen"], Side(a["ids"], a["offsets"]))
        own = {lang: read_side(folder / f"words.{lang}.npz") for lang in contents["own"]}
        return cls(sources, own, read_side(folder / "senses.npz"), choices)


def _marked_sources(
    groups: Sequence[Group], wordbook: Wordbook
) -> dict[tuple[str, str], list[tuple[Marked, Marked]]]:
    senses = wordbook.senses()
    english = EnglishMarker(senses)
    marked: dict[tuple[str, str], list[tuple[Marked, Marked]]] = {}
    for group in groups:
        if (group.kind, group.language) not in WEIGHTS or group.kind == "parallel":
            continue
        language = group.language
        mark = english if language == "en" else SpacelessMarker(language, wordbook, senses)
        headline = group.kind == "headline"
        limit = ARTICLE_CHARACTERS if headline else PASSAGE_CHARACTERS[language]
        rows = [(mark(a[:QUESTION_CHARACTERS]), mark(b[:limit])) for a, b in group.pairs]
        marked.setdefault((group.kind, language), []).extend((a, b) for a, b in rows if a and b)
    sentences = {
        a[:QUESTION_CHARACTERS]
        for group in groups
        if group.kind == "parallel" and not group.source.startswith(TECHNICAL)
        for a, _ in group.pairs
        if len(a) > MIN_SENTENCE_CHARACTERS
    }
    marked["parallel", "en"] = [(m, ()) for m in map(english, sorted(sentences)) if m]
    return marked


def write_switcher(groups: Sequence[Group], tokenizer: Tokenizer, store: Path) -> None:
    """Collects the words, marks the texts and writes both beside a store."""
    folder = store / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    wordbook = collect(groups, tokenizer)
    senses = wordbook.senses()
    vocabularies: dict[str, Vocabulary] = {}
    sources = []
    for (kind, language), pairs in sorted(_marked_sources(groups, wordbook).items()):
        vocabulary = vocabularies.setdefault(language, Vocabulary())
        first = vocabulary.number(a for a, _ in pairs)
        second = vocabulary.number(b for _, b in pairs)
        np.savez(
            folder / f"source.{kind}.{language}.npz",
            first=first.rows,
            first_offsets=first.offsets,
            second=second.rows,
            second_offsets=second.offsets,
        )
        sources.append((kind, language))
    for language, vocabulary in vocabularies.items():
        write_side(folder / f"words.{language}.npz", vocabulary.pack(tokenizer))
    write_side(folder / "senses.npz", pack_texts(tokenizer, [" ".join(key) for key in senses]))
    for language, entries in sorted(wordbook.entries.items()):
        number: dict[str, int] = {}
        rows = [
            (senses[key], number.setdefault(word, len(number)))
            for key in sorted(entries)
            for word, times in sorted(entries[key].items())
            for _ in range(times)
        ]
        array = np.array(rows, np.int64)
        side = pack_texts(tokenizer, list(number))
        np.savez(
            folder / f"choices.{language}.npz",
            starts=np.searchsorted(array[:, 0], np.arange(len(senses) + 1)),
            chosen=array[:, 1].astype(np.int32),
            ids=side.ids,
            offsets=side.offsets,
        )
    contents = {
        "sources": sources,
        "languages": sorted(wordbook.entries),
        "own": sorted(vocabularies),
    }
    (folder / "contents.json").write_text(json.dumps(contents), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("store", type=Path, help="folder of packed pairs to write beside")
    arguments = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(arguments.tokenizer))
    write_switcher(read_groups(arguments.data), tokenizer, arguments.store)
    print(f"wrote {arguments.store / FOLDER}", file=sys.stderr)


if __name__ == "__main__":
    main()
