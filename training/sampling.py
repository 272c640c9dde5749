"""Draws batches of pairs; batch `step` depends on the seed and on `step` alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from training.bags import Longs
from training.negatives import bm25_neighbours
from training.packing import Ids, PairSet, Store
from training.switching import Switcher

SHARES: Mapping[str, float] = {
    "parallel": 0.18,
    "bridged-parallel": 0.10,
    "technical": 0.04,
    "bridged-technical": 0.03,
    "lexicon": 0.10,
    "bridged-lexicon": 0.10,
    "question": 0.13,
    "headline": 0.04,
    "switched": 0.28,
}
"""The share of each kind of pairs in training; technical text is easy to find and not asked for."""

LATE_SHARES: Mapping[str, float] = {
    "parallel": 0.20,
    "bridged-parallel": 0.20,
    "technical": 0.03,
    "bridged-technical": 0.02,
    "question": 0.20,
    "headline": 0.05,
    "switched": 0.30,
}
"""The same for the contrast of late-interaction scores: no single words."""

SIZE_EXPONENT = 0.5
MAX_TOKENS = 192


@dataclass(frozen=True, slots=True)
class Batch:
    """Pairs of texts as token ids; `meanings` [b] tells which are no negatives."""

    first: list[Ids]
    second: list[Ids]
    meanings: Longs


class Sampler:
    """A batch is made of `parts` parts, each of one kind and one pair of languages.

    So most negatives of a text are in its partner's language, about the same kind of
    thing, and the others in other languages.
    """

    def __init__(
        self,
        store: Store,
        switcher: Switcher | None,
        *,
        shares: Mapping[str, float] = SHARES,
        parts: int = 8,
        hard_negatives: bool = False,
        seed: int = 0,
    ) -> None:
        """With `hard_negatives` half of the questions of a part are those whose passages
        look right to the others (`training.negatives`)."""
        self._store = store
        self._switcher = switcher
        self._parts = parts
        self._seed = seed
        self._sets: dict[str, list[PairSet]] = {}
        for pairs in store.pairs:
            self._sets.setdefault(pairs.kind, []).append(pairs)
        present = {k: s for k, s in shares.items() if k in self._sets and s > 0}
        if switcher is not None and shares.get("switched", 0) > 0:
            present["switched"] = shares["switched"]
        self._kinds = list(present)
        weights = np.array(list(present.values()))
        self._bounds = np.cumsum(weights / weights.sum())
        self._neighbours: dict[int, Longs] = {}
        if hard_negatives:
            for pairs in self._sets.get("question", []):
                self._neighbours[id(pairs)] = bm25_neighbours(store, pairs)
        self._within = {}
        for kind, sets in self._sets.items():
            sizes = np.array([len(pairs) for pairs in sets]) ** SIZE_EXPONENT
            self._within[kind] = sizes / sizes.sum()

    def batch(self, step: int, size: int) -> Batch:
        """`size` pairs; the kinds of the parts are drawn systematically, so each has its share."""
        chance = np.random.default_rng([self._seed, step])
        points = (np.arange(self._parts) + chance.random()) / self._parts
        first: list[Ids] = []
        second: list[Ids] = []
        meanings: list[int] = []
        for number in np.minimum(np.searchsorted(self._bounds, points), len(self._kinds) - 1):
            kind = self._kinds[number]
            if kind == "switched":
                assert self._switcher is not None
                pairs = self._switcher.pairs(size // self._parts, chance)
            else:
                sets = self._sets[kind]
                chosen = sets[chance.choice(len(sets), p=self._within[kind])]
                pairs = self._plain(chosen, size // self._parts, chance)
            for a, b, meaning in pairs:
                first.append(a[:MAX_TOKENS])
                second.append(b[:MAX_TOKENS])
                # Meanings are numbered apart for switched pairs: below zero.
                meanings.append(-1 - meaning if kind == "switched" else meaning)
        return Batch(first, second, np.array(meanings, np.int64))

    def _plain(
        self, pairs: PairSet, size: int, chance: np.random.Generator
    ) -> list[tuple[Ids, Ids, int]]:
        one, other = (
            self._store.texts[pairs.first_language],
            self._store.texts[pairs.second_language],
        )
        rows = []
        numbers = chance.integers(0, len(pairs), size)
        neighbours = self._neighbours.get(id(pairs))
        if neighbours is not None:
            half = numbers[: size // 2]
            near = neighbours[half, chance.integers(0, neighbours.shape[1], len(half))]
            numbers = np.concatenate([half, np.where(near >= 0, near, numbers[-len(half) :])])
        for number in numbers:
            i, j, meaning = pairs.rows[number].tolist()
            second = other[j]
            if pairs.kind == "headline" and len(second) > MAX_TOKENS:
                # Any part of an article goes with its headline.
                start = int(chance.integers(0, len(second) - MAX_TOKENS))
                second = second[start : start + MAX_TOKENS]
            rows.append((one[i], second, meaning))
        return rows
