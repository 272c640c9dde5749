"""The write side of an index: a new generation, whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.copies import Sketches, copy_groups
from assistant.errors import (
    IndexCorrupt,
    IndexNotFound,
    IndexUnwritable,
)
from assistant.files import sync_folder, write_atomically
from assistant.index import committing
from assistant.index.layout import FORMAT, MANIFEST, Named, current_generation, info_of
from assistant.index.leftovers import PARTIAL, keep_only
from assistant.late import Words, write_words
from assistant.lexical import LexicalEntry, write_lexical
from assistant.romanised import Keys, write_romanised
from assistant.store import day_of, write_store
from assistant.types import Article, IndexInfo, Passage
from assistant.vectors import (
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


def _lexical_entries(
    contents: Contents, tell: Callable[[int, int], None]
) -> Iterator[LexicalEntry]:
    """The passages for tantivy, which takes longer over them than all other files together."""
    articles = {article.id: article for article in contents.articles}
    for row, (passage, text) in enumerate(
        zip(contents.passages, contents.searched_texts, strict=True)
    ):
        if row % _TOLD_EVERY == 0:
            tell(row, len(contents.passages))
        article = articles[passage.article_id]
        yield LexicalEntry(
            row=row,
            text=text,
            language=article.language,
            source=article.source,
            day=day_of(article.published),
        )


def _write_files(target: Path, contents: Contents, tell: Callable[[int, int], None]) -> None:
    tell(0, len(contents.passages))
    write_store(target / "store.sqlite", contents.articles, contents.passages)
    write_vectors(target / "vectors.faiss", contents.vectors)
    numbers = {article.id: number for number, article in enumerate(contents.articles)}
    of_row = np.array([numbers[passage.article_id] for passage in contents.passages], np.int64)
    write_article_vectors(target / "articles.npy", contents.vectors, of_row, len(numbers))
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
    lexical.mkdir()
    write_lexical(lexical, _lexical_entries(contents, tell))
    for lock in lexical.glob(".*.lock"):
        lock.unlink()
    for path in lexical.iterdir():
        # tantivy keeps some of its files from all others who may read an index.
        path.chmod((target / "store.sqlite").stat().st_mode)


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
    folder: Path, contents: Contents, *, tell: Callable[[int, int], None]
) -> IndexInfo:
    """Writes a generation and makes it the one in use; the last whole one before it is kept.

    `tell` hears of how many passages are written, of how many: of all of them before the
    generation is put to use, and not after. Where it raises, nothing is kept. The caller holds
    the lock of the folder. Raises IndexUnwritable, with the old generation still in use.
    """
    now = datetime.now(UTC)
    previous = _previous(folder)
    name = _free_name(folder, contents, now)
    partial = folder / f"{PARTIAL}{name}"
    try:
        partial.mkdir()
        _write_files(partial, contents, tell)
        files = committing.checksums(partial)
        manifest = {
            "format": FORMAT,
            "generation": name,
            "built": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "previous": previous,
            "model": {"name": contents.model, "fingerprint": contents.fingerprint},
            "split": dict(contents.split),
            "counts": _counts(contents.articles, contents.passages),
            "probes": base64.b64encode(contents.probe_vectors.astype("<f4").tobytes()).decode(),
            "files": files,
        }
        data = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        write_atomically(partial / MANIFEST, data)
        for inner in (path for path in partial.iterdir() if path.is_dir()):
            sync_folder(inner)
        tell(len(contents.passages), len(contents.passages))
        partial.rename(folder / name)
        sync_folder(folder)
        kept = committing.put_in_use(folder, Named(name, hashlib.sha256(data).hexdigest()))
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
