"""Hits and sentences for tests, made by hand."""

from __future__ import annotations

from collections.abc import Iterator

from assistant.selecting import Candidate
from assistant.text import sentence_spans
from assistant.types import Article, Citation, Hit, Passage


def make_hit(
    text: str,
    *,
    name: str = "a",
    score: float = 1.0,
    start: int = 0,
    end: int | None = None,
    language: str = "en",
    published: str | None = None,
) -> Hit:
    """A hit whose passage is `text[start:end]`, its article the whole text."""
    end = len(text) if end is None else end
    article = Article(name, text, name.title(), language=language, published=published)
    passage = Passage(f"{name}:{start}", name, start, end, text[start:end])
    return Hit(1, score, article, passage)


def sentences_of(hit: Hit) -> Iterator[Candidate]:
    """Every sentence of a hit's article, however short."""
    for start, end in sentence_spans(hit.article.text, hit.article.language):
        yield Candidate(hit, start, end)


def cited(text: str, *, number: int = 1, **of_hit: str | None) -> Citation:
    """A citation of the whole of an article."""
    language = of_hit.get("language") or "en"
    hit = make_hit(
        text, name=f"article {number}", language=language, published=of_hit.get("published")
    )
    return Citation(number, hit.article, hit.passage, 0, len(text), text)
