"""Trains the token table by contrast; goes on from its last checkpoint.

The last steps may also contrast late-interaction scores; `training/LOG.md` says what came of it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from training.bags import Floats, Longs, flatten, spread, weighted_sums
from training.late import late_gradient
from training.objective import dense_contrast, same_meaning, units, units_backward
from training.packing import Ids, read_store
from training.romanised import GramIndex, RomanisedTable, pieces_of
from training.sampling import LATE_SHARES, Batch, Sampler
from training.switching import Switcher
from training.teacher import Teacher

WARMUP_STEPS = 50
LAST_RATE = 0.02
CHECKPOINT_STEPS = 500
LATE_PARTS = 2
"""Few kinds in a batch: most negatives are then in the passage's own language, the hard ones."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The sizes of a run; the reference values are in `training/runs/reference.sh`."""

    dimension: int
    steps: int
    batch: int
    rate: float
    late_steps: int = 0
    late_batch: int = 192
    lesson: int = 512
    seed: int = 0

    def rate_at(self, step: int) -> float:
        """A short warm-up, then a linear way down to a fiftieth."""
        return (
            self.rate * min(1.0, (step + 1) / WARMUP_STEPS) * max(LAST_RATE, 1 - step / self.steps)
        )


def new_table(pieces: int, grams: GramIndex, plan: Plan) -> RomanisedTable:
    chance = np.random.default_rng(plan.seed)
    own = chance.standard_normal((pieces, plan.dimension), np.float32) * np.float32(0.05)
    shared = chance.standard_normal((grams.count, plan.dimension), np.float32) * np.float32(0.02)
    return RomanisedTable(own, shared, grams)


@dataclass(frozen=True, slots=True)
class Lesson:
    """Texts, and the unit vectors [t, d] that the teacher gives to what they mean."""

    texts: list[Ids]
    targets: Floats
    meanings: Longs


def dense_step(
    table: RomanisedTable, batch: Batch, lesson: Lesson | None, *, rate: float, number: int
) -> float:
    """One step of the contrast over mean vectors, of pairs and with a teacher; returns the
    loss over the pairs."""
    n = len(batch.first)
    taught = lesson.texts if lesson else []
    ids, offsets, weights = flatten(batch.first + batch.second + taught)
    rows, places = table.own.localise(ids)
    used = table.compose(rows)
    means = np.empty((2 * n + len(taught), used.shape[1]), np.float32)
    weighted_sums(used, places, offsets, weights, means)
    unit, lengths = units(means)
    excluded = same_meaning(batch.meanings)
    loss, *gradients = dense_contrast(unit[:n], unit[n : 2 * n], excluded)
    if lesson:
        excluded = same_meaning(lesson.meanings)
        _, towards, _ = dense_contrast(unit[2 * n :], lesson.targets, excluded)
        gradients.append(towards * np.float32(len(taught) / n))
    moved = units_backward(unit, lengths, np.concatenate(gradients))
    gradient = np.zeros_like(used)
    spread(moved, places, offsets, weights, gradient)
    table.step(rows, gradient, rate=rate, number=number)
    return loss


def late_step(table: RomanisedTable, batch: Batch, *, rate: float, number: int) -> float:
    """One step of the contrast over late-interaction scores; returns its loss."""
    rows, _ = table.own.localise(np.concatenate(batch.first + batch.second).astype(np.int64))
    used = table.compose(rows)
    loss, gradient = late_gradient(rows, used, batch, same_meaning(batch.meanings))
    table.step(rows, gradient, rate=rate, number=number)
    return loss


class Average:
    """A running mean of a loss that forgets."""

    def __init__(self) -> None:
        self.value: float | None = None

    def add(self, value: float) -> None:
        self.value = value if self.value is None else 0.98 * self.value + 0.02 * value

    def __str__(self) -> str:
        return "-" if self.value is None else f"{self.value:.3f}"


class Checkpoint:
    """The state of a run in one file, replaced whole."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def load(self, table: RomanisedTable) -> int:
        """Fills `table` with the saved state, if there is one; returns the steps done."""
        if not self._file.exists():
            return 0
        with np.load(self._file, allow_pickle=False) as state:
            for name, parameter in (("own", table.own), ("shared", table.shared)):
                parameter.table[:] = state[name]
                parameter.moments[:] = state[f"{name}_moments"]
            return int(state["step"])

    def save(self, table: RomanisedTable, step: int) -> None:
        partial = self._file.with_suffix(".partial.npz")
        np.savez(
            partial,
            own=table.own.table,
            own_moments=table.own.moments,
            shared=table.shared.table,
            shared_moments=table.shared.moments,
            step=step,
        )
        partial.replace(self._file)


def train(
    table: RomanisedTable,
    sampler: Sampler,
    late_sampler: Sampler,
    teacher: Teacher | None,
    plan: Plan,
    folder: Path,
    *,
    until: int | None = None,
) -> Floats:
    """Runs, or goes on with, `plan`, its checkpoint kept in `folder`; returns the table [v, d].

    `until` stops early, after that many steps.
    """
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = Checkpoint(folder / "checkpoint.npz")
    start = checkpoint.load(table)
    targets = teacher.targets(plan.dimension) if teacher else None
    dense, late = Average(), Average()
    clock = time.monotonic()
    last = plan.steps if until is None else until

    def draw(step: int) -> tuple[Batch, Lesson | None, Batch | None]:
        lesson = None
        if teacher and targets is not None:
            texts, rows = teacher.batch(step, plan.lesson, seed=plan.seed)
            lesson = Lesson(texts, targets[rows], rows)
        is_late = step >= plan.steps - plan.late_steps
        late_batch = late_sampler.batch(step, plan.late_batch) if is_late else None
        return sampler.batch(step, plan.batch), lesson, late_batch

    # One thread draws ahead while the other computes outside the interpreter's lock.
    with ThreadPoolExecutor(1) as ahead:
        drawn = ahead.submit(draw, start)
        for step in range(start, last):
            batch, lesson, late_batch = drawn.result()
            drawn = ahead.submit(draw, step + 1)
            rate = plan.rate_at(step)
            dense.add(dense_step(table, batch, lesson, rate=rate, number=step + 1))
            if late_batch is not None:
                late.add(late_step(table, late_batch, rate=rate, number=step + 1))
            if (step + 1) % 100 == 0:
                seconds = (time.monotonic() - clock) / (step + 1 - start)
                done = f"{step + 1}/{plan.steps}"
                print(f"{done} loss {dense} late {late} {seconds:.3f} s/step", file=sys.stderr)
                sys.stderr.flush()
            if (step + 1) % CHECKPOINT_STEPS == 0 or step + 1 == last:
                checkpoint.save(table, step + 1)
    return table.whole()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path, help="folder of packed pairs")
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("output", type=Path, help="folder for the checkpoint and the table")
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--steps", type=int, default=8_000)
    parser.add_argument("--batch", type=int, default=1_024)
    parser.add_argument("--rate", type=float, default=0.02)
    parser.add_argument("--late-steps", type=int, default=0)
    parser.add_argument("--late-batch", type=int, default=192)
    parser.add_argument("--lesson", type=int, default=512, help="texts with a teacher, a step")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    plan = Plan(
        dimension=arguments.dimension,
        steps=arguments.steps,
        batch=arguments.batch,
        rate=arguments.rate,
        late_steps=arguments.late_steps,
        late_batch=arguments.late_batch,
        lesson=arguments.lesson,
        seed=arguments.seed,
    )
    tokenizer = Tokenizer.from_file(str(arguments.tokenizer))
    pieces = pieces_of(tokenizer)
    clock = time.monotonic()
    store, switcher = read_store(arguments.store), Switcher.read(arguments.store)
    sampler = Sampler(store, switcher, seed=plan.seed)
    late_sampler = Sampler(
        store, switcher, shares=LATE_SHARES, parts=LATE_PARTS, seed=plan.seed + 1
    )
    table = new_table(len(pieces), GramIndex.of(pieces), plan)
    teacher = Teacher.read(arguments.store)
    trained = train(table, sampler, late_sampler, teacher, plan, arguments.output)
    np.save(arguments.output / "table.npy", trained)
    minutes = (time.monotonic() - clock) / 60
    print(json.dumps({"minutes": round(minutes, 1)}), file=sys.stderr)


if __name__ == "__main__":
    main()
