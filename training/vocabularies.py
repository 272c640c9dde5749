"""Compares vocabularies: a short run with each over the same pairs, and how it splits.

    python -m training.vocabularies DATA DEV/xquad RESULTS [--only NAME ...]

Nothing but pairs takes part: no words switched, no teacher, no shared grams, no weighting
afterwards. Appends a line of JSON for each variant that RESULTS does not hold yet.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tokenizers import Tokenizer

from training.compare import NEVER, variants_in
from training.corpus import Group, read_groups
from training.measure import PassageSet, measure_table, read_passage_sets
from training.packing import pack_groups, read_store
from training.romanised import GramIndex, pieces_of
from training.sampling import Sampler
from training.train import Plan, new_table, train
from training.vocabulary import sample_text, train_bpe, train_vocabulary

VARIANTS = {
    "Unigram 56,000": ("unigram", 56_000),
    "Unigram 100,000": ("unigram", 100_000),
    "Unigram 200,000": ("unigram", 200_000),
    "BPE 56,000": ("bpe", 56_000),
    "BPE 100,000": ("bpe", 100_000),
}


def some_pairs(groups: Sequence[Group], rows: int) -> Iterator[Group]:
    """The groups, each with at most `rows` of its pairs."""
    for group in groups:
        if len(group.pairs) > rows:
            chosen = random.Random(group.name).sample(group.pairs, rows)
            yield replace(group, pairs=tuple(chosen))
        else:
            yield group


def characters_per_token(
    tokenizer: Tokenizer, passages: Mapping[str, PassageSet]
) -> dict[str, float]:
    """By language; higher is fewer tokens for the same text."""
    found = {}
    for language, one in passages.items():
        texts = list(one.passages.values())
        tokens = sum(len(e.ids) for e in tokenizer.encode_batch_fast(texts))
        found[language] = round(sum(map(len, texts)) / tokens, 2)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("dev", type=Path, help="folder of an aligned set, see training/README.md")
    parser.add_argument("results", type=Path, help="JSON lines to append to")
    parser.add_argument("--rows", type=int, default=1_000, help="most pairs of a group")
    parser.add_argument("--megabytes", type=float, default=1.0, help="of text for each language")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--dimension", type=int, default=256)
    parser.add_argument("--only", nargs="*", choices=sorted(VARIANTS), default=[])
    parser.add_argument("--scale", type=float, default=1.0, help="of the vocabularies' sizes")
    arguments = parser.parse_args()
    groups = read_groups(arguments.data)
    texts = sample_text(
        groups, megabytes=arguments.megabytes, english_megabytes=arguments.megabytes * 2.5
    )
    groups = list(some_pairs(groups, arguments.rows))
    passages = read_passage_sets(arguments.dev)
    done = variants_in(arguments.results)
    for name, (kind, full) in VARIANTS.items():
        if name in done or (arguments.only and name not in arguments.only):
            continue
        clock = time.process_time()
        size = int(full * arguments.scale)
        tokenizer = (train_vocabulary if kind == "unigram" else train_bpe)(texts, size=size)
        vocabulary_minutes = (time.process_time() - clock) / 60
        plan = Plan(arguments.dimension, arguments.steps, arguments.batch, 0.02)
        with tempfile.TemporaryDirectory() as folder:
            pack_groups(groups, tokenizer, Path(folder) / "store")
            store = read_store(Path(folder) / "store")
            pieces = pieces_of(tokenizer)
            trained = train(
                new_table(len(pieces), GramIndex.of(pieces, min_pieces=NEVER), plan),
                Sampler(store, None),
                Sampler(store, None, seed=1),
                None,
                plan,
                Path(folder) / "run",
            )
        cross, same = measure_table(trained, tokenizer, passages)
        row = {
            "variant": name,
            "pieces": len(pieces),
            "cross": round(100 * cross, 1),
            "same": round(100 * same, 1),
            "vocabulary_cpu_minutes": round(vocabulary_minutes, 1),
            "characters_per_token": characters_per_token(tokenizer, passages),
        }
        with arguments.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(row, file=sys.stderr)


if __name__ == "__main__":
    main()
