"""Finds, for each question, other questions' passages that look right: hard negatives."""

from __future__ import annotations

import numpy as np
from scipy import sparse  # type: ignore[import-untyped]

from training.bags import Longs
from training.packing import PairSet, Side, Store

NEIGHBOURS = 8
_K1, _B = 1.2, 0.75
_CHUNK = 512


def _counts(side: Side, texts: Longs, pieces: int) -> sparse.csr_matrix:
    bags = [side[int(i)] for i in texts]
    rows = np.repeat(np.arange(len(bags)), [len(bag) for bag in bags])
    values = np.ones(len(rows), np.float32)
    shape = (len(bags), pieces)
    return sparse.csr_matrix((values, (rows, np.concatenate(bags))), shape=shape)


def bm25_neighbours(store: Store, pairs: PairSet) -> Longs:
    """For each row of `pairs` up to 8 others [n, 8] whose passages match its question best.

    BM25 over tokens; rows of the same meaning are left out, and -1 fills up.
    """
    questions, passages = store.texts[pairs.first_language], store.texts[pairs.second_language]
    distinct, place = np.unique(pairs.rows[:, 1], return_inverse=True)
    pieces = 1 + max(int(questions.ids.max()), int(passages.ids.max()))
    counts = _counts(passages, distinct.astype(np.int64), pieces)
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    holding = np.bincount(counts.indices, minlength=pieces)
    rarity = np.log1p((len(distinct) - holding + 0.5) / (holding + 0.5)).astype(np.float32)
    norm = _K1 * (1 - _B + _B * lengths / lengths.mean())
    counts.data = counts.data * (_K1 + 1) / (counts.data + np.repeat(norm, np.diff(counts.indptr)))
    weighted = counts.multiply(rarity).tocsr().T.tocsr()
    asked = _counts(questions, pairs.rows[:, 0].astype(np.int64), pieces)
    asked.data[:] = 1
    some_row = np.zeros(len(distinct), np.int64)
    some_row[place] = np.arange(len(pairs))

    found = np.full((len(pairs), NEIGHBOURS), -1, np.int64)
    width = min(2 * NEIGHBOURS, len(distinct))
    for start in range(0, len(pairs), _CHUNK):
        scores = (asked[start : start + _CHUNK] @ weighted).toarray()
        best = np.argpartition(-scores, width - 1, axis=1)[:, :width]
        order = np.take_along_axis(-scores, best, axis=1).argsort(axis=1, kind="stable")
        for i, passage_numbers in enumerate(np.take_along_axis(best, order, axis=1), start):
            rows = some_row[passage_numbers]
            others = rows[pairs.rows[rows, 2] != pairs.rows[i, 2]][:NEIGHBOURS]
            found[i, : len(others)] = others
    return found
