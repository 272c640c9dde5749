"""Splits articles into passages whose offsets are exact and whose length fits the model."""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Protocol

from langchain_text_splitters import RecursiveCharacterTextSplitter

from assistant.text import Span, sentence_spans
from assistant.types import Article, Passage

# From the strongest edge to the weakest: paragraphs, lines, sentences of every script, words.
_SEPARATORS = [
    r"\n\n",
    r"\n",
    r"(?<=[。！？｡…])|(?<=[.!?؟۔।॥።၊။])(?=\s)",
    r"(?<=[、，；;])",
    r"\s",
    "",
]

_LONGEST = 4_096
"""Characters of a passage. Without it, the time to split a run of spaces grows with its square."""

CountTokens = Callable[[list[str]], list[int]]
Fits = Callable[[Sequence[Span]], list[bool]]


@dataclass(frozen=True, slots=True)
class SplitSettings:
    """Lengths in tokens of the embedding model. An index keeps the ones it was built with."""

    max_tokens: int = 160
    overlap_tokens: int = 32

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Lengths(Protocol):
    """How many tokens stretches of an article's text have."""

    @property
    def headline(self) -> int:
        """The tokens of the headline that stands before each passage; 0 without one."""

    def embedded(self, spans: Sequence[Span]) -> list[int]:
        """Of each stretch without the white space at its ends, headline included."""

    def alone(self, spans: Sequence[Span]) -> list[int]:
        """Of each stretch as it is."""


class _Counted:
    """Lengths that any model's `count` finds, text by text."""

    def __init__(self, text: str, title: str, count: CountTokens) -> None:
        self._text = text
        self._title = title
        self._count = count
        self.headline = count([embedded_text(title, "")])[0] if title else 0

    def embedded(self, spans: Sequence[Span]) -> list[int]:
        # Counted as embedded: what stands before a word can change into how many tokens it is cut.
        pieces = (self._text[start:end].strip() for start, end in spans)
        return self._count([embedded_text(self._title, piece) for piece in pieces])

    def alone(self, spans: Sequence[Span]) -> list[int]:
        return self._count([self._text[start:end] for start, end in spans])


@lru_cache(maxsize=1 << 10)
def _splitter(characters: int) -> RecursiveCharacterTextSplitter:
    return RecursiveCharacterTextSplitter(
        separators=_SEPARATORS,
        is_separator_regex=True,
        chunk_size=characters,
        chunk_overlap=0,
        keep_separator="end",
        strip_whitespace=False,
    )


def _pieces(text: str, characters: int) -> list[Span]:
    """Cuts `text` without a gap or an overlap into spans of at most `characters`."""
    spans = []
    start = 0
    for chunk in _splitter(characters).split_text(text):
        spans.append((start, start + len(chunk)))
        start += len(chunk)
    if start != len(text):
        # The running sum is exact only while the splitter loses nothing.
        raise AssertionError("the text splitter dropped characters")
    return spans


def _fit(text: str, fits: Fits, parts: int) -> list[Span]:
    """Spans without gaps, about `parts` of them, each of which fits or is one character."""
    whole = (0, len(text))
    if not text or fits([whole])[0]:
        return [whole] if text else []
    # Equal pieces read better than full ones and a rest.
    characters = max(1, min(_LONGEST, math.ceil(len(text) / max(parts, 2) * 1.1)))
    spans = []
    waiting = [(0, len(text), characters)]
    while waiting:
        start, end, size = waiting.pop()
        cuts = [(start + a, start + b) for a, b in _pieces(text[start:end], size)]
        for (a, b), fit in reversed(list(zip(cuts, fits(cuts), strict=True))):
            if fit or b - a <= 1:
                spans.append((a, b))
            else:
                waiting.append((a, b, max(1, min(size, b - a) // 2)))
    return sorted(spans)


def _merge_short(spans: list[Span], fits: Fits) -> list[Span]:
    """Joins neighbours that fit into one passage together, so that no crumbs are left."""
    merged: list[Span] = []
    for span in spans:
        if merged:
            joined = (merged[-1][0], span[1])
            if joined[1] - joined[0] <= _LONGEST and fits([joined])[0]:
                merged[-1] = joined
                continue
        merged.append(span)
    return merged


def _overlapped(spans: list[Span], sentences: list[Span], fits: Fits, is_short: Fits) -> list[Span]:
    """Moves each start back to the start of the sentence before, where that stays short."""
    moved = spans[:1]
    starts = [start for start, _ in sentences]
    for start, end in spans[1:]:
        before = bisect_left(starts, start)
        if before:
            begin = starts[before - 1]
            if is_short([(begin, start)])[0] and fits([(begin, end)])[0]:
                start = begin
        moved.append((start, end))
    return moved


def passage_id(content_hash: str, start: int, end: int) -> str:
    """16 hexadecimal digits that depend on the article, with its content, and the span."""
    key = f"{content_hash}:{start}:{end}"
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def embedded_text(title: str, passage: str) -> str:
    """What a passage is found by: the headline says what the passage takes for granted."""
    return f"{title}\n{passage}" if title else passage


def split_article(
    article: Article, *, count: CountTokens, settings: SplitSettings
) -> list[Passage]:
    """The passages of `article`, in order; together they hold all of it but white space.

    `count` gives the tokens of each of many texts. A passage with its headline has at most
    `settings.max_tokens` tokens, whatever the article looks like; consecutive passages
    share a sentence where it is short. A headline that would take over a third of a
    passage is not counted, and must then be left out of what is embedded.
    """
    title = fitting_title(article.title, count=count, settings=settings)
    lengths = _Counted(article.text, title, count)
    return split_measured(article, lengths=lengths, settings=settings)


def split_measured(article: Article, *, lengths: Lengths, settings: SplitSettings) -> list[Passage]:
    """What `split_article` does, by lengths that are known."""
    room = settings.max_tokens - lengths.headline
    overlap = min(settings.overlap_tokens, room // 3)
    text = article.text

    def fits(spans: Sequence[Span]) -> list[bool]:
        return [tokens <= settings.max_tokens for tokens in lengths.embedded(spans)]

    def is_short(spans: Sequence[Span]) -> list[bool]:
        return [tokens <= overlap for tokens in lengths.alone(spans)]

    parts = math.ceil(lengths.alone([(0, len(text))])[0] / max(1, room))
    spans = _merge_short(_fit(text, fits, parts), fits)
    sentences = sentence_spans(text, article.language)
    passages: list[Passage] = []
    content_hash = article.content_hash()
    for start, end in _overlapped(spans, sentences, fits, is_short):
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        # White space with a sentence from before it is nothing new.
        if start < end and (not passages or end > passages[-1].end):
            passages.append(
                Passage(
                    passage_id(content_hash, start, end), article.id, start, end, text[start:end]
                )
            )
    return passages


def fits_as_title(tokens: int, settings: SplitSettings) -> bool:
    """Whether a headline of so many tokens leaves at least two thirds of a passage to the text."""
    return tokens <= settings.max_tokens // 3


def fitting_title(title: str, *, count: CountTokens, settings: SplitSettings) -> str:
    """`title`, or an empty string where it would take over a third of a passage."""
    return title if title and fits_as_title(count([title])[0], settings) else ""
