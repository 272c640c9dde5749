"""The write side of an index: a new generation, whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.columns import write_columns
from assistant.copies import Sketches, copy_groups
from assistant.errors import (
    IndexCorrupt,
    IndexNotFound,
    IndexUnwritable,
)
from assistant.files import sync_folder
from assistant.index import committing
from assistant.index.layout import FORMAT, Named, current_generation, info_of
from assistant.index.leftovers import PARTIAL, keep_only
from assistant.late import Words, write_words
from assistant.lexical import LexicalEntry, Part, part_of, parts_for, write_parts
from assistant.romanised import Keys, write_romanised
from assistant.store import FileRead, day_of, write_store
from assistant.types import Article, IndexInfo, Passage
from assistant.vectors import (
    VectorKind,
    write_article_vectors,
    write_vectors,
)

_TOLD_EVERY = 64


@dataclass(frozen=True, slots=True)
class Contents:
    """What a generation is made of. Passages are ordered by id; vector `i` is of passage `i`."""

    articles: Sequence[Article]
    passages: Sequence[Passage]
    searched_texts: Sequence[str]
    vectors: npt.NDArray[np.float32]  # [passages, d]
    romanised: Sequence[Keys]  # by passage
    sketches: Sketches  # [articles, values], of what each article says
    words: Sequence[Words] | None  # by passage, of a static model
    model: str
    fingerprint: str
    split: Mapping[str, Any]
    probe_vectors: npt.NDArray[np.float32]  # [probes, d]
    files: Sequence[FileRead] = ()


def _counts(articles: Sequence[Article], passages: Sequence[Passage]) -> dict[str, Any]:
    def ordered(values: Counter[str]) -> list[tuple[str, int]]:
        return sorted(values.items(), key=lambda item: (-item[1], item[0]))

    days = sorted(day for a in articles if (day := day_of(a.published)) is not None)
    return {
        "articles": len(articles),
        "passages": len(passages),
        "languages": ordered(Counter(a.language for a in articles)),
        "sources": ordered(Counter(a.source for a in articles if a.source is not None)),
        "first_day": days[0] if days else None,
        "last_day": days[-1] if days else None,
    }


def _lexical_parts(contents: Contents) -> list[Part]:
    """The passages for tantivy, which takes longer over them than all other files together."""
    count = parts_for(len(contents.passages))
    rows: list[list[int]] = [[] for _ in range(count)]
    for row, passage in enumerate(contents.passages):
        rows[part_of(passage.article_id, count)].append(row)
    model = json.dumps([contents.fingerprint, contents.split], sort_keys=True)
    parts = []
    for of_part in rows:
        # A passage's id tells all that is indexed of it, but for what the model leaves out.
        digest = hashlib.sha256(model.encode())
        digest.update("".join(contents.passages[row].id for row in of_part).encode())
        parts.append(Part(digest.hexdigest(), of_part))
    return parts


def _write_lexical(
    target: Path, contents: Contents, old: Path | None, tell: Callable[[int, int], None]
) -> None:
    articles = {article.id: article for article in contents.articles}
    done = 0

    def entry_of(row: int) -> LexicalEntry:
        nonlocal done
        if done % _TOLD_EVERY == 0:
            tell(done, len(contents.passages))
        done += 1
        article = articles[contents.passages[row].article_id]
        return LexicalEntry(
            row=row,
            text=contents.searched_texts[row],
            language=article.language,
            source=article.source,
            day=day_of(article.published),
        )

    target.mkdir()
    before = None if old is None else old / target.name
    write_parts(target, _lexical_parts(contents), entry_of, old=before)


def _write_files(
    target: Path, contents: Contents, old: Path | None, tell: Callable[[int, int], None]
) -> VectorKind:
    """How the vectors are searched."""
    tell(0, len(contents.passages))
    write_store(target / "store.sqlite", contents.articles, contents.passages, contents.files)
    kind = write_vectors(target / "vectors.faiss", contents.vectors)
    numbers = {article.id: number for number, article in enumerate(contents.articles)}
    of_row = np.array([numbers[passage.article_id] for passage in contents.passages], np.int64)
    write_article_vectors(target / "articles.npy", contents.vectors, of_row, len(numbers))
    columns = target / "columns"
    columns.mkdir()
    write_columns(
        columns,
        of_row,
        languages=(article.language for article in contents.articles),
        sources=(article.source for article in contents.articles),
        days=(day_of(article.published) for article in contents.articles),
    )
    copies = target / "copies"
    copies.mkdir()
    np.save(copies / "sketches.npy", contents.sketches, allow_pickle=False)
    np.save(copies / "first.npy", copy_groups(contents.sketches), allow_pickle=False)
    romanised = target / "romanised"
    romanised.mkdir()
    write_romanised(romanised, contents.romanised)
    if contents.words is not None:
        words = target / "words"
        words.mkdir()
        write_words(words, contents.words)
    lexical = target / "lexical"
    _write_lexical(lexical, contents, old, tell)
    for path in (path for path in lexical.rglob("*") if path.is_file()):
        # tantivy keeps some of its files from all others who may read an index.
        path.chmod((target / "store.sqlite").stat().st_mode)
    return kind


def _free_name(folder: Path, contents: Contents, now: datetime) -> str:
    digest = hashlib.sha256(contents.fingerprint.encode())
    for passage in contents.passages:
        digest.update(passage.id.encode())
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
        kind = _write_files(partial, contents, old, tell)
        manifest = {
            "format": FORMAT,
            "generation": name,
            "built": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "previous": previous,
            "model": {"name": contents.model, "fingerprint": contents.fingerprint},
            "split": dict(contents.split),
            "counts": _counts(contents.articles, contents.passages),
            "vectors": kind.to_dict(),
            "probes": base64.b64encode(contents.probe_vectors.astype("<f4").tobytes()).decode(),
        }
        sealed = committing.seal(partial, manifest)
        tell(len(contents.passages), len(contents.passages))
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
