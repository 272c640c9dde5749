"""The read side: BM25 in tantivy, over our own terms and over romanised ones."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import tantivy

from assistant.errors import IndexCorrupt
from assistant.lexical.fields import PLACE, TERMS, Field, day_number, schema
from assistant.lexical.writing import PARTS, ROWS

Rows = npt.NDArray[np.int64]

TIES = 32
"""So many more are searched: which of equal scores come first must not depend on the segments."""

COMMON_SHARE = 0.02
COMMON_LEAST = 50
"""Romanised terms in more passages than both say are little words: of no use, and slow."""


@dataclass(frozen=True, slots=True)
class LexicalMatches:
    """Rows, best first, their BM25 scores and their coverage of the question; each [n].

    `weights` is what each term of the question counts: its inverse document frequency, times
    its count.
    Coverage is the score over the inverse document frequencies of all the question's
    terms: about the share of the question's weight that the passage holds, 0 to 1.
    """

    rows: Rows
    scores: npt.NDArray[np.float32]
    coverage: npt.NDArray[np.float32]
    weights: Mapping[str, float]


@contextmanager
def _links_to(folder: Path) -> Iterator[Path]:
    """A new folder of links to the files of `folder`, or `folder` where none can be made.

    tantivy makes a lock file in the folder that it opens, and an index may lie where its reader
    cannot write.
    """
    with ExitStack() as stack:
        links = folder
        with suppress(OSError, NotImplementedError):
            made = Path(
                stack.enter_context(
                    TemporaryDirectory(prefix="assistant-", ignore_cleanup_errors=True)
                )
            )
            for path in folder.resolve().iterdir():
                if path.is_file() and not path.name.endswith(".lock"):
                    (made / path.name).symlink_to(path)
            links = made
        yield links


class LexicalIndex:
    """A tantivy index that is only read, so that many threads may search it."""

    def __init__(self, folder: Path) -> None:
        """Opens the index. Raises IndexCorrupt."""
        self._schema = schema()
        try:
            with _links_to(folder) as links:
                # Not Index(path=…), which makes an empty index where there is none.
                index = tantivy.Index.open(str(links))
                # An index is never changed after it was written: nothing to watch for.
                index.config_reader(reload_policy="manual")
                index.reload()
                # It has mapped all files.
                self._searcher = index.searcher()
            self._rows: Rows = np.asarray(np.load(folder / ROWS, mmap_mode="r", allow_pickle=False))
            parts = json.loads((folder / PARTS).read_bytes())
            counts = [int(part["passages"]) for part in parts]
            if self._rows.ndim != 1 or not sum(counts) == len(self._rows) == len(self):
                raise ValueError("its parts do not belong together")
            self._starts = np.cumsum([0, *counts])
        except (ValueError, OSError, EOFError, KeyError, TypeError, RecursionError) as error:
            raise IndexCorrupt(
                f"{folder} cannot be read as a lexical index ({error}); build it again: "
                "assistant build --full"
            ) from error

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def _rows_of(self, places: Rows) -> Rows:
        rows: Rows = self._rows[self._starts[places >> 32] + (places & 0xFFFFFFFF)]
        return rows

    def _idf(self, frequency: int) -> float:
        # BM25's, as tantivy has it: ln(1 + (n - df + 0.5) / (df + 0.5)).
        return math.log(1 + (len(self) - frequency + 0.5) / (frequency + 0.5))

    def idf(self, terms: Iterable[str], *, field: Field = "terms") -> dict[str, float]:
        """The inverse document frequency of each term over the passages of the index."""
        return {t: self._idf(self._searcher.doc_freq(field, t)) for t in dict.fromkeys(terms)}

    def _filters(
        self,
        languages: Sequence[str] | None,
        sources: Sequence[str] | None,
        since: str | None,
        until: str | None,
    ) -> list[tuple[Any, Any]]:
        query = tantivy.Query
        filters = []
        for field, values in (("language", languages), ("source", sources)):
            if values is not None:
                filters.append(query.term_set_query(self._schema, field, list(values)))
        if since is not None or until is not None:
            filters.append(
                query.range_query(
                    self._schema,
                    "day",
                    tantivy.FieldType.Integer,
                    lower_bound=1 if since is None else day_number(since),
                    upper_bound=None if until is None else day_number(until),
                )
            )
        # A constant score of 0 keeps the filter out of the ranking.
        return [(tantivy.Occur.Must, query.const_score_query(f, 0.0)) for f in filters]

    def search(
        self,
        question: str,
        *,
        k: int,
        field: Field = "terms",
        languages: Sequence[str] | None = None,
        sources: Sequence[str] | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> LexicalMatches:
        """The `k` best passages that share a term with `question`, equal scores by row.

        The filters name exact languages and sources, and inclusive days (`YYYY-MM-DD`). By
        the field `romanised` only the rarer terms of the question search.
        """
        counts = Counter(TERMS[field](question))
        idf = self.idf(counts, field=field)
        weights = {term: idf[term] * n for term, n in counts.items()}
        if field == "romanised":
            rarest = self._idf(max(COMMON_LEAST, int(COMMON_SHARE * len(self))))
            counts = Counter({term: n for term, n in counts.items() if idf[term] >= rarest})
        query = tantivy.Query
        clauses = []
        for term, n in sorted(counts.items()):
            clause = query.term_query(self._schema, field, term, "freq")
            clauses.append(
                (tantivy.Occur.Should, query.boost_query(clause, n) if n > 1 else clause)
            )
        if not clauses:
            empty = np.zeros(0, np.float32)
            return LexicalMatches(np.zeros(0, np.int64), empty, empty, weights)
        # A union of terms alone is searched with what each block can score at most; inside
        # another query it is not.
        wanted = query.boolean_query(clauses)
        if filters := self._filters(languages, sources, since, until):
            wanted = query.boolean_query([(tantivy.Occur.Must, wanted), *filters])
        found = self._searcher.search(wanted, limit=k + TIES, count=False).hits
        places = self._searcher.fast_field_values(PLACE, [address for _, address in found])
        rows = self._rows_of(np.array(places, np.int64))
        scores = np.array([score for score, _ in found], np.float32)
        order = np.lexsort((rows, -scores))[:k]
        total = np.float32(sum(weights.values()) or 1)
        coverage = np.minimum(scores / total, np.float32(1))
        return LexicalMatches(rows[order], scores[order], coverage[order], weights)
