"""What the processes of a build do, and how they are asked to."""

from __future__ import annotations

import functools
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from assistant.batches import UNEMBEDDED, Batch, Made, batch_path, read_batch, write_batch
from assistant.errors import IndexUnwritable
from assistant.index import PartsWanted, make_part, make_parts
from assistant.known_terms import KnownTerms
from assistant.pieces import Model, embedded, make_batch, unembedded
from assistant.stages import Stages
from assistant.types import Article
from assistant.workers import Workers

ARTICLES_AT_ONCE = 64
"""Articles of a batch: about a second's work, which is what a build that is killed loses."""

_WORTH_PROCESSES = 1_000_000
"""Characters of text for which other processes are started: less takes about as long here."""

_WORTH_PROCESSES_LEXICAL = 2_000
"""Passages of parts of a lexical index for which they are."""

_FUNCTION = "assistant.labour:answer"

Tell = Callable[[int], None]


@functools.cache
def _model(name: str) -> Model:
    return Model(name)


@functools.cache
def _terms() -> KnownTerms:
    return KnownTerms()


def answer(request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Makes a batch of articles, or a part of a lexical index, in such a process."""
    try:
        return _make(request) if "articles" in request else _index(request, tell)
    except (OSError, sqlite3.Error, RuntimeError, ValueError) as error:
        raise IndexUnwritable(
            f"a process of the build cannot go on ({error}); check space and permissions"
        ) from error


def _make(request: dict[str, Any]) -> dict[str, Any]:
    stages = Stages()
    articles = [Article(*values) for values in request["articles"]]
    maker = _model(request["model"]).maker
    assert maker is not None
    batch = unembedded(articles, maker, stages)
    with stages("write"):
        write_batch(Path(request["path"]), batch, made_with=request["made_with"])
    return {"stages": stages.to_dict()}


def _index(request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    stages = Stages()
    with stages("lexical"):
        make_part(
            Path(request["store"]),
            request["number"],
            parts=request["parts"],
            untitled=request["untitled"],
            into=Path(request["into"]),
            terms=_terms(),
            tell=tell,
        )
    return {"stages": stages.to_dict()}


class Labour:
    """Makes batches and parts: here, where it is little or there is one processor, else apart."""

    def __init__(self, model: Model, *, processes: int, stages: Stages) -> None:
        self._model = model
        self._processes = processes
        self._stages = stages

    def make(
        self, groups: Iterable[Sequence[Article]], *, characters: int, into: Path
    ) -> Iterator[Made]:
        """Writes a batch into the folder `into` for each group of articles.

        `characters` is how long all of them are. Raises ModelNotFound, OSError, BuildInterrupted.
        """
        apart = self._model.static is not None and self._is_worth_processes(characters)
        for batch in self._apart(groups, into) if apart else self._here(groups):
            path = batch_path(into, batch.said, made_with=self._model.made_with)
            with self._stages("write"):
                write_batch(path, batch, made_with=self._model.made_with)
            yield Made.of(path, batch)

    def _is_worth_processes(self, characters: int) -> bool:
        return self._processes > 1 and characters >= _WORTH_PROCESSES

    def _here(self, groups: Iterable[Sequence[Article]]) -> Iterator[Batch]:
        for articles in groups:
            yield make_batch(articles, self._model, self._stages)

    def _apart(self, groups: Iterable[Sequence[Article]], into: Path) -> Iterator[Batch]:
        model, paths = self._model, deque[Path]()

        def requests() -> Iterator[dict[str, Any]]:
            for number, articles in enumerate(groups):
                paths.append(into / f"{number}{UNEMBEDDED}")
                yield {
                    "articles": [(a.id, a.text, a.title, a.language) for a in articles],
                    "model": model.name,
                    "made_with": model.made_with,
                    "path": str(paths[-1]),
                }

        with closing(Workers(_FUNCTION, count=self._processes)) as workers:
            for done in workers.answers(requests()):
                self._stages.add_all(done["stages"])
                path = paths.popleft()
                batch = read_batch(path, made_with=model.made_with)
                path.unlink()
                yield embedded(batch, model, self._stages)

    def make_parts(self, wanted: PartsWanted, tell: Tell) -> None:
        """Makes parts of a lexical index. Raises OSError, ValueError, BuildInterrupted."""
        count = min(self._processes, len(wanted.wanted))
        if count < 2 or wanted.passages < _WORTH_PROCESSES_LEXICAL:
            make_parts(wanted, tell)
            return
        requests = (
            {
                "store": str(wanted.store),
                "number": number,
                "parts": wanted.parts,
                "untitled": sorted(wanted.untitled),
                "into": str(folder),
            }
            for number, folder in wanted.wanted
        )
        with closing(Workers(_FUNCTION, count=count)) as workers:
            for done in workers.answers(requests, tell):
                self._stages.add_all(done["stages"])
