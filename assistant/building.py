"""The write side: articles in, a new generation of the index out."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from assistant.constructing import Construction, Old, Progress, Watch
from assistant.gathering import check_any, gather
from assistant.index import Index, prepare_for_build
from assistant.limits import Limits
from assistant.pieces import Model
from assistant.settings import Settings, remote_address
from assistant.spool import Spool
from assistant.stages import Stages
from assistant.types import BuildReport
from assistant.workers import check_processes


def build(
    articles: str | Path | None = None,
    *,
    index: str | Path | None = None,
    model: str | None = None,
    full: bool = False,
    dry_run: bool = False,
    limits: Limits | None = None,
    processes: int | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    work: str | Path | None = None,
) -> BuildReport:
    """Reads `articles` (a folder or a file) and makes the folder `index` hold exactly them.

    Articles whose id and content are already in the index keep their vectors; `full` embeds
    everything again. A build that was ended before it was done has kept what it made, and the next
    one goes on from there. `dry_run` changes nothing and reports what would be done. Files that
    cannot be read are listed in the report and cost nothing else. `processes` (default: one for
    each processor) work at once where there is much to do. `cancelled` is asked before
    each file, each batch of passages and the last step, which makes the new index the one in use.

    An `index` on a server, as in `milvus://host:19530/news`, is built in the folder `work`
    (default: one for this address in the user's cache) and sent from there as a new generation,
    if it differs. Then IndexUnreachable may be raised, too.

    Raises BuildCancelled, ArticlesNotFound or NothingReadable, with an existing index unchanged;
    ModelNotFound; IndexLocked while another build runs; IndexUnwritable; BuildInterrupted where a
    process ends early; IndexFormatUnsupported for an index that a newer version wrote, unless
    `full`.
    """
    address = remote_address(index)
    if address is not None:
        local = partial(
            build,
            articles,
            model=model,
            full=full,
            dry_run=dry_run,
            limits=limits,
            processes=processes,
        )
        return _build_on_server(address, work, local, full, progress, cancelled)
    clock = time.monotonic()
    settings = Settings.resolve(articles=articles, index=index, model=model)
    watch = Watch(progress, cancelled)
    if not full:
        prepare_for_build(settings.index, dry_run=dry_run)
    stages = Stages()
    with ExitStack() as stack:
        old = Old.open(settings.index, stack)
        spool = stack.enter_context(closing(Spool()))
        with stages("read"):
            gathered = gather(
                settings.articles,
                into=spool,
                limits=limits,
                before=None if full else old.before,
                tell=partial(watch, "reading"),
            )
        check_any(gathered, settings.articles)
        construction = Construction(
            folder=settings.index,
            origin=str(settings.articles),
            model=Model(settings.model),
            articles=spool,
            skipped=tuple(one for _, one in gathered.skipped),
            files=tuple(one for _, one in gathered.files),
            made_in=(),
            full=full,
            processes=check_processes(processes),
            began=clock,
            watch=watch,
            stages=stages,
        )
        return construction.run(old, stack, dry_run=dry_run)


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
            publish(index, address, full=full, progress=Watch(progress, cancelled))
        finally:
            index.close()
    return report
