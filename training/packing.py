"""Turns the pairs into packed integer arrays once: tokenising costs more than training on them."""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from training.corpus import TECHNICAL, Group, read_groups

FIRST_CHARACTERS = 500
SECOND_CHARACTERS = 700
ARTICLE_CHARACTERS = 6_000
MIN_PAIRS = 50

Ids = npt.NDArray[np.int32]
Offsets = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Side:
    """Token ids of many texts: text `i` is `ids[offsets[i]:offsets[i + 1]]`."""

    ids: Ids  # [tokens]
    offsets: Offsets  # [texts + 1]

    def __getitem__(self, i: int) -> Ids:
        return self.ids[self.offsets[i] : self.offsets[i + 1]]

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True, slots=True)
class PairSet:
    """Pairs of one kind between two languages.

    A row of `rows` [n, 3] is the number of the first text, the number of the second, and
    what they mean: rows of equal meaning are no negatives for each other.
    """

    kind: str
    first_language: str
    second_language: str
    rows: Ids

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Store:
    """Every distinct text of each language once, and the pairs between them."""

    texts: dict[str, Side]
    pairs: tuple[PairSet, ...]


class _Numbers:
    """Numbers things in the order in which they first come."""

    def __init__(self) -> None:
        self.of: dict[str, int] = {}

    def __call__(self, thing: str) -> int:
        return self.of.setdefault(thing, len(self.of))


def write_side(file: Path, side: Side) -> None:
    np.savez(file, ids=side.ids, offsets=side.offsets)


def read_side(file: Path) -> Side:
    with np.load(file, allow_pickle=False) as arrays:
        return Side(arrays["ids"], arrays["offsets"])


def pack_texts(tokenizer: Tokenizer, texts: Sequence[str]) -> Side:
    ids: list[Ids] = []
    lengths: list[int] = []
    for start in range(0, len(texts), 20_000):
        for encoding in tokenizer.encode_batch_fast(
            texts[start : start + 20_000], add_special_tokens=False
        ):
            row = np.array(encoding.ids or [0], np.int32)
            ids.append(row)
            lengths.append(len(row))
    flat = np.concatenate(ids) if ids else np.zeros(0, np.int32)
    return Side(flat, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))


def number_pairs(
    groups: Iterable[Group],
) -> tuple[dict[str, list[str]], dict[tuple[str, str, str], list[tuple[int, int, int]]]]:
    """The distinct texts of each language, and the pairs as numbers by kind and languages.

    Two translations of one English text are a pair as well ("bridged"): without these, a
    question in one language never competes with passages in a third one.
    """
    texts: dict[str, _Numbers] = defaultdict(_Numbers)
    meanings = _Numbers()
    pairs: dict[tuple[str, str, str], list[tuple[int, int, int]]] = defaultdict(list)
    translations: dict[tuple[str, int], dict[str, list[int]]] = defaultdict(dict)
    for group in groups:
        language = group.language
        kind: str = group.kind
        if kind in ("parallel", "lexicon"):
            if group.source.startswith(TECHNICAL):
                kind = "technical"
            for a, b in group.pairs:
                english = " ".join(a.split())[:FIRST_CHARACTERS]
                first = texts["en"](english)
                second = texts[language](" ".join(b.split())[:SECOND_CHARACTERS])
                meaning = meanings(english.lower().rstrip(".!?"))
                pairs[kind, "en", language].append((first, second, meaning))
                translations[kind, meaning].setdefault(language, []).append(second)
        else:
            limit = SECOND_CHARACTERS if group.kind == "question" else ARTICLE_CHARACTERS
            for a, b in group.pairs:
                passage = " ".join(b.split())[:limit]
                first = texts[language](" ".join(a.split())[:FIRST_CHARACTERS])
                second = texts[language](passage)
                pairs[group.kind, language, language].append((first, second, meanings(passage)))
    chance = random.Random(0)
    for (kind, meaning), found in translations.items():
        for x, y in itertools.combinations(sorted(found), 2):
            row = (chance.choice(found[x]), chance.choice(found[y]), meaning)
            pairs[f"bridged-{kind}", x, y].append(row)
    return {language: list(numbers.of) for language, numbers in texts.items()}, pairs


def pack_groups(groups: Iterable[Group], tokenizer: Tokenizer, folder: Path) -> None:
    """Writes the store of `groups` into `folder`, its table of contents last."""
    folder.mkdir(parents=True, exist_ok=True)
    texts, pairs = number_pairs(groups)
    for language, distinct in texts.items():
        write_side(folder / f"texts.{language}.npz", pack_texts(tokenizer, distinct))
    names = sorted(name for name, rows in pairs.items() if len(rows) >= MIN_PAIRS)
    arrays = {"|".join(name): np.unique(np.array(pairs[name], np.int32), axis=0) for name in names}
    np.savez(folder / "pairs.npz", **arrays)  # type: ignore[arg-type]
    contents = {"languages": sorted(texts), "pairs": {n: len(rows) for n, rows in arrays.items()}}
    (folder / "contents.json").write_text(json.dumps(contents), encoding="utf-8")


def _pair_set(name: str, rows: Ids) -> PairSet:
    kind, first_language, second_language = name.split("|")
    return PairSet(kind, first_language, second_language, rows)


def read_store(folder: Path) -> Store:
    contents = json.loads((folder / "contents.json").read_text(encoding="utf-8"))
    languages = contents["languages"]
    texts = {language: read_side(folder / f"texts.{language}.npz") for language in languages}
    with np.load(folder / "pairs.npz", allow_pickle=False) as arrays:
        pairs = tuple(_pair_set(name, arrays[name]) for name in contents["pairs"])
    return Store(texts, pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("store", type=Path)
    arguments = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(arguments.tokenizer))
    pack_groups(read_groups(arguments.data), tokenizer, arguments.store)
    store = read_store(arguments.store)
    totals: dict[str, int] = defaultdict(int)
    for pair_set in store.pairs:
        totals[pair_set.kind] += len(pair_set)
    print(json.dumps(dict(sorted(totals.items()))), file=sys.stderr)


if __name__ == "__main__":
    main()
