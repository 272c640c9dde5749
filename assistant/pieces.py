"""Articles to passages with all that an index keeps of them, made anew or copied from the old."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from assistant.copies import Sketches, sketch
from assistant.embedding import (
    Embedder,
    StaticEmbedder,
    canonical_name,
    folder_fingerprint,
    load_for_passages,
    model_folder,
    static_part,
)
from assistant.index import Index
from assistant.late import Words, words_of
from assistant.passages import (
    SplitSettings,
    embedded_text,
    fitting_title,
    passage_id,
    split_article,
)
from assistant.romanised import Keys, keys_of
from assistant.types import Article, Passage

_ARTICLES = 32
"""Articles that are made into passages together, so that embedding has texts enough."""

_BATCH = 256


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage, the text that it is searched by, and what was made of this; None: not yet."""

    passage: Passage
    searched_text: str
    vector: npt.NDArray[np.float32] | None = None  # [d]
    romanised: Keys | None = None
    words: Words | None = None  # of a static model


@dataclass(frozen=True, slots=True)
class Made:
    """All passages, ordered by id, and what an index keeps of them and of the articles."""

    passages: list[Passage]
    searched_texts: list[str]
    vectors: npt.NDArray[np.float32]  # [passages, d]
    romanised: list[Keys]
    words: list[Words] | None
    sketches: Sketches  # [articles, values]
    embedded: int  # passages whose vectors are not copied


class Model:
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


def _stored(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The vectors as half precision has them.

    Large indexes keep no more, and a vector must be the same whether it was embedded for this
    index or copied from one.
    """
    return vectors.astype(np.float16).astype(np.float32)


class Pieces:
    """Makes the passages of articles, or copies them from `old`.

    `kept` tells, by the ids of articles, the ids that articles of the same title, text and
    language have in `old`.
    """

    def __init__(
        self, model: Model, *, kept: Mapping[str, str] | None = None, old: Index | None = None
    ) -> None:
        self._model = model
        self._kept = kept or {}
        self._old = old
        self._vectors = np.zeros((0, 0), np.float32) if old is None else old.vectors.all()
        self._numbers = {} if old is None else {i: n for n, i in enumerate(old.store.contents())}

    def count(self, articles: Sequence[Article]) -> tuple[int, int]:
        """How many passages the articles give, and how many of them are to be embedded."""
        total = missing = 0
        for article in articles:
            for piece in self._split(article):
                total += 1
                missing += piece.vector is None
        return total, missing

    def make(self, articles: Sequence[Article], tell: Callable[[int, int], None]) -> Made:
        """Makes everything; `tell` hears of how many articles are done, of how many.

        It is told before each batch, and may raise to end the work. Raises ModelNotFound.
        """
        static = static_part(self._model.name)
        pieces: list[Piece] = []
        embedded = 0
        sketches: list[Sketches] = []
        for start in range(0, len(articles), _ARTICLES):
            some = articles[start : start + _ARTICLES]
            split = [piece for article in some for piece in self._split(article)]
            embedded += sum(piece.vector is None for piece in split)
            for first in range(0, len(split), _BATCH):
                tell(start, len(articles))
                pieces.extend(self._filled(split[first : first + _BATCH], static))
            sketches.extend(self._sketch(article) for article in some)
        tell(len(articles), len(articles))
        pieces.sort(key=lambda piece: piece.passage.id)
        words = [piece.words for piece in pieces if piece.words is not None]
        vectors = [piece.vector for piece in pieces if piece.vector is not None]
        return Made(
            passages=[piece.passage for piece in pieces],
            searched_texts=[piece.searched_text for piece in pieces],
            vectors=np.stack(vectors) if vectors else np.zeros((0, 0), np.float32),
            romanised=[piece.romanised for piece in pieces if piece.romanised is not None],
            words=None if static is None else words,
            sketches=np.stack(sketches),
            embedded=embedded,
        )

    def _split(self, article: Article) -> Iterator[Piece]:
        count, settings = self._model.loaded.count_tokens, self._model.split_settings()
        title = fitting_title(article.title, count=count, settings=settings)
        if self._old is None or article.id not in self._kept:
            for passage in split_article(article, count=count, settings=settings):
                yield Piece(passage, embedded_text(title, passage.text))
            return
        content_hash = article.content_hash()
        for row, passage in self._old.store.rows_of(replace(article, id=self._kept[article.id])):
            identity = passage_id(content_hash, passage.start, passage.end)
            yield Piece(
                replace(passage, id=identity, article_id=article.id),
                embedded_text(title, passage.text),
                self._vectors[row],
                self._old.romanised[row],
                None if self._old.words is None else self._old.words[row],
            )

    def _filled(self, pieces: list[Piece], static: StaticEmbedder | None) -> Iterator[Piece]:
        """The pieces with all their parts."""
        new = [piece.searched_text for piece in pieces if piece.vector is None]
        vectors = iter(_stored(self._model.loaded.embed_passages(new)) if new else ())
        wordless = [piece.searched_text for piece in pieces if piece.words is None]
        words: Iterator[Words] = iter(())
        if static is not None:
            words = iter(words_of(static.word_tokens(wordless), static.token_vectors))
        for piece in pieces:
            yield replace(
                piece,
                vector=next(vectors) if piece.vector is None else piece.vector,
                romanised=(
                    keys_of(piece.searched_text) if piece.romanised is None else piece.romanised
                ),
                words=(next(words) if static is not None and piece.words is None else piece.words),
            )

    def _sketch(self, article: Article) -> Sketches:
        if self._old is not None and article.id in self._kept:
            kept: Sketches = self._old.sketches[self._numbers[self._kept[article.id]]]
            return kept
        return sketch(article.text)
