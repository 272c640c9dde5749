"""Reads the files of a folder: our own formats here, all others in processes of their own."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from assistant.articles.apart import Worker
from assistant.articles.folder import check_file, relative_name, source_of
from assistant.articles.formats import Items, format_of, read_source
from assistant.errors import ArticleUnreadable
from assistant.limits import Limits
from assistant.processes import cores
from assistant.types import Article, Skipped

_MOST_WORKERS = 4
_AHEAD = 4
"""Files that are read before they are asked for, by each worker."""

_WAITING = 64
"""Articles of a file that wait to be asked for: a file of a million is not held in memory."""

_LOOKED_EVERY = 0.1
"""Seconds after which a thread that waits looks whether it is still wanted."""

_MOST_SKIPPED = 100
"""Things in one file that could not be used: of more, only the number is told."""

_END = object()


class FileItems:
    """What is read of a file, once, as it comes: the articles, and the first 100 things of no use;
    how many more says the last."""

    def __init__(self, path: Path, items: Items) -> None:
        self.path = path
        self.settled = False
        """Known when all was taken: whether another try would give the same."""
        self._left = self._taken(items)

    def __iter__(self) -> Iterator[Article | Skipped]:
        return self._left

    def _taken(self, items: Items) -> Iterator[Article | Skipped]:
        self.settled = yield from items


class _Passing:
    """Items that one thread reads and another takes, in order."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Any] = queue.Queue(_WAITING)
        self._wanted = True

    def stop(self) -> None:
        """Nobody will take the rest."""
        self._wanted = False

    def put_all(self, items: Items) -> bool:
        """Reads, waiting while too many are not taken yet. Returns whether that is settled."""
        settled = None
        try:
            while settled is None and self._wanted:
                try:
                    self._put(next(items))
                except StopIteration as end:
                    settled = bool(end.value)
        finally:
            # Where nobody wants the rest, its reader is in the middle of it.
            items.close()
            self._put(_END)
        return bool(settled)

    def _put(self, item: object) -> None:
        while self._wanted:
            with suppress(queue.Full):
                self._queue.put(item, timeout=_LOOKED_EVERY)
                return

    def take(self, done: Future[bool]) -> Items:
        """What is read, as `done` does it; raises what that raises."""
        while (item := self._queue.get()) is not _END:
            yield item
        return done.result()


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
        """Each file, in order, to be taken before the next; what is read apart, on all cores."""
        count = min(_MOST_WORKERS, cores())
        waiting: deque[tuple[FileItems, _Passing | None]] = deque()
        passing: _Passing | None = None
        left = iter(files)
        with ThreadPoolExecutor(count, thread_name_prefix="reading") as pool:
            try:
                while True:
                    while len(waiting) < count * _AHEAD and (path := next(left, None)) is not None:
                        waiting.append(self._begun(path, pool))
                    if not waiting:
                        return
                    items, passing = waiting.popleft()
                    yield items
                    for _ in items:
                        pass
                    passing = None
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                begun = [one for one in (passing, *(one for _, one in waiting)) if one is not None]
                for one in begun:
                    one.stop()
                if begun:
                    self.close()

    def _begun(self, path: Path, pool: ThreadPoolExecutor) -> tuple[FileItems, _Passing | None]:
        """A file, and how its items come where other threads read it."""
        if not self._is_apart(path):
            return FileItems(path, self._read_whole(path)), None
        passing = _Passing()
        done = pool.submit(passing.put_all, self._read_whole(path))
        return FileItems(path, passing.take(done)), passing

    def _is_apart(self, path: Path) -> bool:
        try:
            return format_of(source_of(path, self._root, self._limits)).apart
        except ArticleUnreadable:
            return False

    def _read_whole(self, path: Path) -> Items:
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
                yield item
        if skipped > _MOST_SKIPPED:
            more = f"{skipped - _MOST_SKIPPED:,} more things in it could not be used"
            yield Skipped(relative_name(path, self._root), more)
        if self._closed:
            self._worker().close()
        return settled

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
