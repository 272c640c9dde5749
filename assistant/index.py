"""The index on disk: generations, the pointer to the current one, and their verification.

    index/CURRENT                       the generation in use and its manifest's checksum
    index/last_build.json               what the last build did (`last_build.py`); not needed
    index/<generation>/manifest.json    format, model, settings, counts, checksums
    index/<generation>/store.sqlite     articles, passages, metadata
    index/<generation>/vectors.faiss    one vector for each passage
    index/<generation>/articles.npy     the mean vector of each article
    index/<generation>/copies/          each article's sketch, and the first of its copies
    index/<generation>/lexical/         tantivy
    index/<generation>/romanised/       each passage's romanised terms, hashed
    index/<generation>/words/           each passage's words as tokens, where the model is static

A generation is written whole, manifest last, under another name, and renamed; then CURRENT
is replaced. No file of a generation is ever changed, so a build that dies leaves the old one.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.answers import Searched
from assistant.copies import Sketches, copy_groups
from assistant.embedding import (
    Embedder,
    StaticEmbedder,
    canonical_name,
    load_for_questions,
)
from assistant.errors import (
    IndexCorrupt,
    IndexFormatUnsupported,
    IndexNotFound,
    IndexUnwritable,
    ModelMismatch,
)
from assistant.files import sha256_file, sync_file, sync_folder, write_atomically
from assistant.late import Reader, WordIndex, WordMatrix, Words, write_words
from assistant.lexical import LexicalEntry, LexicalIndex, write_lexical
from assistant.romanised import Keys, RomanisedIndex, Usual, write_romanised
from assistant.sample import draw_sample
from assistant.store import Store, day_of, write_store
from assistant.titles import Titles
from assistant.types import Article, Filters, IndexInfo, Passage
from assistant.vectors import (
    VectorIndex,
    read_article_vectors,
    write_article_vectors,
    write_vectors,
)

FORMAT = 3
PROBES = (
    "When will the three countries begin to share warning data?",
    "Combien d'articles parlent de l'élection ?",
    "지진 이후 복구는 어디까지 진행되었나요?",
    "ما سبب ارتفاع أسعار الشحن؟",
)
"""Texts whose vectors an index keeps, to notice a model that embeds otherwise than its own."""

_PROBE_TOLERANCE = 1e-3
_HASHED_ON_OPEN = 64_000_000
_GENERATION = re.compile(r"[0-9A-Za-z-]+")
_CURRENT = "CURRENT"
_PARTIAL = ".partial-"
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


def _pointer(folder: Path) -> tuple[str, str]:
    path = folder / _CURRENT
    try:
        pointer = json.loads(path.read_text(encoding="utf-8"))
        generation = str(pointer["generation"])
        if not _GENERATION.fullmatch(generation):
            raise ValueError("it names no generation")
        return generation, str(pointer["manifest_sha256"])
    except (FileNotFoundError, NotADirectoryError):
        raise IndexNotFound(
            f"there is no index in {folder}; build one: assistant build ARTICLES --index {folder}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise IndexCorrupt(
            f"{path} cannot be read ({error}); build again: assistant build --full --index {folder}"
        ) from error


def current_generation(folder: Path) -> str:
    """The name of the generation in use. Raises IndexNotFound or IndexCorrupt."""
    return _pointer(folder)[0]


def _manifest(folder: Path) -> tuple[Path, dict[str, Any]]:
    generation, checksum = _pointer(folder)
    again = f"build again: assistant build --full --index {folder}"
    path = folder / generation / "manifest.json"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise IndexCorrupt(f"{path} cannot be read ({error.strerror}); {again}") from error
    if hashlib.sha256(data).hexdigest() != checksum:
        raise IndexCorrupt(f"{path} is damaged: its checksum is wrong; {again}")
    manifest = json.loads(data)
    if manifest.get("format") != FORMAT:
        raise IndexFormatUnsupported(
            f"the index in {folder} has format {manifest.get('format')}, this version reads "
            f"format {FORMAT}; {again}"
        )
    for name, expected in manifest["files"].items():
        file = path.parent / name
        size = file.stat().st_size if file.is_file() else None
        if size != expected["bytes"]:
            raise IndexCorrupt(
                f"{file} is {'missing' if size is None else 'cut or grown'}; {again}"
            )
        # Larger files would make every start slow; their readers notice most damage.
        if expected["bytes"] <= _HASHED_ON_OPEN and sha256_file(file) != expected["sha256"]:
            raise IndexCorrupt(f"{file} is damaged: its checksum is wrong; {again}")
    return path.parent, manifest


def _info(manifest: Mapping[str, Any]) -> IndexInfo:
    counts = manifest["counts"]
    return IndexInfo(
        generation=manifest["generation"],
        model=manifest["model"]["name"],
        articles=counts["articles"],
        passages=counts["passages"],
        languages=tuple((name, n) for name, n in counts["languages"]),
        sources=tuple((name, n) for name, n in counts["sources"]),
        first_day=counts["first_day"],
        last_day=counts["last_day"],
        built=manifest["built"],
    )


class Index:
    """One generation, open for reading by any number of threads."""

    def __init__(self, folder: Path, generation: Path, manifest: Mapping[str, Any]) -> None:
        self.folder = folder
        self._manifest = manifest
        self._embedder: Embedder | None = None
        self._embedder_lock = threading.Lock()
        self._sample_words: dict[int, WordMatrix] = {}
        self._sample_lock = threading.Lock()
        self.info = _info(manifest)
        self.store = Store(generation / "store.sqlite")
        self.vectors = VectorIndex(generation / "vectors.faiss")
        self.article_vectors = read_article_vectors(generation / "articles.npy")
        self.lexical = LexicalIndex(generation / "lexical")
        self.romanised = RomanisedIndex(generation / "romanised")
        words = generation / "words"
        self.words = WordIndex(words) if words.is_dir() else None
        self.columns = self.store.columns()
        self.sketches, self.copies = _read_copies(generation / "copies")
        alone = self.copies == np.arange(len(self.copies))
        self._is_copied = np.bincount(self.copies[~alone], minlength=len(alone)) > 0
        of_row = self.columns.article_of_row
        self.sample = draw_sample(self.columns.languages.of_article[of_row], ~alone[of_row])
        rows = {len(part) for part in (self.columns.article_of_row, self.vectors, self.lexical)}
        rows.add(len(self.romanised))
        if self.words is not None:
            rows.add(len(self.words))
        articles = {len(self.columns.days), len(self.article_vectors), len(self.sketches)}
        if rows != {self.info.passages} or articles != {self.info.articles}:
            raise IndexCorrupt(
                f"the files of {generation} do not belong together; build again: "
                f"assistant build --full --index {folder}"
            )

    @classmethod
    def open(cls, folder: Path, *, model: str | None = None) -> Index:
        """Opens the generation in use.

        Raises IndexNotFound, IndexCorrupt, IndexFormatUnsupported, and ModelMismatch where
        `model` is named and is not the one the index was built with.
        """
        generation, manifest = _manifest(folder)
        built_with = manifest["model"]["name"]
        if model is not None and canonical_name(model) != built_with:
            raise ModelMismatch(
                f"the index in {folder} was built with the model {built_with!r}, not {model!r}; "
                f"to change it: assistant build --full --index {folder} --model {model}"
            )
        return cls(folder, generation, manifest)

    @property
    def fingerprint(self) -> str:
        return str(self._manifest["model"]["fingerprint"])

    @property
    def size(self) -> int:
        """The bytes of the generation's files but its manifest."""
        return sum(file["bytes"] for file in self._manifest["files"].values())

    @cached_property
    def titles(self) -> Titles:
        """What finds articles by their titles, made when first asked for."""
        return Titles(self.store.headings())

    @property
    def split(self) -> Mapping[str, Any]:
        split: Mapping[str, Any] = self._manifest["split"]
        return split

    @property
    def embedder(self) -> Embedder:
        """The index's model, loaded when first asked for. Raises ModelNotFound, ModelMismatch."""
        with self._embedder_lock:
            if self._embedder is None:
                self._embedder = self._checked_embedder()
            return self._embedder

    def _checked_embedder(self) -> Embedder:
        embedder = load_for_questions(self.info.model)
        stored = np.frombuffer(base64.b64decode(self._manifest["probes"]), "<f4")
        same = embedder.fingerprint() == self.fingerprint
        if same and len(stored) == len(PROBES) * embedder.dimension:
            vectors = embedder.embed_passages(PROBES)
            same = bool(np.abs(vectors - stored.reshape(vectors.shape)).max() < _PROBE_TOLERANCE)
        if not same:
            raise ModelMismatch(
                f"the model {self.info.model!r} is no longer the one that the index in "
                f"{self.folder} was built with; build it again: "
                f"assistant build --full --index {self.folder} --model {self.info.model}"
            )
        return embedder

    @property
    def token_table(self) -> StaticEmbedder | None:
        """The model as a table of token vectors, where it is one and the index has words."""
        embedder = self.embedder
        return embedder if self.words and isinstance(embedder, StaticEmbedder) else None

    @cached_property
    def reader(self) -> Reader | None:
        """What reads sentences, where the model is a table of token vectors."""
        table = self.token_table
        return None if table is None else Reader(table)

    @cached_property
    def sample_vectors(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """The vectors of the sampled passages and of their articles, both [s, d]."""
        rows = self.sample.rows
        return self.vectors.at(rows), self.article_vectors[self.columns.article_of_row[rows]]

    @cached_property
    def usual_romanised(self) -> Usual:
        """What the sampled passages of each language share with a question's romanised terms."""
        return self.romanised.of(self.sample.rows.tolist()).usual(self.sample.counts)

    def sample_words(self, language: int) -> WordMatrix:
        """The words of a language's sampled passages, laid out when first asked for."""
        with self._sample_lock:
            if language not in self._sample_words:
                table = self.token_table
                assert table is not None and self.words is not None
                rows = self.sample.rows_of(np.array([language]))
                passages = [self.words[row] for row in rows.tolist()]
                self._sample_words[language] = WordMatrix(passages, table.token_vectors, many=True)
            return self._sample_words[language]

    def languages_for(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """The languages of the index that `wanted` allows: `zh` allows `zh-Hant` as well."""
        prefixes = tuple(tag.lower() for tag in wanted)
        return tuple(
            tag
            for tag, _ in self.info.languages
            if any(tag.lower() == p or tag.lower().startswith(f"{p}-") for p in prefixes)
        )

    def allowed_articles(self, filters: Filters) -> npt.NDArray[np.bool_] | None:
        """Which articles the filters allow, [articles]; None where they allow all."""
        if not filters:
            return None
        columns = self.columns
        allowed = np.ones(self.info.articles, bool)
        if filters.languages is not None:
            allowed &= columns.languages.among(self.languages_for(filters.languages))
        if filters.sources is not None:
            allowed &= columns.sources.among(filters.sources)
        if filters.since is not None:
            allowed &= columns.days >= filters.since
        if filters.until is not None:
            allowed &= (columns.days <= filters.until) & (columns.days != "")
        return allowed

    def searched(self, filters: Filters) -> Searched:
        """What the articles that the filters allow are."""
        info, columns = self.info, self.columns
        allowed = self.allowed_articles(filters)
        if allowed is None:
            return Searched(info.articles, info.languages, info.first_day, info.last_day)
        names = columns.languages.distinct
        counts = np.bincount(columns.languages.of_article[allowed], minlength=len(names))
        languages = [(name, int(n)) for name, n in zip(names, counts, strict=True) if n]
        days = sorted(columns.days[allowed & (columns.days != "")].tolist())
        return Searched(
            int(allowed.sum()),
            tuple(sorted(languages, key=lambda one: (-one[1], one[0]))),
            days[0] if days else None,
            days[-1] if days else None,
        )

    def copies_of(self, number: int) -> npt.NDArray[np.int64]:
        """The numbers of the articles that are copies of one another with this one, itself too."""
        leader = self.copies[number]
        if not self._is_copied[leader]:
            return np.array([number])
        return np.flatnonzero(self.copies == leader)

    def article(self, article_id: str) -> Article | None:
        return self.store.article(article_id)

    def close(self) -> None:
        self.store.close()


def _read_copies(folder: Path) -> tuple[Sketches, npt.NDArray[np.int64]]:
    try:
        sketches = np.load(folder / "sketches.npy", mmap_mode="r", allow_pickle=False)
        copies = np.load(folder / "first.npy", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise IndexCorrupt(
            f"{folder} cannot be read ({error}); build it again: assistant build --full"
        ) from error
    return sketches, copies


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


def _free_name(folder: Path, contents: Contents, now: datetime) -> str:
    digest = hashlib.sha256(contents.fingerprint.encode())
    for passage in contents.passages:
        digest.update(passage.id.encode())
    name = f"{now:%Y%m%dT%H%M%SZ}-{digest.hexdigest()[:8]}"
    number = 1
    while (folder / (name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return name if number == 1 else f"{name}-{number}"


def _previous(folder: Path) -> str | None:
    try:
        return current_generation(folder)
    except (IndexNotFound, IndexCorrupt):
        return None


def write_generation(
    folder: Path, contents: Contents, *, tell: Callable[[int, int], None]
) -> IndexInfo:
    """Writes a generation and makes it the one in use; the one before it is kept, older are not.

    `tell` hears of how many passages are written, of how many: of all of them before the
    generation is put to use, and not after. Where it raises, nothing is kept. The caller holds
    the lock of the folder. Raises IndexUnwritable, with the old generation still in use.
    """
    now = datetime.now(UTC)
    previous = _previous(folder)
    name = _free_name(folder, contents, now)
    partial = folder / f"{_PARTIAL}{name}"
    try:
        for left_over in folder.glob(f"{_PARTIAL}*"):
            shutil.rmtree(left_over)
        for left_over in folder.glob(".*.partial"):
            left_over.unlink()
        partial.mkdir()
        _write_files(partial, contents, tell)
        files = {}
        for path in sorted(p for p in partial.rglob("*") if p.is_file()):
            sync_file(path)
            files[path.relative_to(partial).as_posix()] = {
                "bytes": path.stat().st_size,
                "sha256": sha256_file(path),
            }
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
        write_atomically(partial / "manifest.json", data)
        for inner in (path for path in partial.iterdir() if path.is_dir()):
            sync_folder(inner)
        tell(len(contents.passages), len(contents.passages))
        partial.rename(folder / name)
        sync_folder(folder)
        pointer = {"generation": name, "manifest_sha256": hashlib.sha256(data).hexdigest()}
        write_atomically(folder / _CURRENT, json.dumps(pointer).encode())
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
    for old in folder.iterdir():
        is_generation = (old / "manifest.json").is_file()
        if is_generation and old.name not in (name, previous):
            shutil.rmtree(old, ignore_errors=True)
    return _info(manifest)
