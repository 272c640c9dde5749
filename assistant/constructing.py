"""From articles to a new generation, whatever they were read from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from assistant.assembling import assemble
from assistant.batches import FULL, Batches, clear
from assistant.errors import AssistantError, BuildCancelled, IndexUnwritable, NothingReadable
from assistant.files import exclusive
from assistant.gathering import Before, StoredArticles
from assistant.index import (
    PROBES,
    WORK,
    Contents,
    Index,
    clear_left_overs,
    current_generation,
    write_generation,
)
from assistant.labour import ARTICLES_AT_ONCE, Labour
from assistant.last_build import write_last_build
from assistant.passages import SplitSettings, split_article
from assistant.pieces import Model
from assistant.planning import Plan, make_plan
from assistant.spool import Key, Spool
from assistant.stages import Stages
from assistant.store import FileRead
from assistant.types import Article, BuildReport, Skipped

Progress = Callable[[str, int, int], None]
"""Told of a stage, how much of it is done, and how much there is.

The stages are `reading`, in files, `embedding`, in articles, and `writing`, in passages.
"""


class Watch:
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
class Old:
    """The index as it is, if there is one that can be started from, and what it holds."""

    index: Index | None
    articles: StoredArticles | None
    files: Mapping[str, FileRead]

    @classmethod
    def open(cls, folder: Path, stack: ExitStack) -> Old:
        try:
            index = Index.open(folder)
        except AssistantError:
            # Nothing to start from: whatever is wrong with it, a full build replaces it.
            return cls(None, None, {})
        stack.callback(index.close)
        return cls(index, StoredArticles(index.store), index.store.files())

    @property
    def before(self) -> Before:
        if self.articles is None:
            return Before({}, {}, {})
        return Before(self.articles, self.articles.hashes, self.files)

    def plan(self, articles: Spool) -> Plan:
        if self.articles is None:
            return make_plan(articles, {}, {}, {})
        held = self.articles
        return make_plan(articles, held, held.hashes, held.lengths())

    def is_current(self, folder: Path) -> bool:
        try:
            now = current_generation(folder)
        except AssistantError:
            return False
        return self.index is not None and self.index.info.generation == now


@dataclass(frozen=True, slots=True)
class Missing:
    """The articles that are to be made into passages, and how long they are together."""

    rows: tuple[int, ...]
    characters: int

    @classmethod
    def of(cls, articles: Spool, *, kept: Mapping[str, str], batches: Batches) -> Missing:
        """Those that neither an old index nor a batch has; of several that say the same, one."""
        wanted: dict[str, Key] = {}
        for key in articles.listed():
            if key.id not in kept and (one := articles.said(key)) not in batches:
                wanted.setdefault(one, key)
        keys = wanted.values()
        return cls(tuple(key.row for key in keys), sum(key.characters for key in keys))

    def groups(self, articles: Spool) -> Iterator[Sequence[Article]]:
        for start in range(0, len(self.rows), ARTICLES_AT_ONCE):
            yield [articles.at(row) for row in self.rows[start : start + ARTICLES_AT_ONCE]]


def make_missing(
    articles: Spool,
    *,
    kept: Mapping[str, str],
    batches: Batches,
    labour: Labour,
    into: Path,
    tell: Callable[[int, int], None],
) -> int:
    """Makes what is missing in batches, and adds them to `batches`.

    `tell` hears of how many articles are done, of how many. Returns how many passages were made.
    """
    missing = Missing.of(articles, kept=kept, batches=batches)
    total, made = len(missing.rows), 0
    tell(0, total)
    for done, batch in enumerate(
        labour.make(missing.groups(articles), characters=missing.characters, into=into), 1
    ):
        batches.add(batch)
        made += len(batch.starts)
        tell(min(done * ARTICLES_AT_ONCE, total), total)
    return made


@dataclass(frozen=True, slots=True)
class Construction:
    """A build: its articles, and how it is done. `made_in` are folders of batches made before."""

    folder: Path
    origin: str
    model: Model
    articles: Spool
    skipped: tuple[Skipped, ...]
    files: tuple[FileRead, ...]
    made_in: tuple[Path, ...]
    full: bool
    processes: int
    began: float
    watch: Watch
    stages: Stages

    def run(self, old: Old, stack: ExitStack, *, dry_run: bool) -> BuildReport:
        """Builds while no other build can. Raises as `build` does."""
        if dry_run:
            return self._plan_only(old)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(exclusive(self.folder / ".lock"))
            clear_left_overs(self.folder)
            if not old.is_current(self.folder):
                # Another build came between.
                old = Old.open(self.folder, stack)
            report = self._build(old)
            write_last_build(self.folder, report)
            return report
        except OSError as error:
            raise IndexUnwritable(
                f"the folder {self.folder} cannot be written ({error.strerror or error}); "
                "check its permissions, or name another with --index"
            ) from error

    def _start(self, old: Old) -> tuple[Plan, Index | None]:
        """What is to be done, and the index whose vectors can be copied."""
        plan = old.plan(self.articles)
        index = old.index
        reusable = index is not None and not self.full
        if index is not None and reusable:
            reusable = index.fingerprint == self.model.fingerprint
            if reusable and dict(index.split) != SplitSettings().to_dict():
                # Settings other than the defaults come from the model's length; ask it.
                reusable = dict(index.split) == self.model.split.to_dict()
        return plan, index if reusable else None

    def _report(
        self, plan: Plan, generation: str | None, passages: int, embedded: int, *, dry_run: bool
    ) -> BuildReport:
        return BuildReport(
            generation=generation,
            model=self.model.name,
            articles=len(self.articles),
            passages=passages,
            added=plan.added,
            changed=plan.changed,
            removed=plan.removed,
            unchanged=plan.unchanged,
            embedded=embedded,
            skipped=self.skipped,
            seconds=time.monotonic() - self.began,
            dry_run=dry_run,
            changes=plan.changes if dry_run else (),
            stages=tuple(self.stages.to_dict().items()),
        )

    def _plan_only(self, old: Old) -> BuildReport:
        plan, index = self._start(old)
        if index is not None and plan.is_nothing:
            return self._report(plan, index.info.generation, index.info.passages, 0, dry_run=True)
        passages = missing = 0
        numbers = {} if index is None else index.store.article_numbers()
        for article in self.articles:
            if index is not None and article.id in plan.kept:
                passages += len(index.store.spans_of(numbers[plan.kept[article.id]]))
                continue
            count = self.model.counting.count_tokens
            made = len(split_article(article, count=count, settings=self.model.split))
            passages, missing = passages + made, missing + made
        return self._report(plan, None, passages, missing, dry_run=True)

    def _build(self, old: Old) -> BuildReport:
        plan, index = self._start(old)
        work = self.folder / WORK
        if index is not None and plan.is_nothing and set(old.files.values()) == set(self.files):
            clear(work)
            return self._report(plan, index.info.generation, index.info.passages, 0, dry_run=False)
        kept = plan.kept if index is not None else {}
        labour = Labour(self.model, processes=self.processes, stages=self.stages)
        batches = self._batches(work)
        embedded = make_missing(
            self.articles,
            kept=kept,
            batches=batches,
            labour=labour,
            into=work,
            tell=partial(self.watch, "embedding"),
        )
        with self.stages("write"):
            made = assemble(
                self.articles,
                kept=kept,
                old=index,
                batches=batches,
                fit=self.model.titles_fit,
            )
        if not len(made.table):
            raise NothingReadable(f"the articles in {self.origin} hold no passage")
        info = write_generation(
            self.folder,
            Contents(
                articles=self.articles,
                table=made.table,
                of_articles=made.articles,
                sources=made.sources,
                untitled=made.untitled,
                model=self.model.name,
                fingerprint=self.model.fingerprint,
                split=self.model.split.to_dict(),
                probe_vectors=self.model.counting.embed_passages(PROBES),
                files=self.files,
                make_parts=labour.make_parts,
                stages=self.stages,
            ),
            old=index.generation if index is not None else None,
            tell=partial(self.watch, "writing"),
        )
        clear(work)
        return self._report(plan, info.generation, info.passages, embedded, dry_run=False)

    def _batches(self, work: Path) -> Batches:
        """What was made before, by a build that did not end, or apart."""
        full = work / FULL
        if self.full and not full.exists():
            # Everything is embedded again; what an earlier full build made of it, only once.
            clear(work)
        work.mkdir(exist_ok=True)
        if self.full:
            full.touch()
        batches = Batches([work, *self.made_in], made_with=self.model.made_with)
        clear(work, but=batches)
        return batches
