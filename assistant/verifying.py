"""Whether the quotes of a saved answer still stand in the articles of an index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from assistant.saved import SavedAnswer, SavedCitation
from assistant.searchable import Searchable
from assistant.types import Article, Filters

Verdict = Literal["unchanged", "moved", "changed", "gone"]

_SEARCHED_WITH = 400
"""The first characters of a quote, by which the lexical index looks for it."""

_LOOKED_THROUGH = 100
"""How many passages that share the quote's words are looked through."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of one citation.

    `unchanged`: the quote stands where it stood. `moved`: it stands elsewhere in the article, or,
    where the article is gone, in another one. `changed`: the article is there and does not hold
    the quote. `gone`: neither the article nor the quote was found. `article_id`, `start` and
    `end` say where the quote stands now, None where it does not. `edited` is whether anything
    else in the article that was cited differs from what was saved, None where it is gone.
    """

    citation: SavedCitation
    verdict: Verdict
    article_id: str | None = None
    start: int | None = None
    end: int | None = None
    edited: bool | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "number": self.citation.number,
            "article": self.citation.article.id,
            "title": self.citation.article.title,
            "start": self.citation.start,
            "end": self.citation.end,
            "quote": self.citation.quote,
            "verdict": self.verdict,
            "now": None
            if self.article_id is None
            else {"article": self.article_id, "start": self.start, "end": self.end},
            "edited": self.edited,
        }


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of each citation, in order, and whether the index is the one that answered.

    `same_model` is None where the file does not say which model it was.
    """

    checked: tuple[Checked, ...]
    same_generation: bool
    same_model: bool | None

    @property
    def holds(self) -> bool:
        """Whether every quote still stands in an article, word for word."""
        return all(checked.verdict in ("unchanged", "moved") for checked in self.checked)

    def to_dict(self) -> dict[str, Any]:
        return {
            "holds": self.holds,
            "same_generation": self.same_generation,
            "same_model": self.same_model,
            "citations": [checked.to_dict() for checked in self.checked],
        }


def verify_answer(saved: SavedAnswer, index: Searchable) -> Verification:
    """Looks for every quote of `saved` in `index`; loads no model. Raises IndexCorrupt.

    An article that is gone is looked for by the quote's words: of the 100 passages that share
    most of them, the first whose article holds the whole quote.
    """
    fingerprint = saved.index.fingerprint
    return Verification(
        checked=tuple(_check(citation, index) for citation in saved.citations),
        same_generation=saved.index.generation == index.info.generation,
        same_model=None if fingerprint is None else fingerprint == index.fingerprint,
    )


def _check(citation: SavedCitation, index: Searchable) -> Checked:
    article = index.article(citation.article.id)
    if article is None:
        return _elsewhere(citation, index)
    edited = article.content_hash() != citation.article.content_hash
    start = nearest(article.text, citation)
    if start is None:
        return Checked(citation, "changed", edited=edited)
    verdict: Verdict = "unchanged" if start == citation.start else "moved"
    return Checked(citation, verdict, article.id, start, start + len(citation.quote), edited=edited)


def _elsewhere(citation: SavedCitation, index: Searchable) -> Checked:
    for article in _articles_like(citation.quote, index):
        start = nearest(article.text, citation)
        if start is not None:
            end = start + len(citation.quote)
            return Checked(citation, "moved", article.id, start, end)
    return Checked(citation, "gone")


def _articles_like(quote: str, index: Searchable) -> Iterator[Article]:
    """The articles of the passages that share most words with `quote`, each once."""
    rows = index.matching(quote[:_SEARCHED_WITH], k=_LOOKED_THROUGH, filters=Filters()).rows
    for number in dict.fromkeys(index.article_numbers(rows).tolist()):
        yield index.articles([number])[number]


def nearest(text: str, citation: SavedCitation) -> int | None:
    """Where in `text` the quote stands, nearest to where it stood; None where it does not."""
    if text.startswith(citation.quote, citation.start):
        return citation.start
    after = text.find(citation.quote, min(len(text), citation.start + 1))
    # Backwards by reversed texts: `rfind` takes the product of the lengths for hostile ones.
    earlier = text[: citation.end - 1][::-1]
    from_end = earlier.find(citation.quote[::-1])
    before = -1 if from_end < 0 else len(earlier) - from_end - len(citation.quote)
    found = [place for place in (before, after) if place >= 0]
    return min(found, key=lambda place: abs(place - citation.start), default=None)
