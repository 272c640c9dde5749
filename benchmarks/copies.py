"""Does `assistant.copies` find the copies of an article, and nothing else?

    python -m benchmarks.copies ARTICLES [--articles N]

ARTICLES is a folder or file of articles, or a folder of development sets whose passages are
aligned between languages, five in a row being an article (XQuAD). Of each article it makes
copies: cut at its end to 75, 50 and 30 %; under another headline, dateline and credit; with 5, 10
and 20 % of its words replaced, left out or followed by another, at random; and mixtures. Prints
as JSON, for each kind of copy, recall and precision over pairs among all articles and their
copies of that kind; the same for all kinds in one collection, by language too; for kinds of pairs
that are no copies, how many were taken for copies; and the time that N articles take, of which a
tenth are copies, of any kind, and all have one of a few common footers; they are articles with
their words in another order. All is drawn with a seed.

What is no copy: the two halves of an article; two articles that share a paragraph, which makes
a fifth or a half of each; two articles that are both in a third, a round-up; and an article in
two languages.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path

import numpy as np
import regex

from assistant.articles import article_files, read_file
from assistant.copies import copy_groups, sketch
from assistant.text import sentence_spans
from assistant.types import Article
from benchmarks._dev_sets import read_sets, set_names

SEED = 1
PASSAGES_IN_ARTICLE = 5
FOOTERS = 10

# A word, or about as much of a script without spaces between words.
_WORD = regex.compile(
    r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]{1,4}|[\p{Han}\p{Hiragana}\p{Katakana}ー々〆]{1,2}"
    r"|[[\p{L}\p{M}\p{N}]--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
    r"ー々〆]]+",
    regex.VERSION1,
)


@dataclass(frozen=True, slots=True)
class Text:
    """An article; the same story in another language has the same `story`."""

    language: str
    story: str
    text: str


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of articles: copies, taken for copies, and both."""

    true: int
    found: int
    right: int

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 1.0

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0


Copy = Callable[[Text, Text, random.Random], str]


def read_collection(path: Path) -> list[Text]:
    """The articles of a folder or file, or of development sets."""
    if path.is_dir() and set_names(path):
        return [
            Text(language, str(start), "\n\n".join(a.texts[start : start + PASSAGES_IN_ARTICLE]))
            for language, a in read_sets(path).items()
            for start in range(0, len(a.texts), PASSAGES_IN_ARTICLE)
        ]
    read = [item for file in article_files(path) for item in read_file(file, path)]
    return [Text(a.language, a.id, a.text) for a in read if isinstance(a, Article)]


def by_language(texts: Sequence[Text]) -> dict[str, list[Text]]:
    of_language: defaultdict[str, list[Text]] = defaultdict(list)
    for text in texts:
        of_language[text.language].append(text)
    return of_language


def neighbours(texts: Sequence[Text], step: int) -> list[Text]:
    """For each text one `step` further on in its language, round in a circle."""
    of_language = by_language(texts)
    further = {
        text: group[(place + step) % len(group)]
        for group in of_language.values()
        for place, text in enumerate(group)
    }
    return [further[text] for text in texts]


def cut(text: str, length: float) -> str:
    """The first sentences of a text, up to `length` characters; at least one."""
    spans = sentence_spans(text)
    ends = [end for _, end in spans if end <= length] or [end for _, end in spans[:1]]
    return text[: ends[-1]] if ends else text


def edited(text: str, share: float, other: str, chance: random.Random) -> str:
    """A text of whose words a share was replaced (half), left out or followed by another one."""
    words = _WORD.findall(other) or [""]

    def edit(match: regex.Match[str]) -> str:
        drawn = chance.random() / share
        if drawn < 0.5:
            return str(chance.choice(words))
        if drawn < 0.75:
            return ""
        return f"{match[0]} {chance.choice(words)}" if drawn < 1 else match[0]

    return _WORD.sub(edit, text)


def headed(text: str, other: str, chance: random.Random) -> str:
    """A text under another headline and a dateline, with a credit at its end."""
    words = _WORD.findall(other) or [""]
    headline, credit = (" ".join(chance.choices(words, k=n)) for n in (10, 6))
    day = f"{chance.randint(1, 28):02}.{chance.randint(1, 12):02}.2024"
    return f"{headline}\n\n{chance.choice(words)}, {day} (AFP) — {text}\n\n© {credit}"


def mixed(length: float = 1, edits: float = 0, head: bool = False) -> Copy:
    """A way to make a copy of a text, with words of another one: cut, then edited, then headed."""

    def copy(original: Text, other: Text, chance: random.Random) -> str:
        text = original.text
        if length < 1:
            text = cut(text, length * len(text))
        if edits:
            text = edited(text, edits, other.text, chance)
        return headed(text, other.text, chance) if head else text

    return copy


COPIES: dict[str, Copy] = {
    "cut to 75 %": mixed(0.75),
    "cut to 50 %": mixed(0.5),
    "cut to 30 %": mixed(0.3),
    "headline": mixed(head=True),
    "5 % edited": mixed(edits=0.05),
    "10 % edited": mixed(edits=0.1),
    "20 % edited": mixed(edits=0.2),
    "headline, 5 % edited, cut to 75 %": mixed(0.75, 0.05, head=True),
    "headline, 10 % edited, cut to 50 %": mixed(0.5, 0.1, head=True),
    "headline, 10 % edited, cut to 30 %": mixed(0.3, 0.1, head=True),
}


def sharing(share: float) -> Callable[[Text, Text, Text], list[str]]:
    """A way to make two texts of which a share is the same paragraph."""

    def make(one: Text, two: Text, third: Text) -> list[str]:
        length = min(len(one.text), len(two.text), len(third.text)) * 0.9
        paragraph = cut(third.text, length * share)
        own = len(paragraph) / share - len(paragraph)
        return [f"{cut(text.text, own)}\n\n{paragraph}" for text in (one, two)]

    return make


def halves(one: Text, _two: Text, _third: Text) -> list[str]:
    first = cut(one.text, len(one.text) / 2)
    return [first, one.text[len(first) :]]


def round_up(one: Text, two: Text, _third: Text) -> list[str]:
    """Two texts, and a third of both."""
    return [one.text, two.text, f"{one.text}\n\n{two.text}"]


NO_COPIES: dict[str, Callable[[Text, Text, Text], list[str]]] = {
    "halves": halves,
    "a fifth shared": sharing(0.2),
    "a half shared": sharing(0.5),
    "in one round-up": round_up,
}


def count_pairs(groups: Sequence[Hashable], truth: Sequence[Hashable]) -> Pairs:
    """The pairs of things that are in one group, that should be, and both."""

    def pairs(labels: Iterator[Hashable]) -> int:
        return sum(comb(size, 2) for size in Counter(labels).values())

    both = pairs(zip(groups, truth, strict=True))
    return Pairs(pairs(iter(truth)), pairs(iter(groups)), both)


def figures(pairs: Pairs) -> dict[str, object]:
    return {
        "pairs": pairs.true,
        "recall": round(pairs.recall, 4),
        "precision": round(pairs.precision, 4),
    }


def grouped(texts: Sequence[str]) -> list[int]:
    return [int(group) for group in copy_groups(np.array([sketch(text) for text in texts]))]


def copies(originals: Sequence[Text], kind: str) -> list[Text]:
    """A copy of each text."""
    chance = random.Random(f"{SEED} {kind}")
    return [
        Text(text.language, text.story, COPIES[kind](text, other, chance))
        for text, other in zip(originals, neighbours(originals, 1), strict=True)
    ]


def truth_of(texts: Sequence[Text]) -> list[tuple[str, str]]:
    return [(text.language, text.story) for text in texts]


def copies_found(originals: Sequence[Text]) -> dict[str, object]:
    """Recall and precision for each kind of copy, and for all of them in one collection."""
    made = {kind: copies(originals, kind) for kind in COPIES}
    everything = [*originals, *(text for texts in made.values() for text in texts)]
    sketches = np.array([sketch(text.text) for text in everything])
    found: dict[str, object] = {}
    for number, kind in enumerate(COPIES):
        start = (number + 1) * len(originals)
        rows = np.r_[: len(originals), start : start + len(originals)]
        truth = truth_of([everything[row] for row in rows])
        found[kind] = figures(count_pairs(copy_groups(sketches[rows]).tolist(), truth))
    groups = copy_groups(sketches).tolist()
    found["all kinds"] = figures(count_pairs(groups, truth_of(everything)))
    for language in sorted({text.language for text in originals}):
        chosen = [row for row, text in enumerate(everything) if text.language == language]
        truth = truth_of([everything[row] for row in chosen])
        found[f"all kinds, {language}"] = figures(
            count_pairs([groups[row] for row in chosen], truth)
        )
    return found


def taken_for_copies(originals: Sequence[Text]) -> dict[str, object]:
    """For each kind of pairs that are no copies, how many there are and were found."""
    wrong: dict[str, object] = {}
    nearby, others = neighbours(originals, 1), neighbours(originals, 2)
    for kind, make in NO_COPIES.items():
        made = [make(*three) for three in zip(originals, nearby, others, strict=True)]
        together = 0
        for texts in made:
            groups = grouped(texts)
            together += groups[0] == groups[1]
        wrong[kind] = {"pairs": len(made), "grouped": together}
    groups = grouped([text.text for text in originals])
    stories = [text.story for text in originals]
    pairs = count_pairs(groups, stories)
    wrong["in another language"] = {"pairs": pairs.true, "grouped": pairs.right}
    wrong["any two articles"] = {"pairs": comb(len(groups), 2), "grouped": pairs.found}
    return wrong


def shuffled(text: str, chance: random.Random) -> str:
    """A text of the same words in another order."""
    words = _WORD.findall(text)
    chance.shuffle(words)
    return " ".join(words)


def large_collection(originals: Sequence[Text], count: int) -> Iterator[tuple[str, int]]:
    """`count` texts, each with its number or, of every tenth, a copy, with that of its original."""
    chance = random.Random(SEED)
    footers = {
        language: [cut(text.text, len(text.text) / 10) for text in texts[:FOOTERS]]
        for language, texts in by_language(originals).items()
    }
    nearby = dict(zip(originals, neighbours(originals, 1), strict=True))
    for start in range(0, count, 10):
        for number in range(start, min(start + 10, count)):
            if number < start + 9:
                story = chance.choice(originals)
                text = Text(story.language, story.story, shuffled(story.text, chance))
                body = text.text
            else:
                body = COPIES[chance.choice(list(COPIES))](text, nearby[story], chance)
            footer = chance.choice(footers[story.language])
            yield f"{body}\n\n{footer}", min(number, start + 8)


def time_taken(originals: Sequence[Text], count: int) -> dict[str, object]:
    """How long it takes to sketch and to group `count` articles."""
    rows, truth, seconds = [], [], 0.0
    for text, original in large_collection(originals, count):
        started = time.perf_counter()
        rows.append(sketch(text))
        seconds += time.perf_counter() - started
        truth.append(original)
    sketches = np.array(rows)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    groups = copy_groups(sketches).tolist()
    return {
        "articles": count,
        "seconds to sketch": round(seconds, 2),
        "seconds to group": round(time.perf_counter() - started, 2),
        "megabytes of sketches": round(sketches.nbytes / 1e6, 1),
        "more megabytes at the peak": round(
            (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) / 1000
        ),
        **figures(count_pairs(groups, truth)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("collection", type=Path)
    parser.add_argument("--articles", type=int, default=10_000)
    arguments = parser.parse_args()
    originals = read_collection(arguments.collection)
    print(len(originals), "articles", file=sys.stderr)
    for part in (
        {"copies": copies_found(originals)},
        {"no copies": taken_for_copies(originals)},
        {"time": time_taken(originals, arguments.articles)},
    ):
        print(json.dumps(part, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
