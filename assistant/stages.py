"""How much of the processor's time each stage of a build takes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class Stages:
    """How much of the processor's time each stage of a build took, in seconds."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Counts this process's time, of all its threads, to a stage."""
        before = time.process_time()
        try:
            yield
        finally:
            self.add(stage, time.process_time() - before)

    def add(self, stage: str, seconds: float) -> None:
        self._seconds[stage] = self._seconds.get(stage, 0.0) + seconds

    def add_all(self, seconds: Mapping[str, float]) -> None:
        for stage, some in seconds.items():
            self.add(stage, some)

    def to_dict(self) -> dict[str, float]:
        return {stage: round(seconds, 3) for stage, seconds in self._seconds.items()}
