"""What every opened index has, wherever it lies: its model, and what is usual in it."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from assistant.embedding import Embedder, StaticEmbedder, load_for_questions
from assistant.errors import ModelMismatch
from assistant.late import Reader, WordMatrix, Words
from assistant.romanised import Romanised, Usual
from assistant.sample import Sample
from assistant.searchable import Floats, Numbers, Rows
from assistant.types import IndexInfo

PROBES = (
    "When will the three countries begin to share warning data?",
    "Combien d'articles parlent de l'élection ?",
    "지진 이후 복구는 어디까지 진행되었나요?",
    "ما سبب ارتفاع أسعار الشحن؟",
)
"""Texts whose vectors an index keeps, to notice a model that embeds otherwise than its own."""

PROBE_TOLERANCE = 1e-3
"""How far a number of a vector may be from what it was for the model to be the same."""


class Opened(ABC):
    """One generation, open for reading by any number of threads."""

    info: IndexInfo
    sample: Sample

    def __init__(self) -> None:
        self._embedder: Embedder | None = None
        self._embedder_lock = threading.Lock()
        self._sample_words: dict[int, WordMatrix] = {}
        self._sample_lock = threading.Lock()

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """The embedding model's."""

    @property
    @abstractmethod
    def probes(self) -> Floats:
        """The vectors of PROBES when the index was built, one after the other."""

    @property
    @abstractmethod
    def has_words(self) -> bool:
        """Whether it keeps the words of its passages, as those of a static model do."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Where it lies, as `--index` names it."""

    @abstractmethod
    def article_numbers(self, rows: Rows) -> Numbers: ...

    @abstractmethod
    def vectors_at(self, rows: Rows) -> Floats: ...

    @abstractmethod
    def article_vectors_at(self, numbers: Numbers) -> Floats: ...

    @abstractmethod
    def romanised_of(self, rows: Rows) -> Romanised: ...

    @abstractmethod
    def words_of(self, rows: Rows) -> list[Words]: ...

    @property
    def embedder(self) -> Embedder:
        """The index's model, loaded when first asked for. Raises ModelNotFound, ModelMismatch."""
        with self._embedder_lock:
            if self._embedder is None:
                self._embedder = self._checked_embedder()
            return self._embedder

    def use_model_of(self, other: Opened) -> None:
        """Takes over another generation's model where it is loaded and is this one's as well.

        One loaded anew for each generation, by whichever thread asks first, would leave its
        fragments with the allocator: some 60 MB for each thread of a server.
        """
        with other._embedder_lock:
            embedder = other._embedder
        if embedder is None or other.fingerprint != self.fingerprint:
            return
        if self._gives_probes(embedder):
            self._embedder = embedder

    def _gives_probes(self, embedder: Embedder) -> bool:
        stored = self.probes
        if len(stored) != len(PROBES) * embedder.dimension:
            return True
        vectors = embedder.embed_passages(PROBES)
        return bool(np.abs(vectors - stored.reshape(vectors.shape)).max() < PROBE_TOLERANCE)

    def _checked_embedder(self) -> Embedder:
        model = self.info.model
        embedder = load_for_questions(model)
        if embedder.fingerprint() != self.fingerprint or not self._gives_probes(embedder):
            raise ModelMismatch(
                f"the model {model!r} is no longer the one that the index in {self.place} was "
                f"built with; build it again: assistant build --full --index {self.place} "
                f"--model {model}"
            )
        return embedder

    @property
    def token_table(self) -> StaticEmbedder | None:
        """The model as a table of token vectors, where it is one and the index has words."""
        embedder = self.embedder
        return embedder if self.has_words and isinstance(embedder, StaticEmbedder) else None

    @cached_property
    def reader(self) -> Reader | None:
        """What reads sentences, where the model is a table of token vectors."""
        table = self.token_table
        return None if table is None else Reader(table)

    @cached_property
    def sample_vectors(self) -> tuple[Floats, Floats]:
        """The vectors of the sampled passages and of their articles, both [s, d]."""
        rows = self.sample.rows
        return self.vectors_at(rows), self.article_vectors_at(self.article_numbers(rows))

    @cached_property
    def usual_romanised(self) -> Usual:
        """What the sampled passages of each language share with a question's romanised terms."""
        return self.romanised_of(self.sample.rows).usual(self.sample.counts)

    def sample_words(self, language: int) -> WordMatrix:
        """The words of a language's sampled passages, laid out when first asked for."""
        table = self.token_table
        assert table is not None
        with self._sample_lock:
            if language not in self._sample_words:
                words = self.words_of(self.sample.rows_of(np.array([language])))
                self._sample_words[language] = WordMatrix(words, table.token_vectors, many=True)
            return self._sample_words[language]

    def languages_for(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """The languages of the index that `wanted` allows: `zh` allows `zh-Hant` as well."""
        prefixes = tuple(tag.lower() for tag in wanted)
        return tuple(
            tag
            for tag, _ in self.info.languages
            if any(tag.lower() == p or tag.lower().startswith(f"{p}-") for p in prefixes)
        )
