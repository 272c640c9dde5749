"""The dense leg: passage vectors in FAISS, searched by inner product of unit vectors."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from assistant.errors import IndexCorrupt

Vectors = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

EXACT_UP_TO = 20_000
"""Passages up to which every vector is compared: over it, a flat scan passes about 3 ms."""

_CANDIDATES = 10
"""Over it, how many times the wanted rows are taken from the short codes to be compared."""


def write_vectors(path: Path, vectors: Vectors) -> None:
    """Writes unit vectors [n, d] as a FAISS index whose ids are the row numbers."""
    n, dimension = vectors.shape
    # 4 bits for each two dimensions, scanned in registers, find the candidates, and the
    # vectors in half precision order them: 99.9 % of the true 100 best, in a fifth of the time.
    coded = "SQfp16" if dimension % 2 else f"PQ{dimension // 2}x4fs,Refine(SQfp16)"
    kind = "Flat" if n <= EXACT_UP_TO else coded
    index = faiss.index_factory(dimension, kind, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors)
    index.add(vectors)
    faiss.write_index(index, str(path))


def write_article_vectors(
    path: Path, vectors: Vectors, article_of_row: Rows, articles: int
) -> None:
    """Writes the unit mean [articles, d] of the vectors [n, d] of each article's passages."""
    means = np.zeros((articles, vectors.shape[1]), np.float32)
    np.add.at(means, article_of_row, vectors)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    np.save(path, means, allow_pickle=False)


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
        self._stored = self._index
        if isinstance(self._index, faiss.IndexRefine):
            self._stored = self._index.refine_index
            self._index.k_factor = _CANDIDATES

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
        parameters, searched = None, self._index
        if allowed is not None:
            searched = self._stored
            bits = np.packbits(allowed, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bits))
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        k = min(k, len(self))
        if k == 0:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        scores, rows = searched.search(vector[None, :], k, params=parameters)
        found = rows[0] >= 0
        rows, scores = rows[0][found], scores[0][found]
        order = np.lexsort((rows, -scores))
        return rows[order], scores[order]
