"""Articles, passages and their metadata in SQLite: the truth that the other files derive from."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.errors import IndexCorrupt
from assistant.types import Article, Passage, Skipped

_SCHEMA = """
CREATE TABLE articles (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, content_hash TEXT NOT NULL,
    text TEXT NOT NULL, title TEXT NOT NULL, language TEXT NOT NULL, published TEXT,
    source TEXT, url TEXT, authors TEXT NOT NULL, path TEXT NOT NULL
) STRICT;
CREATE TABLE passages (
    "row" INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, article INTEGER NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL
) STRICT;
CREATE INDEX passages_by_article ON passages (article, start);
"""
_FILES = """
CREATE TABLE files (
    name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, read_with TEXT NOT NULL,
    articles TEXT NOT NULL, skipped TEXT NOT NULL
) STRICT;
"""
_ROWS_AT_ONCE = 65_536
_ARTICLE = "id, text, title, language, published, source, url, authors, path"


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


def day_of(published: str | None) -> str | None:
    """The day, `YYYY-MM-DD`, of an ISO 8601 date or time."""
    return None if published is None else published[:10]


def write_store(
    path: Path,
    articles: Sequence[Article],
    passages: Sequence[Passage],
    files: Sequence[FileRead] = (),
) -> None:
    """Writes a new file; an article's number and a passage's row are their places here.

    Raises sqlite3.Error where the disk does not take it.
    """
    numbers = {article.id: number for number, article in enumerate(articles)}
    connection = sqlite3.connect(path)
    try:
        # The file is read by nobody until its generation is complete: no journal is needed.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.executescript(_SCHEMA + _FILES)
        connection.executemany(
            f"INSERT INTO articles (number, content_hash, {_ARTICLE}) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    number,
                    a.content_hash(),
                    a.id,
                    a.text,
                    a.title,
                    a.language,
                    a.published,
                    a.source,
                    a.url,
                    json.dumps(a.authors),
                    a.path,
                )
                for number, a in enumerate(articles)
            ),
        )
        connection.executemany(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?)",
            ((row, p.id, numbers[p.article_id], p.start, p.end) for row, p in enumerate(passages)),
        )
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


def _article(values: Sequence[Any]) -> Article:
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

    def headings(self) -> list[tuple[str, str, str | None, str | None]]:
        """The id, title, outlet and day of each article, in the order of their numbers."""
        rows = self._all("SELECT id, title, source, published FROM articles ORDER BY number")
        return [(row[0], row[1], row[2], day_of(row[3])) for row in rows]

    def article(self, article_id: str) -> Article | None:
        found = self._all(f"SELECT {_ARTICLE} FROM articles WHERE id = ?", [article_id])
        return _article(found[0]) if found else None

    def all_articles(self) -> Iterator[Article]:
        """Every article, in the order of their numbers."""
        for values in self._all(f"SELECT {_ARTICLE} FROM articles ORDER BY number"):
            yield _article(values)

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
            rows = self._all(f"SELECT {_ARTICLE} FROM articles WHERE number = ?", [number])
            found[number] = _article(rows[0])
        return found

    def passage(self, row: int, article: Article) -> Passage:
        """The passage of a row, which is one of `article`."""
        ((identity, start, end),) = self._all(
            'SELECT id, start, "end" FROM passages WHERE "row" = ?', [row]
        )
        return Passage(identity, article.id, start, end, article.text[start:end])

    def rows_of(self, article: Article) -> list[tuple[int, Passage]]:
        """The rows and passages of an article, in its order."""
        found = self._all(
            'SELECT p."row", p.id, p.start, p."end" FROM passages p '
            "JOIN articles a ON a.number = p.article WHERE a.id = ? ORDER BY p.start",
            [article.id],
        )
        return [
            (row, Passage(identity, article.id, start, end, article.text[start:end]))
            for row, identity, start, end in found
        ]

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
