"""Articles made into passages with all that an index keeps of them, by a static model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from assistant.copies import Sketch, sketch
from assistant.embedding import StaticEmbedder
from assistant.late import Words, words_of
from assistant.passages import (
    SplitSettings,
    embedded_text,
    fits_as_title,
    fitting_title,
    split_article,
    split_measured,
)
from assistant.romanised import Keys, keys_of
from assistant.text import Span
from assistant.types import Article, Passage
from assistant.vocabulary import KnownText, Vocabulary


@dataclass(frozen=True, slots=True)
class MadePassage:
    """A passage and what an index keeps of it, but for its vector.

    `words.tokens` are also what its vector is made of (`embed_tokens`).
    """

    passage: Passage
    searched_text: str
    words: Words
    romanised: Keys


@dataclass(frozen=True, slots=True)
class MadeArticle:
    """The passages of an article, in order, and its sketch."""

    passages: tuple[MadePassage, ...]
    sketch: Sketch


class _Lengths:
    """The lengths of stretches of a text that is known, under a headline."""

    def __init__(self, text: KnownText, headline: int) -> None:
        self._text = text
        self.headline = headline

    def embedded(self, spans: Sequence[Span]) -> list[int]:
        return [self.headline + self._text.count(*self._stripped(*span)) for span in spans]

    def alone(self, spans: Sequence[Span]) -> list[int]:
        return [self._text.count(start, end) for start, end in spans]

    def _stripped(self, start: int, end: int) -> Span:
        stretch = self._text.text[start:end].rstrip()
        end = start + len(stretch)
        return end - len(stretch.lstrip()), end


class Maker:
    """Makes articles into passages. For one thread."""

    def __init__(self, static: StaticEmbedder, settings: SplitSettings) -> None:
        self._static = static
        self._settings = settings
        self._vocabulary = Vocabulary(static) if static.reads_word_by_word() else None

    def make(self, articles: Sequence[Article]) -> list[MadeArticle]:
        """The articles, in order. Many at once are made faster than one by one."""
        made: Iterable[list[MadePassage]] = map(self._by_texts, articles)
        if self._vocabulary is not None:
            made = self._by_words(articles, self._vocabulary)
        return [
            MadeArticle(tuple(passages), sketch(article.text))
            for article, passages in zip(articles, made, strict=True)
        ]

    def _by_texts(self, article: Article) -> list[MadePassage]:
        count, settings = self._static.count_tokens, self._settings
        title = fitting_title(article.title, count=count, settings=settings)
        passages = split_article(article, count=count, settings=settings)
        texts = [embedded_text(title, passage.text) for passage in passages]
        words = words_of(self._static.word_tokens(texts), self._static.token_vectors)
        return [
            MadePassage(
                passage,
                text,
                some,
                keys_of(text),
            )
            for passage, text, some in zip(passages, texts, words, strict=True)
        ]

    def _by_words(
        self, articles: Sequence[Article], vocabulary: Vocabulary
    ) -> Iterator[list[MadePassage]]:
        texts = vocabulary.read([text for a in articles for text in (a.title, a.text)])
        titles: list[str] = []
        passages: list[list[Passage]] = []
        pieces: list[list[int]] = []
        for article, headline, text in zip(articles, texts[::2], texts[1::2], strict=True):
            tokens = headline.count(0, len(headline.text))
            title = headline.text if fits_as_title(tokens, self._settings) else ""
            lengths = _Lengths(text, tokens if title else 0)
            split = split_measured(article, lengths=lengths, settings=self._settings)
            before = headline.numbers(0, len(title))
            pieces += [before + text.numbers(p.start, p.end) for p in split]
            titles.append(title)
            passages.append(split)
        words = words_of(vocabulary.word_tokens(pieces), self._static.token_vectors)
        parts = zip(words, vocabulary.keys(pieces), strict=True)
        for title, split in zip(titles, passages, strict=True):
            yield [
                MadePassage(
                    passage,
                    embedded_text(title, passage.text),
                    some,
                    keys,
                )
                for passage, (some, keys) in zip(split, islice(parts, len(split)), strict=True)
            ]
