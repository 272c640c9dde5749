"""Articles made into passages with all that an index keeps of them, for static models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.copies import Sketch, sketch
from assistant.embedding import StaticEmbedder
from assistant.late import Words, words_of
from assistant.passages import SplitSettings, embedded_text, fitting_title, split_article
from assistant.romanised import Keys, keys_of
from assistant.text import lexical_terms, romanised_terms
from assistant.types import Article, Passage


@dataclass(frozen=True, slots=True)
class MadePassage:
    """A passage and what an index keeps of it, but for its vector.

    `words.tokens` are also what its vector is made of (`embed_tokens`). `terms` and
    `romanised_terms` are what the lexical index is told, joined by spaces.
    """

    passage: Passage
    searched_text: str
    words: Words
    romanised: Keys
    terms: str
    romanised_terms: str


@dataclass(frozen=True, slots=True)
class MadeArticle:
    """The passages of an article, in order, and its sketch."""

    passages: tuple[MadePassage, ...]
    sketch: Sketch


class Maker:
    """Makes articles into passages by the tokens of a static model."""

    def __init__(self, static: StaticEmbedder, settings: SplitSettings) -> None:
        self._static = static
        self._settings = settings

    def make(self, articles: Sequence[Article]) -> list[MadeArticle]:
        """The articles, in order."""
        return [self._make(article) for article in articles]

    def _make(self, article: Article) -> MadeArticle:
        count, settings = self._static.count_tokens, self._settings
        title = fitting_title(article.title, count=count, settings=settings)
        passages = split_article(article, count=count, settings=settings)
        texts = [embedded_text(title, passage.text) for passage in passages]
        words = words_of(self._static.word_tokens(texts), self._static.token_vectors)
        made = (
            MadePassage(
                passage,
                text,
                some,
                keys_of(text),
                " ".join(lexical_terms(text)),
                " ".join(romanised_terms(text)),
            )
            for passage, text, some in zip(passages, texts, words, strict=True)
        )
        return MadeArticle(tuple(made), sketch(article.text))
