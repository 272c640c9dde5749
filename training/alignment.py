"""Learns which words translate each other from sentence pairs (IBM Model 1)."""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np

from training.bags import Floats, Longs

ROUNDS = 4
MIN_PROBABILITY = 0.06
MIN_COUNT = 1.5
MIN_BACKWARD = 0.08


@numba.njit(cache=True)
def _expectation_maximisation(
    english: Longs,
    english_offsets: Longs,
    other: Longs,
    other_offsets: Longs,
    starts: Longs,
    columns: Longs,
    probability: Floats,
    rounds: int,
) -> Floats:
    counts = np.zeros_like(probability)
    for _ in range(rounds):
        counts[:] = 0
        for s in range(len(english_offsets) - 1):
            for j in range(other_offsets[s], other_offsets[s + 1]):
                total = np.float32(0)
                for i in range(english_offsets[s], english_offsets[s + 1]):
                    low, high = starts[english[i]], starts[english[i] + 1]
                    total += probability[low + np.searchsorted(columns[low:high], other[j])]
                for i in range(english_offsets[s], english_offsets[s + 1]):
                    low, high = starts[english[i]], starts[english[i] + 1]
                    k = low + np.searchsorted(columns[low:high], other[j])
                    counts[k] += probability[k] / total
        for e in range(len(starts) - 1):
            low, high = starts[e], starts[e + 1]
            total = counts[low:high].sum()
            if total > 0:
                probability[low:high] = counts[low:high] / total
    return counts


def word_translations(
    english: Sequence[Sequence[str]], other: Sequence[Sequence[str]]
) -> dict[str, list[tuple[str, float]]]:
    """For English words, the words that translate them with their probabilities.

    Sentence `i` of `english` and of `other`, as words, mean the same. Model 1 (Brown and
    others 1993) with an empty English word; a translation is kept when it is likely in
    both directions.
    """
    names = sorted({word for words in english for word in words})
    other_names = sorted({word for words in other for word in words})
    number = {word: i + 1 for i, word in enumerate(names)}
    other_number = {word: i for i, word in enumerate(other_names)}
    sources = [np.array([0, *(number[w] for w in set(ws))], np.int64) for ws in english]
    targets = [np.array([other_number[w] for w in set(ws)], np.int64) for ws in other]
    width = len(other_names)
    keys = np.unique(
        np.concatenate(
            [(a[:, None] * width + b[None]).ravel() for a, b in zip(sources, targets, strict=True)]
        )
    )
    rows, columns = keys // width, keys % width
    starts = np.searchsorted(rows, np.arange(len(names) + 2))
    probability = np.full(len(keys), 1e-3, np.float32)
    counts = _expectation_maximisation(
        np.concatenate(sources),
        np.concatenate([[0], np.cumsum([len(a) for a in sources])]),
        np.concatenate(targets),
        np.concatenate([[0], np.cumsum([len(b) for b in targets])]),
        starts,
        columns,
        probability,
        ROUNDS,
    )
    backward = counts / np.maximum(np.bincount(columns, weights=counts)[columns], 1e-9)
    kept = (
        (probability > MIN_PROBABILITY)
        & (counts > MIN_COUNT)
        & (backward > MIN_BACKWARD)
        & (rows > 0)
    )
    found: dict[str, list[tuple[str, float]]] = {}
    for k in np.flatnonzero(kept):
        word = names[rows[k] - 1]
        found.setdefault(word, []).append((other_names[columns[k]], float(probability[k])))
    return found
