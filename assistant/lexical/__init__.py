"""The lexical legs, BM25 in tantivy: over our own terms, and over romanised ones.

    lexical/<segment>.*    the segments that are searched: one, or those that parts are merged to
    lexical/meta.json      tantivy's account of it
    lexical/parts/         the segments of the parts, where there are several
    lexical/parts.json     the parts that the passages are indexed in, and the segments of each
    lexical/rows.npy       the row of each passage, part after part

The passages of a large collection are indexed in parts, by their articles, and a new generation
takes over the parts in which nothing has changed. tantivy merges them to four segments, by groups
of parts, and a group in which nothing has changed is taken over as well: searched as they are, many
segments take several times as long, and to merge all of them takes a tenth of the time of indexing.
Which part an article is in depends on its id and on whether the collection is large, and nothing
is ever deleted from an index, so it is the same whether it was built at once or in steps.
"""

from __future__ import annotations

from assistant.lexical.fields import Field, LexicalEntry
from assistant.lexical.searching import LexicalIndex, LexicalMatches
from assistant.lexical.writing import (
    Part,
    index_part,
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
    "index_part",
    "list_as_one_part",
    "part_of",
    "parts_for",
    "write_lexical",
    "write_parts",
]
