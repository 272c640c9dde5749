"""What retrieval asks of an index, wherever it lies: in a folder, or on a server.

Passages are named by rows and articles by numbers: integers that mean nothing outside of one
opened index, but that rows are in the order of passage ids. Everything is asked for many rows at
once, because an index on a server is asked over a network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.answers import Searched
from assistant.columns import Names
from assistant.embedding import Embedder, StaticEmbedder
from assistant.last_build import LastBuild
from assistant.late import Reader, WordMatrix, Words
from assistant.lexical import Field, LexicalMatches
from assistant.romanised import Romanised, Usual
from assistant.sample import Sample
from assistant.titles import Titles
from assistant.types import Article, Filters, IndexInfo, Passage

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.integer]
Flags = npt.NDArray[np.bool_]
Days = npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every article: its number, its day ("" for none), its language; [articles] each."""

    numbers: Numbers
    days: Days
    languages: Names


class Searchable(Protocol):
    """One generation of an index, open for any number of threads."""

    @property
    def info(self) -> IndexInfo: ...

    @property
    def fingerprint(self) -> str:
        """The embedding model's."""

    @property
    def size(self) -> int:
        """The bytes of the index, or of what was sent to a server."""

    @property
    def embedder(self) -> Embedder: ...

    @property
    def token_table(self) -> StaticEmbedder | None:
        """The model as a table of token vectors, where it is one and the index has words."""

    @property
    def reader(self) -> Reader | None: ...

    @property
    def sample(self) -> Sample: ...

    @property
    def sample_vectors(self) -> tuple[Floats, Floats]:
        """The vectors of the sampled passages and of their articles, both [s, d]."""

    @property
    def usual_romanised(self) -> Usual: ...

    @property
    def titles(self) -> Titles:
        """Finds articles by title; its numbers are places in the catalogue."""

    @property
    def catalogue(self) -> Catalogue: ...

    def is_current(self) -> bool:
        """Whether no other generation has taken this one's place."""

    def last_build(self) -> LastBuild | None: ...

    def nearest(self, vector: Floats, *, k: int, filters: Filters) -> tuple[Rows, Floats]:
        """The `k` allowed rows nearest to a unit vector [d], and their cosines."""

    def matching(
        self, question: str, *, k: int, filters: Filters, field: Field = "terms"
    ) -> LexicalMatches:
        """The `k` allowed rows of the highest BM25 scores."""

    def idf(self, terms: Iterable[str]) -> Mapping[str, float]: ...

    def languages_for(self, wanted: Sequence[str]) -> tuple[str, ...]: ...

    def allows_any(self, filters: Filters) -> bool:
        """Whether the filters leave an article."""

    def allowed(self, numbers: Numbers, filters: Filters) -> Flags:
        """Which of some articles the filters leave [n]."""

    def searched(self, filters: Filters) -> Searched: ...

    def article_numbers(self, rows: Rows) -> Numbers:
        """The number of each passage's article [n]."""

    def sample_languages(self, rows: Rows) -> Numbers:
        """The number of each passage's language in the sample [n]."""

    def days_of(self, numbers: Numbers) -> Days:
        """The days of articles, "" for none [n]."""

    def among_languages(self, numbers: Numbers, languages: Sequence[str]) -> Flags:
        """Which articles are in one of exactly these languages [n]."""

    def vectors_at(self, rows: Rows) -> Floats:
        """The vectors of passages [n, d]."""

    def article_vectors_at(self, numbers: Numbers) -> Floats:
        """The mean vectors of articles [n, d]."""

    def romanised_of(self, rows: Rows) -> Romanised: ...

    def words_of(self, rows: Rows) -> list[Words]:
        """The words of passages; only of an index that has a token table."""

    def sample_words(self, language: int) -> WordMatrix: ...

    def articles(self, numbers: Sequence[int]) -> Mapping[int, Article]: ...

    def passages(self, rows: Sequence[int]) -> list[tuple[int, Passage]]:
        """The number of its article, and the passage, of each row."""

    def copies_of(self, number: int) -> Numbers:
        """The articles that are copies of one another with this one, itself too, by id."""

    def article(self, article_id: str) -> Article | None: ...

    def close(self) -> None: ...
