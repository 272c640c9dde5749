"""Articles as they are read, on disk, until an index is made of them: they may be very many."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from assistant.batches import said
from assistant.errors import IndexUnwritable
from assistant.store import ARTICLE, article_of, values_of
from assistant.types import Article

_SCHEMA = """
CREATE TABLE articles (
    id TEXT NOT NULL{unique}, content_hash TEXT NOT NULL, said TEXT, file INTEGER NOT NULL,
    characters INTEGER NOT NULL, text TEXT NOT NULL, title TEXT NOT NULL, language TEXT NOT NULL,
    published TEXT, source TEXT, url TEXT, authors TEXT NOT NULL, path TEXT NOT NULL
) STRICT;
"""
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Key:
    """What tells whether an article has changed, and how long it is."""

    row: int
    id: str
    content_hash: str
    said: str | None
    characters: int


class Spool:
    """Articles in the order of their ids. For one thread."""

    def __init__(self, path: Path | None = None, *, unique: bool = True) -> None:
        """Opens the file, made where there is none; without a path, a file that nobody sees.

        In a new one each id is taken once, unless it is not to be `unique`. Raises sqlite3.Error.
        """
        # An empty name is a file of SQLite's own, which goes when it is closed.
        self._connection = sqlite3.connect("" if path is None else path)
        new = path is None or not self._connection.execute("PRAGMA user_version").fetchone()[0]
        if new:
            if path is None:
                self._connection.execute("PRAGMA journal_mode = OFF")
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.executescript(
                _SCHEMA.format(unique=" UNIQUE" if unique else "") + "PRAGMA user_version = 1;"
            )

    def add(self, article: Article, *, file: int, content_hash: str | None = None) -> str | None:
        """Takes an article up, of the file with this number, whose content hash may be known.

        Where the id is taken, nothing happens, and the path of the other one is returned. Raises
        IndexUnwritable.
        """
        known = content_hash is not None
        with self._writing(), closing(self._connection.cursor()) as cursor:
            cursor.execute(
                f"INSERT OR IGNORE INTO articles ({ARTICLE}, content_hash, said, file, characters) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *values_of(article),
                    content_hash if known else article.content_hash(),
                    # Most of those whose hash is known are in the index already.
                    None if known else said(article),
                    file,
                    len(article.text),
                ),
            )
            if cursor.rowcount:
                return None
            found = cursor.execute("SELECT path FROM articles WHERE id = ?", [article.id])
            return str(found.fetchone()[0])

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise IndexUnwritable(
                f"articles cannot be kept while they are read ({error}); make room in the folder "
                "for temporary files, or name another: SQLITE_TMPDIR=DIR assistant build"
            ) from error

    def commit(self) -> None:
        """Makes what was added part of the file. Raises sqlite3.Error."""
        self._connection.commit()

    def __len__(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM articles").fetchone()[0])

    def listed(self) -> Iterator[Key]:
        rows = self._connection.execute(
            "SELECT rowid, id, content_hash, said, characters FROM articles ORDER BY id, rowid"
        )
        for values in rows:
            yield Key(*values)

    def __iter__(self) -> Iterator[Article]:
        rows = self._connection.execute(f"SELECT {ARTICLE} FROM articles ORDER BY id")
        while some := rows.fetchmany(_AT_ONCE):
            for values in some:
                yield article_of(values)

    def said(self, key: Key) -> str:
        """What tells whether articles say the same."""
        return said(self.at(key.row)) if key.said is None else key.said

    def at(self, row: int) -> Article:
        """The article of a key's row."""
        rows = self._connection.execute(f"SELECT {ARTICLE} FROM articles WHERE rowid = ?", [row])
        return article_of(rows.fetchone())

    def of_files(self) -> Iterator[tuple[int, Article]]:
        """The articles and the numbers of their files, in the order in which they were added."""
        rows = self._connection.execute(f"SELECT file, {ARTICLE} FROM articles ORDER BY rowid")
        for file, *values in rows:
            yield file, article_of(values)

    def close(self) -> None:
        self._connection.close()
