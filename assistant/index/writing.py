"""The write side of an index: a new generation, whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import shutil
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.columns import write_columns
from assistant.copies import PERMUTATIONS, copy_groups
from assistant.errors import (
    IndexCorrupt,
    IndexNotFound,
    IndexUnwritable,
)
from assistant.files import sync_folder
from assistant.index import committing
from assistant.index.layout import FORMAT, Named, current_generation, info_of
from assistant.index.leftovers import PARTIAL, keep_only
from assistant.index.lexical_parts import MakeParts, PartsWanted, lexical_parts, make_parts
from assistant.late import open_words
from assistant.lexical import write_parts
from assistant.ragged import RaggedFile
from assistant.romanised import open_romanised
from assistant.stages import Stages
from assistant.store import FileRead, Store, write_store
from assistant.table import Places, Source, Table
from assistant.types import Article, IndexInfo
from assistant.vectors import (
    VectorKind,
    write_article_vectors,
    write_vectors,
)

_Row = tuple[str, int, int, int]

_IN_STORE, _WITH_PIECES, _IN_LEXICAL = 1, 1, 8
"""How long each takes of a passage, roughly: what is told of as written is a mean of them."""

_WHOLE = _IN_STORE + _WITH_PIECES + _IN_LEXICAL
_TOLD_EVERY = 1_024


class _Progress:
    """Tells how many of `total` passages are written; all of them are when everything is."""

    def __init__(self, total: int, tell: Callable[[int, int], None]) -> None:
        self._total = total
        self._tell = tell
        self._done = 0
        self._lock = threading.Lock()

    def __call__(self, share: int = 0, passages: int = 0) -> None:
        """So many passages more have a share of them done; may be called in any thread."""
        with self._lock:
            self._done += share * passages
            self._tell(min(self._done // _WHOLE, self._total - 1), self._total)

    def counted(self, rows: Iterable[_Row]) -> Iterator[_Row]:
        """The rows of passages, as the store takes them."""
        count = 0
        for count, row in enumerate(rows, 1):
            yield row
            if count % _TOLD_EVERY == 0:
                self(_IN_STORE, _TOLD_EVERY)
        self(_IN_STORE, count % _TOLD_EVERY)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a generation is made of: articles ordered by id, and the table of their passages.

    `of_articles` says where the sketch of each article comes from. `untitled` are the numbers of
    articles whose title is left out of what is searched. `make_parts` makes the lexical index.
    """

    articles: Iterable[Article]
    table: Table
    of_articles: Places
    sources: Sequence[Source]
    untitled: Collection[int]
    model: str
    fingerprint: str
    split: Mapping[str, Any]
    probe_vectors: npt.NDArray[np.float32]  # [probes, d]
    files: Sequence[FileRead] = ()
    make_parts: MakeParts = make_parts
    stages: Stages = field(default_factory=Stages)

    @property
    def dimension(self) -> int:
        return int(self.probe_vectors.shape[1])


def _write_lexical(
    target: Path, store: Store, contents: Contents, old: Path | None, progress: _Progress
) -> None:
    table, path = contents.table, target / "lexical"
    path.mkdir()
    parts = lexical_parts(store, table, fingerprint=contents.fingerprint, split=contents.split)

    def make(wanted: Sequence[tuple[int, Path]]) -> None:
        passages = sum(len(parts[number].rows) for number, _ in wanted)
        tell = partial(progress, _IN_LEXICAL)
        tell(len(table) - passages)
        store_path = target / "store.sqlite"
        contents.make_parts(
            PartsWanted(store_path, len(parts), passages, tuple(wanted), contents.untitled), tell
        )

    with contents.stages("lexical"):
        write_parts(path, parts, make, old=None if old is None else old / "lexical")


def _write_sketches(target: Path, contents: Contents) -> None:
    path = target / "copies"
    path.mkdir()
    where = contents.of_articles
    shape = (len(where.places), 1 + PERMUTATIONS)
    sketches = np.lib.format.open_memmap(path / "sketches.npy", "w+", dtype=np.uint32, shape=shape)
    for source, numbers, places in where.by_source():
        sketches[numbers] = contents.sources[source].sketches(places)
    sketches.flush()
    np.save(path / "first.npy", copy_groups(sketches), allow_pickle=False)


def _write_pieces(target: Path, contents: Contents, progress: _Progress) -> VectorKind:
    """Vectors, romanised terms and words of all passages; returns how vectors are searched."""
    table, stages = contents.table, contents.stages
    scratch = target / ".vectors.npy"
    with stages("write"):
        vectors = np.lib.format.open_memmap(
            scratch, "w+", dtype=np.float16, shape=(len(table), contents.dimension)
        )
        _fill(target, contents, vectors, progress)
    progress()
    with stages("vectors"):
        kind = write_vectors(target / "vectors.faiss", vectors)
        progress()
        articles = len(contents.of_articles.places)
        of_row = table.articles.astype(np.int64)
        write_article_vectors(target / "articles.npy", vectors, of_row, articles)
    del vectors
    scratch.unlink()
    return kind


def _fill(
    target: Path, contents: Contents, vectors: npt.NDArray[np.float16], progress: _Progress
) -> None:
    table, sizes = contents.table, contents.table.sizes
    (target / "romanised").mkdir()
    keys = open_romanised(target / "romanised", sizes[:, 0])
    words: tuple[RaggedFile, RaggedFile] | None = None
    for source, rows, places in table.where.by_source():
        pieces = contents.sources[source].pieces(places)
        vectors[rows] = pieces.vectors
        keys.put(rows, pieces.keys)
        if pieces.tokens is not None and pieces.lengths is not None:
            if words is None:
                (target / "words").mkdir()
                words = open_words(target / "words", sizes[:, 1:])
            words[0].put(rows, pieces.tokens)
            words[1].put(rows, pieces.lengths)
        progress(_WITH_PIECES, len(rows))
    for file in (keys, *(words or ())):
        file.close()


def _write_columns(target: Path, store: Store, contents: Contents) -> None:
    languages, sources, days = zip(*store.labels(), strict=True)
    (target / "columns").mkdir()
    write_columns(
        target / "columns",
        contents.table.articles,
        languages=languages,
        sources=sources,
        days=days,
    )


def _write_files(
    target: Path, contents: Contents, old: Path | None, tell: Callable[[int, int], None]
) -> dict[str, Any]:
    """What the manifest says of them."""
    progress = _Progress(len(contents.table), tell)
    progress()
    path, stages = target / "store.sqlite", contents.stages
    with stages("write"):
        rows = progress.counted(contents.table.rows())
        write_store(path, contents.articles, rows, contents.files)
    kind = _write_pieces(target, contents, progress)
    with stages("copies"):
        _write_sketches(target, contents)
    with closing(Store(path)) as store:
        _write_lexical(target, store, contents, old, progress)
        _write_columns(target, store, contents)
        counts = store.counts()
    for part in (part for part in (target / "lexical").rglob("*") if part.is_file()):
        # tantivy keeps some of its files from all others who may read an index.
        part.chmod(path.stat().st_mode)
    return {"counts": counts, "vectors": kind.to_dict()}


def _free_name(folder: Path, contents: Contents, now: datetime) -> str:
    digest = hashlib.sha256(contents.fingerprint.encode())
    digest.update(contents.table.ids.astype(">u8").tobytes())
    return committing.free_name(folder, f"{now:%Y%m%dT%H%M%SZ}-{digest.hexdigest()[:8]}")


def _previous(folder: Path) -> str | None:
    try:
        return current_generation(folder)
    except (IndexNotFound, IndexCorrupt):
        return None


def write_generation(
    folder: Path,
    contents: Contents,
    *,
    old: Path | None = None,
    tell: Callable[[int, int], None],
) -> IndexInfo:
    """Writes a generation and makes it the one in use; the last whole one before it is kept.

    What has not changed since `old`, a whole generation, is copied from it where that is quicker.

    `tell` hears of how many passages are written, of how many: of all of them before the
    generation is put to use, and not after. Where it raises, nothing is kept. The caller holds
    the lock of the folder. Raises IndexUnwritable, RecallTooLow, with the old generation still
    in use.
    """
    now = datetime.now(UTC)
    previous = _previous(folder)
    name = _free_name(folder, contents, now)
    partial = folder / f"{PARTIAL}{name}"
    try:
        partial.mkdir()
        said = _write_files(partial, contents, old, tell)
        manifest = {
            "format": FORMAT,
            "generation": name,
            "built": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "previous": previous,
            "model": {"name": contents.model, "fingerprint": contents.fingerprint},
            "split": dict(contents.split),
            **said,
            "probes": base64.b64encode(contents.probe_vectors.astype("<f4").tobytes()).decode(),
        }
        with contents.stages("write"):
            sealed = committing.seal(partial, manifest)
        tell(len(contents.table), len(contents.table))
        partial.rename(folder / name)
        sync_folder(folder)
        kept = committing.put_in_use(folder, Named(name, sealed))
    except (OSError, sqlite3.Error, RuntimeError, ValueError) as error:
        # faiss and tantivy report a full disk as RuntimeError and ValueError.
        shutil.rmtree(partial, ignore_errors=True)
        raise IndexUnwritable(
            f"the index in {folder} cannot be written ({error}); the index in use, if there was "
            "one, is unchanged; check space and permissions, then build again"
        ) from error
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    keep_only(folder, kept)
    return info_of(manifest)
