"""The passages of a store as tantivy is told of them, part by part."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.known_terms import KnownTerms
from assistant.lexical import LexicalEntry, Part, index_part, part_of, parts_for
from assistant.passages import embedded_text
from assistant.store import Store, day_of
from assistant.table import Table

Tell = Callable[[int], None]

_TOLD_EVERY = 256


@dataclass(frozen=True, slots=True)
class PartsWanted:
    """Parts of a lexical index that are to be made of a store, each in an empty folder.

    `passages` are in them.
    """

    store: Path
    parts: int
    passages: int
    wanted: tuple[tuple[int, Path], ...]
    untitled: Collection[int]


MakeParts = Callable[[PartsWanted, Tell], None]
"""Makes them; hears of passages that are indexed, some at once, in any thread."""


def lexical_parts(
    store: Store, table: Table, *, fingerprint: str, split: Mapping[str, Any]
) -> list[Part]:
    """The passages by parts, in each article by article, in their order."""
    count = parts_for(len(table))
    part_of_article = np.array([part_of(one, count) for _, one in store.numbered()], np.int32)
    of_row = part_of_article[table.articles]
    order = np.lexsort((table.ends, table.articles, of_row))
    edges = np.searchsorted(of_row[order], np.arange(count + 1))
    model = json.dumps([fingerprint, dict(split)], sort_keys=True)
    parts = []
    for number in range(count):
        rows = order[edges[number] : edges[number + 1]]
        # A passage's id tells all that is indexed of it, but for what the model leaves out.
        digest = hashlib.sha256(model.encode())
        digest.update(table.ids[rows].astype(">u8").tobytes())
        parts.append(Part(digest.hexdigest(), rows))
    return parts


def _entries(
    store: Store,
    number: int,
    parts: int,
    untitled: Collection[int],
    terms: KnownTerms,
    tell: Tell,
) -> Iterator[LexicalEntry]:
    told = done = 0
    for article_number, article_id in store.numbered():
        if part_of(article_id, parts) != number:
            continue
        article = store.articles([article_number])[article_number]
        title = "" if article_number in untitled else article.title
        day = day_of(article.published)
        for row, start, end in store.spans_of(article_number):
            text = embedded_text(title, article.text[start:end])
            yield LexicalEntry(row, text, article.language, article.source, day, terms.of(text))
            done += 1
        if done - told >= _TOLD_EVERY:
            tell(done - told)
            told = done
    tell(done - told)


def make_part(
    store: Path,
    number: int,
    *,
    parts: int,
    untitled: Collection[int],
    into: Path,
    terms: KnownTerms,
    tell: Tell,
) -> None:
    """Makes one part of a lexical index; the same `terms` for many parts save time.

    Raises ValueError and OSError for a full disk.
    """
    with closing(Store(store)) as opened:
        entries = _entries(opened, number, parts, frozenset(untitled), terms, tell)
        index_part(into, number, entries)


def make_parts(wanted: PartsWanted, tell: Tell) -> None:
    """Makes them in this process, one after the other."""
    terms = KnownTerms()
    for number, folder in wanted.wanted:
        make_part(
            wanted.store,
            number,
            parts=wanted.parts,
            untitled=wanted.untitled,
            into=folder,
            terms=terms,
            tell=tell,
        )
