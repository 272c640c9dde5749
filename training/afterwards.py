"""Measures what may be done to a trained table afterwards: weights, centring, fewer bits or
dimensions."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from training.export import token_probabilities, weigh_by_rarity
from training.measure import Array, measure_table, read_passage_sets

SMOOTHING = 3e-4


def half(table: Array) -> Array:
    return table.astype(np.float16).astype(np.float32)


def eight_bits(table: Array) -> Array:
    """Each row [d] as 8-bit integers times a scale of its own."""
    scales = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-9) / 127
    rounded: Array = (np.round(table / scales) * scales).astype(np.float32)
    return rounded


def without_components(table: Array, weights: Array, count: int) -> Array:
    """Rows less the mean, and less their parts along the `count` principal axes, of text.

    Text is made of tokens as often as `weights` [v] says.
    """
    centred = table - np.average(table, axis=0, weights=weights)
    if not count:
        return centred.astype(np.float32)
    scatter = (centred * weights[:, None]).T @ centred
    axes = np.linalg.eigh(scatter)[1][:, -count:]
    left: Array = (centred - centred @ axes @ axes.T).astype(np.float32)
    return left


def first_dimensions(table: Array, count: int) -> Array:
    """Rows on their `count` principal axes, the mean kept."""
    axes = np.linalg.eigh(table.T @ table)[1][:, -count:]
    turned: Array = table @ axes
    return turned


def variants(trained: Array, tokenizer: Tokenizer) -> dict[str, Callable[[], Array]]:
    table = weigh_by_rarity(trained, tokenizer, SMOOTHING)
    often = token_probabilities(tokenizer).astype(np.float32)
    lengths = np.linalg.norm(trained, axis=1, keepdims=True)
    found: dict[str, Callable[[], Array]] = {
        "not weighted": lambda: trained,
        **{
            f"weighted, a = {a:g}": lambda a=a: weigh_by_rarity(trained, tokenizer, a)  # type: ignore[misc]
            for a in (1e-3, 3e-4, 1e-4, 3e-5)
        },
        "weighted, lengths all one before": lambda: weigh_by_rarity(
            (trained / np.maximum(lengths, 1e-9)).astype(np.float32), tokenizer, SMOOTHING
        ),
        "16 bits": lambda: half(table),
        "8 bits": lambda: eight_bits(table),
        "centred": lambda: without_components(table, often, 0),
        **{
            f"centred, without {n} principal components": lambda n=n: without_components(  # type: ignore[misc]
                table, often, n
            )
            for n in (1, 2, 4)
        },
        **{
            f"{n} principal dimensions": lambda n=n: first_dimensions(table, n)  # type: ignore[misc]
            for n in (64, 128, 192, 256, 320)
            if n < table.shape[1]
        },
    }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path, help="table.npy of a run")
    parser.add_argument("tokenizer", type=Path)
    parser.add_argument("dev", type=Path, help="folder of an aligned set, see training/README.md")
    arguments = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(arguments.tokenizer))
    trained = np.load(arguments.table, allow_pickle=False)
    passages = read_passage_sets(arguments.dev)
    for name, make in variants(trained, tokenizer).items():
        cross, same = measure_table(make(), tokenizer, passages)
        row = {"variant": name, "cross": round(100 * cross, 1), "same": round(100 * same, 1)}
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
