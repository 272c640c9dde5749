"""Turns the pairs into packed integer arrays once: tokenising costs more than training on them."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from training.corpus import read_groups

FIRST_CHARACTERS = 500
SECOND_CHARACTERS = 700
ARTICLE_CHARACTERS = 6_000

Ids = npt.NDArray[np.int32]
Offsets = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Side:
    """Token ids of many texts: text `i` is `ids[offsets[i]:offsets[i + 1]]`."""

    ids: Ids  # [tokens]
    offsets: Offsets  # [texts + 1]

    def __getitem__(self, i: int) -> Ids:
        return self.ids[self.offsets[i] : self.offsets[i + 1]]


@dataclass(frozen=True, slots=True)
class Packed:
    """One group of pairs as token ids."""

    kind: str
    name: str
    first: Side
    second: Side

    def __len__(self) -> int:
        return len(self.first.offsets) - 1


def pack_texts(tokenizer: Tokenizer, texts: list[str]) -> Side:
    ids: list[Ids] = []
    lengths: list[int] = []
    for start in range(0, len(texts), 20_000):
        for encoding in tokenizer.encode_batch_fast(
            texts[start : start + 20_000], add_special_tokens=False
        ):
            row = np.array(encoding.ids or [0], np.int32)
            ids.append(row)
            lengths.append(len(row))
    return Side(np.concatenate(ids), np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))


def pack_folder(data: Path, tokenizer_file: Path, cache: Path) -> None:
    """Packs every group of `data` into `cache`, one pair of files for each, index last."""
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    cache.mkdir(parents=True, exist_ok=True)
    table = []
    for number, group in enumerate(read_groups(data)):
        second_limit = ARTICLE_CHARACTERS if group.kind == "headline" else SECOND_CHARACTERS
        first = pack_texts(tokenizer, [a[:FIRST_CHARACTERS] for a, _ in group.pairs])
        second = pack_texts(tokenizer, [b[:second_limit] for _, b in group.pairs])
        np.savez(
            cache / f"{number:04d}.npz",
            first_ids=first.ids,
            first_offsets=first.offsets,
            second_ids=second.ids,
            second_offsets=second.offsets,
        )
        table.append({"file": f"{number:04d}.npz", "kind": group.kind, "name": group.name})
    (cache / "groups.json").write_text(json.dumps(table), encoding="utf-8")


def read_packed(cache: Path) -> list[Packed]:
    packed = []
    for row in json.loads((cache / "groups.json").read_text(encoding="utf-8")):
        with np.load(cache / row["file"], allow_pickle=False) as arrays:
            packed.append(
                Packed(
                    row["kind"],
                    row["name"],
                    Side(arrays["first_ids"], arrays["first_offsets"]),
                    Side(arrays["second_ids"], arrays["second_offsets"]),
                )
            )
    return packed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("cache", type=Path)
    arguments = parser.parse_args()
    pack_folder(arguments.data, arguments.tokenizer, arguments.cache)
    groups = read_packed(arguments.cache)
    print(f"{len(groups)} groups, {sum(map(len, groups))} pairs", file=sys.stderr)


if __name__ == "__main__":
    main()
