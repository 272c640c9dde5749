"""What a question gets: an answer of checked sentences, and what belongs to it. All are frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from assistant import markup
from assistant.types import (
    UNDETERMINED,
    Citation,
    Filters,
    Hit,
    IndexInfo,
    Mode,
    primary_language,
)

State = Literal["verbatim", "supported", "partly", "contradicted", "not found"]
"""What a check of a sentence against the passages that it cites found."""

Unsupported = Literal["mark", "drop"]
"""What becomes of a language model's sentences that the passages do not support."""


_SURE = 0.5


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
    """The days that a question, completed if it was, names in `question[start:end]`.

    Both are inclusive, `YYYY-MM-DD`; None where the period is open on that side.
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
class Answer:
    """Sentences that answer a question with the articles that say so, or the fact that none do.

    Where `found` is false there are no sentences and no citations, and `hits` are the nearest
    misses. `confidence` is between 0 and 1: the evidence that the collection answers the
    question.

    `question` is what was asked; `completed` is the question as it was understood after those
    before it, None where it stands by itself; `language` is its BCP 47 tag. `as_of` is the day
    that "last week" counts from, and `period` what the question says of time. `written_by` is the
    language model that wrote the sentences, None where they are quotes; `note` says in a line why
    a model that was asked for wrote none of them.
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
    language: str = UNDETERMINED
    completed: str | None = None
    period: Period | None = None
    updates: tuple[Update, ...] = ()
    written_by: str | None = None
    note: str | None = None

    @property
    def weak(self) -> bool:
        """Whether the evidence of an answer is as likely to be none."""
        return self.found and self.confidence < _SURE

    @property
    def text(self) -> str:
        """The sentences, each followed by its numbers in brackets; or the refusal."""
        if not self.found:
            return NOT_FOUND
        return " ".join(
            " ".join([sentence.text, *(f"[{number}]" for number in sentence.citations)])
            for sentence in self.sentences
        )

    def foreign(self, sentence: Sentence) -> list[str]:
        """The tags of the languages, other than the question's, of what a sentence cites."""
        spoken = {c.article.language for c in self.citations if c.number in sentence.citations}
        own = primary_language(self.language)
        return sorted(tag for tag in spoken - {UNDETERMINED} if primary_language(tag) != own)

    def to_dict(self) -> dict[str, Any]:
        return {
            "question": self.question,
            "completed": self.completed,
            "language": self.language,
            "as_of": self.as_of,
            "period": None if self.period is None else self.period.to_dict(),
            "found": self.found,
            "confidence": round(self.confidence, 4),
            "weak": self.weak,
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

    def markdown(self) -> str:
        """The question, the answer and its sources as Markdown, with all foreign text escaped.

        A quote in another language than the question's is marked with its tag.
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
                markup.WEAK if self.weak else None,
                self.written_by and f"written by {self.written_by}",
                self.note,
            ),
        ]
        if self.found:
            blocks += [self._shown(sentence) for sentence in self.sentences]
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

    def _shown(self, sentence: Sentence) -> str:
        """A quote with its language, where it is foreign; or a paragraph with its state."""
        if sentence.state != "verbatim":
            remark = markup.STATES[sentence.state]
            return markup.stated(sentence.text, sentence.citations, remark, sentence.missing)
        return markup.quoted(sentence.text, sentence.citations, self.foreign(sentence))

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
