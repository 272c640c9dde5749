"""The lexical legs, BM25 in tantivy: over our own terms, and over romanised ones.

    lexical/<segment>.*    tantivy's segments
    lexical/meta.json      tantivy's list of them
    lexical/parts.json     the parts that the passages are indexed in, and the segments of each
    lexical/rows.npy       the row of each passage, part after part

The passages are indexed in parts, by their articles, and a new generation takes over the parts
in which nothing has changed. Which part an article is in depends on its id and on how many
passages there are, so an index is the same whether it was built at once or in steps. tantivy
counts terms over all segments: scores do not depend on the parts.
"""

from __future__ import annotations

from assistant.lexical.fields import Field, LexicalEntry
from assistant.lexical.searching import LexicalIndex, LexicalMatches
from assistant.lexical.writing import (
    Part,
    list_as_one_part,
    part_of,
    parts_for,
    write_lexical,
    write_parts,
)

__all__ = [
    "Field",
    "LexicalEntry",
    "LexicalIndex",
    "LexicalMatches",
    "Part",
    "list_as_one_part",
    "part_of",
    "parts_for",
    "write_lexical",
    "write_parts",
]
