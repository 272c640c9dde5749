"""Articles, passages and their metadata in SQLite: the truth that the other files derive from."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.errors import IndexCorrupt
from assistant.types import Article, Passage, Skipped

_TABLES = """
CREATE TABLE articles (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, content_hash TEXT NOT NULL,
    text TEXT NOT NULL, title TEXT NOT NULL, language TEXT NOT NULL, published TEXT,
    source TEXT, url TEXT, authors TEXT NOT NULL, path TEXT NOT NULL
) STRICT;
CREATE TABLE passages (
    "row" INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, article INTEGER NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL
) STRICT;
"""
_INDEXES = """
CREATE INDEX passages_by_article ON passages (article, start);
"""
_FILES = """
CREATE TABLE files (
    name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, read_with TEXT NOT NULL,
    articles TEXT NOT NULL, skipped TEXT NOT NULL
) STRICT;
"""
_ROWS_AT_ONCE = 65_536
ARTICLE = "id, text, title, language, published, source, url, authors, path"
"""The columns of an article, in the order of its fields."""


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file as a build read it, so that the next one need not, while its bytes are the same.

    `read_with` stands for the readers and their limits; `articles` are the ids of those that it
    gave, in order.
    """

    name: str
    sha256: str
    read_with: str
    articles: tuple[str, ...]
    skipped: tuple[Skipped, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "sha256": self.sha256,
            "read_with": self.read_with,
            "articles": list(self.articles),
            "skipped": [skipped.to_dict() for skipped in self.skipped],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FileRead:
        """Raises KeyError and TypeError for what `to_dict` does not give."""
        return cls(
            values["name"],
            values["sha256"],
            values["read_with"],
            tuple(values["articles"]),
            tuple(Skipped(**one) for one in values["skipped"]),
        )


def day_of(published: str | None) -> str | None:
    """The day, `YYYY-MM-DD`, of an ISO 8601 date or time."""
    return None if published is None else published[:10]


def write_store(
    path: Path,
    articles: Iterable[Article],
    passages: Iterable[tuple[str, int, int, int]],
    files: Sequence[FileRead] = (),
) -> None:
    """Writes a new file; an article's number and a passage's row are their places here.

    A passage is its id, the number of its article, its start and its end. Raises sqlite3.Error
    where the disk does not take it.
    """
    connection = sqlite3.connect(path)
    try:
        # The file is read by nobody until its generation is complete: no journal is needed.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(_TABLES + _FILES)
        connection.executemany(
            f"INSERT INTO articles (number, content_hash, {ARTICLE}) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (number, article.content_hash(), *values_of(article))
                for number, article in enumerate(articles)
            ),
        )
        connection.executemany(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?)",
            ((row, *values) for row, values in enumerate(passages)),
        )
        connection.executescript(_INDEXES)
        connection.executemany(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?)",
            (
                (
                    file.name,
                    file.sha256,
                    file.read_with,
                    json.dumps(file.articles),
                    json.dumps([skipped.to_dict() for skipped in file.skipped]),
                )
                for file in files
            ),
        )
        connection.commit()
    finally:
        connection.close()


def add_files(path: Path) -> None:
    """Adds the table of files, empty, to a store of format 3. Raises sqlite3.Error."""
    connection = sqlite3.connect(path)
    try:
        connection.executescript(_FILES)
    finally:
        connection.close()


def values_of(article: Article) -> tuple[str | None, ...]:
    """The values of the columns of an article."""
    return (
        article.id,
        article.text,
        article.title,
        article.language,
        article.published,
        article.source,
        article.url,
        json.dumps(article.authors),
        article.path,
    )


def article_of(values: Sequence[Any]) -> Article:
    """The article of these columns."""
    identity, text, title, language, published, source, url, authors, path = values
    names = tuple(json.loads(authors))
    return Article(identity, text, title, language, published, source, url, names, path)


class Store:
    """A store that is only read. One connection, behind a lock, serves all threads."""

    def __init__(self, path: Path) -> None:
        """Raises IndexCorrupt."""
        self._path = path
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise self._corrupt(error) from error

    def _corrupt(self, error: Exception) -> IndexCorrupt:
        return IndexCorrupt(
            f"{self._path} cannot be read ({error}); build it again: assistant build --full"
        )

    def _all(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        try:
            with self._lock:
                return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._corrupt(error) from error

    def article_of_row(self) -> npt.NDArray[np.int32]:
        """The number of each passage's article [passages]."""
        numbers: list[np.ndarray[Any, np.dtype[np.int32]]] = [np.zeros(0, np.int32)]
        with self._lock:
            try:
                found = self._connection.execute('SELECT article FROM passages ORDER BY "row"')
                while some := found.fetchmany(_ROWS_AT_ONCE):
                    numbers.append(np.array(some, np.int32)[:, 0])
            except sqlite3.Error as error:
                raise self._corrupt(error) from error
        return np.concatenate(numbers)

    def labels(self) -> list[tuple[str, str | None, str | None]]:
        """The language, outlet and day of each article, in the order of their numbers."""
        rows = self._all("SELECT language, source, published FROM articles ORDER BY number")
        return [(language, source, day_of(published)) for language, source, published in rows]

    def contents(self) -> Mapping[str, str]:
        """The content hash of each article, by id, in the order of their numbers."""
        return dict(self._all("SELECT id, content_hash FROM articles ORDER BY number"))

    def lengths(self) -> dict[str, int]:
        """How many characters each article has, by id."""
        return dict(self._all("SELECT id, length(text) FROM articles"))

    def article_numbers(self) -> dict[str, int]:
        """The number of each article by id."""
        return dict(self._all("SELECT id, number FROM articles"))

    def headings(self) -> list[tuple[str, str, str | None, str | None]]:
        """The id, title, outlet and day of each article, in the order of their numbers."""
        rows = self._all("SELECT id, title, source, published FROM articles ORDER BY number")
        return [(row[0], row[1], row[2], day_of(row[3])) for row in rows]

    def article(self, article_id: str) -> Article | None:
        found = self._all(f"SELECT {ARTICLE} FROM articles WHERE id = ?", [article_id])
        return article_of(found[0]) if found else None

    def all_articles(self) -> Iterator[Article]:
        """Every article, in the order of their numbers."""
        for values in self._all(f"SELECT {ARTICLE} FROM articles ORDER BY number"):
            yield article_of(values)

    def files(self) -> dict[str, FileRead]:
        """The files that the articles were read from, by name."""
        rows = self._all("SELECT name, sha256, read_with, articles, skipped FROM files")
        return {
            name: FileRead(
                name,
                sha256,
                read_with,
                tuple(json.loads(articles)),
                tuple(Skipped(**one) for one in json.loads(skipped)),
            )
            for name, sha256, read_with, articles, skipped in rows
        }

    def articles(self, numbers: Sequence[int]) -> dict[int, Article]:
        """Articles by number."""
        found: dict[int, Article] = {}
        for number in dict.fromkeys(numbers):
            rows = self._all(f"SELECT {ARTICLE} FROM articles WHERE number = ?", [number])
            found[number] = article_of(rows[0])
        return found

    def passage(self, row: int, article: Article) -> Passage:
        """The passage of a row, which is one of `article`."""
        ((identity, start, end),) = self._all(
            'SELECT id, start, "end" FROM passages WHERE "row" = ?', [row]
        )
        return Passage(identity, article.id, start, end, article.text[start:end])

    def spans_of(self, number: int) -> list[tuple[int, int, int]]:
        """The row, start and end of each passage of an article, in its order."""
        return self._all(
            'SELECT "row", start, "end" FROM passages WHERE article = ? ORDER BY "end"', [number]
        )

    def title_of(self, number: int) -> str:
        return str(self._all("SELECT title FROM articles WHERE number = ?", [number])[0][0])

    def counts(self) -> dict[str, Any]:
        """How many articles and passages there are, of which languages, outlets and days."""

        def ordered(column: str) -> list[tuple[str, int]]:
            return self._all(
                f"SELECT {column}, count(*) AS n FROM articles WHERE {column} IS NOT NULL "
                f"GROUP BY {column} ORDER BY n DESC, {column}"
            )

        ((articles, first, last),) = self._all(
            "SELECT count(*), min(substr(published, 1, 10)), max(substr(published, 1, 10)) "
            "FROM articles"
        )
        ((passages,),) = self._all("SELECT count(*) FROM passages")
        return {
            "articles": articles,
            "passages": passages,
            "languages": ordered("language"),
            "sources": ordered("source"),
            "first_day": first,
            "last_day": last,
        }

    def numbered(self) -> Iterator[tuple[int, str]]:
        """The number and id of each article, in order."""
        yield from self._all("SELECT number, id FROM articles ORDER BY number")

    def spans(self) -> list[tuple[int, int, str, int, int]]:
        """The article's number, row, id, start and end of each passage, article by article."""
        return self._all(
            'SELECT article, "row", id, start, "end" FROM passages ORDER BY article, start, "row"'
        )

    def integrity(self) -> list[str]:
        """What SQLite finds wrong with the file, and which numbers are not from 0 on; empty: fine.

        Raises IndexCorrupt where it cannot even look.
        """
        problems = [str(row[0]) for row in self._all("PRAGMA integrity_check(20)")]
        problems = [] if problems == ["ok"] else problems
        for table, column in (("articles", "number"), ("passages", '"row"')):
            ((count, first, last),) = self._all(
                f"SELECT count(*), min({column}), max({column}) FROM {table}"
            )
            if count and (first, last) != (0, count - 1):
                problems.append(f"the numbers of the {table} have gaps")
        ((lost,),) = self._all(
            "SELECT count(*) FROM passages p LEFT JOIN articles a ON a.number = p.article "
            "WHERE a.number IS NULL"
        )
        if lost:
            problems.append(f"{lost} passages are of no article")
        return problems

    def close(self) -> None:
        with self._lock:
            self._connection.close()
