"""Trains the token table by contrast; restarts from its last checkpoint."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from training.objective import (
    LATE_TEMPERATURE,
    dense_loss,
    late_interaction_scores,
    mean_vectors,
    symmetric_contrast,
)
from training.packing import Ids, Packed, read_packed

KIND_WEIGHT = {"parallel": 1.0, "lexicon": 0.7, "question": 2.0, "headline": 1.2}
LATE_KIND_WEIGHT = {"parallel": 1.0, "lexicon": 0.2, "question": 4.0, "headline": 1.2}
SHARE_EXPONENT = 0.7
WARMUP_STEPS = 50
MAX_TOKENS = 192
LATE_FIRST_TOKENS = 24
LATE_SECOND_TOKENS = 64


@dataclass(frozen=True, slots=True)
class Plan:
    """The sizes of a run; the reference values are in `training/runs/reference.sh`."""

    dimension: int
    steps: int
    batch: int
    rate: float
    late_steps: int
    late_batch: int
    late_rate: float
    sources_per_batch: int = 8
    seed: int = 0


class RowAdam:
    """Adam that keeps moments for, and moves, only the rows of the table a batch touched."""

    def __init__(self, table: torch.Tensor, first: torch.Tensor, second: torch.Tensor) -> None:
        self.table, self.first, self.second = table, first, second

    def step(self, rows: torch.Tensor, gradient: torch.Tensor, *, rate: float, step: int) -> None:
        first = self.first[rows].lerp_(gradient, 0.1)
        second = self.second[rows].mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        self.first[rows], self.second[rows] = first, second
        scale = rate * (1 - 0.999**step) ** 0.5 / (1 - 0.9**step)
        self.table[rows] -= scale * first / second.sqrt_().add_(1e-8)


class Sampler:
    """Draws batches; batch `step` depends on the seed and on `step` alone, so runs restart."""

    def __init__(self, groups: list[Packed], kind_weight: dict[str, float], plan: Plan) -> None:
        self.groups = groups
        self.plan = plan
        shares = [len(g) ** SHARE_EXPONENT * kind_weight[g.kind] for g in groups]
        self.shares = np.array(shares) / sum(shares)

    def batch(
        self, step: int, size: int, *, first_tokens: int, second_tokens: int
    ) -> tuple[list[Ids], list[Ids]]:
        random = np.random.default_rng([self.plan.seed, step])
        first: list[Ids] = []
        second: list[Ids] = []
        sources = self.plan.sources_per_batch
        for number in random.choice(len(self.groups), sources, p=self.shares):
            group = self.groups[number]
            for i in random.integers(0, len(group), size // sources):
                first.append(group.first[i][:first_tokens])
                ids = group.second[i]
                if len(ids) > second_tokens:
                    moves = group.kind == "headline"
                    start = int(random.integers(0, len(ids) - second_tokens)) if moves else 0
                    ids = ids[start : start + second_tokens]
                second.append(ids)
        return first, second


def _flat(rows: list[npt.NDArray[np.int64]]) -> tuple[torch.Tensor, torch.Tensor]:
    offsets = np.cumsum([0] + [len(row) for row in rows[:-1]])
    return torch.from_numpy(np.concatenate(rows)), torch.from_numpy(offsets)


def _padded(rows: list[npt.NDArray[np.int64]]) -> tuple[torch.Tensor, torch.Tensor]:
    ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
    mask = np.zeros(ids.shape, bool)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
        mask[i, : len(row)] = True
    return torch.from_numpy(ids), torch.from_numpy(mask)


def _localise(
    first: list[Ids], second: list[Ids]
) -> tuple[torch.Tensor, list[npt.NDArray[np.int64]], list[npt.NDArray[np.int64]]]:
    """The rows of the table that a batch touches, and the batch in terms of these rows."""
    both = first + second
    rows, inverse = np.unique(np.concatenate(both), return_inverse=True)
    pieces = np.split(inverse.astype(np.int64), np.cumsum([len(r) for r in both[:-1]]))
    return torch.from_numpy(rows.astype(np.int64)), pieces[: len(first)], pieces[len(first) :]


def train(groups: list[Packed], vocabulary: int, plan: Plan, folder: Path) -> torch.Tensor:
    """Runs, or goes on with, `plan`; checkpoints are kept in `folder`. Returns the table [v, d]."""
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    torch.manual_seed(plan.seed)
    table = torch.randn(vocabulary, plan.dimension) * 0.05
    moments = torch.zeros(2, vocabulary, plan.dimension)
    start = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        table, moments, start = state["table"], state["moments"], state["step"]
    optimiser = RowAdam(table, moments[0], moments[1])
    sampler = Sampler(groups, KIND_WEIGHT, plan)
    late_sampler = Sampler(groups, LATE_KIND_WEIGHT, plan)
    total = plan.steps + plan.late_steps
    average = None
    clock = time.monotonic()
    for step in range(start, total):
        late = step >= plan.steps
        if late:
            done = (step - plan.steps) / plan.late_steps
            rate = plan.late_rate * max(0.02, 1 - done)
            first, second = late_sampler.batch(
                step,
                plan.late_batch,
                first_tokens=LATE_FIRST_TOKENS,
                second_tokens=LATE_SECOND_TOKENS,
            )
        else:
            rate = plan.rate * min(1.0, (step + 1) / WARMUP_STEPS)
            rate *= max(0.02, 1 - step / plan.steps)
            first, second = sampler.batch(
                step, plan.batch, first_tokens=MAX_TOKENS, second_tokens=MAX_TOKENS
            )
        rows, left, right = _localise(first, second)
        used = table[rows].requires_grad_()
        loss = dense_loss(mean_vectors(used, *_flat(left)), mean_vectors(used, *_flat(right)))
        if late:
            scores = late_interaction_scores(used, *_padded(left), *_padded(right))
            loss = 0.5 * loss + symmetric_contrast(scores / LATE_TEMPERATURE)
        loss.backward()  # type: ignore[no-untyped-call]
        assert used.grad is not None
        with torch.no_grad():
            optimiser.step(rows, used.grad, rate=rate, step=step + 1)
        value = float(loss.detach())
        average = value if average is None else 0.98 * average + 0.02 * value
        if (step + 1) % 100 == 0:
            seconds = (time.monotonic() - clock) / (step + 1 - start)
            print(f"{step + 1}/{total} loss {average:.3f} {seconds:.3f} s/step", file=sys.stderr)
            sys.stderr.flush()
        if (step + 1) % 500 == 0 or step + 1 == total:
            partial = checkpoint.with_suffix(".partial")
            torch.save({"table": table, "moments": moments, "step": step + 1}, partial)
            partial.replace(checkpoint)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path, help="folder of packed pairs")
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("output", type=Path, help="folder for the checkpoint and the table")
    parser.add_argument("--dimension", type=int, default=256)
    parser.add_argument("--steps", type=int, default=8_000)
    parser.add_argument("--batch", type=int, default=2_048)
    parser.add_argument("--rate", type=float, default=0.02)
    parser.add_argument("--late-steps", type=int, default=0)
    parser.add_argument("--late-batch", type=int, default=96)
    parser.add_argument("--late-rate", type=float, default=0.003)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    plan = Plan(
        dimension=arguments.dimension,
        steps=arguments.steps,
        batch=arguments.batch,
        rate=arguments.rate,
        late_steps=arguments.late_steps,
        late_batch=arguments.late_batch,
        late_rate=arguments.late_rate,
        seed=arguments.seed,
    )
    vocabulary = Tokenizer.from_file(str(arguments.tokenizer)).get_vocab_size()
    clock = time.monotonic()
    table = train(read_packed(arguments.cache), vocabulary, plan, arguments.output)
    np.save(arguments.output / "table.npy", table.numpy())
    minutes = (time.monotonic() - clock) / 60
    print(json.dumps({"minutes": round(minutes, 1)}), file=sys.stderr)


if __name__ == "__main__":
    main()
