"""How an index and its articles are, for a person to read, with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from assistant.errors import AssistantError, IndexNotFound
from assistant.health.findings import Finding, Health
from assistant.health.folders import (
    examine_articles,
    examine_disk,
    examine_last_build,
    examine_room,
)
from assistant.health.texts import examine_lengths, examine_texts
from assistant.index import Index, others, read_pointer
from assistant.last_build import read_last_build
from assistant.settings import Settings

__all__ = ["Finding", "Health", "examine"]

Progress = Callable[[str, int, int], None]


def examine(
    index: str | Path | None = None,
    *,
    articles: Path | None = None,
    progress: Progress | None = None,
) -> Health:
    """Looks at the index in the folder `index`, whether it can be used or not; changes nothing.

    Of the folder `articles`, where it is given, the files' names and times are looked at.
    `progress` hears of the stages `articles`, and `tokens`, in passages. Raises SettingsError.
    """
    folder = Settings.resolve(index=index).index

    def tell(stage: str, done: int, total: int) -> None:
        if progress is not None:
            progress(stage, done, total)

    return Health(str(folder), tuple(_findings(folder, articles, tell)))


def _findings(folder: Path, articles: Path | None, tell: Progress) -> Iterator[Finding]:
    try:
        opened = Index.open(folder)
    except IndexNotFound as error:
        yield Finding("error", "index", str(error))
        yield from examine_disk(folder, None)
        return
    except AssistantError as error:
        yield Finding("error", "index", str(error), _look(folder))
        yield from examine_disk(folder, _in_use(folder))
        yield examine_last_build(read_last_build(folder))
        return
    try:
        yield from _of_index(opened)
        yield from _guarded(folder, lambda: examine_texts(opened, tell))
        yield from _of_model(opened, tell)
        last = read_last_build(folder)
        yield examine_last_build(last)
        if articles is not None:
            yield from _guarded(folder, lambda: examine_articles(articles, opened, last))
        yield from examine_disk(folder, opened.info.generation)
        yield from examine_room(opened)
    finally:
        opened.close()


def _of_index(index: Index) -> Iterator[Finding]:
    info = index.info
    yield Finding("ok", "index", f"{info.articles} articles as {info.passages} passages")
    yield Finding("ok", "format", f"format {index.format}")
    before = ", ".join(named.generation for named in others(index.folder))
    kept = f"{before} is kept beside it" if before else "none is kept beside it yet"
    yield Finding("ok", "generation", f"{info.generation}, built {info.built}; {kept}")
    yield _searched(index)


def _searched(index: Index) -> Finding:
    kind = index.vector_kind
    if kind is None:
        return Finding(
            "note",
            "vectors",
            "the version that built the index did not measure what a search of them finds",
            f"to measure it, embed everything again: assistant build --full --index {index.folder}",
        )
    found = f"finds {kind.recall_at_10:.1%} of the 10 best of exact search"
    if kind.candidates:
        found += f", {kind.recall_at_100:.1%} of the 100 best"
    return Finding("ok", "vectors", f"{kind.kind}, {found}")


def _of_model(index: Index, tell: Progress) -> Iterator[Finding]:
    name = index.info.model
    try:
        fingerprint = index.embedder.fingerprint()
    except AssistantError as error:
        yield Finding("error", "model", str(error))
        yield Finding("note", "truncated passages", "not counted: it takes the model")
        return
    yield Finding("ok", "model", f"{name!r} ({fingerprint[:12]}) is the one that is installed")
    yield from _guarded(index.folder, lambda: iter([examine_lengths(index, tell)]))


def _guarded(folder: Path, examined: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """The findings, or that a file was damaged in a place that opening an index does not read."""
    try:
        yield from examined()
    except AssistantError as error:
        yield Finding("error", "index", str(error), _look(folder))


def _look(folder: Path) -> str:
    return f"to see what is damaged: assistant verify --index {folder}"


def _in_use(folder: Path) -> str | None:
    try:
        return read_pointer(folder).current.generation
    except AssistantError:
        return None
