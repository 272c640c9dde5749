"""Articles made into passages with all that an index keeps of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.batches import Batch, Pieces, made_with, said
from assistant.copies import sketch
from assistant.embedding import (
    Embedder,
    StaticEmbedder,
    canonical_name,
    folder_fingerprint,
    load_for_passages,
    model_folder,
    static_part,
)
from assistant.making import MadeArticle, Maker
from assistant.passages import (
    SplitSettings,
    embedded_text,
    fits_as_title,
    fitting_title,
    split_article,
)
from assistant.ragged import Ragged
from assistant.romanised import keys_of
from assistant.stages import Stages
from assistant.types import Article, Passage


class Model:
    """The model, loaded when a text is first counted or embedded: often none has to be."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.name = canonical_name(name)

    @cached_property
    def loaded(self) -> Embedder:
        """As sentence-transformers runs it. Raises ModelNotFound."""
        return load_for_passages(self._name)

    @cached_property
    def static(self) -> StaticEmbedder | None:
        """The light path, where there is one. Raises ModelNotFound."""
        return static_part(self._name)

    @property
    def counting(self) -> Embedder:
        """What counts tokens, as the model does."""
        return self.static or self.loaded

    @cached_property
    def fingerprint(self) -> str:
        folder = model_folder(self._name)
        if folder is not None and (folder / "modules.json").exists():
            return folder_fingerprint(folder)
        return self.loaded.fingerprint()

    @cached_property
    def split(self) -> SplitSettings:
        defaults = SplitSettings()
        longest = self.counting.max_tokens
        if longest is None or longest >= defaults.max_tokens:
            return defaults
        return SplitSettings(longest, min(defaults.overlap_tokens, longest // 4))

    @cached_property
    def maker(self) -> Maker | None:
        """What makes passages, where there is a light path. It learns the words that it meets."""
        return None if self.static is None else Maker(self.static, self.split)

    @property
    def made_with(self) -> str:
        """Stands for all but the articles that batches are made with."""
        return made_with(self.fingerprint, self.split.to_dict())

    def embed_tokens(self, tokens: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.float32]:
        """The unit vectors [n, d] of texts by their tokens, of a static model."""
        assert self.static is not None
        return self.static.embed_tokens(tokens)

    def titles_fit(self, titles: Sequence[str]) -> list[bool]:
        """Whether each title is a part of what is embedded."""
        counts = self.counting.count_tokens(titles) if titles else []
        return [
            bool(title) and fits_as_title(count, self.split)
            for title, count in zip(titles, counts, strict=True)
        ]


def stored(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float16]:
    """The vectors as half precision has them.

    Large indexes keep no more, and a vector must be the same whether it was embedded for this
    index or copied from one.
    """
    return vectors.astype(np.float16)


def make_batch(articles: Sequence[Article], model: Model, stages: Stages) -> Batch:
    """The batch of some articles, in this process. Raises ModelNotFound."""
    if model.maker is not None:
        return embedded(unembedded(articles, model.maker, stages), model, stages)
    settings, count = model.split, model.loaded.count_tokens
    passages: list[Passage] = []
    texts: list[str] = []
    counts: list[int] = []
    untitled: list[bool] = []
    with stages("tokenise"):
        for article in articles:
            title = fitting_title(article.title, count=count, settings=settings)
            found = split_article(article, count=count, settings=settings)
            passages += found
            texts += [embedded_text(title, passage.text) for passage in found]
            counts.append(len(found))
            untitled.append(bool(article.title) and not title)
    with stages("embed"):
        vectors = stored(model.loaded.embed_passages(texts))
    with stages("terms"):
        keys = Ragged.of([keys_of(text) for text in texts], np.uint16)
        sketches = np.stack([sketch(article.text) for article in articles])
    return _batch(articles, passages, counts, untitled, sketches, Pieces(vectors, keys, None, None))


def _batch(
    articles: Sequence[Article],
    passages: Sequence[Passage],
    counts: Sequence[int],
    untitled: Sequence[bool],
    sketches: npt.NDArray[np.uint32],
    pieces: Pieces,
) -> Batch:
    return Batch(
        tuple(said(article) for article in articles),
        np.array(counts, np.int64),
        np.array(untitled, bool),
        sketches,
        np.array([passage.start for passage in passages], np.int32),
        np.array([passage.end for passage in passages], np.int32),
        pieces,
    )


def unembedded(articles: Sequence[Article], maker: Maker, stages: Stages) -> Batch:
    """The batch of some articles, all but its vectors, which are empty [n, 0]."""
    with stages("tokenise"):
        made = maker.make(articles)
    passages = [one for article in made for one in article.passages]
    untitled = [
        bool(article.title) and _is_untitled(one)
        for article, one in zip(articles, made, strict=True)
    ]
    return _batch(
        articles,
        [one.passage for one in passages],
        [len(article.passages) for article in made],
        untitled,
        np.stack([article.sketch for article in made]),
        Pieces(
            np.zeros((len(passages), 0), np.float16),
            Ragged.of([one.romanised for one in passages], np.uint16),
            Ragged.of([one.words.tokens for one in passages], np.int32),
            Ragged.of([one.words.lengths for one in passages], np.float16),
        ),
    )


def _is_untitled(made: MadeArticle) -> bool:
    return any(one.searched_text == one.passage.text for one in made.passages)


def embedded(batch: Batch, model: Model, stages: Stages) -> Batch:
    """The batch with its vectors. Raises ModelNotFound."""
    tokens: Any = batch.pieces.tokens
    with stages("embed"):
        vectors = stored(model.embed_tokens([tokens[place] for place in range(len(tokens))]))
    return replace(batch, pieces=replace(batch.pieces, vectors=vectors))
