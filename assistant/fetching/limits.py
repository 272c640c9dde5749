"""What fetching a page may cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from assistant.errors import FetchError, SettingsError


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Bytes and seconds.

    `max_bytes` bounds a page as it is sent and as it is unpacked, `max_ratio` how many times
    larger it may get by that, from a megabyte on. `total` bounds all of a page with where it
    sends on to, `connect` and `read` one step of it. `longest_wait` bounds what a site may ask
    for between two pages, or before it is asked again. Raises SettingsError.
    """

    max_bytes: int = 20_000_000
    max_ratio: int = 100
    redirects: int = 5
    total: float = 30.0
    connect: float = 10.0
    read: float = 10.0
    longest_wait: float = 30.0

    def __post_init__(self) -> None:
        if not all(0 < seconds <= 3_600 for seconds in (self.total, self.connect, self.read)):
            raise SettingsError("the time for a page must be above 0 and at most 3600 seconds")
        if not (self.max_bytes > 0 and self.max_ratio > 0 and self.redirects >= 0):
            raise SettingsError("the limits of a page must be above 0")


class Deadline:
    """The time left for a page. Seconds of waiting for the site's sake are not counted."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = monotonic() + seconds

    def left(self, at_most: float | None = None) -> float:
        """Seconds, always above 0. Raises FetchError where there are none."""
        left = self._end - monotonic()
        if left <= 0:
            raise FetchError(
                f"it did not arrive within {self._seconds:g} seconds; "
                "try again, or give it more time (--timeout)"
            )
        return left if at_most is None else min(left, at_most)

    @contextmanager
    def paused(self) -> Iterator[None]:
        began = monotonic()
        try:
            yield
        finally:
            self._end += monotonic() - began
