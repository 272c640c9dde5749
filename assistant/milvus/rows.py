"""What an index in a folder holds, as rows for a server."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np

from assistant.index import Index
from assistant.milvus.layout import (
    NO_NAME,
    block_of,
    block_row,
    day_number,
    key_of,
    packed,
    piece_key,
    pieces_of,
    row_of,
)
from assistant.milvus.weighing import dimension_of, document_side
from assistant.passages import SplitSettings, embedded_text, fitting_title
from assistant.text import lexical_terms, romanised_terms
from assistant.types import Article, Passage

AT_ONCE = 500
"""Rows written at once: of passages, about 3 MB."""

_TERMS = (lexical_terms, romanised_terms)
_IN_A_BLOCK = 32
_MOST_BITS = 24
_HEADING = 2_000

Row = dict[str, Any]


def batches(rows: Iterator[Row], size: int = AT_ONCE) -> Iterator[list[Row]]:
    while some := list(islice(rows, size)):
        yield some


@dataclass(frozen=True, slots=True)
class Counted:
    """In how many passages each term is, by dimension, and the mean length; of both fields."""

    frequencies: tuple[dict[int, int], dict[int, int]]
    means: tuple[float, float]

    def bits(self) -> int:
        """By how many bits the frequencies are laid out in blocks of about 32."""
        most = max(len(some) for some in self.frequencies)
        return min(_MOST_BITS, max(0, (most // _IN_A_BLOCK).bit_length()))

    def rows(self, bits: int) -> Iterator[Row]:
        for field, frequencies in enumerate(self.frequencies):
            yield from _block_rows(frequencies, field, bits)


def _block_rows(frequencies: dict[int, int], field: int, bits: int) -> Iterator[Row]:
    blocks: dict[int, dict[int, int]] = defaultdict(dict)
    places = np.fromiter(frequencies, np.int64, len(frequencies))
    for place, key in zip(places.tolist(), block_of(places, field, bits).tolist(), strict=True):
        blocks[key][place] = frequencies[place]
    for key, some in blocks.items():
        yield block_row(key, some)


class Source:
    """An open index, read in the order of its rows and numbers, a few at a time."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._settings = SplitSettings(**index.split)
        self._hashes = index.store.contents()
        leaders = index.copies
        self._copied = np.bincount(leaders, minlength=len(leaders))[leaders] > 1
        self._ids = list(self._hashes)

    def _found(self, rows: Sequence[int]) -> Iterator[tuple[Passage, Article, str]]:
        """Each passage, its article, and the text that it is searched by."""
        found = self.index.passages(rows)
        articles = self.index.articles([number for number, _ in found])
        count = self.index.embedder.count_tokens
        titles = {
            number: fitting_title(article.title, count=count, settings=self._settings)
            for number, article in articles.items()
        }
        for number, passage in found:
            yield passage, articles[number], embedded_text(titles[number], passage.text)

    def _starts(self) -> Iterator[range]:
        total = self.index.info.passages
        for start in range(0, total, AT_ONCE):
            yield range(start, min(start + AT_ONCE, total))

    def count(self) -> Counted:
        """Reads every passage once: weights depend on the mean length."""
        frequencies: tuple[Counter[int], Counter[int]] = Counter(), Counter()
        lengths = [0, 0]
        dimensions: dict[str, int] = {}
        for rows in self._starts():
            for _, _, text in self._found(rows):
                for field, terms_of in enumerate(_TERMS):
                    terms = terms_of(text)
                    lengths[field] += len(terms)
                    known = {
                        dimensions[t]
                        if t in dimensions
                        else dimensions.setdefault(t, dimension_of(t))
                        for t in set(terms)
                    }
                    frequencies[field].update(known)
        passages = max(self.index.info.passages, 1)
        return Counted(frequencies, (lengths[0] / passages, lengths[1] / passages))

    def passages(self, means: tuple[float, float]) -> Iterator[Row]:
        words = self.index.words
        for rows in self._starts():
            numbered = np.array(rows, np.int64)
            vectors = self.index.vectors_at(numbered)
            for place, (passage, article, text) in enumerate(self._found(rows)):
                row = rows[place]
                read = None if words is None else words[row]
                yield {
                    "id": row_of(passage.id),
                    "article": key_of(article.id),
                    "start": passage.start,
                    "end": passage.end,
                    "vector": vectors[place],
                    "terms": document_side(lexical_terms(text), means[0]),
                    "romanised": document_side(romanised_terms(text), means[1]),
                    "sounds": packed(self.index.romanised[row], "<u2"),
                    "tokens": "" if read is None else packed(read.tokens, "<i4"),
                    "lengths": "" if read is None else packed(read.lengths, "<f2"),
                    **_filtered(article),
                }

    def articles(self) -> Iterator[Row]:
        for start in range(0, self.index.info.articles, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, self.index.info.articles))
            found = self.index.articles(numbers)
            vectors = self.index.article_vectors_at(np.array(numbers, np.int64))
            for number, vector in zip(numbers, vectors, strict=True):
                article = found[number]
                pieces = pieces_of(json.dumps(asdict(article), ensure_ascii=False))
                for place, piece in enumerate(pieces):
                    yield {
                        "id": piece_key(key_of(article.id), place),
                        "place": place,
                        "pieces": len(pieces),
                        "copies": key_of(self._ids[int(self.index.copies[number])]),
                        "copied": int(self._copied[number]),
                        "vector": vector,
                        "content": self._hashes[article.id],
                        "piece": piece,
                        "heading": _heading(article),
                        **_filtered(article),
                    }

    def sample(self) -> dict[str, list[int]]:
        """The sampled rows by language, in the order of the tags."""
        sample = self.index.sample
        found: dict[str, list[int]] = {}
        for start, count in zip(sample.starts.tolist(), sample.counts.tolist(), strict=True):
            rows = sample.rows[start : start + count].tolist()
            passages = self.index.passages(rows)
            languages = self.index.articles([number for number, _ in passages[:1]])
            (article,) = languages.values()
            found[article.language] = [row_of(passage.id) for _, passage in passages]
        return found


def _heading(article: Article) -> str:
    """What an article is found by in a list: its id, title and outlet."""
    parts = [article.id, article.title, article.source or ""]
    return json.dumps([part[:_HEADING] for part in parts], ensure_ascii=False)


def _filtered(article: Article) -> Row:
    return {
        "language": key_of(article.language),
        "source": NO_NAME if article.source is None else key_of(article.source),
        "day": day_number(article.published),
    }
