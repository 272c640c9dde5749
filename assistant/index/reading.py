"""The read side of an index: one generation, opened and checked."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.answers import Searched
from assistant.columns import read_columns
from assistant.copies import CopyGroups, Sketches
from assistant.embedding import (
    canonical_name,
)
from assistant.errors import (
    IndexCorrupt,
    IndexNotFound,
    ModelMismatch,
)
from assistant.index.layout import (
    current_generation,
    info_of,
    read_manifest,
    with_way_back,
)
from assistant.last_build import LastBuild, read_last_build
from assistant.late import WordIndex, Words
from assistant.lexical import Field, LexicalIndex, LexicalMatches
from assistant.opened import Opened
from assistant.romanised import Romanised, RomanisedIndex
from assistant.sample import draw_sample
from assistant.searchable import Catalogue, Floats, Numbers, Rows
from assistant.store import Store
from assistant.titles import Titles
from assistant.types import Article, Filters, Passage
from assistant.vectors import (
    VectorIndex,
    VectorKind,
    read_article_vectors,
)


class Index(Opened):
    """One generation, open for reading by any number of threads."""

    def __init__(self, folder: Path, generation: Path, manifest: Mapping[str, Any]) -> None:
        super().__init__()
        self.folder = folder
        self.generation = generation
        self._manifest = manifest
        self._last_allowed = Filters(), np.zeros(0, bool)
        self.info = info_of(manifest)
        self.store = Store(generation / "store.sqlite")
        self.vectors = VectorIndex(generation / "vectors.faiss")
        self.article_vectors = read_article_vectors(generation / "articles.npy")
        self.lexical = LexicalIndex(generation / "lexical")
        self.romanised = RomanisedIndex(generation / "romanised")
        words = generation / "words"
        self.words = WordIndex(words) if words.is_dir() else None
        self.columns = read_columns(generation / "columns")
        self.sketches, self.copies = _read_copies(generation / "copies")
        alone = self.copies == np.arange(len(self.copies))
        self._groups = CopyGroups(self.copies)
        of_row = self.columns.article_of_row
        self.sample = draw_sample(self.columns.languages.of_article[of_row], ~alone[of_row])
        rows = {len(part) for part in (self.columns.article_of_row, self.vectors, self.lexical)}
        rows.add(len(self.romanised))
        if self.words is not None:
            rows.add(len(self.words))
        articles = {len(self.columns.days), len(self.article_vectors), len(self.sketches)}
        if rows != {self.info.passages} or articles != {self.info.articles}:
            raise IndexCorrupt(
                f"the files of {generation} do not belong together; build again: "
                f"assistant build --full --index {folder}"
            )

    @classmethod
    def open(cls, folder: Path, *, model: str | None = None) -> Index:
        """Opens the generation in use, once it is checked.

        Every byte is, but of large files that the file system says have not changed since they
        last were (`stamps.py`).

        Raises IndexNotFound, IndexCorrupt, IndexFormatUnsupported, and ModelMismatch where
        `model` is named and is not the one the index was built with.
        """
        while True:
            before = _in_use(folder)
            try:
                return cls._open(folder, model)
            except IndexCorrupt as error:
                # A generation may be removed while it is opened: two builds later, that is.
                if _in_use(folder) == before:
                    raise with_way_back(folder, error) from error

    @classmethod
    def _open(cls, folder: Path, model: str | None) -> Index:
        generation, manifest = read_manifest(folder)
        built_with = manifest["model"]["name"]
        if model is not None and canonical_name(model) != built_with:
            raise ModelMismatch(
                f"the index in {folder} was built with the model {built_with!r}, not {model!r}; "
                f"to change it: assistant build --full --index {folder} --model {model}"
            )
        return cls(folder, generation, manifest)

    @property
    def fingerprint(self) -> str:
        return str(self._manifest["model"]["fingerprint"])

    @property
    def probes(self) -> Floats:
        return np.frombuffer(base64.b64decode(self._manifest["probes"]), "<f4")

    @property
    def format(self) -> int:
        return int(self._manifest["format"])

    @property
    def size(self) -> int:
        """The bytes of the generation's files but its manifest."""
        return sum(file["bytes"] for file in self._manifest["files"].values())

    @property
    def vector_kind(self) -> VectorKind | None:
        """How vectors are searched; None where the version that built it did not measure it."""
        try:
            return VectorKind.from_dict(self._manifest["vectors"])
        except (KeyError, TypeError, ValueError):
            return None

    @cached_property
    def titles(self) -> Titles:
        """What finds articles by their titles, made when first asked for."""
        return Titles(self.store.headings())

    @property
    def split(self) -> Mapping[str, Any]:
        split: Mapping[str, Any] = self._manifest["split"]
        return split

    @property
    def has_words(self) -> bool:
        return self.words is not None

    @property
    def place(self) -> str:
        return str(self.folder)

    @cached_property
    def catalogue(self) -> Catalogue:
        columns = self.columns
        return Catalogue(np.arange(self.info.articles), columns.days, columns.languages)

    def is_current(self) -> bool:
        return current_generation(self.folder) == self.info.generation

    def last_build(self) -> LastBuild | None:
        return read_last_build(self.folder)

    def nearest(self, vector: Floats, *, k: int, filters: Filters) -> tuple[Rows, Floats]:
        allowed = self.allowed_articles(filters)
        rows = None if allowed is None else allowed[self.columns.article_of_row]
        return self.vectors.search(vector, k=k, allowed=rows)

    def matching(
        self, question: str, *, k: int, filters: Filters, field: Field = "terms"
    ) -> LexicalMatches:
        languages = filters.languages
        return self.lexical.search(
            question,
            k=k,
            field=field,
            languages=None if languages is None else self.languages_for(languages),
            sources=filters.sources,
            since=filters.since,
            until=filters.until,
        )

    def idf(self, terms: Iterable[str]) -> Mapping[str, float]:
        return self.lexical.idf(terms)

    def allows_any(self, filters: Filters) -> bool:
        allowed = self.allowed_articles(filters)
        return allowed is None or bool(allowed.any())

    def allowed(self, numbers: Numbers, filters: Filters) -> npt.NDArray[np.bool_]:
        allowed = self.allowed_articles(filters)
        return np.ones(len(numbers), bool) if allowed is None else allowed[numbers]

    def article_numbers(self, rows: Rows) -> Numbers:
        return self.columns.article_of_row[rows]

    def sample_languages(self, rows: Rows) -> Numbers:
        return self.sample.language_of_row[rows]

    def days_of(self, numbers: Numbers) -> npt.NDArray[np.str_]:
        days: npt.NDArray[np.str_] = self.columns.days[numbers]
        return days

    def among_languages(self, numbers: Numbers, languages: Sequence[str]) -> npt.NDArray[np.bool_]:
        return self.columns.languages.among(languages)[numbers]

    def vectors_at(self, rows: Rows) -> Floats:
        return self.vectors.at(rows)

    def article_vectors_at(self, numbers: Numbers) -> Floats:
        return self.article_vectors[numbers]

    def romanised_of(self, rows: Rows) -> Romanised:
        return self.romanised.of(rows.tolist())

    def words_of(self, rows: Rows) -> list[Words]:
        assert self.words is not None
        return [self.words[row] for row in rows.tolist()]

    def articles(self, numbers: Sequence[int]) -> Mapping[int, Article]:
        return self.store.articles(numbers)

    def passages(self, rows: Sequence[int]) -> list[tuple[int, Passage]]:
        numbers = self.columns.article_of_row[np.array(rows, np.int64)].tolist()
        articles = self.store.articles(numbers)
        return [
            (number, self.store.passage(row, articles[number]))
            for row, number in zip(rows, numbers, strict=True)
        ]

    def allowed_articles(self, filters: Filters) -> npt.NDArray[np.bool_] | None:
        """Which articles the filters allow, [articles]; None where they allow all."""
        if not filters:
            return None
        # A question asks several times.
        last, found = self._last_allowed
        if last != filters:
            found = self._articles_allowed(filters)
            self._last_allowed = filters, found
        return found

    def _articles_allowed(self, filters: Filters) -> npt.NDArray[np.bool_]:
        columns = self.columns
        allowed = np.ones(self.info.articles, bool)
        if filters.languages is not None:
            allowed &= columns.languages.among(self.languages_for(filters.languages))
        if filters.sources is not None:
            allowed &= columns.sources.among(filters.sources)
        if filters.since is not None:
            allowed &= columns.days >= filters.since
        if filters.until is not None:
            allowed &= (columns.days <= filters.until) & (columns.days != "")
        return allowed

    def searched(self, filters: Filters) -> Searched:
        """What the articles that the filters allow are."""
        info, columns = self.info, self.columns
        allowed = self.allowed_articles(filters)
        if allowed is None:
            return Searched(info.articles, info.languages, info.first_day, info.last_day)
        names = columns.languages.distinct
        counts = np.bincount(columns.languages.of_article[allowed], minlength=len(names))
        languages = [(name, int(n)) for name, n in zip(names, counts, strict=True) if n]
        days = sorted(columns.days[allowed & (columns.days != "")].tolist())
        return Searched(
            int(allowed.sum()),
            tuple(sorted(languages, key=lambda one: (-one[1], one[0]))),
            days[0] if days else None,
            days[-1] if days else None,
        )

    def copies_of(self, number: int) -> npt.NDArray[np.int64]:
        """The numbers of the articles that are copies of one another with this one, itself too."""
        return self._groups.of(number)

    def article(self, article_id: str) -> Article | None:
        return self.store.article(article_id)

    def close(self) -> None:
        self.store.close()


def _in_use(folder: Path) -> str | None:
    try:
        return current_generation(folder)
    except (IndexCorrupt, IndexNotFound):
        return None


def _read_copies(folder: Path) -> tuple[Sketches, npt.NDArray[np.int64]]:
    try:
        sketches = np.load(folder / "sketches.npy", mmap_mode="r", allow_pickle=False)
        copies = np.asarray(np.load(folder / "first.npy", mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError, EOFError) as error:
        raise IndexCorrupt(
            f"{folder} cannot be read ({error}); build it again: assistant build --full"
        ) from error
    return sketches, copies
