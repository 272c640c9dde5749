"""The write side: articles in, a new generation of the index out."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from assistant.errors import AssistantError, BuildCancelled, IndexUnwritable, NothingReadable
from assistant.files import exclusive
from assistant.gathering import Before, Gathered, gather
from assistant.index import (
    PROBES,
    Contents,
    Index,
    clear_left_overs,
    current_generation,
    prepare_for_build,
    write_generation,
)
from assistant.last_build import write_last_build
from assistant.limits import Limits
from assistant.passages import SplitSettings
from assistant.pieces import Model, Pieces
from assistant.planning import make_plan
from assistant.settings import Settings, remote_address
from assistant.types import BuildReport

Progress = Callable[[str, int, int], None]
"""Told of a stage, how much of it is done, and how much there is.

The stages are `reading`, in files, `embedding`, in articles, and `writing`, in passages; then
`publishing`, in passages, where the index is on a server.
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


@dataclass(frozen=True, slots=True)
class _Old:
    """The index as it is, if there is one that can be started from, and what it holds."""

    index: Index | None
    before: Before

    @classmethod
    def open(cls, folder: Path, stack: ExitStack) -> _Old:
        try:
            index = Index.open(folder)
        except AssistantError:
            # Nothing to start from: whatever is wrong with it, a full build replaces it.
            return cls(None, Before({}, {}))
        stack.callback(index.close)
        articles = {article.id: article for article in index.store.all_articles()}
        return cls(index, Before(articles, index.store.files()))

    def is_current(self, folder: Path) -> bool:
        try:
            now = current_generation(folder)
        except AssistantError:
            return False
        return self.index is not None and self.index.info.generation == now


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
    work: str | Path | None = None,
) -> BuildReport:
    """Reads `articles` (a folder or a file) and makes the folder `index` hold exactly them.

    Articles whose id and content are already in the index keep their vectors; `full` embeds
    everything again. `dry_run` changes nothing and reports what would be done. Files that
    cannot be read are listed in the report and cost nothing else. `cancelled` is asked before
    each file, each batch of passages and the last step, which makes the new index the one in use.

    An `index` on a server, as in `milvus://host:19530/news`, is built in the folder `work`
    (default: one for this address in the user's cache) and sent from there as a new generation,
    if it differs. Then IndexUnreachable may be raised, too.

    Raises BuildCancelled, ArticlesNotFound or NothingReadable, with an existing index unchanged;
    ModelNotFound; IndexLocked while another build runs; IndexUnwritable; IndexFormatUnsupported
    for an index that a newer version wrote, unless `full`.
    """
    address = remote_address(index)
    if address is not None:
        local = partial(build, articles, model=model, full=full, dry_run=dry_run, limits=limits)
        return _build_on_server(address, work, local, full, progress, cancelled)
    clock = time.monotonic()
    settings = Settings.resolve(articles=articles, index=index, model=model)
    watch = _Watch(progress, cancelled)
    if not full:
        prepare_for_build(settings.index, dry_run=dry_run)
    model_of = Model(settings.model)
    with ExitStack() as stack:
        old = _Old.open(settings.index, stack)
        gathered = gather(
            settings.articles,
            limits=limits,
            before=None if full else old.before,
            tell=partial(watch, "reading"),
        )
        run = partial(_run, settings, model_of, gathered, clock=clock, full=full, watch=watch)
        if dry_run:
            return run(old, dry_run=True)
        try:
            settings.index.mkdir(parents=True, exist_ok=True)
            stack.enter_context(exclusive(settings.index / ".lock"))
            clear_left_overs(settings.index)
            if not old.is_current(settings.index):
                # Another build came between.
                old = _Old.open(settings.index, stack)
            report = run(old, dry_run=False)
            write_last_build(settings.index, report)
            return report
        except OSError as error:
            raise IndexUnwritable(
                f"the folder {settings.index} cannot be written ({error.strerror or error}); "
                "check its permissions, or name another with --index"
            ) from error


def _build_on_server(
    text: str,
    work: str | Path | None,
    local: Callable[..., BuildReport],
    full: bool,
    progress: Progress | None,
    cancelled: Callable[[], bool] | None,
) -> BuildReport:
    from assistant.milvus import Address, Server, publish

    address = Address.parse(text)
    folder = address.work_folder() if work is None else Path(work)
    # Whether there is a server at all should not be said after hours of building.
    Server(address).close()
    report = local(index=folder, progress=progress, cancelled=cancelled)
    if not report.dry_run:
        index = Index.open(folder)
        try:
            publish(index, address, full=full, progress=_Watch(progress, cancelled))
        finally:
            index.close()
    return report


def _run(
    settings: Settings,
    model: Model,
    gathered: Gathered,
    start: _Old,
    clock: float,
    *,
    full: bool,
    dry_run: bool,
    watch: _Watch,
) -> BuildReport:
    old = start.index
    fingerprint = model.fingerprint()
    plan = make_plan(gathered.articles, start.before.articles)
    reusable = old is not None and not full and old.fingerprint == fingerprint
    if old is not None and reusable and dict(old.split) != SplitSettings().to_dict():
        # Settings other than the defaults come from the model's length; ask it.
        reusable = dict(old.split) == model.split_settings().to_dict()

    def report(generation: str | None, passages: int, embedded: int) -> BuildReport:
        return BuildReport(
            generation=generation,
            model=model.name,
            articles=len(gathered.articles),
            passages=passages,
            added=plan.added,
            changed=plan.changed,
            removed=plan.removed,
            unchanged=plan.unchanged,
            embedded=embedded,
            skipped=gathered.skipped,
            seconds=time.monotonic() - clock,
            dry_run=dry_run,
            changes=plan.changes if dry_run else (),
        )

    same_files = set(start.before.files.values()) == set(gathered.files)
    if old is not None and reusable and plan.is_nothing and (same_files or dry_run):
        return report(old.info.generation, old.info.passages, 0)
    pieces = Pieces(model, kept=plan.kept, old=old) if reusable else Pieces(model)
    if dry_run:
        return report(None, *pieces.count(gathered.articles))
    made = pieces.make(gathered.articles, partial(watch, "embedding"))
    if not made.passages:
        raise NothingReadable(f"the articles in {settings.articles} hold no passage")
    info = write_generation(
        settings.index,
        Contents(
            articles=gathered.articles,
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
            files=gathered.files,
        ),
        old=old.generation if old is not None and reusable else None,
        tell=partial(watch, "writing"),
    )
    return report(info.generation, info.passages, made.embedded)
