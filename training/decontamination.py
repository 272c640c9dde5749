"""Drops the training pairs that share a sentence, or eight words in a row, with an evaluation set.

Texts are compared without case, width, punctuation and spacing. Eight words in a row are now
and then a phrase that anybody might write: those few pairs are dropped too.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import regex
from tqdm import tqdm

from assistant.text import sentence_spans
from training.corpus import Group, read_groups, write_groups

Match = Literal["exact", "overlap"]
Hashes = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]

# A run is as many words and letters as weigh this much together, so that a sentence that mixes
# scripts has runs too: 8 words, 16 Han or kana, or 40 letters of Thai and the like. XQuAD says in
# 15 characters of Chinese and 45 of Thai what takes 8 English words. Runs of 30 Thai letters
# found 203 pairs, for titles of ministers and other long names; runs of 40 found 5.
_RUN = 240
_WEIGHTS = {"invisible": 255, "han_or_kana": 15, "thai_like": 6, "word": 30}
_KINDS = regex.compile(
    r"(?P<invisible>[\p{Default_Ignorable_Code_Point}\p{Cf}]+)"
    r"|(?P<han_or_kana>[\p{Han}\p{Hiragana}\p{Katakana}ー]+)"
    r"|(?P<thai_like>[[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]&&[\p{L}\p{M}]]+)"
    r"|(?P<word>[\p{L}\p{M}\p{N}]+)",
    regex.VERSION1,
)
# A text that is under half a run and under so many letters is "Yes." or a name.
_SENTENCE_LETTERS = 16
_SET_FILES = (".articles.jsonl.gz", ".cases.jsonl.gz")
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2 ** 64
_BATCH = 1 << 19
_BITS = 24


@cache
def _weights() -> npt.NDArray[np.uint8]:
    """What a code point weighs, or the word that it is a letter of; 0 separates words."""
    weights = np.zeros(sys.maxunicode + 1, np.uint8)
    for match in _KINDS.finditer("".join(map(chr, range(sys.maxunicode + 1)))):
        weights[match.start() : match.end()] = _WEIGHTS[str(match.lastgroup)]
    return weights


@cache
def _values() -> Hashes:
    """A random number for each code point."""
    return np.random.default_rng(0).integers(1 << 64, size=sys.maxunicode + 1, dtype=np.uint64)


def _powers(base: int, count: int) -> Hashes:
    """The powers of `base` from 0 to `count` modulo 2 ** 64."""
    factors = np.full(count + 1, base, np.uint64)
    factors[0] = 1
    return np.cumprod(factors)


@dataclass(frozen=True, slots=True)
class _Hashed:
    """Hashes of texts and of the runs in them; a text that is one run has two."""

    texts: Hashes  # [texts]
    is_sentence: npt.NDArray[np.bool_]  # [texts]
    runs: Hashes  # [runs]
    run_text: Integers  # [runs]


def _hash(texts: Sequence[str]) -> _Hashed:
    joined = "\n".join(text.replace("\n", " ") for text in texts)
    folded = unicodedata.normalize("NFKC", joined).casefold()
    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), "<u4")
    weights = _weights()[codes]
    text = np.cumsum(codes == ord("\n"))

    # A joiner or a soft hyphen inside a word does not part it.
    visible = weights != _WEIGHTS["invisible"]
    codes, weights, text = codes[visible], weights[visible], text[visible]
    in_word = weights == _WEIGHTS["word"]
    starts = weights > 0
    starts[1:] &= ~(in_word[1:] & in_word[:-1])
    letters = weights > 0
    codes, weights, text, starts = codes[letters], weights[letters], text[letters], starts[letters]

    # The sum of value * base ** place over a stretch of letters, shifted to place 0, does not
    # depend on where the stretch lies: any stretch costs one subtraction and one product.
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(_values()[codes] * _powers(_BASE, len(codes))[:-1], out=sums[1:])
    shifts = _powers(pow(_BASE, -1, 1 << 64), len(codes))

    def stretches(start: Integers, end: Integers) -> Hashes:
        hashes: Hashes = (sums[end] - sums[start]) * shifts[start]
        return hashes

    # A unit is a word, or a letter of a script without spaces.
    units = np.append(np.flatnonzero(starts), len(codes))
    unit_text = text[units[:-1]]
    weight = np.zeros(len(units), np.int64)
    np.cumsum(weights[units[:-1]], dtype=np.int64, out=weight[1:])
    first = np.arange(len(units) - 1)
    last = np.searchsorted(weight, weight[:-1] + _RUN)
    first, last = first[last < len(units)], last[last < len(units)]
    in_one_text = unit_text[first] == unit_text[last - 1]
    first, last = first[in_one_text], last[in_one_text]

    numbers = np.arange(len(texts) + 1)
    bounds = np.searchsorted(text, numbers)
    text_weight = np.diff(weight[np.searchsorted(unit_text, numbers)])
    return _Hashed(
        ~stretches(bounds[:-1], bounds[1:]),
        (text_weight >= _RUN // 2) | (np.diff(bounds) >= _SENTENCE_LETTERS),
        stretches(units[first], units[last]),
        unit_text[first],
    )


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text) + 1
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@dataclass(frozen=True, slots=True, eq=False)
class Forbidden:
    """Texts that no training pair may hold, as hashes of them and of their runs."""

    hashes: Hashes  # in order
    # Whether any hash begins with these bits: most that are asked for need no search.
    beginnings: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Forbidden:
        """Forbids `texts` as wholes, and every run in them."""
        found = [np.empty(0, np.uint64)]
        for batch in _batches(texts):
            hashed = _hash(batch)
            found += [hashed.texts[hashed.is_sentence], np.unique(hashed.runs)]
        hashes = np.unique(np.concatenate(found))
        beginnings = np.zeros(1 << _BITS, np.bool_)
        beginnings[hashes >> np.uint64(64 - _BITS)] = True
        return cls(hashes, beginnings)

    def _places(self, hashes: Hashes) -> Integers:
        """Where in `hashes` those are that are forbidden."""
        likely = np.flatnonzero(self.beginnings[hashes >> np.uint64(64 - _BITS)])
        left = np.searchsorted(self.hashes, hashes[likely])
        right = np.searchsorted(self.hashes, hashes[likely], side="right")
        places: Integers = likely[left < right]
        return places

    def holds(self, text: str) -> Match | None:
        """Whether `text` is a forbidden one, or else shares a run with one."""
        return self.matches([text])[0]

    def matches(self, texts: Sequence[str]) -> list[Match | None]:
        """`holds` for each of many texts, far faster than one at a time."""
        found: list[Match | None] = []
        for batch in _batches(texts):
            hashed = _hash(batch)
            matches: list[Match | None] = [None] * len(batch)
            for i in hashed.run_text[self._places(hashed.runs)].tolist():
                matches[i] = "overlap"
            for i in self._places(hashed.texts).tolist():
                matches[i] = "exact"
            found += matches
        return found


def read_sets(*folders: Path) -> dict[str, list[str]]:
    """For each development set under `folders`, its questions, its passages and their sentences.

    A set is a folder that holds `<name>.articles.jsonl.gz` and `<name>.cases.jsonl.gz`. Titles
    are not read: they are names.
    """
    sets: dict[str, list[str]] = defaultdict(list)
    paths = {path for folder in folders for path in folder.rglob("*.jsonl.gz")}
    for path in sorted(path for path in paths if path.name.endswith(_SET_FILES)):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                text = row["question"] if "question" in row else row["text"]
                spans = sentence_spans(text, row.get("language", "und"))
                sets[path.parent.name] += [text, *(text[start:end] for start, end in spans)]
    return dict(sets)


def read_forbidden(*folders: Path) -> Forbidden:
    """What the development sets under `folders` forbid."""
    return Forbidden.of(text for texts in read_sets(*folders).values() for text in texts)


@dataclass(frozen=True, slots=True)
class Count:
    """How many pairs there were, and how many of them were dropped for which reason."""

    pairs: int = 0
    exact: int = 0
    overlap: int = 0

    def plus(self, matches: list[Match | None]) -> Count:
        """This and what was found for more pairs."""
        return Count(
            self.pairs + len(matches),
            self.exact + matches.count("exact"),
            self.overlap + matches.count("overlap"),
        )


Counts = dict[str, Count]


def _matches(group: Group, forbidden: Forbidden) -> list[Match | None]:
    """For each pair of `group`, the worse of what is found for its two sides."""
    if group.kind == "lexicon":
        # The long names of countries and treaties are in every text about them.
        return [None] * len(group.pairs)
    found = forbidden.matches([text for pair in group.pairs for text in pair])
    sides = zip(found[::2], found[1::2], strict=True)
    return ["exact" if "exact" in (a, b) else a or b for a, b in sides]


def clean(groups: list[Group], forbidden: Forbidden) -> tuple[list[Group], Counts]:
    """The groups without the pairs of which a side is forbidden, and counts by source.

    Lexicons keep all their pairs. A group that keeps none is left out.
    """
    kept: list[Group] = []
    counts: Counts = {}
    for group in groups:
        matches = _matches(group, forbidden)
        counts[group.source] = counts.get(group.source, Count()).plus(matches)
        pairs = tuple(p for p, match in zip(group.pairs, matches, strict=True) if match is None)
        if pairs:
            kept.append(Group(group.kind, group.source, group.language, pairs))
    return kept, counts


def main() -> None:
    """Writes the pairs that hold no text of a development set, and prints as JSON how many did."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("data", type=Path, help="folder of pairs, see training/README.md")
    parser.add_argument("dev", type=Path, nargs="+", help="folder of development sets")
    parser.add_argument("--output", type=Path, help="folder for the pairs that are kept")
    arguments = parser.parse_args()
    sets = read_sets(*arguments.dev)
    if not sets:
        parser.error("no development set is there")
    forbidden = Forbidden.of(text for texts in sets.values() for text in texts)
    total = Count()
    counts: Counts = {}
    dropped: list[tuple[str, str]] = []
    kept: list[Group] = []
    for group in tqdm(read_groups(arguments.data), unit=" groups", mininterval=1):
        matches = _matches(group, forbidden)
        total = total.plus(matches)
        counts[group.source] = counts.get(group.source, Count()).plus(matches)
        dropped += [pair for pair, match in zip(group.pairs, matches, strict=True) if match]
        pairs = tuple(p for p, match in zip(group.pairs, matches, strict=True) if not match)
        kept.append(replace(group, pairs=pairs))
    if arguments.output is not None:
        write_groups(kept, arguments.output)
    suspects = Group("parallel", "", "", tuple(dropped))
    by_set = {
        name: Count().plus(_matches(suspects, Forbidden.of(sets[name]))) for name in sorted(sets)
    }
    report = {
        "total": asdict(total),
        "sets": {name: {"exact": c.exact, "overlap": c.overlap} for name, c in by_set.items()},
        "sources": {name: asdict(c) for name, c in sorted(counts.items()) if c.exact + c.overlap},
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
