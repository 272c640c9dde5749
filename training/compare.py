"""Trains variants of the recipe for a few minutes each and measures them: what is worth its place?

A short run favours what learns fast; it is evidence, no proof. Every variant sees the same
number of pairs. Results are appended as JSON lines, so a stopped comparison goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from training.export import weigh_by_rarity
from training.measure import Array, measure_table, read_passage_sets
from training.packing import Store, read_store
from training.romanised import MIN_PIECES, GramIndex, pieces_of
from training.sampling import LATE_SHARES, SHARES, Sampler
from training.switching import Switcher
from training.teacher import Teacher
from training.train import LATE_PARTS, Plan, new_table, train

NEVER = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Variant:
    """A difference from the recipe."""

    without: tuple[str, ...] = ()
    dimension: int = 384
    parts: int = 8
    teacher: bool = True
    grams: bool = True
    hard_negatives: bool = False
    late_share: float = 0.0
    smoothing: float = 3e-4

    def kinds(self) -> dict[str, float]:
        return {kind: share for kind, share in SHARES.items() if kind not in self.without}


BRIDGED = ("bridged-parallel", "bridged-technical", "bridged-lexicon")
VARIANTS: dict[str, Variant] = {
    "recipe": Variant(),
    "with late interaction in the last 30 %": Variant(late_share=0.3),
    "without a teacher": Variant(teacher=False),
    "without romanised grams": Variant(grams=False),
    "without switched words": Variant(without=("switched",)),
    "with hard negatives": Variant(hard_negatives=True),
    "without bridged pairs": Variant(without=BRIDGED),
    "without lexicons": Variant(without=("lexicon", "bridged-lexicon")),
    "without questions": Variant(without=("question",)),
    "without headlines": Variant(without=("headline",)),
    "128 dimensions": Variant(dimension=128),
    "256 dimensions": Variant(dimension=256),
    "one language pair in a batch": Variant(parts=1),
    "32 language pairs in a batch": Variant(parts=32),
    "tokens not weighted afterwards": Variant(smoothing=NEVER),
}


@dataclass(frozen=True, slots=True)
class Material:
    """All that a run reads."""

    store: Store
    switcher: Switcher | None
    teacher: Teacher | None
    tokenizer: Tokenizer
    pieces: list[str]


def variants_in(results: Path) -> set[str]:
    """The variants that the file of JSON lines holds, where there is one."""
    if not results.exists():
        return set()
    lines = results.read_text(encoding="utf-8").splitlines()
    return {json.loads(line)["variant"] for line in lines}


def trained(variant: Variant, material: Material, *, steps: int, batch: int) -> Array:
    """The table [v, d] of a short run."""
    plan = Plan(
        dimension=variant.dimension,
        steps=steps,
        batch=batch,
        rate=0.02,
        late_steps=int(steps * variant.late_share),
        lesson=batch // 2,
    )
    grams = GramIndex.of(material.pieces, min_pieces=MIN_PIECES if variant.grams else NEVER)
    sampler = Sampler(
        material.store,
        material.switcher,
        shares=variant.kinds(),
        parts=variant.parts,
        hard_negatives=variant.hard_negatives,
    )
    late_sampler = Sampler(
        material.store, material.switcher, shares=LATE_SHARES, parts=LATE_PARTS, seed=1
    )
    teacher = material.teacher if variant.teacher else None
    table = new_table(len(material.pieces), grams, plan)
    with tempfile.TemporaryDirectory() as folder:
        return train(table, sampler, late_sampler, teacher, plan, Path(folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("dev", type=Path, help="folder of an aligned set, see training/README.md")
    parser.add_argument("results", type=Path, help="JSON lines to append to")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch", type=int, default=1_024)
    parser.add_argument("--only", nargs="*", choices=sorted(VARIANTS), default=[])
    arguments = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(arguments.tokenizer))
    pieces = pieces_of(tokenizer)
    material = Material(
        read_store(arguments.store),
        Switcher.read(arguments.store),
        Teacher.read(arguments.store),
        tokenizer,
        pieces,
    )
    passages = read_passage_sets(arguments.dev)
    done = variants_in(arguments.results)
    for name in arguments.only or VARIANTS:
        if name in done:
            continue
        print(name, file=sys.stderr)
        clock = time.process_time()
        variant = VARIANTS[name]
        table = trained(variant, material, steps=arguments.steps, batch=arguments.batch)
        seconds = time.process_time() - clock
        table = weigh_by_rarity(table, tokenizer, variant.smoothing)
        cross, same = measure_table(table, tokenizer, passages)
        row = {
            "variant": name,
            "cross": round(100 * cross, 1),
            "same": round(100 * same, 1),
            "cpu_minutes": round(seconds / 60, 1),
            "steps": arguments.steps,
            "batch": arguments.batch,
        }
        print(json.dumps(row), flush=True)
        with arguments.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
