"""The write side: articles in, a new generation of the index out."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from assistant.articles import Reading, find_files
from assistant.errors import AssistantError, BuildCancelled, IndexUnwritable, NothingReadable
from assistant.files import exclusive
from assistant.index import (
    PROBES,
    Contents,
    Index,
    clear_left_overs,
    prepare_for_build,
    write_generation,
)
from assistant.last_build import write_last_build
from assistant.limits import Limits
from assistant.passages import SplitSettings
from assistant.pieces import Model, Pieces
from assistant.settings import Settings
from assistant.types import Article, BuildReport, Skipped

Progress = Callable[[str, int, int], None]
"""Told of a stage, how much of it is done, and how much there is.

The stages are `reading`, in files, `embedding`, in articles, and `writing`, in passages.
"""


class _Watch:
    """Tells how far a build is, and ends it where it was cancelled."""

    def __init__(self, progress: Progress | None, cancelled: Callable[[], bool] | None) -> None:
        self._progress = progress
        self._cancelled = cancelled

    def check(self) -> None:
        """Raises BuildCancelled."""
        if self._cancelled is not None and self._cancelled():
            raise BuildCancelled("the build was cancelled; an index that was there is unchanged")

    def __call__(self, stage: str, done: int, total: int) -> None:
        self.check()
        if self._progress is not None:
            self._progress(stage, done, total)


def _read(root: Path, limits: Limits | None, watch: _Watch) -> tuple[list[Article], list[Skipped]]:
    found = find_files(root)
    files, skipped = found.files, list(found.skipped)
    articles: dict[str, Article] = {}
    with Reading(root, limits=limits) as reading:
        watch("reading", 0, len(files))
        for done, (_, items) in enumerate(reading.read_all(files), 1):
            for item in items:
                if isinstance(item, Skipped):
                    skipped.append(item)
                elif item.id in articles:
                    first = articles[item.id].path
                    skipped.append(Skipped(item.path, f"the id {item.id!r} is taken ({first})"))
                else:
                    articles[item.id] = item
            watch("reading", done, len(files))
    if not articles:
        raise NothingReadable(
            f"no article could be read in {root}; an index that was there is unchanged",
            tuple(str(s) for s in skipped),
        )
    # The order of files must not decide anything in the index.
    return sorted(articles.values(), key=lambda article: article.id), skipped


def _old_index(folder: Path) -> Index | None:
    try:
        return Index.open(folder)
    except AssistantError:
        # Nothing to start from: whatever is wrong with it, a full build replaces it.
        return None


def build(
    articles: str | Path | None = None,
    *,
    index: str | Path | None = None,
    model: str | None = None,
    full: bool = False,
    dry_run: bool = False,
    limits: Limits | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> BuildReport:
    """Reads `articles` (a folder or a file) and makes the folder `index` hold exactly them.

    Articles whose id and content are already in the index keep their vectors; `full` embeds
    everything again. `dry_run` changes nothing and reports what would be done. Files that
    cannot be read are listed in the report and cost nothing else. `cancelled` is asked before
    each file, each batch of passages and the last step, which makes the new index the one in use.

    Raises BuildCancelled, ArticlesNotFound or NothingReadable, with an existing index unchanged;
    ModelNotFound; IndexLocked while another build runs; IndexUnwritable; IndexFormatUnsupported
    for an index that a newer version wrote, unless `full`.
    """
    clock = time.monotonic()
    settings = Settings.resolve(articles=articles, index=index, model=model)
    watch = _Watch(progress, cancelled)
    found, skipped = _read(settings.articles, limits, watch)
    if not full:
        prepare_for_build(settings.index, dry_run=dry_run)
    model_of = Model(settings.model)
    run = partial(_run, settings, model_of, found, skipped, clock, full=full, watch=watch)
    if dry_run:
        return run(dry_run=True)
    try:
        settings.index.mkdir(parents=True, exist_ok=True)
        with exclusive(settings.index / ".lock"):
            clear_left_overs(settings.index)
            report = run(dry_run=False)
            write_last_build(settings.index, report)
            return report
    except OSError as error:
        raise IndexUnwritable(
            f"the folder {settings.index} cannot be written ({error.strerror or error}); "
            "check its permissions, or name another with --index"
        ) from error


def _run(
    settings: Settings,
    model: Model,
    articles: list[Article],
    skipped: list[Skipped],
    clock: float,
    *,
    full: bool,
    dry_run: bool,
    watch: _Watch,
) -> BuildReport:
    old = _old_index(settings.index)
    before = {} if old is None else old.store.contents()
    now = {article.id: article.content_hash() for article in articles}
    fingerprint = model.fingerprint()
    reusable = old is not None and not full and old.fingerprint == fingerprint
    if old is not None and reusable and dict(old.split) != SplitSettings().to_dict():
        # Settings other than the defaults come from the model's length; ask it.
        reusable = dict(old.split) == model.split_settings().to_dict()
    kept = {i for i, content in now.items() if reusable and before.get(i) == content}
    same = {i for i, content in now.items() if before.get(i) == content}
    counts = {
        "added": len(now.keys() - before.keys()),
        "changed": len((now.keys() & before.keys()) - same),
        "removed": len(before.keys() - now.keys()),
        "unchanged": len(same),
    }

    def report(generation: str | None, passages: int, embedded: int) -> BuildReport:
        return BuildReport(
            generation=generation,
            model=model.name,
            articles=len(articles),
            passages=passages,
            embedded=embedded,
            skipped=tuple(skipped),
            seconds=time.monotonic() - clock,
            dry_run=dry_run,
            **counts,
        )

    try:
        if old is not None and len(kept) == len(now) == len(before):
            return report(old.info.generation, old.info.passages, 0)
        pieces = Pieces(model, kept=kept, old=old if kept else None)
        if dry_run:
            return report(None, *pieces.count(articles))
        made = pieces.make(articles, partial(watch, "embedding"))
        if not made.passages:
            raise NothingReadable(f"the articles in {settings.articles} hold no passage")
        info = write_generation(
            settings.index,
            Contents(
                articles=articles,
                passages=made.passages,
                searched_texts=made.searched_texts,
                vectors=made.vectors,
                romanised=made.romanised,
                sketches=made.sketches,
                words=made.words,
                model=model.name,
                fingerprint=fingerprint,
                split=model.split_settings().to_dict(),
                probe_vectors=model.loaded.embed_passages(PROBES),
            ),
            tell=partial(watch, "writing"),
        )
        return report(info.generation, info.passages, made.embedded)
    finally:
        if old is not None:
            old.close()
