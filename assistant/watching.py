"""Brings an index up to date whenever the folder of articles changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from assistant.articles import find_files
from assistant.building import build
from assistant.constructing import Progress
from assistant.errors import AssistantError
from assistant.limits import Limits
from assistant.settings import Settings
from assistant.types import BuildReport

_QUIET = 500
"""A change is followed when the folder has been quiet for so many milliseconds."""

CHECK_SECONDS = 300.0
"""What no system tells of, on network drives, say, is looked for this often."""


def watch(
    articles: str | Path | None = None,
    *,
    index: str | Path | None = None,
    model: str | None = None,
    limits: Limits | None = None,
    every: float = CHECK_SECONDS,
    stop: threading.Event | None = None,
    tell: Callable[[BuildReport | AssistantError], None],
    progress: Progress | None = None,
) -> None:
    """Builds at once and after each change of the folder, until `stop` is set.

    `tell` hears of the first build, of each later one that changed the index or skipped something
    else than the one before, and of errors, after which it goes on. Files are looked at anew
    `every` so many seconds even where no change was noticed. Raises ArticlesNotFound and
    SettingsError.
    """
    settings = Settings.resolve(articles=articles, index=index, model=model)
    find_files(settings.articles)
    stop = stop or threading.Event()
    last: BuildReport | AssistantError | None = None
    for _ in _changes(settings.articles, settings.index, every, stop):
        now: BuildReport | AssistantError
        try:
            now = build(
                settings.articles,
                index=settings.index,
                model=settings.model,
                limits=limits,
                progress=progress,
            )
        except AssistantError as error:
            now = error
        if not _is_the_same(last, now):
            tell(now)
        last = now


def _is_the_same(
    before: BuildReport | AssistantError | None, now: BuildReport | AssistantError
) -> bool:
    if isinstance(before, BuildReport) and isinstance(now, BuildReport):
        same = before.generation == now.generation and before.skipped == now.skipped
        return same and not now.added + now.changed + now.removed
    return str(before) == str(now)


def _changes(articles: Path, index: Path, every: float, stop: threading.Event) -> Iterator[None]:
    """Yields at once, then after each change, and when so many seconds have passed without one."""
    from watchfiles import Change, watch

    # A file that is replaced is another one: only its folder tells of that.
    folder = articles if articles.is_dir() else articles.parent
    own = index.resolve()

    def counts(_change: Change, path: str) -> bool:
        there = Path(path)
        if own == there or own in there.parents:
            return False
        if folder != articles:
            return there.name == articles.name
        parts = there.relative_to(folder.resolve()).parts
        return not any(part.startswith(".") for part in parts)

    last: float | None = None
    for changes in watch(
        folder.resolve(),
        watch_filter=counts,
        debounce=10 * _QUIET,
        step=_QUIET,
        stop_event=stop,
        rust_timeout=_QUIET,
        yield_on_timeout=True,
        raise_interrupt=True,
    ):
        if stop.is_set():
            return
        # The first time is when the watch stands: no change of the first build is missed.
        if changes or last is None or time.monotonic() - last >= every:
            yield
            last = time.monotonic()
