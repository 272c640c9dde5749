"""The values that cross module borders. All are frozen; text offsets count code points."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from assistant import markup

Mode = Literal["hybrid", "dense", "lexical"]

State = Literal["verbatim", "supported", "partly", "contradicted", "not found"]
"""What a check of a sentence against the passages that it cites found."""

UNDETERMINED = "und"
"""BCP 47's tag for a language that is not known."""


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
class Sentence:
    """One sentence of an answer, and whether the cited passages say it.

    `verbatim`: it stands in one of them word for word. `supported`: they hold its numbers,
    dates and names, and most of its words. `partly`: they hold some of them. `contradicted`: they
    say the same with another figure or day. `not found`: they do not say it. `citations` are the
    numbers of the citations that it rests on; `missing` are the numbers, dates and names of the
    sentence that none of the passages holds.
    """

    text: str
    state: State
    citations: tuple[int, ...]
    missing: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "state": self.state,
            "citations": list(self.citations),
            "missing": list(self.missing),
        }


@dataclass(frozen=True, slots=True)
class Period:
    """The days that a question names in `question[start:end]`; both inclusive, `YYYY-MM-DD`.

    None where it is open on that side.
    """

    since: str | None
    until: str | None
    start: int
    end: int

    def to_dict(self) -> dict[str, Any]:
        return {"since": self.since, "until": self.until, "start": self.start, "end": self.end}


@dataclass(frozen=True, slots=True)
class Update:
    """Two cited sentences that give different figures for the same thing.

    `older` and `newer` are places in the answer's citations, by the days of their articles; `was`
    and `now` are the figures as they are written there.
    """

    older: int
    newer: int
    was: str
    now: str

    def to_dict(self) -> dict[str, Any]:
        return {"older": self.older, "newer": self.newer, "was": self.was, "now": self.now}


@dataclass(frozen=True, slots=True)
class Searched:
    """The articles that the filters allowed: how many, in which languages, of which days."""

    articles: int
    languages: tuple[tuple[str, int], ...]
    first_day: str | None
    last_day: str | None

    def to_dict(self) -> dict[str, Any]:
        return {
            "articles": self.articles,
            "languages": dict(self.languages),
            "first_day": self.first_day,
            "last_day": self.last_day,
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
class Answer:
    """Sentences that answer a question with the articles that say so, or the fact that none do.

    Where `found` is false there are no sentences and no citations, and `hits` are the nearest
    misses. `confidence` is between 0 and 1: the evidence that the collection answers the
    question.

    `question` is what was asked; `completed` is the question as it was understood after those
    before it, None where it stands by itself. `as_of` is the day that "last week" counts from, and
    `period` what the question says of time. `written_by` is the language model that wrote the
    sentences, None where they are quotes; `note` says in a line why a model that was asked for
    wrote none of them.
    """

    question: str
    found: bool
    confidence: float
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    mode: Mode
    filters: Filters
    index: IndexInfo
    searched: Searched
    as_of: str
    completed: str | None = None
    period: Period | None = None
    updates: tuple[Update, ...] = ()
    written_by: str | None = None
    note: str | None = None

    @property
    def text(self) -> str:
        """The sentences, each followed by its numbers in brackets; or the refusal."""
        if not self.found:
            return NOT_FOUND
        return " ".join(
            " ".join([sentence.text, *(f"[{number}]" for number in sentence.citations)])
            for sentence in self.sentences
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "question": self.question,
            "completed": self.completed,
            "as_of": self.as_of,
            "period": None if self.period is None else self.period.to_dict(),
            "found": self.found,
            "confidence": round(self.confidence, 4),
            "answer": self.text,
            "sentences": [sentence.to_dict() for sentence in self.sentences],
            "citations": [citation.to_dict() for citation in self.citations],
            "updates": [update.to_dict() for update in self.updates],
            "written_by": self.written_by,
            "note": self.note,
            "mode": self.mode,
            "filters": self.filters.to_dict(),
            "searched": self.searched.to_dict(),
            "hits": [hit.to_dict() for hit in self.hits],
            "index": self.index.to_dict(),
        }

    def markdown(self, *, languages: Collection[str] = ()) -> str:
        """The question, the answer and its sources as Markdown, with all foreign text escaped.

        `languages` are the tags of the question's own language: a quote in another one is
        marked with its tag, and without `languages` every quote is.
        """
        period, only, of = self.period, self.filters, self.searched
        blocks = [
            markup.heading(self.question),
            markup.labelled("Understood as", self.completed),
            markup.labelled(
                "Asked",
                f"as of {self.as_of}",
                None if period is None else markup.days("about", period.since, period.until),
                markup.only("languages", only.languages),
                markup.only("outlets", only.sources),
                markup.days("only of", only.since, only.until),
                self.written_by and f"written by {self.written_by}",
                self.note,
            ),
        ]
        if self.found:
            blocks += [self._shown(sentence, languages) for sentence in self.sentences]
            numbers = [citation.number for citation in self.citations]
            for u in self.updates:
                blocks.append(markup.newer(u.was, numbers[u.older], u.now, numbers[u.newer]))
            blocks.append(markup.listed("Sources", self._sources()))
        else:
            tags = ", ".join(tag for tag, _ in of.languages)
            of_days = markup.days("of", of.first_day, of.last_day)
            nearest = {hit.article.id: markup.markdown_text(hit.article.title) for hit in self.hits}
            blocks.append(markup.markdown_text(NOT_FOUND))
            articles = "1 article" if of.articles == 1 else f"{of.articles} articles"
            blocks.append(markup.labelled("Searched", articles, tags, of_days))
            blocks.append(markup.listed("Nearest", list(nearest.values())[:3]))
        return "\n\n".join(block for block in blocks if block) + "\n"

    def _shown(self, sentence: Sentence, languages: Collection[str]) -> str:
        """A quote with its language, where it is foreign; or a paragraph with its state."""
        if sentence.state != "verbatim":
            remark = markup.STATES[sentence.state]
            return markup.stated(sentence.text, sentence.citations, remark, sentence.missing)
        spoken = {c.article.language for c in self.citations if c.number in sentence.citations}
        foreign = sorted(spoken - set(languages) - {UNDETERMINED})
        return markup.quoted(sentence.text, sentence.citations, foreign)

    def _sources(self) -> list[str]:
        """A line for each number: its article, and where in the article its sentences stand."""
        lines = []
        for number, article in sorted({c.number: c.article for c in self.citations}.items()):
            day = article.published[:10] if article.published else None
            said = (article.title, article.source, day, article.language)
            spans = sorted({(c.start, c.end) for c in self.citations if c.number == number})
            lines.append(markup.source_line(number, said, article.url, article.id, spans))
        return lines


NOT_FOUND = "Not found in these articles."


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
class BuildReport:
    """What a build did, or would do (`dry_run`)."""

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
        }
