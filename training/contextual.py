"""Past static vectors: trains a small transformer with the sampler and the contrast of the table.

`pack` writes pairs small enough to carry to a borrowed machine, `train` wants a large GPU
for half an hour, `export` lets through only what beats the static model it started from.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from transformers import ModernBertModel

from training.bags import Longs
from training.carrying import Batches, PackSampler, read_packs, write_pack
from training.contextual_model import (
    PADDING,
    Shape,
    compare,
    new_model,
    save_model,
    static_table,
)
from training.export import GATE_LANGUAGES
from training.measure import read_passage_set
from training.objective import DENSE_TEMPERATURE
from training.packing import read_store
from training.sampling import Batch, Sampler
from training.switching import Switcher

CHUNKS = 8
LENGTH_STEP = 32
LAST_RATE = 0.02
DECAY = 0.01
CHECKPOINT_STEPS = 250
REPORT_STEPS = 50


@dataclass(frozen=True, slots=True)
class Plan:
    """The sizes of a run; the reference values are in `training/runs/contextual.sh`."""

    shape: Shape
    steps: int
    batch: int
    rate: float
    warmup: int
    seed: int = 0

    def rate_at(self, step: int, progress: float) -> float:
        """A warm-up in steps, then a linear way down as `progress` goes from 0 to 1."""
        return self.rate * min(1.0, (step + 1) / self.warmup) * max(LAST_RATE, 1 - progress)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The 2n texts of a batch in chunks of like length, so that little is padding.

    `places` [2n] says where among the rows of all chunks each text is, first sides first.
    """

    ids: list[Longs]  # [c, t] each
    lengths: list[Longs]  # [c] each
    places: Longs
    meanings: Longs


def prepare(batch: Batch, tokens: int) -> Prepared:
    """`batch` with its texts cut to `tokens`, padded to few different lengths."""
    texts = [text[:tokens] for text in batch.first + batch.second]
    lengths = np.array([len(text) for text in texts], np.int64)
    order = np.argsort(lengths, kind="stable")
    chunks = [chunk for chunk in np.array_split(order, CHUNKS) if len(chunk)]
    padded = []
    for chunk in chunks:
        longest = -(-int(lengths[chunk].max()) // LENGTH_STEP) * LENGTH_STEP
        ids = np.full((len(chunk), longest), PADDING, np.int64)
        for row, number in enumerate(chunk.tolist()):
            ids[row, : lengths[number]] = texts[number]
        padded.append(ids)
    return Prepared(padded, [lengths[c] for c in chunks], np.argsort(order), batch.meanings)


class _Steps(Dataset[Prepared]):
    """The batches of a run, for a loader whose workers are given the numbers of steps."""

    def __init__(self, batches: Batches, plan: Plan) -> None:
        self._batches = batches
        self._plan = plan

    def __getitem__(self, step: int) -> Prepared:
        return prepare(self._batches.batch(step, self._plan.batch), self._plan.shape.tokens)


def embed(model: Callable[..., Any], prepared: Prepared, device: torch.device) -> Tensor:
    """Unit means of the model's output [2n, d], first sides first."""
    vectors = []
    for chunk, counts in zip(prepared.ids, prepared.lengths, strict=True):
        ids, lengths = torch.from_numpy(chunk).to(device), torch.from_numpy(counts).to(device)
        mask = torch.arange(ids.shape[1], device=device) < lengths[:, None]
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
        sums = (hidden.float() * mask[..., None]).sum(dim=1)
        vectors.append(nn.functional.normalize(sums / lengths[:, None], dim=1))
    return torch.cat(vectors)[torch.from_numpy(prepared.places).to(device)]


def contrast(vectors: Tensor, meanings: Tensor) -> Tensor:
    """The loss of `training.objective.dense_contrast`, of vectors [2n, d] and meanings [n]."""
    first, second = vectors.chunk(2)
    same = (meanings[:, None] == meanings).fill_diagonal_(False)
    scores = (first @ second.T / DENSE_TEMPERATURE).masked_fill(same, -torch.inf)
    right = torch.arange(len(meanings), device=scores.device)
    by_row = nn.functional.cross_entropy(scores, right)
    return (by_row + nn.functional.cross_entropy(scores.T, right)) / 2


def _optimizer(model: ModernBertModel, device: torch.device) -> torch.optim.AdamW:
    table = model.embeddings.tok_embeddings.weight
    matrices = [p for p in model.parameters() if p.ndim == 2 and p is not table]
    # Decay would wear away the rows of tokens that few batches hold.
    others = [table, *(p for p in model.parameters() if p.ndim < 2)]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=device.type == "cuda")


class Checkpoint:
    """The state of a run in one file, replaced whole."""

    def __init__(self, file: Path, model: ModernBertModel, optimizer: torch.optim.AdamW) -> None:
        self._file = file
        self._model = model
        self._optimizer = optimizer

    def load(self, device: torch.device) -> tuple[int, float]:
        """Restores the saved state, if there is one; returns the steps done and their seconds."""
        if not self._file.exists():
            return 0, 0.0
        state = torch.load(self._file, map_location=device, weights_only=True)
        self._model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        return state["step"], state["seconds"]

    def save(self, step: int, seconds: float) -> None:
        partial = self._file.with_suffix(".partial")
        states = {"model": self._model.state_dict(), "optimizer": self._optimizer.state_dict()}
        torch.save({**states, "step": step, "seconds": seconds}, partial)
        partial.replace(self._file)


def train(
    model: ModernBertModel,
    batches: Batches,
    plan: Plan,
    folder: Path,
    *,
    device: torch.device,
    workers: int = 0,
    minutes: float = float("inf"),
    compiled: bool = False,
) -> list[float]:
    """Runs, or goes on with, `plan`; its checkpoint is kept in `folder`. Returns the losses.

    `minutes` are those of all calls together. Where the steps would take longer, the rate
    goes down by the clock, so that the run ends as one does that has the time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.to(device)  # type: ignore[arg-type]
    model.train()
    optimizer = _optimizer(model, device)
    checkpoint = Checkpoint(folder / "checkpoint.pt", model, optimizer)
    start, before = checkpoint.load(device)
    forward = torch.compile(model, dynamic=False) if compiled else model
    steps = range(start, plan.steps)
    loader = DataLoader(_Steps(batches, plan), None, sampler=steps, num_workers=workers)
    losses: list[Tensor] = []
    clock = time.monotonic() - before
    for step, prepared in enumerate(loader, start):
        progress = max(step / plan.steps, (time.monotonic() - clock) / (60 * minutes))
        for group in optimizer.param_groups:
            group["lr"] = plan.rate_at(step, progress)
        # What is dropped out has to depend on the step alone, like the batch.
        torch.manual_seed(plan.seed + step)
        vectors = embed(forward, prepared, device)
        loss = contrast(vectors, torch.from_numpy(prepared.meanings).to(device))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.detach())
        done, seconds = step + 1, time.monotonic() - clock
        if done % REPORT_STEPS == 0:
            average = float(torch.stack(losses[-REPORT_STEPS:]).mean())
            print(f"{done}/{plan.steps} loss {average:.3f} {seconds:.0f} s", file=sys.stderr)
        ends = done == plan.steps or progress >= 1
        if ends or done % CHECKPOINT_STEPS == 0:
            checkpoint.save(done, seconds)
        if ends:
            break
    model.eval()  # type: ignore[no-untyped-call]
    return [float(loss) for loss in losses]


def _batches(sources: Sequence[Path], seed: int) -> Batches:
    """Those of packs, or of a store where that is on this machine."""
    if sources[0].is_dir():
        return Sampler(read_store(sources[0]), Switcher.read(sources[0]), seed=seed)
    return PackSampler(read_packs(sources), seed=seed)


def _pack(arguments: argparse.Namespace) -> None:
    batches = _batches([arguments.store], arguments.seed)
    pairs = write_pack(batches, arguments.output, megabytes=arguments.megabytes)
    megabytes = arguments.output.stat().st_size / 1e6
    print(json.dumps({"pairs": pairs, "megabytes": round(megabytes, 2)}))


def _train(arguments: argparse.Namespace) -> None:
    a = arguments
    available = "cuda" if torch.cuda.is_available() else "cpu"
    shape = Shape(a.layers, a.heads, a.intermediate, a.tokens, a.dropout)
    plan = Plan(shape, a.steps, a.batch, a.rate, a.warmup, a.seed)
    model = new_model(static_table(a.static), shape, seed=plan.seed)
    losses = train(
        model,
        _batches(a.sources, plan.seed),
        plan,
        a.output,
        device=torch.device(available if a.device == "auto" else a.device),
        workers=a.workers,
        minutes=a.minutes,
        compiled=a.compile,
    )
    save_model(model.cpu(), a.static / "tokenizer.json", a.output / "model")
    print(json.dumps({"steps": len(losses), "last_losses": losses[-3:]}))


def _export(arguments: argparse.Namespace) -> None:
    sets = {language: read_passage_set(arguments.dev, language) for language in GATE_LANGUAGES}
    ours, static = compare(arguments.run / "model", arguments.static, sets)
    print(json.dumps({"contextual": asdict(ours), "static": asdict(static)}))
    if not ours.beats(static):
        sys.exit("refused: not better between languages, or worse within, than the static model")
    shutil.copytree(arguments.run / "model", arguments.output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)

    command = commands.add_parser("pack", help="record batches of a store in a small file")
    command.add_argument("store", type=Path, help="folder of packed pairs")
    command.add_argument("output", type=Path, help="an .npz file")
    command.add_argument("--megabytes", type=float, default=25)
    command.add_argument("--seed", type=int, default=0, help="another one for another sample")
    command.set_defaults(run_command=_pack)

    command = commands.add_parser("train", help="train, or go on; leaves OUTPUT/model, not gated")
    command.add_argument("static", type=Path, help="folder of the static model to start from")
    command.add_argument("output", type=Path, help="folder for the checkpoint and the model")
    command.add_argument("sources", type=Path, nargs="+", help="packs, or the folder of a store")
    for name, default in (("layers", 4), ("heads", 4), ("intermediate", 512), ("tokens", 256)):
        command.add_argument(f"--{name}", type=int, default=default)
    for name, default in (("steps", 6_000), ("batch", 4_096), ("warmup", 200), ("seed", 0)):
        command.add_argument(f"--{name}", type=int, default=default)
    command.add_argument("--dropout", type=float, default=0.1)
    command.add_argument("--rate", type=float, default=1e-3)
    command.add_argument("--minutes", type=float, default=float("inf"), help="of all calls")
    command.add_argument("--workers", type=int, default=0, help="processes that make batches")
    command.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    command.add_argument("--compile", action="store_true")
    command.set_defaults(run_command=_train)

    command = commands.add_parser("export", help="write what `train` left, if it passes the gate")
    command.add_argument("run", type=Path, help="the OUTPUT of `train`")
    command.add_argument("static", type=Path, help="folder of the static model it started from")
    command.add_argument("dev", type=Path, help="folder with the set that the gate measures on")
    command.add_argument("output", type=Path, help="a folder that is not there yet")
    command.set_defaults(run_command=_export)

    arguments = parser.parse_args()
    arguments.run_command(arguments)


if __name__ == "__main__":
    main()
