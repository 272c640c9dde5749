"""The read side: an index on a server, as retrieval asks it."""

from __future__ import annotations

import base64
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from assistant.answers import Searched
from assistant.columns import Names
from assistant.embedding import canonical_name
from assistant.errors import ModelMismatch
from assistant.last_build import LastBuild
from assistant.late import Words
from assistant.lexical import Field, LexicalMatches
from assistant.lexical.fields import TERMS
from assistant.lexical.searching import COMMON_LEAST, COMMON_SHARE, TIES
from assistant.milvus.about import read_about, read_head
from assistant.milvus.address import Address
from assistant.milvus.fetching import Fetching, Heading
from assistant.milvus.layout import (
    Collections,
    block_of,
    condition_of,
    day_number,
    day_of,
    key_of,
    passage_id_of,
)
from assistant.milvus.server import NotThere, Server
from assistant.milvus.weighing import dimension_of, inverse_frequency, question_side
from assistant.opened import Opened
from assistant.romanised import Romanised
from assistant.sample import Sample
from assistant.searchable import Catalogue, Days, Flags, Floats, Numbers, Rows
from assistant.titles import Titles
from assistant.types import Article, Filters, IndexInfo, Passage

_SECONDS_CURRENT = 1.0
"""So long a generation is taken to be the one in use without asking again."""

_FIELDS: tuple[Field, ...] = ("terms", "romanised")


class MilvusIndex(Opened):
    """One generation, open for reading by any number of threads."""

    def __init__(self, address: Address, *, model: str | None = None) -> None:
        """Opens the generation in use.

        Raises IndexUnreachable, IndexNotFound, IndexCorrupt, IndexFormatUnsupported, and
        ModelMismatch where `model` is named and is not the one the index was built with.
        """
        super().__init__()
        self._address = address
        self._server = Server(address)
        try:
            self._names, self._about, self._version = read_about(self._server, address)
        except BaseException:
            self._server.close()
            raise
        self.info: IndexInfo = self._about.info()
        if model is not None and canonical_name(model) != self._about.model:
            self._server.close()
            raise ModelMismatch(
                f"the index at {address.text} was built with the model {self._about.model!r}, not "
                f"{model!r}; to change it: assistant build --index {address.text} --model {model}"
            )
        self._fetch = Fetching(self._server, self._names, address)
        self._lock = threading.Lock()
        self._asked = time.monotonic()
        tags = list(self._about.sample)
        self._number_of = {key_of(tag): number for number, tag in enumerate(tags)}
        counts = np.array([len(rows) for rows in self._about.sample.values()], np.int64)
        rows = [row for some in self._about.sample.values() for row in some]
        self.sample = Sample(
            np.array(rows, np.int64), np.cumsum(counts) - counts, counts, np.zeros(0, np.int32)
        )

    @property
    def fingerprint(self) -> str:
        return self._about.fingerprint

    @property
    def size(self) -> int:
        return self._about.size

    @property
    def names(self) -> Collections:
        return self._names

    def is_current(self) -> bool:
        """Whether no build and no edit has come since; asked of the server once a second."""
        now = time.monotonic()
        if now - self._asked < _SECONDS_CURRENT:
            return True
        self._asked = now
        if self._server.in_use(self._address.name) != self._names.passages:
            return False
        try:
            return bool(read_head(self._server, self._names)["version"] == self._version)
        except NotThere:
            return False

    def last_build(self) -> LastBuild | None:
        """A server keeps no report of a build."""
        return None

    @property
    def probes(self) -> Floats:
        return np.frombuffer(base64.b64decode(self._about.probes), "<f4")

    @property
    def has_words(self) -> bool:
        return self._about.has_words

    @property
    def place(self) -> str:
        return self._address.text

    def _condition(self, filters: Filters) -> str:
        wanted = filters.languages
        return condition_of(filters, None if wanted is None else self.languages_for(wanted))

    def allows_any(self, filters: Filters) -> bool:
        if filters.languages is not None and not self.languages_for(filters.languages):
            return False
        known = {name for name, _ in self.info.sources}
        return filters.sources is None or not known.isdisjoint(filters.sources)

    def allowed(self, numbers: Numbers, filters: Filters) -> Flags:
        rows = self._fetch.article_rows(numbers.tolist())
        wanted, sources = filters.languages, filters.sources
        tags = None if wanted is None else {key_of(tag) for tag in self.languages_for(wanted)}
        names = None if sources is None else {key_of(name) for name in sources}
        since, until = day_number(filters.since), day_number(filters.until)
        return np.array(
            [
                (tags is None or row.language in tags)
                and (names is None or row.source in names)
                and (filters.since is None or row.day >= since)
                and (filters.until is None or 0 < row.day <= until)
                for row in (rows[number] for number in numbers.tolist())
            ],
            bool,
        )

    def nearest(self, vector: Floats, *, k: int, filters: Filters) -> tuple[Rows, Floats]:
        found = self._server.search(
            self._names.passages,
            "vector",
            vector.tolist(),
            k=k + TIES,
            condition=self._condition(filters),
        )
        return _ordered(found, k)

    def idf(self, terms: Iterable[str]) -> Mapping[str, float]:
        return self._idf(terms, "terms")

    def _idf(self, terms: Iterable[str], field: Field) -> dict[str, float]:
        places = {term: dimension_of(term) for term in terms}
        dimensions = np.array(list(places.values()), np.int64)
        keys = block_of(dimensions, _FIELDS.index(field), self._about.blocks).tolist()
        blocks = self._fetch.frequencies(keys)
        return {
            term: inverse_frequency(self.info.passages, blocks[key].get(place, 0))
            for (term, place), key in zip(places.items(), keys, strict=True)
        }

    def matching(
        self, question: str, *, k: int, filters: Filters, field: Field = "terms"
    ) -> LexicalMatches:
        counts = Counter(TERMS[field](question))
        idf = self._idf(counts, field)
        weights = {term: idf[term] * n for term, n in counts.items()}
        if field == "romanised":
            most = max(COMMON_LEAST, int(COMMON_SHARE * self.info.passages))
            rarest = inverse_frequency(self.info.passages, most)
            counts = Counter({term: n for term, n in counts.items() if idf[term] >= rarest})
        found: list[tuple[int, float]] = []
        if counts:
            found = self._server.search(
                self._names.passages,
                field,
                question_side(counts, idf),
                k=k + TIES,
                condition=self._condition(filters),
            )
        rows, scores = _ordered(found, k)
        total = np.float32(sum(weights.values()) or 1)
        return LexicalMatches(rows, scores, np.minimum(scores / total, np.float32(1)), weights)

    def article_numbers(self, rows: Rows) -> Numbers:
        found = self._fetch.passages(rows.tolist())
        return np.array([found[row].article for row in rows.tolist()], np.int64)

    def sample_languages(self, rows: Rows) -> Numbers:
        found = self._fetch.passages(rows.tolist())
        return np.array([self._number_of[found[row].language] for row in rows.tolist()], np.int64)

    def days_of(self, numbers: Numbers) -> Days:
        rows = self._fetch.article_rows(numbers.tolist())
        return np.array([day_of(rows[number].day) for number in numbers.tolist()], "U10")

    def among_languages(self, numbers: Numbers, languages: Sequence[str]) -> Flags:
        keys = {key_of(tag) for tag in languages}
        rows = self._fetch.article_rows(numbers.tolist())
        return np.array([rows[number].language in keys for number in numbers.tolist()], bool)

    def vectors_at(self, rows: Rows) -> Floats:
        found = self._fetch.passages(rows.tolist())
        return self._stacked([found[row].vector for row in rows.tolist()])

    def article_vectors_at(self, numbers: Numbers) -> Floats:
        rows = self._fetch.article_rows(numbers.tolist())
        return self._stacked([rows[number].vector for number in numbers.tolist()])

    def _stacked(self, vectors: list[Floats]) -> Floats:
        return np.stack(vectors) if vectors else np.zeros((0, self._about.dimension), np.float32)

    def romanised_of(self, rows: Rows) -> Romanised:
        found = self._fetch.passages(rows.tolist())
        return Romanised([found[row].sounds for row in rows.tolist()], self._about.mean_sounds)

    def words_of(self, rows: Rows) -> list[Words]:
        return self._fetch.words(rows.tolist())

    def articles(self, numbers: Sequence[int]) -> Mapping[int, Article]:
        return self._fetch.articles(numbers)

    def passages(self, rows: Sequence[int]) -> list[tuple[int, Passage]]:
        found = self._fetch.passages(rows)
        articles = self._fetch.articles([found[row].article for row in rows])
        made = []
        for row in rows:
            one = found[row]
            article = articles[one.article]
            text = article.text[one.start : one.end]
            passage = Passage(passage_id_of(row), article.id, one.start, one.end, text)
            made.append((one.article, passage))
        return made

    def copies_of(self, number: int) -> Numbers:
        row = self._fetch.article_rows([number])[number]
        group = [number]
        if row.is_copied:
            condition = f"copies == {row.copies} and place == 0"
            group = [
                int(one["id"]) for one in self._server.where(self._names.articles, condition, [])
            ]
            articles = self._fetch.articles(group)
            group.sort(key=lambda one: articles[one].id)
        return np.array(group, np.int64)

    def article(self, article_id: str) -> Article | None:
        return self._fetch.article(key_of(article_id))

    @cached_property
    def _headings(self) -> list[tuple[int, Heading]]:
        return self._fetch.headings()

    @cached_property
    def titles(self) -> Titles:
        return Titles(
            (one.id, one.title, one.source or None, one.day or None) for _, one in self._headings
        )

    @cached_property
    def catalogue(self) -> Catalogue:
        tags = {key_of(tag): tag for tag, _ in self.info.languages}
        return Catalogue(
            np.array([number for number, _ in self._headings], np.int64),
            np.array([one.day for _, one in self._headings], "U10"),
            Names.of(tags[one.language] for _, one in self._headings),
        )

    def searched(self, filters: Filters) -> Searched:
        """What the articles that the filters allow are."""
        info = self.info
        if not filters:
            return Searched(info.articles, info.languages, info.first_day, info.last_day)
        condition = self._condition(filters)
        names = {key_of(tag): tag for tag, _ in info.languages}
        counts: Counter[str] = Counter()
        first = last = None
        fields = ["language", "day"]
        for row in self._server.where(self._names.articles, f"{condition} and place == 0", fields):
            counts[names[int(row["language"])]] += 1
            day = day_of(int(row["day"]))
            if day:
                first, last = min(first or day, day), max(last or day, day)
        languages = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
        return Searched(counts.total(), tuple(languages), first, last)

    def close(self) -> None:
        self._server.close()


def _ordered(found: Sequence[tuple[int, float]], k: int) -> tuple[Rows, Floats]:
    """The first `k`, best first, equal ones by row."""
    rows = np.array([row for row, _ in found], np.int64)
    scores = np.array([score for _, score in found], np.float32)
    order = np.lexsort((rows, -scores))[:k]
    return rows[order], scores[order]
