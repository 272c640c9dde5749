"""What a file keeps of an answer, and whether its parts fit each other.

`docs/answer-file.md` describes the format. The file has the fields of `SavedAnswer`, in their
order: whoever changes one of these classes, or one of `types` that they hold, gives the format
a new version.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, ClassVar, Literal

from assistant.answers import Answer, Period, Searched, Sentence, Update
from assistant.types import Article, Citation, Filters, Hit, Mode

MAX_CITATIONS = 100
MAX_QUOTE_CHARACTERS = 20_000

_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class SavedIndex:
    """The index that answered. `fingerprint` is its model's; None where it was not known."""

    generation: str
    model: str
    fingerprint: str | None
    articles: int
    passages: int


@dataclass(frozen=True, slots=True)
class SavedArticle:
    """A cited article without its text; `content_hash` is `Article.content_hash()`."""

    id: str
    title: str
    source: str | None
    published: str | None
    language: str
    url: str | None
    path: str
    content_hash: str

    @classmethod
    def of(cls, article: Article) -> SavedArticle:
        return cls(
            id=article.id,
            title=article.title,
            source=article.source,
            published=article.published,
            language=article.language,
            url=article.url,
            path=article.path,
            content_hash=article.content_hash(),
        )


@dataclass(frozen=True, slots=True)
class SavedPassage:
    """The span of the article that was found, in code points."""

    id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SavedCitation:
    """`article.text[start:end] == quote` held; `quote_sha256` is that of its UTF-8 bytes."""

    number: int
    article: SavedArticle
    passage: SavedPassage
    start: int
    end: int
    quote: str
    quote_sha256: str

    @classmethod
    def of(cls, citation: Citation) -> SavedCitation:
        passage = citation.passage
        return cls(
            number=citation.number,
            article=SavedArticle.of(citation.article),
            passage=SavedPassage(passage.id, passage.start, passage.end),
            start=citation.start,
            end=citation.end,
            quote=citation.quote,
            quote_sha256=_sha256(citation.quote),
        )


@dataclass(frozen=True, slots=True)
class SavedHit:
    """A passage that was found: `article` and `passage` are ids."""

    rank: int
    score: float
    article: str
    title: str
    passage: str

    @classmethod
    def of(cls, hit: Hit) -> SavedHit:
        score = round(hit.score, 6)
        return cls(hit.rank, score, hit.article.id, hit.article.title, hit.passage.id)


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """Everything of an answer that its file holds; `types.Answer` says what the fields are."""

    # What the reader of the JSON allows: no unknown field, no number for a text, no infinity.
    __pydantic_config__: ClassVar[Mapping[str, object]] = {
        "extra": "forbid",
        "strict": True,
        "allow_inf_nan": False,
    }

    format: Literal["assistant-answer"]
    version: Literal[1]
    question: str
    completed: str | None
    as_of: str
    period: Period | None
    mode: Mode
    filters: Filters
    index: SavedIndex
    searched: Searched
    found: bool
    confidence: float
    sentences: tuple[Sentence, ...]
    citations: tuple[SavedCitation, ...]
    updates: tuple[Update, ...]
    hits: tuple[SavedHit, ...]
    written_by: str | None
    note: str | None

    @classmethod
    def of(cls, answer: Answer, *, fingerprint: str | None) -> SavedAnswer:
        index = answer.index
        return cls(
            format="assistant-answer",
            version=1,
            question=answer.question,
            completed=answer.completed,
            as_of=answer.as_of,
            period=answer.period,
            mode=answer.mode,
            filters=answer.filters,
            index=SavedIndex(
                index.generation, index.model, fingerprint, index.articles, index.passages
            ),
            searched=answer.searched,
            found=answer.found,
            confidence=round(answer.confidence, 4),
            sentences=answer.sentences,
            citations=tuple(SavedCitation.of(citation) for citation in answer.citations),
            updates=answer.updates,
            hits=tuple(SavedHit.of(hit) for hit in answer.hits),
            written_by=answer.written_by,
            note=answer.note,
        )

    def to_dict(self) -> dict[str, Any]:
        """The document that a file holds, in its order."""
        return asdict(self)


def _sha256(text: str) -> str:
    # A lone surrogate has no UTF-8; a text with one is refused when it is written.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def check_saved(saved: SavedAnswer) -> None:
    """Raises ValueError where the parts of `saved` do not fit each other; it says which."""
    _require(0 <= saved.confidence <= 1, "the confidence is not between 0 and 1")
    _require(saved.found == bool(saved.sentences), "it is found without sentences, or has some")
    _require(saved.found == bool(saved.citations), "it is found without citations, or has some")
    _require(len(saved.citations) <= MAX_CITATIONS, f"more than {MAX_CITATIONS} citations")
    for day in (saved.as_of, saved.filters.since, saved.filters.until):
        _check_day(day)
    if saved.period is not None:
        longest = max(len(saved.question), len(saved.completed or ""))
        _check_day(saved.period.since)
        _check_day(saved.period.until)
        in_question = 0 <= saved.period.start <= saved.period.end <= longest
        _require(in_question, "the period lies outside the question")
    counts = (saved.index.articles, saved.index.passages, saved.searched.articles)
    _require(min(counts) >= 0, "a count is below 0")
    for place, citation in enumerate(saved.citations):
        _check_citation(citation, f"citations.{place}")
    passages = {(c.number, c.article, c.passage) for c in saved.citations}
    numbers = {c.number for c in saved.citations}
    _require(len(passages) == len(numbers), "two passages have one number")
    _require(len({p[2].id for p in passages}) == len(passages), "one passage has two numbers")
    for place, sentence in enumerate(saved.sentences):
        cited = set(sentence.citations)
        _require(cited <= numbers, f"sentences.{place} cites a number that is not there")
        _require(len(cited) == len(sentence.citations), f"sentences.{place} repeats a number")
    for place, update in enumerate(saved.updates):
        places = (update.older, update.newer)
        inside = min(places) >= 0 and max(places) < len(saved.citations)
        _require(inside, f"updates.{place} names a citation that is not there")
    ranks = [0, *(hit.rank for hit in saved.hits)]
    _require(ranks == sorted(set(ranks)), "the hits are not in the order of their ranks")


def _check_citation(citation: SavedCitation, name: str) -> None:
    passage = citation.passage
    _require(citation.number >= 1, f"{name}: the number is below 1")
    _require(0 <= citation.start < citation.end, f"{name}: the offsets are out of range")
    _require(
        citation.end - citation.start == len(citation.quote),
        f"{name}: the offsets do not span the quote",
    )
    _require(len(citation.quote) <= MAX_QUOTE_CHARACTERS, f"{name}: the quote is too long")
    _require(0 <= passage.start < passage.end, f"{name}: the passage's offsets are out of range")
    meet = passage.start < citation.end and citation.start < passage.end
    _require(meet, f"{name}: the quote lies outside its passage")
    _require(
        _SHA256.fullmatch(citation.article.content_hash) is not None,
        f"{name}: the content hash is no SHA-256",
    )
    _require(
        citation.quote_sha256 == _sha256(citation.quote),
        f"{name}: the quote does not have its SHA-256",
    )


def _check_day(day: str | None) -> None:
    if day is not None:
        _require(len(day) == 10, "a day is not written as YYYY-MM-DD")
        date.fromisoformat(day)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
