"""Puts articles into the folder of articles, and takes out again what it put there."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import regex
import yaml

from assistant.articles import READERS, article_files, read_file, relative_name
from assistant.articles.common import clean_newlines, clean_text, read_metadata
from assistant.articles.plain import headline_of
from assistant.errors import EditError
from assistant.file_names import safe_stem, split_name
from assistant.files import create_atomically, sha256_file, sync_folder, write_atomically
from assistant.types import Skipped

FOLDER = "added"
"""Where files are added, in the folder of articles."""

_RECORDS = ".added"
_KEY = regex.compile(r"[0-9a-f]{64}")
_PATH_LIKE = regex.compile(r"[/\\\p{C}]")
_MAX_RECORD_BYTES = 1_000_000
_MAX_SHOWN = 50
_MAX_REASONS = 3
_MOST_NAMES = 1_000
_ONE_LINE = 1 << 30
"""Columns of a line of YAML: a value that went on in another line could end the front matter."""

_EXPECTED = {
    "language": "give a tag such as fr or zh-Hant",
    "published": "give a day such as 2024-03-01",
    "url": "give an address that begins with http:// or https://",
}


@dataclass(frozen=True, slots=True)
class Summary:
    """An article that a file holds."""

    id: str
    title: str
    language: str

    def to_dict(self) -> dict[str, Any]:
        return {"id": self.id, "title": self.title, "language": self.language}


@dataclass(frozen=True, slots=True)
class Added:
    """A file that was added.

    `key` is the SHA-256 of its bytes, `path` where it is under the folder of articles. `articles`
    and `problems` have the first 50 of the `article_count` articles that it holds and of the
    `problem_count` things in it that cannot be used.
    """

    key: str
    name: str
    path: str
    articles: tuple[Summary, ...]
    problems: tuple[Skipped, ...]
    article_count: int
    problem_count: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "name": self.name,
            "path": self.path,
            "articles": [article.to_dict() for article in self.articles],
            "problems": [problem.to_dict() for problem in self.problems],
            "article_count": self.article_count,
            "problem_count": self.problem_count,
        }


class Folder:
    """Adds files to a folder of articles, below `added/`. One object serves many threads.

    What was added is kept in `added/.added/`, a file for each: what others put into the folder,
    or changed there, is theirs and is never removed.
    """

    def __init__(self, articles: Path, *, max_bytes: int = 20_000_000) -> None:
        self._root = articles
        self._target = articles / FOLDER
        self._records = self._target / _RECORDS
        self._max_bytes = max_bytes
        self._lock = threading.Lock()

    @property
    def records(self) -> Path:
        """The hidden folder of what is kept of additions."""
        return self._records

    def add(self, name: str, content: bytes) -> Added:
        """Adds a file of one of the types that are read, under a safe form of its name.

        Nothing is overwritten: a name that is taken gets a number. Raises EditError for an
        unknown type, for content that is too large, that is in the folder already or holds
        no article, and where the folder cannot be written.
        """
        stem, suffix = split_name(name)
        if suffix not in READERS:
            raise EditError(
                f"files of the type {suffix or 'none'} are not read; "
                f"these are: {', '.join(sorted(READERS))}"
            )
        return self._put(stem, suffix, content)

    def paste(
        self,
        title: str,
        text: str,
        *,
        source: str | None = None,
        published: str | None = None,
        language: str | None = None,
        url: str | None = None,
    ) -> Added:
        """Adds an article as a Markdown file; without a title, its first line is the headline.

        Raises EditError as `add` does, and for a field that no article can have.
        """
        body = clean_newlines(clean_text(text)).strip()
        given = {
            "title": clean_text(title).strip() or headline_of(body, ""),
            "language": language,
            "published": published,
            "source": source,
            "url": url,
        }
        cleaned = {name: clean_text(value or "").strip() for name, value in given.items()}
        values = {name: value for name, value in cleaned.items() if value}
        metadata = read_metadata(values)
        checked = {name: getattr(metadata, name) for name in values}
        for name, value in checked.items():
            if value is None:
                raise EditError(
                    f"{name} cannot be {values[name][:60]!r}; {_EXPECTED.get(name, 'change it')}"
                )
        if metadata.title is None:
            raise EditError("the article has no title; give it one")
        # There is always a title, so that the text cannot begin with fields of its own.
        fields = yaml.safe_dump(checked, allow_unicode=True, sort_keys=False, width=_ONE_LINE)
        content = f"---\n{fields}---\n\n{body}\n".encode()
        return self._put(metadata.title, ".md", content)

    def undo(self, key: str) -> None:
        """Removes what was added under `key`.

        Raises EditError where nothing was, where the file was changed since, and where it
        cannot be removed.
        """
        with self._writing():
            record = self._record(key)
            if record is None:
                raise EditError("nothing was added under this key, or it was removed already")
            path = self._target / record.added.name
            if os.path.lexists(path):
                self._refuse_changed(record.added)
                path.unlink()
                sync_folder(self._target)
            self._record_path(key).unlink()

    def replace(self, key: str, content: bytes) -> Added:
        """Puts `content` in the place of what was added under `key`; the name stays.

        Raises EditError as `add` does, where nothing was added under `key`, and where the file
        is gone or was changed since; then it is as it was.
        """
        self._refuse_large(content)
        new = hashlib.sha256(content).hexdigest()
        with self._writing():
            record = self._record(key)
            if record is None:
                raise EditError("nothing was added under this key, or it was removed already")
            self._refuse_changed(record.added)
            if new == key:
                return record.added
            self._refuse_known(new, len(content))
            added = _read(record.added.name, content, new)
            self._keep_record(added)
            try:
                write_atomically(self._target / added.name, content)
            except OSError:
                self._record_path(new).unlink(missing_ok=True)
                raise
            self._record_path(key).unlink()
            return added

    def find(self, key: str) -> Added | None:
        """What was added under `key`, where its file is still there as it was."""
        record = self._record(key) if self._is_sound() else None
        if record is None:
            return None
        try:
            self._refuse_changed(record.added)
        except (EditError, OSError):
            return None
        return record.added

    def added(self) -> tuple[Added, ...]:
        """What was added and is still there, the newest first."""
        if not self._is_sound():
            return ()
        records = [self._record(path.stem) for path in self._records.glob("*.json")]
        there = [
            record
            for record in records
            if record is not None and _is_plain_file(self._target / record.added.name)
        ]
        there.sort(key=lambda record: (-record.moment, record.added.key))
        return tuple(record.added for record in there)

    def _put(self, stem: str, suffix: str, content: bytes) -> Added:
        self._refuse_large(content)
        key = hashlib.sha256(content).hexdigest()
        with self._writing():
            self._refuse_known(key, len(content))
            for name in _names(stem, suffix):
                path = self._target / name
                if os.path.lexists(path):
                    continue
                added = _read(name, content, key)
                # The record comes first: without its file it is passed over, but a file
                # without its record could not be removed again.
                self._keep_record(added)
                try:
                    create_atomically(path, content)
                except FileExistsError:
                    continue
                return added
            self._record_path(key).unlink(missing_ok=True)
        raise EditError(f"all names like {name!r} are taken; rename the file")

    def _keep_record(self, added: Added) -> None:
        self._records.mkdir(parents=True, exist_ok=True)
        record = {"moment": time.time_ns(), "added": added.to_dict()}
        write_atomically(self._record_path(added.key), json.dumps(record).encode())

    def _refuse_large(self, content: bytes) -> None:
        if len(content) > self._max_bytes:
            raise EditError(
                f"the article has {len(content):,} bytes; {self._max_bytes:,} are allowed"
            )

    def _refuse_changed(self, added: Added) -> None:
        path = self._target / added.name
        if not _is_plain_file(path) or sha256_file(path) != added.key:
            raise EditError(f"{added.path} was changed since it was added; remove it by hand")

    def _refuse_known(self, key: str, size: int) -> None:
        for path in article_files(self._root):
            with suppress(OSError):
                if path.stat().st_size == size and sha256_file(path) == key:
                    there = relative_name(path, self._root)
                    raise EditError(f"the same content is in the folder already: {there}")

    def _is_sound(self) -> bool:
        """Whether what is below the folder of articles is no link to elsewhere."""
        return not any(folder.is_symlink() for folder in (self._target, self._records))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            if not self._root.is_dir():
                raise EditError(f"there is no folder {self._root}; articles are added to a folder")
            if not self._is_sound():
                raise EditError(f"{self._target} leads to elsewhere; remove the link")
            try:
                yield
            except OSError as error:
                raise EditError(
                    f"{self._target} cannot be written ({error.strerror or error}); "
                    "check space and permissions"
                ) from error

    def _record_path(self, key: str) -> Path:
        return self._records / f"{key}.json"

    def _record(self, key: str) -> _Record | None:
        """What is kept of an addition; None where there is nothing sound."""
        path = self._record_path(key)
        if not _KEY.fullmatch(key) or not _is_plain_file(path):
            return None
        try:
            with path.open("rb") as file:
                return _checked(key, json.loads(file.read(_MAX_RECORD_BYTES)))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class _Record:
    moment: int  # nanoseconds since 1970
    added: Added


def _checked(key: str, values: Mapping[str, Any]) -> _Record:
    """A record of the folder, which anybody may have written. Raises for one that is not sound."""
    kept, moment = values["added"], values["moment"]
    name, counts = kept["name"], (kept["article_count"], kept["problem_count"])
    if not isinstance(name, str) or name.startswith(".") or _PATH_LIKE.search(name) or not name:
        raise ValueError("the name is no file's")
    if not all(type(number) is int and number >= 0 for number in (moment, *counts)):
        raise ValueError("a number is none")
    articles = tuple(
        Summary(_text(one["id"]), _text(one["title"]), _text(one["language"]))
        for one in kept["articles"][:_MAX_SHOWN]
    )
    problems = tuple(
        Skipped(
            _text(one["path"]),
            _text(one["reason"]),
            one["line"] if type(one["line"]) is int else None,
        )
        for one in kept["problems"][:_MAX_SHOWN]
    )
    added = Added(key, name, f"{FOLDER}/{name}", articles, problems, *counts)
    return _Record(moment, added)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is none")
    return value


def _is_plain_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _names(stem: str, suffix: str) -> Iterator[str]:
    yield safe_stem(stem) + suffix
    for number in range(2, _MOST_NAMES + 1):
        yield safe_stem(stem, ending=f"-{number}") + suffix


def _read(name: str, content: bytes, key: str) -> Added:
    """What a build will read of the file. Raises EditError where that is nothing."""
    articles: dict[str, Summary] = {}
    problems: list[Skipped] = []
    # Read where no build looks, but at the same place, which an article's id may depend on.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FOLDER / name
        path.parent.mkdir()
        path.write_bytes(content)
        for item in read_file(path, Path(folder)):
            if isinstance(item, Skipped):
                problems.append(item)
            elif item.id in articles:
                problems.append(Skipped(item.path, f"the id {item.id!r} is taken in this file"))
            else:
                articles[item.id] = Summary(item.id, item.title, item.language)
    if not articles:
        reasons = "; ".join(_reason(problem) for problem in problems[:_MAX_REASONS])
        raise EditError(f"no article can be read in {name!r}: {reasons or 'it is empty'}")
    return Added(
        key=key,
        name=name,
        path=f"{FOLDER}/{name}",
        articles=tuple(articles.values())[:_MAX_SHOWN],
        problems=tuple(problems[:_MAX_SHOWN]),
        article_count=len(articles),
        problem_count=len(problems),
    )


def _reason(problem: Skipped) -> str:
    return problem.reason if problem.line is None else f"line {problem.line}: {problem.reason}"
