"""The values that cross module borders. All are frozen; text offsets count code points."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

Mode = Literal["hybrid", "dense", "lexical"]

UNDETERMINED = "und"
"""BCP 47's tag for a language that is not known."""

_ONE_LANGUAGE = {"nb": "no", "nn": "no", "cmn": "zh", "yue": "zh", "iw": "he", "in": "id"}


def primary_language(tag: str) -> str:
    """The language of a BCP 47 tag, whatever script or country: `zh` of `zh-Hant`, `no` of `nb`."""
    primary = tag.replace("_", "-").split("-")[0].lower()
    return _ONE_LANGUAGE.get(primary, primary)


@dataclass(frozen=True, slots=True)
class Article:
    """One news article.

    `language` is a BCP 47 tag, `"und"` where it is not known. `published` is an ISO 8601
    date or UTC time, or None. `path` says where the article was read from, relative to
    the folder that was indexed. `id` is stable: it survives edits of the text.
    """

    id: str
    text: str
    title: str
    language: str = UNDETERMINED
    published: str | None = None
    source: str | None = None
    url: str | None = None
    authors: tuple[str, ...] = ()
    path: str = ""

    def content_hash(self) -> str:
        """SHA-256, in hexadecimal, of everything that an index keeps of the article."""
        fields = [
            self.id,
            self.text,
            self.title,
            self.language,
            self.published,
            self.source,
            self.url,
            self.authors,
            self.path,
        ]
        canonical = json.dumps(fields, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """The fields that describe the article, without its text."""
        return {
            "id": self.id,
            "title": self.title,
            "language": self.language,
            "published": self.published,
            "source": self.source,
            "url": self.url,
            "path": self.path,
        }


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of an article: `article.text[start:end] == text`."""

    id: str
    article_id: str
    start: int
    end: int
    text: str

    def to_dict(self) -> dict[str, Any]:
        return {"id": self.id, "start": self.start, "end": self.end, "text": self.text}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles may be found. None allows all; the days are inclusive, `YYYY-MM-DD`."""

    languages: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    since: str | None = None
    until: str | None = None

    def __bool__(self) -> bool:
        return any(x is not None for x in (self.languages, self.sources, self.since, self.until))

    def to_dict(self) -> dict[str, Any]:
        return {
            "languages": None if self.languages is None else list(self.languages),
            "sources": None if self.sources is None else list(self.sources),
            "since": self.since,
            "until": self.until,
        }


@dataclass(frozen=True, slots=True)
class WordMatch:
    """A word of a question and the word of a passage that comes nearest to it.

    `kind` is "meaning", with the cosine of the two words' vectors, or "sound", with
    Dice's coefficient of their romanised terms; `similarity` is 1 where they are the same.
    """

    question: str
    passage: str
    kind: Literal["meaning", "sound"]
    similarity: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "question": self.question,
            "passage": self.passage,
            "kind": self.kind,
            "similarity": round(self.similarity, 4),
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a passage was found.

    `points` says what each part gave to the score, which is their sum. `terms` are the words of
    the question that the passage holds as they are, `words` those that it holds in another
    form or language. `article.text[start:end]` is the sentence nearest to the question.
    """

    points: tuple[tuple[str, float], ...]
    terms: tuple[str, ...]
    words: tuple[WordMatch, ...]
    start: int
    end: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "points": {name: round(points, 4) for name, points in self.points},
            "terms": list(self.terms),
            "words": [match.to_dict() for match in self.words],
            "start": self.start,
            "end": self.end,
        }


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found, best first from rank 1.

    `score` orders the hits of one question in one mode and has no meaning beyond that; where
    there is a `reranker_score`, it is the reranker's that orders. `dense_rank`, `lexical_rank`
    and `romanised_rank` are the passage's places in each leg, None where the leg did not find
    it; `similarity` is the cosine of the question and the passage and `coverage` the share of
    the question's lexical weight that the passage holds, both None where the leg did not find
    the passage.

    `copies` counts the other articles that are copies of this one and would be found as
    well; `also_in` has the first of them, at most 20. `explanation` is there where it was
    asked for.
    """

    rank: int
    score: float
    article: Article
    passage: Passage
    dense_rank: int | None = None
    lexical_rank: int | None = None
    romanised_rank: int | None = None
    similarity: float | None = None
    coverage: float | None = None
    reranker_score: float | None = None
    copies: int = 0
    also_in: tuple[Article, ...] = ()
    explanation: Explanation | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "rank": self.rank,
            "score": round(self.score, 6),
            "dense_rank": self.dense_rank,
            "lexical_rank": self.lexical_rank,
            "romanised_rank": self.romanised_rank,
            "reranker_score": self.reranker_score,
            "article": self.article.to_dict(),
            "passage": self.passage.to_dict(),
            "copies": self.copies,
            "also_in": [article.to_dict() for article in self.also_in],
            "explanation": None if self.explanation is None else self.explanation.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Citation:
    """One sentence of an answer: `article.text[start:end] == quote`.

    `number` counts the passages that an answer cites, from 1: two sentences of the same
    passage share it.
    """

    number: int
    article: Article
    passage: Passage
    start: int
    end: int
    quote: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "article": self.article.to_dict(),
            "passage": self.passage.id,
            "start": self.start,
            "end": self.end,
            "quote": self.quote,
        }


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What an index holds. `languages` counts articles, most frequent first."""

    generation: str
    model: str
    articles: int
    passages: int
    languages: tuple[tuple[str, int], ...]
    sources: tuple[tuple[str, int], ...]
    first_day: str | None
    last_day: str | None
    built: str

    def to_dict(self) -> dict[str, Any]:
        """The four fields by which a result names the index that it came from."""
        return {
            "generation": self.generation,
            "model": self.model,
            "articles": self.articles,
            "passages": self.passages,
        }


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that a build could not use: a file, or one line of one."""

    path: str
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}, line {self.line}"
        return f"{place}: {self.reason}"

    def to_dict(self) -> dict[str, Any]:
        return {"path": self.path, "line": self.line, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Change:
    """What a build would do about an article; `before` is the path of one that was renamed."""

    kind: Literal["added", "changed", "removed", "renamed"]
    id: str
    title: str
    path: str
    before: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "id": self.id,
            "title": self.title,
            "path": self.path,
            "before": self.before,
        }


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did, or would do (`dry_run`: then `changes` lists it, by path).

    `stages` are the seconds of processor time that each stage took, of all processes.
    """

    generation: str | None
    model: str
    articles: int
    passages: int
    added: int
    changed: int
    removed: int
    unchanged: int
    embedded: int
    skipped: tuple[Skipped, ...]
    seconds: float
    dry_run: bool
    changes: tuple[Change, ...] = ()
    stages: tuple[tuple[str, float], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "generation": self.generation,
            "model": self.model,
            "articles": self.articles,
            "passages": self.passages,
            "added": self.added,
            "changed": self.changed,
            "removed": self.removed,
            "unchanged": self.unchanged,
            "embedded": self.embedded,
            "skipped": [skipped.to_dict() for skipped in self.skipped],
            "seconds": round(self.seconds, 3),
            "dry_run": self.dry_run,
            "stages": dict(self.stages),
        }
