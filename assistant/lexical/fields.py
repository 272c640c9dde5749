"""What tantivy is told of a passage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import tantivy

from assistant.text import joined_terms, lexical_terms, romanised_terms

Field = Literal["terms", "romanised"]

TERMS = {"terms": lexical_terms, "romanised": romanised_terms}
PLACE = "row"
"""The field of a passage's place: its name is that of format 3, where it was the row."""

_NO_DAY = -1


@dataclass(frozen=True, slots=True)
class LexicalEntry:
    """A passage as the lexical index sees it; `day` is `YYYY-MM-DD` or None.

    `terms` are its `joined_terms`, where they are known.
    """

    row: int
    text: str
    language: str
    source: str | None
    day: str | None
    terms: tuple[str, str] | None = None


def schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for field in TERMS:
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("language", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("source", tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("day", indexed=True, fast=True)
    builder.add_unsigned_field(PLACE, fast=True)
    return builder.build()


def day_number(day: str | None) -> int:
    return _NO_DAY if day is None else date.fromisoformat(day).toordinal()


def document(entry: LexicalEntry, place: int) -> tantivy.Document:
    """`place`: the number of the passage's part in the upper 32 bits, its own in the lower."""
    made = tantivy.Document()
    for field, terms in zip(TERMS, entry.terms or joined_terms(entry.text), strict=True):
        made.add_text(field, terms)
    made.add_text("language", entry.language)
    if entry.source is not None:
        made.add_text("source", entry.source)
    made.add_integer("day", day_number(entry.day))
    made.add_unsigned(PLACE, place)
    return made
