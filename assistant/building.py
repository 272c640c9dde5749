"""The write side: articles in, a new generation of the index out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.articles import article_files, read_file
from assistant.copies import Sketches, sketch
from assistant.embedding import (
    Embedder,
    canonical_name,
    folder_fingerprint,
    load_for_passages,
    model_folder,
    static_part,
)
from assistant.errors import AssistantError, IndexUnwritable, NothingReadable
from assistant.files import exclusive
from assistant.index import PROBES, Contents, Index, write_generation
from assistant.late import Words, words_of
from assistant.passages import SplitSettings, embedded_text, fitting_title, split_article
from assistant.romanised import Keys, keys_of
from assistant.settings import Settings
from assistant.types import Article, BuildReport, Passage, Skipped

Progress = Callable[[str, int, int], None]
"""Told of a stage (`reading`, `embedding`), how much of it is done, and how much there is."""

_BATCH = 256


@dataclass(frozen=True, slots=True)
class _Piece:
    passage: Passage
    searched_text: str
    vector: npt.NDArray[np.float32] | None = None  # [d], None where it is to be embedded
    romanised: Keys | None = None  # None where they are not known
    words: Words | None = None  # the same


def _no_progress(stage: str, done: int, total: int) -> None:
    pass


def _read(root: Path, progress: Progress) -> tuple[list[Article], list[Skipped]]:
    files = article_files(root)
    articles: dict[str, Article] = {}
    skipped: list[Skipped] = []
    for done, path in enumerate(files):
        progress("reading", done, len(files))
        for item in read_file(path, root):
            if isinstance(item, Skipped):
                skipped.append(item)
            elif item.id in articles:
                first = articles[item.id].path
                skipped.append(Skipped(item.path, f"the id {item.id!r} is taken ({first})"))
            else:
                articles[item.id] = item
    progress("reading", len(files), len(files))
    if not articles:
        raise NothingReadable(
            f"no article could be read in {root}; an index that was there is unchanged",
            tuple(str(s) for s in skipped),
        )
    # The order of files must not decide anything in the index.
    return sorted(articles.values(), key=lambda article: article.id), skipped


def _old_index(folder: Path) -> Index | None:
    try:
        return Index.open(folder)
    except AssistantError:
        # Nothing to start from: whatever is wrong with it, a full build replaces it.
        return None


class _Model:
    """The model, loaded when a text is first counted or embedded: often none has to be."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loaded: Embedder | None = None
        self.name = canonical_name(name)

    @property
    def loaded(self) -> Embedder:
        if self._loaded is None:
            self._loaded = load_for_passages(self._name)
        return self._loaded

    def fingerprint(self) -> str:
        folder = model_folder(self._name)
        if folder is not None and (folder / "modules.json").exists():
            return folder_fingerprint(folder)
        return self.loaded.fingerprint()

    def split_settings(self) -> SplitSettings:
        defaults = SplitSettings()
        longest = self.loaded.max_tokens
        if longest is None or longest >= defaults.max_tokens:
            return defaults
        return SplitSettings(longest, min(defaults.overlap_tokens, longest // 4))


def _pieces(article: Article, model: _Model) -> list[_Piece]:
    title = _title(article, model)
    count, settings = model.loaded.count_tokens, model.split_settings()
    return [
        _Piece(passage, embedded_text(title, passage.text))
        for passage in split_article(article, count=count, settings=settings)
    ]


def _title(article: Article, model: _Model) -> str:
    return fitting_title(
        article.title, count=model.loaded.count_tokens, settings=model.split_settings()
    )


def _kept_pieces(
    article: Article, old: Index, vectors: npt.NDArray[np.float32], model: _Model
) -> list[_Piece]:
    title = _title(article, model)
    return [
        _Piece(
            passage,
            embedded_text(title, passage.text),
            vectors[row],
            old.romanised[row],
            None if old.words is None else old.words[row],
        )
        for row, passage in old.store.rows_of(article)
    ]


def _embed(pieces: list[_Piece], model: _Model, progress: Progress) -> npt.NDArray[np.float32]:
    """The vectors of all pieces [n, d], those that are missing embedded."""
    missing = [i for i, piece in enumerate(pieces) if piece.vector is None]
    vectors = np.zeros((len(pieces), model.loaded.dimension), np.float32)
    for i, piece in enumerate(pieces):
        if piece.vector is not None:
            vectors[i] = piece.vector
    for start in range(0, len(missing), _BATCH):
        progress("embedding", start, len(missing))
        batch = missing[start : start + _BATCH]
        vectors[batch] = model.loaded.embed_passages([pieces[i].searched_text for i in batch])
    if missing:
        progress("embedding", len(missing), len(missing))
    return vectors


def _words(pieces: list[_Piece], model: _Model) -> list[Words] | None:
    """The words of all pieces, where the model is a table of token vectors."""
    static = static_part(model.name)
    if static is None:
        return None
    missing = [piece.searched_text for piece in pieces if piece.words is None]
    batches = (missing[i : i + _BATCH] for i in range(0, len(missing), _BATCH))
    made = (
        words
        for batch in batches
        for words in words_of(static.word_tokens(batch), static.token_vectors)
    )
    return [next(made) if piece.words is None else piece.words for piece in pieces]


def _sketches(articles: list[Article], kept: set[str], old: Index | None) -> Sketches:
    """The sketches of all articles [n, values]; those of kept articles are copied."""
    known = {} if old is None else {name: i for i, name in enumerate(old.store.contents())}
    rows = [
        old.sketches[known[article.id]]
        if old is not None and article.id in kept
        else sketch(article.text)
        for article in articles
    ]
    return np.stack(rows)


def build(
    articles: str | Path | None = None,
    *,
    index: str | Path | None = None,
    model: str | None = None,
    full: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> BuildReport:
    """Reads `articles` (a folder or a file) and makes the folder `index` hold exactly them.

    Articles whose id and content are already in the index keep their vectors; `full` embeds
    everything again. `dry_run` changes nothing and reports what would be done. Files that
    cannot be read are listed in the report and cost nothing else.

    Raises ArticlesNotFound or NothingReadable, with an existing index unchanged;
    ModelNotFound; IndexLocked while another build runs; IndexUnwritable.
    """
    clock = time.monotonic()
    settings = Settings.resolve(articles=articles, index=index, model=model)
    tell = progress or _no_progress
    found, skipped = _read(settings.articles, tell)
    loader = _Model(settings.model)
    if dry_run:
        return _run(settings, loader, found, skipped, clock, full=full, dry_run=True, tell=tell)
    try:
        settings.index.mkdir(parents=True, exist_ok=True)
        with exclusive(settings.index / ".lock"):
            return _run(
                settings, loader, found, skipped, clock, full=full, dry_run=False, tell=tell
            )
    except OSError as error:
        raise IndexUnwritable(
            f"the folder {settings.index} cannot be written ({error.strerror or error}); "
            "check its permissions, or name another with --index"
        ) from error


def _run(
    settings: Settings,
    model: _Model,
    articles: list[Article],
    skipped: list[Skipped],
    clock: float,
    *,
    full: bool,
    dry_run: bool,
    tell: Progress,
) -> BuildReport:
    old = _old_index(settings.index)
    before = {} if old is None else old.store.contents()
    now = {article.id: article.content_hash() for article in articles}
    fingerprint = model.fingerprint()
    reusable = old is not None and not full and old.fingerprint == fingerprint
    if old is not None and reusable and dict(old.split) != SplitSettings().to_dict():
        # Settings other than the defaults come from the model's length; ask it.
        reusable = dict(old.split) == model.split_settings().to_dict()
    kept = {i for i, content in now.items() if reusable and before.get(i) == content}
    same = {i for i, content in now.items() if before.get(i) == content}
    counts = {
        "added": len(now.keys() - before.keys()),
        "changed": len((now.keys() & before.keys()) - same),
        "removed": len(before.keys() - now.keys()),
        "unchanged": len(same),
    }

    def report(generation: str | None, passages: int, embedded: int) -> BuildReport:
        return BuildReport(
            generation=generation,
            model=model.name,
            articles=len(articles),
            passages=passages,
            embedded=embedded,
            skipped=tuple(skipped),
            seconds=time.monotonic() - clock,
            dry_run=dry_run,
            **counts,
        )

    try:
        if old is not None and len(kept) == len(now) == len(before):
            return report(old.info.generation, old.info.passages, 0)
        pieces = _all_pieces(articles, kept, old, model)
        embedded = sum(piece.vector is None for piece in pieces)
        if dry_run:
            return report(None, len(pieces), embedded)
        if not pieces:
            raise NothingReadable(f"the articles in {settings.articles} hold no passage")
        vectors = _embed(pieces, model, tell)
        info = write_generation(
            settings.index,
            Contents(
                articles=articles,
                passages=[piece.passage for piece in pieces],
                searched_texts=[piece.searched_text for piece in pieces],
                vectors=vectors,
                romanised=[
                    keys_of(piece.searched_text) if piece.romanised is None else piece.romanised
                    for piece in pieces
                ],
                sketches=_sketches(articles, kept, old),
                words=_words(pieces, model),
                model=model.name,
                fingerprint=fingerprint,
                split=model.split_settings().to_dict(),
                probe_vectors=model.loaded.embed_passages(PROBES),
            ),
        )
        return report(info.generation, info.passages, embedded)
    finally:
        if old is not None:
            old.close()


def _all_pieces(
    articles: list[Article], kept: set[str], old: Index | None, model: _Model
) -> list[_Piece]:
    """The passages of all articles, ordered by id, as the index wants them."""
    pieces: list[_Piece] = []
    vectors = old.vectors.all() if old is not None and kept else None
    for article in articles:
        if vectors is not None and old is not None and article.id in kept:
            pieces.extend(_kept_pieces(article, old, vectors, model))
        else:
            pieces.extend(_pieces(article, model))
    return sorted(pieces, key=lambda piece: piece.passage.id)
