"""BM25 as an inner product of sparse vectors, equal to what tantivy computes.

A document's side is the saturation of each term's frequency, a question's side the inverse
document frequency of each of its terms times its count. The server adds up the products: it need
know nothing of BM25. tantivy keeps a document's length in one byte, as Lucene does, and so the
length is rounded here.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

Sparse = dict[int, float]

_K1, _B = 1.2, 0.75
_DIMENSIONS = (1 << 32) - 2
FILLER = _DIMENSIONS
"""A dimension of no term: a sparse vector may not be empty, and a passage may have no term."""

_EXACT = 24
"""Lengths up to which Lucene's byte is exact before it turns to 4 significant bits."""


def dimension_of(term: str) -> int:
    """The hash of a term, 32 bits: of a million terms, one of a question's 100 meets another one
    in one question of 40."""
    digest = hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % _DIMENSIONS


def rounded_length(length: int) -> int:
    """A document's length as a byte of Lucene's `SmallFloat.intToByte4` keeps it."""
    rest = length - _EXACT
    if rest < 16:
        return length
    shift = rest.bit_length() - 4
    return _EXACT + (rest >> shift << shift)


def document_side(terms: Iterable[str], mean_length: float) -> Sparse:
    """The weights of a document's terms by dimension; never empty."""
    counts = Counter(terms)
    length = rounded_length(counts.total())
    norm = _K1 * (1 - _B + _B * length / max(mean_length, 1e-9))
    weights: Sparse = {}
    for term, count in counts.items():
        place = dimension_of(term)
        weights[place] = weights.get(place, 0.0) + count * (1 + _K1) / (count + norm)
    return weights or {FILLER: 1.0}


def question_side(counts: Mapping[str, int], idf: Mapping[str, float]) -> Sparse:
    """The weights of a question's terms by dimension."""
    weights: Sparse = {}
    for term, count in counts.items():
        place = dimension_of(term)
        # Two terms of one hash are one term to the server.
        weights[place] = max(weights.get(place, 0.0), idf[term] * count)
    return weights


def inverse_frequency(passages: int, frequency: int) -> float:
    """As tantivy has it."""
    return math.log(1 + (passages - frequency + 0.5) / (frequency + 0.5))


def sides_dimensions(weights: Mapping[int, float]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The dimensions of a document's terms, without the filler."""
    return np.array([place for place in weights if place != FILLER], np.int64)
