"""All articles of a folder: those of files that have not changed come from the old index."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from assistant import __version__
from assistant.articles import FileItems, Items, Reading, check_file, find_files, relative_name
from assistant.errors import ArticleUnreadable, NothingReadable
from assistant.files import sha256_file
from assistant.limits import Limits
from assistant.spool import Spool
from assistant.store import FileRead, Store
from assistant.types import Article, Skipped

_OPTIONAL = ("pyarrow",)
"""Packages without which some files cannot be read."""


class StoredArticles(Mapping[str, Article]):
    """The articles of an index by id, read from it one by one."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.hashes = store.contents()
        """Their content hashes by id, in the order of their numbers."""

    def lengths(self) -> Mapping[str, int]:
        """How many characters each has, by id."""
        return self._store.lengths()

    def __getitem__(self, article_id: str) -> Article:
        article = self._store.article(article_id)
        if article is None:
            raise KeyError(article_id)
        return article

    def __contains__(self, article_id: object) -> bool:
        return article_id in self.hashes

    def __iter__(self) -> Iterator[str]:
        return iter(self.hashes)

    def __len__(self) -> int:
        return len(self.hashes)


@dataclass(frozen=True, slots=True)
class Before:
    """What an index holds: its articles by id, and by name the files that they were read from."""

    articles: Mapping[str, Article]
    hashes: Mapping[str, str]  # of their contents
    files: Mapping[str, FileRead]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Articles, each id once, what was skipped, and the files that need not be read again.

    Skipped things come with the number of their file, files in the order of their names.
    """

    articles: Spool
    skipped: tuple[tuple[int, Skipped], ...]
    files: tuple[tuple[int, FileRead], ...]


def _read_with(limits: Limits) -> str:
    """Stands for all that decides what is read of a file, but its bytes."""
    optional = [name for name in _OPTIONAL if find_spec(name) is not None]
    parts = [__version__, limits.to_dict(), optional]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


class _Files:
    """The files of a folder, each read, or remembered where its bytes are the same."""

    def __init__(self, root: Path, files: Sequence[Path], limits: Limits, before: Before) -> None:
        self._root = root
        self._files = files
        self._limits = limits
        self._before = before
        self._read_with = _read_with(limits)

    def __iter__(self) -> Iterator[tuple[FileItems, str | None, FileRead | None]]:
        """What each file gives, in order, to be taken before the next; the hash of its bytes; and
        what is known of it where it is not read again.
        """
        # Before they are read: what changes in between is read again by the next build.
        hashes = [self._hash(path) for path in self._files]
        known = [self._known(path, sha) for path, sha in zip(self._files, hashes, strict=True)]
        unknown = [path for path, file in zip(self._files, known, strict=True) if file is None]
        with Reading(self._root, limits=self._limits) as reading:
            fresh = reading.read_all(unknown)
            for path, sha256, file in zip(self._files, hashes, known, strict=True):
                items = FileItems(path, self._remembered(file)) if file else next(fresh)
                yield items, sha256, file

    def _hash(self, path: Path) -> str | None:
        try:
            check_file(path, self._root)
            return sha256_file(path)
        except (OSError, ArticleUnreadable):
            # Reading it says why.
            return None

    def _known(self, path: Path, sha256: str | None) -> FileRead | None:
        """What is known of a file that need not be read again."""
        file = self._before.files.get(relative_name(path, self._root))
        if file is None or (file.sha256, file.read_with) != (sha256, self._read_with):
            return None
        return file if all(one in self._before.articles for one in file.articles) else None

    def _remembered(self, file: FileRead) -> Items:
        for one in file.articles:
            yield self._before.articles[one]
        yield from file.skipped
        return True

    def to_remember(
        self,
        read: FileItems,
        sha256: str | None,
        articles: Sequence[str],
        skipped: Sequence[Skipped],
    ) -> FileRead | None:
        """What spares the next build to read this file, which gave all this."""
        # A file that gave nothing is tried again.
        if not read.settled or sha256 is None or not articles:
            return None
        return FileRead(
            relative_name(read.path, self._root),
            sha256,
            self._read_with,
            tuple(articles),
            tuple(skipped),
        )


def gather(
    root: Path,
    *,
    into: Spool,
    limits: Limits | None = None,
    before: Before | None = None,
    wanted: Callable[[str], bool] | None = None,
    tell: Callable[[int, int], None],
) -> Gathered:
    """Reads the folder or file `root`; `tell` hears of how many files are done, of how many.

    Of articles with the same id the first counts, in the order of the files' names. Files whose
    names are not `wanted` are passed over. Raises ArticlesNotFound.
    """
    found = find_files(root)
    numbers = [
        number
        for number, path in enumerate(found.files)
        if wanted is None or wanted(relative_name(path, root))
    ]
    files = _Files(
        root,
        [found.files[number] for number in numbers],
        limits or Limits.resolve(),
        before or Before({}, {}, {}),
    )
    skipped = [(-1, one) for one in found.skipped]
    kept: list[tuple[int, FileRead]] = []
    tell(0, len(numbers))
    hashes = {} if before is None else before.hashes
    for done, (number, (read, sha256, file)) in enumerate(zip(numbers, files, strict=True), 1):
        whole, ids, useless = True, list[str](), list[Skipped]()
        for item in read:
            if isinstance(item, Skipped):
                useless.append(item)
                skipped.append((number, item))
                continue
            ids.append(item.id)
            known = None if file is None else hashes[item.id]
            first = into.add(item, file=number, content_hash=known)
            if first is not None:
                skipped.append((number, taken(item, first)))
                whole = False
        remembered = file or files.to_remember(read, sha256, ids, useless)
        # Where the other article goes, this file's has its id again.
        if remembered is not None and whole:
            kept.append((number, remembered))
        tell(done, len(numbers))
    return Gathered(into, tuple(skipped), tuple(kept))


def taken(article: Article, first: str) -> Skipped:
    """An article whose id another one has, which was read from the path `first`."""
    return Skipped(article.path, f"the id {article.id!r} is taken ({first})")


def check_any(gathered: Gathered, root: Path) -> None:
    """Raises NothingReadable where there is no article."""
    if not len(gathered.articles):
        raise NothingReadable(
            f"no article could be read in {root}; an index that was there is unchanged",
            tuple(str(one) for _, one in gathered.skipped),
        )
