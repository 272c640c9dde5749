"""Recorded batches in a file of a given size, for a machine that the store is too big to carry to.

A seed gives one sample; another seed gives another one, in a file of its own.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from training.bags import Longs
from training.packing import Ids, Side
from training.sampling import Batch

PART = 256
STEP_PARTS = 8
COMPRESSION = 6

Columns = dict[str, npt.NDArray[Any]]


class Batches(Protocol):
    """What `Sampler` is: batches that depend on their step alone."""

    def batch(self, step: int, size: int) -> Batch: ...


@dataclass(frozen=True, slots=True)
class Pack:
    """Parts of batches, `PART` pairs each: one kind and one pair of languages in each."""

    first: Side
    second: Side
    meanings: Longs  # [parts * PART]


class PackSampler:
    """Deals out the parts of a pack: each once, in a new order, and so on again."""

    def __init__(self, pack: Pack, *, seed: int = 0) -> None:
        self._pack = pack
        self._seed = seed

    def batch(self, step: int, size: int) -> Batch:
        """`size` pairs, a multiple of `PART`; raises ValueError where the pack has too few."""
        parts, used = len(self._pack.meanings) // PART, size // PART
        if size % PART or not 0 < used <= parts:
            raise ValueError(f"a batch is 1 to {parts} times {PART} pairs of this pack, not {size}")
        epoch, place = divmod(step, parts // used)
        order = np.random.default_rng([self._seed, epoch]).permutation(parts)
        chosen = order[place * used : (place + 1) * used]
        rows = (chosen[:, None] * PART + np.arange(PART)).ravel()
        return Batch(
            [self._pack.first[i] for i in rows.tolist()],
            [self._pack.second[i] for i in rows.tolist()],
            self._pack.meanings[rows],
        )


def _columns(batches: Sequence[Batch]) -> Columns:
    """Batches as arrays; ids of any vocabulary deflate best with their high parts apart."""
    columns: Columns = {"meanings": np.concatenate([batch.meanings for batch in batches])}
    sides: dict[str, list[Ids]] = {
        "first": [text for batch in batches for text in batch.first],
        "second": [text for batch in batches for text in batch.second],
    }
    for name, texts in sides.items():
        ids = np.concatenate(texts)
        columns[f"{name}_low"] = (ids & 0xFFFF).astype(np.uint16)
        columns[f"{name}_high"] = (ids >> 16).astype(np.uint8)
        columns[f"{name}_lengths"] = np.array([len(text) for text in texts], np.uint16)
    return columns


def write_pack(batches: Batches, file: Path, *, megabytes: float) -> int:
    """Records batches, from step 0 on, while they fit in `megabytes`; returns the pairs.

    The sampler draws them, so they have its shares; switched words are drawn once and for all.
    """
    recorded: list[Batch] = []
    # Together the batches take within a hundredth what each takes alone.
    left = megabytes * 0.99e6
    for step in itertools.count():
        batch = batches.batch(step, STEP_PARTS * PART)
        columns = _columns([batch]).values()
        left -= sum(len(zlib.compress(column.tobytes(), COMPRESSION)) for column in columns)
        if left < 0:
            break
        recorded.append(batch)
    if not recorded:
        raise ValueError(f"not even {STEP_PARTS * PART} pairs fit in {megabytes} MB")
    np.savez_compressed(file, **_columns(recorded))  # type: ignore[arg-type]
    return len(recorded) * STEP_PARTS * PART


def read_packs(files: Sequence[Path]) -> Pack:
    """All parts of packs of one store, one file after the other."""
    found: dict[str, list[npt.NDArray[Any]]] = {}
    for file in files:
        with np.load(file, allow_pickle=False) as arrays:
            for name in arrays.files:
                found.setdefault(name, []).append(arrays[name])
    columns = {name: np.concatenate(arrays) for name, arrays in found.items()}

    def side(name: str) -> Side:
        ids = columns[f"{name}_low"] | columns[f"{name}_high"].astype(np.int32) << 16
        ends = np.cumsum(columns[f"{name}_lengths"], dtype=np.int64)
        return Side(ids, np.concatenate([[0], ends]))

    return Pack(side("first"), side("second"), columns["meanings"])
