"""Files of an index that are damaged: flipped, cut, grown, zeroed, swapped, gone."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks._faults_world import (
    ROOM,
    Outcome,
    Part,
    built,
    copied,
    in_child,
    must,
    same,
    seen,
    write_state,
)

Damage = Callable[[bytes, random.Random], bytes | None]
"""What is made of a file's bytes; None where the file goes."""

_INDEX_ERRORS = ("IndexCorrupt", "IndexNotFound", "IndexFormatUnsupported", "ModelMismatch")
_BLOCK = 512
_PATIENCE = 30.0


def _flip(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _flip_many(data: bytes, chance: random.Random) -> bytes:
    for _ in range(16):
        data = _flip(data, chance)
    return data


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _zero(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    return data[:start] + bytes(len(data[start : start + _BLOCK])) + data[start + _BLOCK :]


def _scramble(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    noise = chance.randbytes(len(data[start : start + _BLOCK]))
    return data[:start] + noise + data[start + _BLOCK :]


def _move(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    return data[start:] + data[:start]


DAMAGES: dict[str, Damage] = {
    "a bit flipped": _flip,
    "16 bits flipped": _flip_many,
    "cut": _cut,
    "a block of zeros": _zero,
    "a block of noise": _scramble,
    "halves exchanged": _move,
    "grown": lambda data, chance: data + chance.randbytes(chance.randrange(1, 64)),
    "empty": lambda *_: b"",
    "gone": lambda *_: None,
}


def harm(path: Path, damage: Damage, chance: random.Random) -> bool:
    """Damages a file that may have other names; whether it is another one afterwards."""
    data = path.read_bytes()
    changed = damage(data, chance) if data else b"x"
    path.unlink()
    if changed is not None:
        path.write_bytes(changed)
    return changed != data


def _judge(part: Part, outcome: Outcome, expected: dict[str, Any], what: str) -> None:
    if outcome.crash is not None:
        part.count("crashes")
        part.failures.append(f"{what}: {outcome.crash}")
    elif outcome.error is not None:
        part.count(outcome.error)
        if outcome.error not in _INDEX_ERRORS:
            part.failures.append(f"{what}: {outcome.error}: {outcome.message}")
    elif same(outcome.value, expected):
        part.count("right answers")
    else:
        part.count("wrong answers")
        part.failures.append(f"{what}: a wrong answer")


def damages(root: Path, model: str, *, most: int = 500) -> Part:
    """Damages each file in turn, in each way, until `most` were; each is opened and asked."""
    part = Part()
    index = root / "index"
    must(in_child(built(write_state(root / "articles", range(12)), index, model)))
    expected = must(in_child(seen(index)))
    names = sorted(p.relative_to(index) for p in index.rglob("*") if p.is_file())
    names = [name for name in names if name.suffix != ".lock" and name.name != ".lock"]
    part.figures["files"] = len(names)
    chance = random.Random(11)
    pairs = [(name, damage) for damage in DAMAGES for name in names]
    for number in range(most):
        name, damage = pairs[number % len(pairs)]
        folder = root / "damaged"
        shutil.rmtree(folder, ignore_errors=True)
        copied(index, folder)
        if not harm(folder / name, DAMAGES[damage], chance):
            part.count("no change")
            continue
        part.count("damaged")
        outcome = in_child(seen(folder), patience=_PATIENCE, room=ROOM)
        _judge(part, outcome, expected, f"{name.name}, {damage}")
    return part
