"""Processes that read files, kept for the next test: to start one takes longer than to read."""

from __future__ import annotations

import threading
from collections import defaultdict
from pathlib import Path

from assistant.articles.apart import Worker
from assistant.articles.formats import Items
from assistant.limits import Limits


class Warm:
    """The processes that wait for a file, by their limits."""

    def __init__(self) -> None:
        self._waiting: defaultdict[Limits, list[Worker]] = defaultdict(list)
        self._lock = threading.Lock()

    def lend(self, limits: Limits) -> Lent:
        """In place of a new Worker."""
        with self._lock:
            waiting = self._waiting[limits]
            return Lent(self, limits, waiting.pop() if waiting else Worker(limits))

    def take_back(self, limits: Limits, worker: Worker) -> None:
        with self._lock:
            self._waiting[limits].append(worker)

    def close(self) -> None:
        for workers in self._waiting.values():
            for worker in workers:
                worker.close()


class Lent:
    """A Worker that is not closed where it has read its file to the end."""

    def __init__(self, warm: Warm, limits: Limits, worker: Worker) -> None:
        self._warm = warm
        self._limits = limits
        self._worker: Worker | None = worker
        self._reads = False

    def read(self, path: Path, root: Path) -> Items:
        if self._worker is None:
            self._worker = Worker(self._limits)
        self._reads = True
        settled = yield from self._worker.read(path, root)
        self._reads = False
        return settled

    def close(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        if self._reads:
            worker.close()
        else:
            self._warm.take_back(self._limits, worker)
