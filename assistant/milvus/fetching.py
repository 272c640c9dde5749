"""Rows of the server, asked for once and kept for a while."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from assistant.late import Words
from assistant.milvus.address import Address
from assistant.milvus.layout import (
    ARTICLE_FIELDS,
    HEADING_FIELDS,
    PASSAGE_FIELDS,
    WORD_FIELDS,
    Collections,
    day_of,
    frequencies_of,
    piece_key,
    unpacked,
)
from assistant.milvus.server import Server, damaged
from assistant.types import Article

_PASSAGES_KEPT = 8_192
_ARTICLES_KEPT = 4_096
_TEXTS_KEPT = 512
_BLOCKS_KEPT = 4_096
_TEXTS_AT_ONCE = 50

V = TypeVar("V")
Floats = npt.NDArray[np.float32]


class Kept(Generic[V]):
    """Values by key, those used last; what is missing is fetched together."""

    def __init__(self, fetch: Callable[[list[int]], Mapping[int, V]], most: int) -> None:
        self._fetch = fetch
        self._most = most
        self._kept: OrderedDict[int, V] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, keys: Sequence[int]) -> dict[int, V]:
        """Values by key; keys that the server has not are left out."""
        wanted = dict.fromkeys(keys)
        with self._lock:
            found = {key: self._kept[key] for key in wanted if key in self._kept}
        missing = [key for key in wanted if key not in found]
        if missing:
            found.update(self._fetch(missing))
        with self._lock:
            for key, value in found.items():
                self._kept[key] = value
                self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return found


@dataclass(frozen=True, slots=True)
class PassageRow:
    """What scores need of a passage."""

    article: int
    language: int
    start: int
    end: int
    vector: Floats  # [d]
    sounds: npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """What filters, scores and the folding of copies need of an article."""

    day: int
    language: int
    source: int
    copies: int
    is_copied: bool
    vector: Floats  # [d]


@dataclass(frozen=True, slots=True)
class Heading:
    """What lists of articles need of one; `language` is a key, `day` "" for none."""

    id: str
    title: str
    source: str
    day: str
    language: int


def _heading(row: Mapping[str, Any]) -> Heading:
    identity, title, source = json.loads(row["heading"])
    return Heading(identity, title, source, day_of(int(row["day"])), int(row["language"]))


class Fetching:
    """The rows of one generation."""

    def __init__(self, server: Server, names: Collections, address: Address) -> None:
        self.server = server
        self.names = names
        self._address = address
        self._passages = Kept(self._fetch_passages, _PASSAGES_KEPT)
        self._articles = Kept(self._fetch_articles, _ARTICLES_KEPT)
        self._texts = Kept(self._fetch_texts, _TEXTS_KEPT)
        self._blocks = Kept(self._fetch_blocks, _BLOCKS_KEPT)

    def passages(self, rows: Sequence[int]) -> dict[int, PassageRow]:
        return self._all(self._passages, rows, "passage")

    def article_rows(self, numbers: Sequence[int]) -> dict[int, ArticleRow]:
        return self._all(self._articles, numbers, "article")

    def articles(self, numbers: Sequence[int]) -> dict[int, Article]:
        return self._all(self._texts, numbers, "article")

    def article(self, number: int) -> Article | None:
        return self._texts.of([number]).get(number)

    def headings(self) -> list[tuple[int, Heading]]:
        """Every article's number and heading, by id: the whole collection is gone through."""
        rows = self.server.where(self.names.articles, "place == 0", HEADING_FIELDS)
        found = self._read(
            {int(row["id"]): row for row in rows},
            _heading,
        )
        return sorted(found.items(), key=lambda one: one[1].id)

    def _all(self, kept: Kept[V], keys: Sequence[int], what: str) -> dict[int, V]:
        """In the order of `keys`."""
        found = kept.of(keys)
        try:
            return {key: found[key] for key in keys}
        except KeyError as error:
            raise damaged(self._address, f"the {what} {error} is missing") from None

    def frequencies(self, blocks: Sequence[int]) -> dict[int, dict[int, int]]:
        """The frequencies of terms in some blocks, by block and dimension."""
        return self._blocks.of(blocks)

    def words(self, rows: Sequence[int]) -> list[Words]:
        found = self.server.get(self.names.passages, rows, WORD_FIELDS)
        try:
            return [
                Words(
                    unpacked(found[row]["tokens"], "<i4").astype(np.int32),
                    unpacked(found[row]["lengths"], "<f2").astype(np.float16),
                )
                for row in rows
            ]
        except (KeyError, ValueError) as error:
            raise damaged(self._address, f"words of a passage: {error}") from None

    def _fetch_passages(self, rows: list[int]) -> dict[int, PassageRow]:
        found = self.server.get(self.names.passages, rows, PASSAGE_FIELDS)
        return self._read(
            found,
            lambda row: PassageRow(
                int(row["article"]),
                int(row["language"]),
                int(row["start"]),
                int(row["end"]),
                np.array(row["vector"], np.float32),
                unpacked(row["sounds"], "<u2").astype(np.uint16),
            ),
        )

    def _fetch_articles(self, numbers: list[int]) -> dict[int, ArticleRow]:
        found = self.server.get(self.names.articles, numbers, ARTICLE_FIELDS)
        return self._read(
            found,
            lambda row: ArticleRow(
                int(row["day"]),
                int(row["language"]),
                int(row["source"]),
                int(row["copies"]),
                bool(row["copied"]),
                np.array(row["vector"], np.float32),
            ),
        )

    def _fetch_blocks(self, blocks: list[int]) -> dict[int, dict[int, int]]:
        rows = self.server.get(self.names.terms, blocks, ["places", "counts"])
        known = self._read(rows, frequencies_of)
        # Of terms that no passage has, this is known too.
        return {block: known.get(block, {}) for block in blocks}

    def _fetch_texts(self, numbers: list[int]) -> dict[int, Article]:
        found: dict[int, Article] = {}
        for start in range(0, len(numbers), _TEXTS_AT_ONCE):
            some = numbers[start : start + _TEXTS_AT_ONCE]
            rows = self.server.get(self.names.articles, some, ["place", "pieces", "piece"])
            found.update(self._read(rows, self._whole))
        return found

    def _whole(self, row: Mapping[str, Any]) -> Article:
        if row["place"] != 0:
            raise ValueError("a piece is not a first one")
        text = str(row["piece"])
        if row["pieces"] > 1:
            keys = [piece_key(int(row["id"]), n) for n in range(1, int(row["pieces"]))]
            rest = self.server.get(self.names.articles, keys, ["piece"])
            text += "".join(str(rest[key]["piece"]) for key in keys)
        fields = json.loads(text)
        return Article(**{**fields, "authors": tuple(fields["authors"])})

    def _read(
        self, rows: Mapping[int, Mapping[str, Any]], made: Callable[[Mapping[str, Any]], V]
    ) -> dict[int, V]:
        try:
            return {key: made(row) for key, row in rows.items()}
        except (KeyError, ValueError, TypeError) as error:
            raise damaged(self._address, f"a row cannot be read: {error}") from None
