"""What the HTTP API answers with, described for `/api/openapi.json`.

The results say themselves what they hold (`to_dict`); these models only describe it, and a
test holds the two equal.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.answers import State
from assistant.types import Mode


class Problem(BaseModel):
    """Why a request was refused or failed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"error": "the question is empty; type a question"}]}
    )
    error: str


class IndexModel(BaseModel):
    """The index that a result came from."""

    generation: str
    model: str
    articles: int
    passages: int


class ArticleModel(BaseModel):
    """An article without its text."""

    id: str
    title: str
    language: str = Field(description='A BCP 47 tag, "und" where it is not known.')
    published: str | None = Field(description="An ISO 8601 day or time.")
    source: str | None
    url: str | None
    path: str


class WholeArticleModel(ArticleModel):
    authors: list[str]
    text: str


class PassageModel(BaseModel):
    """A piece of an article; its text is the article's from `start` to `end`, in code points."""

    id: str
    start: int
    end: int
    text: str


class WordMatchModel(BaseModel):
    question: str
    passage: str
    kind: Literal["meaning", "sound"]
    similarity: float


class ExplanationModel(BaseModel):
    """Why a passage was found: points by part, words that met, the nearest sentence."""

    points: dict[str, float]
    terms: list[str]
    words: list[WordMatchModel]
    start: int
    end: int


class HitModel(BaseModel):
    """A passage that was found."""

    rank: int
    score: float
    dense_rank: int | None
    lexical_rank: int | None
    romanised_rank: int | None
    reranker_score: float | None
    article: ArticleModel
    passage: PassageModel
    copies: int
    also_in: list[ArticleModel]
    explanation: ExplanationModel | None


class SearchResult(BaseModel):
    question: str
    mode: Mode
    hits: list[HitModel]
    index: IndexModel


class SentenceModel(BaseModel):
    """A sentence of an answer, and whether what it cites says it."""

    text: str
    state: State
    citations: list[int]
    missing: list[str]


class CitationModel(BaseModel):
    """A quote: the article's text from `start` to `end`, in code points."""

    number: int
    article: ArticleModel
    passage: str
    start: int
    end: int
    quote: str


class PeriodModel(BaseModel):
    since: str | None
    until: str | None
    start: int
    end: int


class UpdateModel(BaseModel):
    older: int
    newer: int
    was: str
    now: str


class FiltersModel(BaseModel):
    languages: list[str] | None
    sources: list[str] | None
    since: str | None
    until: str | None


class SearchedModel(BaseModel):
    """The articles that the filters allowed."""

    articles: int
    languages: dict[str, int]
    first_day: str | None
    last_day: str | None


class AnswerModel(BaseModel):
    """Sentences with their citations, or the fact that the articles do not say."""

    question: str
    completed: str | None
    language: str
    as_of: str
    period: PeriodModel | None
    found: bool
    confidence: float
    weak: bool
    answer: str
    sentences: list[SentenceModel]
    citations: list[CitationModel]
    updates: list[UpdateModel]
    written_by: str | None
    note: str | None
    mode: Mode
    filters: FiltersModel
    searched: SearchedModel
    hits: list[HitModel]
    index: IndexModel


class Health(BaseModel):
    status: Literal["ok"]
    index: IndexModel


class FoundArticle(BaseModel):
    id: str
    title: str
    source: str | None
    published: str | None
    language: str


class FoundArticles(BaseModel):
    articles: list[FoundArticle]


class SkippedModel(BaseModel):
    """A file, or a line of one, that could not be used."""

    path: str
    line: int | None
    reason: str


class MonthModel(BaseModel):
    """A month, `YYYY-MM`, and its articles by language."""

    month: str
    articles: int
    languages: list[tuple[str, int]]


class GapModel(BaseModel):
    """Days without an article, the first and the last of them."""

    since: str
    until: str
    days: int


class LastBuildModel(BaseModel):
    built: str
    seconds: float | None
    added: int
    changed: int
    removed: int
    unchanged: int
    embedded: int
    skipped: list[SkippedModel]
    skipped_count: int


class CollectionModel(BaseModel):
    """What the index holds; languages and outlets with their numbers of articles."""

    index: IndexModel
    built: str
    first_day: str | None
    last_day: str | None
    languages: list[tuple[str, int]]
    sources: list[tuple[str, int]]
    undated: int
    months: list[MonthModel]
    gaps: list[GapModel]
    size: int = Field(description="Bytes on the disk.")
    last_build: LastBuildModel | None


class AddedArticle(BaseModel):
    id: str
    title: str
    language: str


class AddedModel(BaseModel):
    """What came of one file; `key` takes it away again. The lists have the first 200 of each."""

    key: str
    name: str
    path: str
    articles: list[AddedArticle]
    problems: list[SkippedModel]
    article_count: int
    problem_count: int


class AddedFiles(BaseModel):
    files: list[AddedModel]


class Undone(BaseModel):
    undone: str
