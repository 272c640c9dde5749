"""A build in shards, each made anywhere and at any time, and the index that they are merged to.

    DIR/shard.json        which shard it is, of how many, and what it was made with: written last
    DIR/articles.sqlite   its articles, as they were read
    DIR/batches/          what was made of them (`batches.py`)

Which shard a file belongs to depends on its name alone. A shard that was ended before it was done
goes on where it ended, and what it holds in the end does not depend on that.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import re
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from assistant.articles import find_files, relative_name
from assistant.batches import Batches, clear
from assistant.constructing import Construction, Old, Progress, Watch, make_missing
from assistant.errors import IndexUnwritable, NothingReadable, SettingsError, ShardError
from assistant.files import exclusive, write_atomically
from assistant.gathering import gather, taken
from assistant.index import prepare_for_build
from assistant.labour import Labour
from assistant.limits import Limits
from assistant.pieces import Model
from assistant.settings import Settings
from assistant.spool import Spool
from assistant.stages import Stages
from assistant.store import FileRead
from assistant.types import BuildReport, Skipped
from assistant.workers import check_processes

SHARD, ARTICLES, BATCHES = "shard.json", "articles.sqlite", "batches"

_MOST = 1_000_000
_TOLD_EVERY = 64
_WRITTEN = re.compile(r"([0-9]{1,7})/([0-9]{1,7})")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `of` shards, counted from 1."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Of `2/8`, the second of eight. Raises SettingsError."""
        match = _WRITTEN.fullmatch(text)
        shard = None if match is None else cls(int(match[1]), int(match[2]))
        if shard is None or not 1 <= shard.number <= shard.of <= _MOST:
            raise SettingsError(f"a shard is named as in 2/8, the second of eight, not {text!r}")
        return shard

    def has(self, name: str) -> bool:
        """Whether a file, by its name in the folder of articles, belongs to it."""
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


@dataclass(frozen=True, slots=True)
class ShardReport:
    """What a shard holds. `embedded` passages were made now, the others before it was ended."""

    shard: Shard
    folder: str
    articles: int
    passages: int
    embedded: int
    skipped: tuple[Skipped, ...]
    seconds: float
    stages: tuple[tuple[str, float], ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "shard": str(self.shard),
            "folder": self.folder,
            "articles": self.articles,
            "passages": self.passages,
            "embedded": self.embedded,
            "skipped": [skipped.to_dict() for skipped in self.skipped],
            "seconds": round(self.seconds, 3),
            "stages": dict(self.stages),
        }


def build_shard(
    articles: str | Path | None = None,
    *,
    shard: str,
    out: str | Path,
    model: str | None = None,
    limits: Limits | None = None,
    processes: int | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ShardReport:
    """Reads the files of a shard, as in `2/8`, and makes what an index needs of them in `out`.

    Raises SettingsError for what names no shard; ArticlesNotFound, ModelNotFound, BuildCancelled
    and BuildInterrupted, with what was made kept for the next try; IndexLocked while another
    process makes a shard in the folder; IndexUnwritable.
    """
    began = time.monotonic()
    wanted = Shard.parse(shard)
    settings, folder = Settings.resolve(articles=articles, model=model), Path(out)
    model_of, stages = Model(settings.model), Stages()
    watch = Watch(progress, cancelled)
    names = [relative_name(path, settings.articles) for path in find_files(settings.articles).files]
    batches_in = folder / BATCHES
    try:
        batches_in.mkdir(parents=True, exist_ok=True)
        with exclusive(folder / ".lock"), ExitStack() as stack:
            for name in (SHARD, ARTICLES):
                (folder / name).unlink(missing_ok=True)
            # Two articles of one id may stand in different shards: which counts is found in the
            # end, from all of them.
            spool = stack.enter_context(closing(Spool(folder / ARTICLES, unique=False)))
            with stages("read"):
                gathered = gather(
                    settings.articles,
                    into=spool,
                    limits=limits,
                    wanted=wanted.has,
                    tell=partial(watch, "reading"),
                )
            spool.commit()
            batches = Batches([batches_in], made_with=model_of.made_with)
            clear(batches_in, but=batches)
            embedded = make_missing(
                spool,
                kept={},
                batches=batches,
                labour=Labour(model_of, processes=check_processes(processes), stages=stages),
                into=batches_in,
                tell=partial(watch, "embedding"),
            )
            passages = sum(len(batches[number].starts) for number in range(len(batches)))
            said = {
                "shard": wanted.number,
                "of": wanted.of,
                "listing": hashlib.sha256("\0".join(names).encode()).hexdigest(),
                "model": model_of.name,
                "made_with": model_of.made_with,
                "articles": len(spool),
                "passages": passages,
                "skipped": [(number, one.to_dict()) for number, one in gathered.skipped],
                "files": [(number, file.to_dict()) for number, file in gathered.files],
            }
            write_atomically(folder / SHARD, json.dumps(said, indent=1).encode())
            return ShardReport(
                wanted,
                str(folder),
                len(spool),
                passages,
                embedded,
                tuple(one for _, one in gathered.skipped),
                time.monotonic() - began,
                tuple(stages.to_dict().items()),
            )
    except (OSError, sqlite3.Error) as error:
        raise IndexUnwritable(
            f"the shard in {folder} cannot be written ({error}); check space and permissions, "
            "then try again: what was made is kept"
        ) from error


@dataclass(frozen=True, slots=True)
class _Made:
    """A shard that is whole."""

    folder: Path
    shard: Shard
    same: tuple[str, str, str]  # what all shards of a build have in common
    skipped: tuple[tuple[int, Skipped], ...]
    files: tuple[tuple[int, FileRead], ...]

    @property
    def model(self) -> str:
        return self.same[0]

    @classmethod
    def read(cls, folder: Path) -> _Made:
        """Raises ShardError."""
        path = folder / SHARD
        try:
            said = json.loads(path.read_bytes())
            return cls(
                folder,
                Shard(int(said["shard"]), int(said["of"])),
                (str(said["model"]), str(said["made_with"]), str(said["listing"])),
                tuple((int(number), Skipped(**one)) for number, one in said["skipped"]),
                tuple((int(number), FileRead.from_dict(one)) for number, one in said["files"]),
            )
        except FileNotFoundError:
            raise ShardError(
                f"{folder} is no shard that is done; make it: assistant build ARTICLES "
                f"--shard I/N --out {folder}"
            ) from None
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise ShardError(f"{path} cannot be read ({error}); make the shard again") from error


def _read_all(folders: Sequence[Path]) -> list[_Made]:
    """All shards of a build, in order. Raises ShardError where they are not that."""
    shards = sorted(map(_Made.read, folders), key=lambda made: made.shard.number)
    first = shards[0]
    numbers = [made.shard.number for made in shards]
    for made in shards[1:]:
        if (made.same[:2], made.shard.of) != (first.same[:2], first.shard.of):
            raise ShardError(
                f"{made.folder} and {first.folder} are not of one build: they were made with "
                "different models or versions, or of different numbers of shards"
            )
        if made.same != first.same:
            raise ShardError(
                f"{made.folder} and {first.folder} were made of different files: the folder of "
                "articles has changed between them; make those again that are older"
            )
    if numbers != list(range(1, first.shard.of + 1)):
        missing = sorted(set(range(1, first.shard.of + 1)) - set(numbers))
        lacks = ", ".join(map(str, missing[:10])) or "none, but one is there twice"
        raise ShardError(f"there are not all {first.shard.of} shards; missing: {lacks}")
    return shards


def merge(
    folders: Sequence[str | Path],
    *,
    index: str | Path | None = None,
    processes: int | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> BuildReport:
    """Makes the folder `index` hold what all shards of a build hold, as `build` would have.

    Nothing is embedded. Raises ShardError where they are not all there, not whole or not of one
    build, and what `build` raises of an index.
    """
    began = time.monotonic()
    if not folders:
        raise ShardError("there is no shard to merge; give the folders of all shards of a build")
    shards = _read_all([Path(folder) for folder in folders])
    settings = Settings.resolve(index=index, model=shards[0].model)
    model, stages = Model(settings.model), Stages()
    if model.made_with != shards[0].same[1]:
        raise ShardError(
            f"the model {model.name!r} here is not the one that the shards were made with; merge "
            "them with the same version of the package and of the model"
        )
    watch = Watch(progress, cancelled)
    prepare_for_build(settings.index)
    with ExitStack() as stack:
        old = Old.open(settings.index, stack)
        spool = stack.enter_context(closing(Spool()))
        with stages("read"):
            skipped, twice = _take_up(shards, spool, watch)
        if not len(spool):
            raise NothingReadable(
                "the shards hold no article; an index that was there is unchanged"
            )
        files = sorted((one for made in shards for one in made.files), key=lambda one: one[0])
        construction = Construction(
            folder=settings.index,
            origin="the shards",
            model=model,
            articles=spool,
            skipped=skipped,
            files=tuple(file for number, file in files if number not in twice),
            made_in=tuple(made.folder / BATCHES for made in shards),
            full=False,
            processes=check_processes(processes),
            began=began,
            watch=watch,
            stages=stages,
        )
        return construction.run(old, stack, dry_run=False)


def _take_up(
    shards: Sequence[_Made], into: Spool, watch: Watch
) -> tuple[tuple[Skipped, ...], set[int]]:
    """Reads the articles of all shards in the order of their files.

    Returns what was skipped, and the numbers of files some of whose articles have an id that is
    taken. Raises ShardError.
    """
    skipped = [one for made in shards for one in made.skipped]
    # Each shard has listed the folders that cannot be read.
    skipped = [*dict.fromkeys(one for one in skipped if one[0] < 0)] + [
        one for one in skipped if one[0] >= 0
    ]
    twice: set[int] = set()
    try:
        with ExitStack() as stack:
            spools = [
                stack.enter_context(closing(Spool(made.folder / ARTICLES))) for made in shards
            ]
            total = sum(map(len, spools))
            ordered = heapq.merge(*(one.of_files() for one in spools), key=lambda one: one[0])
            for done, (number, article) in enumerate(ordered):
                if done % _TOLD_EVERY == 0:
                    watch("reading", done, total)
                first = into.add(article, file=number)
                if first is not None:
                    skipped.append((number, taken(article, first)))
                    twice.add(number)
            watch("reading", total, total)
    except sqlite3.Error as error:
        raise ShardError(
            f"the articles of a shard cannot be read ({error}); make it again"
        ) from error
    return tuple(one for _, one in sorted(skipped, key=lambda one: one[0])), twice
