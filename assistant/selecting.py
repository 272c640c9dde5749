"""Which sentences of the best passages answer a question: an order of them, and a choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import regex

from assistant.cues import Expected, expected, offers
from assistant.references import refers_back
from assistant.searchable import Searchable
from assistant.sentences import compare
from assistant.text import lexical_terms, spans_within
from assistant.types import Hit, Mode, primary_language

HITS_READ = 4
MAX_SENTENCES = 4
MOST_POINTS = 10.0

_SHORTEST = 12
_MARGIN = 3.0
_SAME_SENTENCE = 0.8
_FIGURES = regex.compile(r"\p{N}+(?:[.,]\p{N}+)*")
_CUES: tuple[tuple[Expected, ...], ...] = (("number",), ("date",), ("person", "place"))

FEATURES = (
    "lexical",
    "cosine",
    "late",
    "behind",
    "number",
    "date",
    "name",
    "lexical beside",
    "late beside",
    "far behind",
    "late in own",
)
"""What a sentence is ordered by; `features` has the meaning of each."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence, or as much of it as lies in a passage: `hit.article.text[start:end]`."""

    hit: Hit
    start: int
    end: int

    @property
    def quote(self) -> str:
        return self.hit.article.text[self.start : self.end]


def candidates(hits: Sequence[Hit]) -> list[Candidate]:
    """The sentences of the first passages, each once, best passage first, in order of the text."""
    seen: set[tuple[str, int]] = set()
    found = []
    for hit in hits[:HITS_READ]:
        article, passage = hit.article, hit.passage
        for start, end in spans_within(article.text, passage.start, passage.end, article.language):
            # A sentence longer than a passage is quoted as far as the passage goes.
            start, end = max(start, passage.start), min(end, passage.end)
            if end - start < _SHORTEST or (article.id, start) in seen:
                continue
            seen.add((article.id, start))
            found.append(Candidate(hit, start, end))
    return found


def _beside(sentences: Sequence[Candidate], values: Floats) -> Floats:
    """The higher value of the two sentences beside each one, of the same article [n]."""
    article = np.array([sentence.hit.article.id for sentence in sentences])
    together = article[1:] == article[:-1]
    beside = np.zeros(len(values), np.float32)
    beside[1:][together] = values[:-1][together]
    beside[:-1][together] = np.maximum(beside[:-1], values[1:])[together]
    return beside


def features(
    index: Searchable, question: str, sentences: Sequence[Candidate], *, language: str, mode: Mode
) -> Floats:
    """What speaks for each sentence, [n, FEATURES]; `language` is the question's.

    Lexical share, cosine and late interaction with the question; the points that its passage
    is behind the best one, those over 10 not counted; whether it has a number, a date or a name
    where the question asks for one; the lexical share and the late interaction
    of the sentences beside it, since an answer often leaves out what was said before; the points
    behind that were not counted; and the late interaction once more where the sentence is in the
    question's language, in which words are nearer to each other anyway.
    """
    quotes = [sentence.quote for sentence in sentences]
    compared = compare(index, question, quotes, mode=mode)
    points = np.array([s.hit.score for s in sentences], np.float32)
    behind = points.max(initial=0) - points
    counted = np.minimum(points, MOST_POINTS)
    counted_behind = counted.max(initial=0) - counted
    spoken = primary_language(language)
    own = np.array([primary_language(s.hit.article.language) == spoken for s in sentences])
    wanted = expected(question)
    cue = np.array([offers(quote, question, wanted) for quote in quotes], np.float32)
    return np.stack(
        [
            compared.lexical,
            compared.cosine,
            compared.late,
            counted_behind,
            *(cue * (wanted in kinds) for kinds in _CUES),
            _beside(sentences, compared.lexical),
            _beside(sentences, compared.late),
            behind - counted_behind,
            compared.late * own,
        ],
        axis=1,
    ).astype(np.float32)


def _overlap(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / max(1, min(len(a), len(b)))


def _repeats(quote: str, other: str) -> bool:
    """Whether a quote says what another does; another figure is news, however alike the words."""
    if set(_FIGURES.findall(quote)) - set(_FIGURES.findall(other)):
        return False
    terms, others = frozenset(lexical_terms(quote)), frozenset(lexical_terms(other))
    return _overlap(terms, others) > _SAME_SENTENCE


def choose(sentences: Sequence[Candidate], scores: Floats) -> list[Candidate]:
    """The best sentences near the best score, without one that repeats another."""
    order = np.lexsort((np.arange(len(scores)), -scores)).tolist()
    chosen: list[Candidate] = []
    for i in order:
        if chosen and scores[i] < scores[order[0]] - _MARGIN:
            break
        quote = sentences[i].quote
        if not any(_repeats(quote, other.quote) for other in chosen):
            chosen.append(sentences[i])
        if len(chosen) == MAX_SENTENCES:
            break
    return chosen


def by_day(chosen: Sequence[Candidate]) -> list[Candidate]:
    """The oldest article's first, those without a day last; in an article in its order."""
    return sorted(
        chosen,
        key=lambda one: (one.hit.article.published or "9999", one.hit.article.id, one.start),
    )


def _before(one: Candidate, sentences: Sequence[Candidate]) -> Candidate | None:
    """The sentence that stands right before one, if it is among those of the passages."""
    text = one.hit.article.text
    earlier = [
        s for s in sentences if s.hit.article.id == one.hit.article.id and s.end <= one.start
    ]
    last = max(earlier, key=lambda s: s.end, default=None)
    return last if last is not None and not text[last.end : one.start].strip() else None


def with_context(chosen: Sequence[Candidate], sentences: Sequence[Candidate]) -> list[Candidate]:
    """The chosen sentences, those that refer back each after the sentence before it.

    There are no more of them than were allowed: the last ones make room.
    """
    shown: list[Candidate] = []
    wanted = {(one.hit.article.id, one.start) for one in chosen}
    taken: set[tuple[str, int]] = set()
    for one in chosen:
        if (one.hit.article.id, one.start) in taken:
            continue
        group = [one]
        while len(group) < MAX_SENTENCES:
            first = group[0]
            # What was only brought along brings nothing itself.
            if (first.hit.article.id, first.start) not in wanted:
                break
            if not refers_back(first.quote, first.hit.article.language):
                break
            before = _before(first, sentences)
            if before is None or (before.hit.article.id, before.start) in taken:
                break
            group.insert(0, before)
        if len(shown) + len(group) > MAX_SENTENCES:
            break
        taken.update((added.hit.article.id, added.start) for added in group)
        shown += group
    return shown
