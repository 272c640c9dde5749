"""Reads the files of a folder: our own formats here, all others in processes of their own."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from assistant.articles.apart import Worker
from assistant.articles.folder import check_file, relative_name, source_of
from assistant.articles.formats import Items, format_of, read_source
from assistant.errors import ArticleUnreadable
from assistant.limits import Limits
from assistant.types import Article, Skipped

_MOST_WORKERS = 4
_AHEAD = 4
"""Files that are read before they are asked for, by each worker."""


_MOST_SKIPPED = 100
"""Things in one file that could not be used: of more, only the number is told."""


@dataclass(frozen=True, slots=True)
class FileItems:
    """What was read of a file, and the first 100 things of no use; how many more says the last.

    `settled` tells that another try would give the same.
    """

    path: Path
    items: tuple[Article | Skipped, ...]
    settled: bool = True


class Reading:
    """Reads files below `root`. To be closed: it may have started processes."""

    def __init__(self, root: Path, *, limits: Limits | None = None) -> None:
        self._root = root
        self._limits = limits or Limits.resolve()
        self._local = threading.local()
        self._workers: list[Worker] = []
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Reading:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the processes."""
        with self._lock:
            self._closed = True
            workers, self._workers = self._workers, []
        for worker in workers:
            worker.close()

    def read(self, path: Path) -> Items:
        """The articles of one file, and what of it could not be used.

        Never raises for its content.
        """
        name = relative_name(path, self._root)
        try:
            if check_file(path, self._root) == 0:
                raise ArticleUnreadable("the file is empty")
            source = source_of(path, self._root, self._limits)
            if format_of(source).apart:
                return (yield from self._worker().read(path, self._root))
            return (yield from read_source(source))
        except ArticleUnreadable as error:
            yield Skipped(name, str(error))
        except OSError as error:
            yield Skipped(name, f"the file cannot be opened ({error.strerror or error})")
        except MemoryError:
            yield Skipped(name, "there is not enough memory to read it")
        return False

    def read_all(self, files: Sequence[Path]) -> Iterator[FileItems]:
        """Each file with what was read of it, in order; what is read apart, on all cores."""
        count = min(_MOST_WORKERS, os.cpu_count() or 1)
        waiting: deque[tuple[Path, Future[FileItems] | None]] = deque()
        with ThreadPoolExecutor(count, thread_name_prefix="reading") as pool:
            try:
                left = iter(files)
                while True:
                    while len(waiting) < count * _AHEAD and (path := next(left, None)) is not None:
                        apart = self._is_apart(path)
                        waiting.append(
                            (path, pool.submit(self._read_whole, path) if apart else None)
                        )
                    if not waiting:
                        return
                    path, future = waiting.popleft()
                    yield self._read_whole(path) if future is None else future.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                if waiting:
                    self.close()

    def _is_apart(self, path: Path) -> bool:
        try:
            return format_of(source_of(path, self._root, self._limits)).apart
        except ArticleUnreadable:
            return False

    def _read_whole(self, path: Path) -> FileItems:
        found: list[Article | Skipped] = []
        items = self.read(path)
        settled, skipped = None, 0
        while settled is None:
            try:
                item = next(items)
            except StopIteration as end:
                settled = bool(end.value)
                continue
            skipped += isinstance(item, Skipped)
            if isinstance(item, Article) or skipped <= _MOST_SKIPPED:
                found.append(item)
        if skipped > _MOST_SKIPPED:
            more = f"{skipped - _MOST_SKIPPED:,} more things in it could not be used"
            found.append(Skipped(relative_name(path, self._root), more))
        if self._closed:
            self._worker().close()
        return FileItems(path, tuple(found), settled)

    def _worker(self) -> Worker:
        worker: Worker | None = getattr(self._local, "worker", None)
        if worker is None:
            worker = self._local.worker = Worker(self._limits)
            with self._lock:
                self._workers.append(worker)
        return worker


def read_file(
    path: Path, root: Path, *, limits: Limits | None = None
) -> Iterator[Article | Skipped]:
    """The articles of one file, and what of it could not be used. Never raises for its content."""
    with Reading(root, limits=limits) as reading:
        yield from reading.read(path)
