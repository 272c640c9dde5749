"""All articles of a folder: those of files that have not changed come from the old index."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from assistant import __version__
from assistant.articles import FileItems, Found, Reading, check_file, find_files, relative_name
from assistant.errors import ArticleUnreadable, NothingReadable
from assistant.files import sha256_file
from assistant.limits import Limits
from assistant.store import FileRead
from assistant.types import Article, Skipped

_OPTIONAL = ("pyarrow",)
"""Packages without which some files cannot be read."""


@dataclass(frozen=True, slots=True)
class Before:
    """What an index holds: its articles by id, and the files that they were read from, by name."""

    articles: Mapping[str, Article]
    files: Mapping[str, FileRead]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Articles ordered by id, what was skipped, and the files that need not be read again."""

    articles: tuple[Article, ...]
    skipped: tuple[Skipped, ...]
    files: tuple[FileRead, ...]


def _read_with(limits: Limits) -> str:
    """Stands for all that decides what is read of a file, but its bytes."""
    optional = [name for name in _OPTIONAL if find_spec(name) is not None]
    parts = [__version__, limits.to_dict(), optional]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


class _Files:
    """The files of a folder, each read, or remembered where its bytes are the same."""

    def __init__(self, root: Path, found: Found, limits: Limits, before: Before) -> None:
        self._root = root
        self._found = found
        self._limits = limits
        self._before = before
        self._read_with = _read_with(limits)

    def __iter__(self) -> Iterator[tuple[FileItems, FileRead | None]]:
        """What each file gave, in order, and what to remember of it, if it can be remembered."""
        # Before they are read: what changes in between is read again by the next build.
        hashes = {path: self._hash(path) for path in self._found.files}
        remembered = {path: self._remembered(path, hashes[path]) for path in self._found.files}
        unknown = [path for path, items in remembered.items() if items is None]
        with Reading(self._root, limits=self._limits) as reading:
            fresh = reading.read_all(unknown)
            for path, known in remembered.items():
                items = next(fresh) if known is None else known
                yield items, self._to_remember(items, hashes[path])

    def _hash(self, path: Path) -> str | None:
        try:
            check_file(path, self._root)
            return sha256_file(path)
        except (OSError, ArticleUnreadable):
            # Reading it says why.
            return None

    def _remembered(self, path: Path, sha256: str | None) -> FileItems | None:
        file = self._before.files.get(relative_name(path, self._root))
        if file is None or (file.sha256, file.read_with) != (sha256, self._read_with):
            return None
        articles = [self._before.articles.get(one) for one in file.articles]
        known = [article for article in articles if article is not None]
        return FileItems(path, (*known, *file.skipped)) if len(known) == len(articles) else None

    def _to_remember(self, items: FileItems, sha256: str | None) -> FileRead | None:
        articles = tuple(item.id for item in items.items if isinstance(item, Article))
        # A file that gave nothing is tried again.
        if not items.settled or sha256 is None or not articles:
            return None
        return FileRead(
            relative_name(items.path, self._root),
            sha256,
            self._read_with,
            articles,
            tuple(item for item in items.items if isinstance(item, Skipped)),
        )


def gather(
    root: Path,
    *,
    limits: Limits | None = None,
    before: Before | None = None,
    tell: Callable[[int, int], None],
) -> Gathered:
    """Reads the folder or file `root`; `tell` hears of how many files are done, of how many.

    Of articles with the same id the first counts, in the order of the files' names. Raises
    ArticlesNotFound and NothingReadable.
    """
    found = find_files(root)
    files = _Files(root, found, limits or Limits.resolve(), before or Before({}, {}))
    articles: dict[str, Article] = {}
    skipped = list(found.skipped)
    kept: list[FileRead] = []
    tell(0, len(found.files))
    for done, (items, file) in enumerate(files, 1):
        whole = True
        for item in items.items:
            if isinstance(item, Skipped):
                skipped.append(item)
            elif item.id in articles:
                first = articles[item.id].path
                skipped.append(Skipped(item.path, f"the id {item.id!r} is taken ({first})"))
                whole = False
            else:
                articles[item.id] = item
        # Where the other article goes, this file's has its id again.
        if file is not None and whole:
            kept.append(file)
        tell(done, len(found.files))
    if not articles:
        raise NothingReadable(
            f"no article could be read in {root}; an index that was there is unchanged",
            tuple(str(one) for one in skipped),
        )
    # The order of files must not decide anything in the index.
    ordered = sorted(articles.values(), key=lambda article: article.id)
    return Gathered(tuple(ordered), tuple(skipped), tuple(kept))
