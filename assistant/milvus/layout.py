"""The collections of a generation, and how values become fields of their rows."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.milvus.server import Server
from assistant.types import Filters

FORMAT = 1
EXACT_UP_TO = 100_000
"""Passages up to which every vector is compared; over it the server's HNSW graph is asked."""

PIECE = 16_000
"""Characters of a field of text: in UTF-8 fewer bytes than the 65,535 that a field takes."""

NO_DAY = -1
NO_NAME = 0
_LONGEST_FIELD = 65_535
_PARTS = ("", "_articles", "_terms", "_about")
_ENDS = re.compile(r"(\d{8}T\d{6}Z[0-9A-Za-z_]{0,60}?)(?:_articles|_terms|_about)?")

PASSAGE_FIELDS = ("article", "language", "start", "end", "vector", "sounds")
WORD_FIELDS = ("tokens", "lengths")
HEADING_FIELDS = ("heading", "day", "language")
ARTICLE_FIELDS = ("day", "language", "source", "copies", "copied", "vector")


class Collections:
    """The names of the four collections of a generation."""

    def __init__(self, passages: str) -> None:
        self.passages, self.articles, self.terms, self.about = (passages + end for end in _PARTS)

    @classmethod
    def of(cls, name: str, generation: str) -> Collections:
        return cls(f"{name}_{re.sub('[^0-9A-Za-z]', '_', generation)}")

    def all(self) -> tuple[str, ...]:
        return self.passages, self.articles, self.terms, self.about


def generations_among(name: str, collections: Iterable[str]) -> list[str]:
    """The names of an index's collections of passages, whole or not, oldest first."""
    found = set()
    for collection in collections:
        ends = _ENDS.fullmatch(collection.removeprefix(f"{name}_"))
        if collection.startswith(f"{name}_") and ends is not None:
            found.add(f"{name}_{ends[1]}")
    return sorted(found)


def key_of(text: str) -> int:
    """A signed 64-bit hash: the key of an article by its id, of a language and of an outlet."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True) or 1


def piece_key(number: int, place: int) -> int:
    """The key of an article's `place`-th piece; the first is the article's own row."""
    return number if place == 0 else key_of(f"{number}\0{place}")


def row_of(passage_id: str) -> int:
    """A passage's id, 16 hexadecimal digits, as a signed integer of the same order."""
    return int(passage_id, 16) - (1 << 63)


def passage_id_of(row: int) -> str:
    return f"{row + (1 << 63):016x}"


def day_number(published: str | None) -> int:
    return NO_DAY if published is None else date.fromisoformat(published[:10]).toordinal()


def day_of(number: int) -> str:
    return "" if number == NO_DAY else date.fromordinal(number).isoformat()


def packed(values: npt.NDArray[Any], kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, kind).tobytes()).decode()


def unpacked(text: str, kind: str) -> npt.NDArray[Any]:
    return np.frombuffer(base64.b64decode(text), kind)


def pieces_of(text: str) -> list[str]:
    return [text[start : start + PIECE] for start in range(0, max(len(text), 1), PIECE)]


def condition_of(filters: Filters, languages: Sequence[str] | None) -> str:
    """What a passage or an article must fulfil, as an expression of Milvus.

    It is made of integers alone, hashes of languages and outlets among them, so that no text
    of anybody's becomes part of an expression.
    """
    parts = []
    if languages is not None:
        parts.append(f"language in {sorted(key_of(tag) for tag in languages)}")
    if filters.sources is not None:
        parts.append(f"source in {sorted(key_of(name) for name in filters.sources)}")
    if filters.since is not None:
        parts.append(f"day >= {day_number(filters.since)}")
    if filters.until is not None:
        parts.append(f"day <= {day_number(filters.until)} and day != {NO_DAY}")
    return " and ".join(parts)


def block_of(dimensions: npt.NDArray[np.int64], field: int, bits: int) -> npt.NDArray[np.int64]:
    """The rows of the collection of terms that hold some terms' frequencies."""
    blocks: npt.NDArray[np.int64] = (dimensions >> (32 - bits)) | (field << 32)
    return blocks


def block_row(key: int, frequencies: Mapping[int, int]) -> dict[str, Any]:
    places = sorted(frequencies)
    return {
        "id": key,
        "places": packed(np.array(places, np.int64), "<u4"),
        "counts": packed(np.array([frequencies[p] for p in places], np.int64), "<u4"),
        "unused": [0.0, 0.0],
    }


def frequencies_of(row: Mapping[str, Any]) -> dict[int, int]:
    places, counts = unpacked(row["places"], "<u4"), unpacked(row["counts"], "<u4")
    return dict(zip(places.tolist(), counts.tolist(), strict=True))


def _schema(server: Server, fields: Mapping[str, str], dimension: int) -> Any:
    from pymilvus import DataType

    schema = server.client.create_schema(auto_id=False, enable_dynamic_field=False)
    for name, kind in fields.items():
        options: dict[str, Any] = {"is_primary": True} if name == "id" else {}
        if kind == "VARCHAR":
            options["max_length"] = _LONGEST_FIELD
        if kind == "FLOAT_VECTOR":
            options["dim"] = dimension if name == "vector" else 2
        schema.add_field(name, getattr(DataType, kind), **options)
    return schema


_INTEGERS = "INT64"
_PASSAGES = {
    **dict.fromkeys(("id", "article", "language", "source", "day", "start", "end"), _INTEGERS),
    "vector": "FLOAT_VECTOR",
    "terms": "SPARSE_FLOAT_VECTOR",
    "romanised": "SPARSE_FLOAT_VECTOR",
    **dict.fromkeys(("sounds", "tokens", "lengths"), "VARCHAR"),
}
_ARTICLES = {
    **dict.fromkeys(("id", "place", "pieces", "language", "source", "day"), _INTEGERS),
    **dict.fromkeys(("copies", "copied"), _INTEGERS),
    "vector": "FLOAT_VECTOR",
    "content": "VARCHAR",
    "piece": "VARCHAR",
    "heading": "VARCHAR",
}
_TERMS = {"id": _INTEGERS, "places": "VARCHAR", "counts": "VARCHAR", "unused": "FLOAT_VECTOR"}
_ABOUT = {"id": _INTEGERS, "piece": "VARCHAR", "unused": "FLOAT_VECTOR"}
_FILTERED = {
    "passages": ("article", "language", "source", "day"),
    "articles": ("place", "language", "source", "day", "copies"),
}


def create(server: Server, names: Collections, *, dimension: int, passages: int) -> None:
    """Makes the four collections, empty."""
    for kind, name, fields in (
        ("passages", names.passages, _PASSAGES),
        ("articles", names.articles, _ARTICLES),
        ("terms", names.terms, _TERMS),
        ("about", names.about, _ABOUT),
    ):
        indexes = server.client.prepare_index_params()
        for field, type_ in fields.items():
            if type_ == "SPARSE_FLOAT_VECTOR":
                indexes.add_index(field, index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
            elif field == "vector" and kind == "passages" and passages > EXACT_UP_TO:
                graph = {"M": 32, "efConstruction": 256}
                indexes.add_index(field, index_type="HNSW", metric_type="IP", params=graph)
            elif type_ == "FLOAT_VECTOR":
                indexes.add_index(field, index_type="FLAT", metric_type="IP")
            elif field in _FILTERED.get(kind, ()):
                indexes.add_index(field, index_type="INVERTED")
        server.call(
            "create_collection",
            name,
            schema=_schema(server, fields, dimension),
            # What was written before a question is found by it.
            consistency_level="Strong",
            long=True,
        )
        # pymilvus waits half a second for each index of an empty field; loading waits anyway.
        server.call("create_index", name, indexes, sync=False, long=True)


def drop(server: Server, names: Collections) -> None:
    for name in names.all():
        if server.call("has_collection", name):
            server.call("drop_collection", name, long=True)
