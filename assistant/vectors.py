"""The dense leg: passage vectors in FAISS, searched by inner product of unit vectors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from assistant.errors import IndexCorrupt, RecallTooLow

Vectors = npt.NDArray[np.float32]
Stored = npt.NDArray[np.float32] | npt.NDArray[np.float16]
Rows = npt.NDArray[np.int64]

EXACT_UP_TO = 20_000
"""Passages up to which every vector is compared: over it, a flat scan passes 2 ms."""

CODES_UP_TO = 3_000_000
"""Over it, a scan of all short codes passes 10 ms: lists of them are kept, of which some are
scanned."""

LEAST_RECALL = 0.95
"""The share of the 10 best of an exact search that must be found for an index to be used."""

_CANDIDATES = 10
_MOST_CANDIDATES = 80
"""How many times the wanted rows are taken from the short codes to be compared: more where too
little is found, because passages are very many or nearly the same."""

_ENOUGH_AT_100 = 0.99
"""The recall of the 100 best, as many as a leg gives, at which no more are taken."""

COMPARED_UP_TO = 100_000
"""Rows that a filter allows, up to which all of them are compared: that takes 10 ms."""

_SPARE = 2
"""Filtered candidates are taken from so many times what would be enough by their share."""

_ROWS_AT_ONCE = 16_384
_TRAINED_ON = 16_384
"""256 vectors for each of the 16 codes train as well as all do; inverted lists take more."""

_TRAINED_PER_LIST = 40
_LISTS = 4.0
"""Inverted lists, times the square root of how many vectors there are."""

_FEWEST_LISTS = 16
_ENOUGH = 0.99
"""The recall at which no more of the inverted lists are scanned."""

_QUERIES = 200
_DEEP = 100
_NEAR = 0.6
"""The cosine of a measuring query with the passage that it is made from: about a good hit's."""

_EQUAL = 1e-4
"""Cosines that half precision does not tell apart are equal."""

_SEED = 20_261_128


@dataclass(frozen=True, slots=True)
class VectorKind:
    """How vectors are searched, and how much of an exact search that finds.

    `kind` is FAISS's name of it. `recall_at_10` and `recall_at_100` are the shares of the 10 and
    100 best of an exact search that are found; 1 for an exact one. `candidates` is how many times
    the wanted rows short codes choose to be compared, 0 where there are no codes; `lists_read` is
    how many inverted lists are scanned, 0 where there are none.
    """

    kind: str
    candidates: int
    lists_read: int
    recall_at_10: float
    recall_at_100: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "candidates": self.candidates,
            "lists_read": self.lists_read,
            "recall_at_10": self.recall_at_10,
            "recall_at_100": self.recall_at_100,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> VectorKind:
        """Raises KeyError, TypeError or ValueError for what `to_dict` does not give."""
        return cls(
            str(values["kind"]),
            int(values["candidates"]),
            int(values["lists_read"]),
            float(values["recall_at_10"]),
            float(values["recall_at_100"]),
        )


def kind_for(n: int, dimension: int) -> str:
    """FAISS's name of the index for `n` vectors; docs/performance.md has what was measured."""
    if n <= EXACT_UP_TO:
        return "Flat"
    if dimension % 2:
        return "SQfp16"
    # 4 bits for each two dimensions, scanned in registers, find candidates, and the vectors in
    # half precision order them.
    coded = f"PQ{dimension // 2}x4fs,Refine(SQfp16)"
    return coded if n <= CODES_UP_TO else f"IVF{round(_LISTS * math.sqrt(n))},{coded}"


def _batches(n: int) -> Iterator[slice]:
    return (slice(start, min(start + _ROWS_AT_ONCE, n)) for start in range(0, n, _ROWS_AT_ONCE))


def _single(vectors: Stored) -> Vectors:
    single: Vectors = np.ascontiguousarray(vectors, np.float32)
    return single


def _sampled(vectors: Stored, count: int, chance: np.random.Generator) -> Vectors:
    """Some of the vectors, in their order, all where `count` is no less."""
    if count >= len(vectors):
        return _single(vectors)
    rows = np.sort(chance.choice(len(vectors), count, replace=False))
    return _single(vectors[rows])


def write_vectors(path: Path, vectors: Stored, *, least_recall: float = LEAST_RECALL) -> VectorKind:
    """Writes unit vectors [n, d] as a FAISS index whose ids are the row numbers.

    They may be a memory map, in single or half precision: they are read in batches. FAISS holds
    what it writes in memory, in half precision. Raises RecallTooLow where too little of an exact
    search is found; OSError or RuntimeError where the disk does not take it.
    """
    n, dimension = vectors.shape
    kind = kind_for(n, dimension)
    index = faiss.index_factory(dimension, kind, faiss.METRIC_INNER_PRODUCT)
    chance = np.random.default_rng(_SEED)
    lists = faiss.try_extract_index_ivf(index)
    count = _TRAINED_ON if lists is None else max(_TRAINED_ON, _TRAINED_PER_LIST * lists.nlist)
    with _one_thread():
        index.train(_sampled(vectors, count if n > EXACT_UP_TO else 0, chance))
        for rows in _batches(n):
            index.add(_single(vectors[rows]))
    made = _tuned(index, kind, vectors, least_recall, chance)
    if made.recall_at_10 < least_recall:
        raise RecallTooLow(
            f"searching {n} vectors as {kind} finds {made.recall_at_10:.1%} of the 10 best, and "
            f"{least_recall:.0%} are wanted; build with another model, or split the articles "
            "into several indexes"
        )
    faiss.write_index(index, str(path))
    return made


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keeps FAISS to one thread: its threads wait for each other in loops, and beside a busy
    program take six times the processor time that one takes.
    """
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)


def _tuned(
    index: faiss.Index, kind: str, vectors: Stored, least_recall: float, chance: np.random.Generator
) -> VectorKind:
    """Sets how far an index is searched, and measures what it then finds."""
    if not isinstance(index, faiss.IndexRefine):
        return VectorKind(kind, 0, 0, 1.0, 1.0)
    queries = _queries(vectors, chance)
    best = _exact_scores(vectors, queries)
    index.k_factor = candidates = _CANDIDATES
    lists, nprobe = faiss.try_extract_index_ivf(index), 0
    if lists is not None:
        lists.nprobe = nprobe = min(_FEWEST_LISTS, lists.nlist)
    while True:
        at_10, at_100 = _recall(index, vectors, queries, best)
        if lists is not None and nprobe < lists.nlist and at_10 < max(_ENOUGH, least_recall):
            lists.nprobe = nprobe = min(2 * nprobe, lists.nlist)
        elif candidates < _MOST_CANDIDATES and (at_10 < least_recall or at_100 < _ENOUGH_AT_100):
            index.k_factor = candidates = 2 * candidates
        else:
            return VectorKind(kind, candidates, nprobe, at_10, at_100)


def _queries(vectors: Stored, chance: np.random.Generator) -> Vectors:
    """Unit vectors [q, d] as far from some passages as questions are, made of those alone.

    A passage's vector and noise that is spread as the vectors are, for they do not fill space
    evenly. Less is found of these than of real questions (docs/performance.md).
    """
    some = _sampled(vectors, _ROWS_AT_ONCE, chance)
    chosen = _sampled(vectors, _QUERIES, chance)
    noise = chance.standard_normal(chosen.shape).astype(np.float32) * some.std(0) + some.mean(0)
    noise /= np.maximum(np.linalg.norm(noise, axis=1, keepdims=True), 1e-9)
    queries: Vectors = _NEAR * chosen + math.sqrt(1 - _NEAR**2) * noise
    queries /= np.maximum(np.linalg.norm(queries, axis=1, keepdims=True), 1e-9)
    return queries


def _exact_scores(vectors: Stored, queries: Vectors) -> Vectors:
    """The best cosines [q, k] of queries with all vectors, highest first."""
    best = np.full((len(queries), 0), 0, np.float32)
    for rows in _batches(len(vectors)):
        scores = np.concatenate([best, queries @ _single(vectors[rows]).T], axis=1)
        k = min(_DEEP, scores.shape[1])
        best = np.partition(scores, -k, axis=1)[:, -k:]
    best.sort(axis=1)
    return best[:, ::-1]


def _recall(
    index: faiss.Index, vectors: Stored, queries: Vectors, best: Vectors
) -> tuple[float, float]:
    """The shares of the 10 and of the 100 best that an index finds; equal ones are as good."""
    k = best.shape[1]
    _, found = index.search(queries, k)
    shares = []
    for depth in (min(10, k), k):
        held = [
            (_single(vectors[rows[rows >= 0]]) @ query >= least - _EQUAL).sum()
            for query, rows, least in zip(
                queries, found[:, :depth], best[:, depth - 1], strict=True
            )
        ]
        shares.append(float(np.mean(held)) / depth)
    return shares[0], shares[1]


def write_article_vectors(path: Path, vectors: Stored, article_of_row: Rows, articles: int) -> None:
    """Writes the unit mean [articles, d] of the vectors [n, d] of each article's passages.

    Into a memory map, from vectors that may be one, in batches. Raises OSError.
    """
    shape = (articles, vectors.shape[1])
    if not articles:
        np.save(path, np.zeros(shape, np.float32), allow_pickle=False)
        return
    means = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    order = np.argsort(article_of_row, kind="stable")
    edges = np.searchsorted(article_of_row, np.arange(articles + 1), sorter=order)
    start = 0
    while start < articles:
        # As many articles as have about so many passages, one at least.
        wanted = np.searchsorted(edges, edges[start] + _ROWS_AT_ONCE, side="right") - 1
        stop = min(max(start + 1, int(wanted)), articles)
        rows = order[edges[start] : edges[stop]]
        sums = np.zeros((stop - start, shape[1]), np.float32)
        np.add.at(sums, article_of_row[rows] - start, _single(vectors[rows]))
        sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
        means[start:stop] = sums
        start = stop
    means.flush()
    del means


def read_article_vectors(path: Path) -> Vectors:
    """Maps what `write_article_vectors` wrote into memory. Raises IndexCorrupt."""
    try:
        vectors: Vectors = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise IndexCorrupt(
            f"{path} cannot be read ({error}); build it again: assistant build --full"
        ) from error
    return vectors


class VectorIndex:
    """A FAISS index that is only read, so that many threads may search it."""

    def __init__(self, path: Path) -> None:
        """Maps the file into memory. Raises IndexCorrupt."""
        try:
            self._index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise IndexCorrupt(
                f"{path} cannot be read as a FAISS index; build it again: assistant build --full"
            ) from error
        # The codes of a refined index take no filter and give no vector back.
        self._stored, self._codes, self._candidates = self._index, None, 0
        if isinstance(self._index, faiss.IndexRefine):
            self._stored, self._codes = self._index.refine_index, self._index.base_index
            self._candidates = int(max(self._index.k_factor, _CANDIDATES))
            # Earlier versions did not keep it in the file.
            self._index.k_factor = self._candidates

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._index.d)

    def all(self) -> Vectors:
        """The vectors [n, d], as they are stored."""
        stored: Vectors = self._stored.reconstruct_n(0, len(self))
        return stored

    def at(self, rows: Rows) -> Vectors:
        """The vectors [n, d] of some rows."""
        if not len(rows):
            return np.zeros((0, self.dimension), np.float32)
        stored: Vectors = self._stored.reconstruct_batch(rows)
        return stored

    def search(
        self, vector: Vectors, *, k: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[Rows, Vectors]:
        """The `k` rows of highest cosine with the unit vector [d], best first, equal ones by row.

        `allowed` [n] marks the rows that may be found. Returns rows and cosines, both [<=k].
        """
        k = min(k, len(self))
        if k == 0:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        if allowed is None:
            scores, rows = self._index.search(vector[None, :], k)
        else:
            among = self._among_nearest(vector, k, allowed)
            if among is not None:
                allowed = among
            bits = np.packbits(allowed, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bits))
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
            scores, rows = self._stored.search(vector[None, :], k, params=parameters)
        found = rows[0] >= 0
        rows, scores = rows[0][found], scores[0][found]
        order = np.lexsort((rows, -scores))
        return rows[order], scores[order]

    def _among_nearest(
        self, vector: Vectors, k: int, allowed: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_] | None:
        """Some of the allowed rows [n], the nearest by short codes, or None to compare all.

        As many as an unfiltered search compares; None where few enough are allowed, or where
        those that are lie further off than the rest.
        """
        count = int(np.count_nonzero(allowed))
        if self._codes is None or count <= COMPARED_UP_TO:
            return None
        wanted = k * self._candidates
        depth = min(len(self), int(_SPARE * wanted * len(self) / count))
        _, near = self._codes.search(vector[None, :], depth)
        near = near[0][near[0] >= 0]
        near = near[allowed[near]][:wanted]
        if len(near) < wanted / _SPARE:
            return None
        among = np.zeros(len(allowed), bool)
        among[near] = True
        return among
