"""The read side: the legs' passages, ordered, without copies, as hits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.explaining import Found, explanations
from assistant.lexical import Field
from assistant.preferring import NO_PREFERENCE, Preferring, preferences
from assistant.ranking import parts
from assistant.searchable import Searchable
from assistant.text import lexical_terms
from assistant.types import Article, Explanation, Filters, Hit, Mode

PER_ARTICLE = 3
"""The most hits that one article gives."""

RERANKED = 20
"""How many passages a reranker reads: a small one takes a second for so many, without a GPU."""

DEPTH = 100
"""How many passages each leg gives at least."""

READ = 50
"""How many of them are read word by word at least; docs/retrieval.md has the figures."""

_REPEATED = 0.8
"""The share of a passage's terms that an article holds which says the same."""

_LEAST_DEVIATION = 1e-3
"""So much a preference lifts at least: what is equally near is parted by it too."""

_NAMED = 20
_PART_OF_MODE: dict[Mode, str] = {"dense": "meaning", "lexical": "coverage"}

Floats = npt.NDArray[np.float32]


class Reranker(Protocol):
    """What reads a question and texts together and scores the texts, higher for better."""

    def scores(self, question: str, texts: Sequence[str]) -> Floats: ...


@dataclass(frozen=True, slots=True)
class _Leg:
    """What one leg found, best first; `values` are cosines or coverages."""

    rows: npt.NDArray[np.int64]  # [n]
    values: Floats  # [n]
    weights: Mapping[str, float] = field(default_factory=dict)  # of a lexical leg's terms

    def ranks(self) -> dict[int, int]:
        return {row: rank for rank, row in enumerate(self.rows.tolist(), 1)}

    def by_row(self) -> dict[int, float]:
        return dict(zip(self.rows.tolist(), self.values.tolist(), strict=True))


_NOTHING = _Leg(np.zeros(0, np.int64), np.zeros(0, np.float32))


def _dense(index: Searchable, vector: Floats, depth: int, filters: Filters) -> _Leg:
    if not vector.any():
        # No token of the question is known: every passage is as near as any other.
        return _NOTHING
    return _Leg(*index.nearest(vector, k=depth, filters=filters))


def _lexical(
    index: Searchable, question: str, depth: int, filters: Filters, *, of: Field = "terms"
) -> _Leg:
    matches = index.matching(question, k=depth, filters=filters, field=of)
    return _Leg(matches.rows, matches.coverage, matches.weights)


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Passages, best first, the points of each part of their scores, and the legs they are from."""

    rows: npt.NDArray[np.int64]  # [n]
    points: dict[str, Floats]  # by part, [n]
    dense: _Leg
    lexical: _Leg
    romanised: _Leg

    def scores(self) -> Floats:
        """The sum of the points of each passage [n]."""
        total: Floats = np.sum(list(self.points.values()), axis=0)
        return total

    def ordered(self) -> _Ranked:
        """By falling score, equal ones by row."""
        order = np.lexsort((self.rows, -self.scores()))
        points = {name: values[order] for name, values in self.points.items()}
        return replace(self, rows=self.rows[order], points=points)


def _ranked(
    index: Searchable,
    question: str,
    *,
    k: int,
    mode: Mode,
    filters: Filters,
    preferring: Preferring,
) -> _Ranked:
    """What the mode's legs find."""
    depth = max(DEPTH, k * PER_ARTICLE)
    dense = lexical = romanised = _NOTHING
    vector = np.zeros(0, np.float32)
    if mode != "lexical":
        vector = index.embedder.embed_question(question)
        dense = _dense(index, vector, depth, filters)
    if mode != "dense":
        lexical = _lexical(index, question, depth, filters)
    if mode == "hybrid":
        romanised = _lexical(index, question, depth, filters, of="romanised")
        rows = np.unique(np.concatenate([leg.rows for leg in (dense, lexical, romanised)]))
        points = parts(
            index,
            question,
            vector,
            rows,
            coverage=lexical.by_row(),
            romanised=romanised.weights,
            depth=max(READ, k * PER_ARTICLE),
        )
    else:
        leg = dense if mode == "dense" else lexical
        rows, points = leg.rows, {_PART_OF_MODE[mode]: leg.values}
    ranked = _Ranked(rows, points, dense, lexical, romanised)
    if len(rows):
        ranked = ranked.ordered()
        deviation = max(float(ranked.scores().std()), _LEAST_DEVIATION)
        for name, share in preferences(index, ranked.rows, preferring).items():
            ranked.points[name] = np.float32(deviation) * share
    return ranked.ordered()


def _searched_texts(index: Searchable, rows: Sequence[int]) -> list[str]:
    found = index.passages(rows)
    articles = index.articles([number for number, _ in found])
    return [f"{articles[number].title}\n{passage.text}" for number, passage in found]


def _reranked(
    index: Searchable, question: str, rows: Sequence[int], reranker: Reranker
) -> dict[int, float]:
    """The reranker's score of each of the first passages, best first."""
    first = list(rows[:RERANKED])
    scores = reranker.scores(question, _searched_texts(index, first))
    order = np.lexsort((np.arange(len(first)), -scores))
    return {first[i]: float(scores[i]) for i in order}


class _Copies:
    """Says which passages are not worth a hit: an article taken before, a copy, says the same."""

    def __init__(self, index: Searchable) -> None:
        self._index = index
        self._taken: dict[int, dict[int, frozenset[str]]] = {}

    def repeats(self, row: int, number: int) -> bool:
        """Whether a copy of the passage's article says it too; if not, the article is taken."""
        group = self._index.copies_of(number)
        if len(group) == 1:
            return False
        taken = self._taken.setdefault(int(group[0]), {})
        if number not in taken:
            article = self._index.articles([number])[number]
            ((_, passage),) = self._index.passages([row])
            terms = frozenset(lexical_terms(passage.text))
            if any(len(terms & theirs) >= _REPEATED * len(terms) for theirs in taken.values()):
                return True
            taken[number] = frozenset(lexical_terms(article.text))
        return False


def _take(index: Searchable, rows: Sequence[int], k: int) -> list[int]:
    """The first `k` rows, without copies and with at most PER_ARTICLE of one article."""
    taken: list[int] = []
    of_article: Counter[int] = Counter()
    copies = _Copies(index)
    numbers = index.article_numbers(np.array(rows, np.int64)).tolist()
    for row, article in zip(rows, numbers, strict=True):
        if of_article[article] < PER_ARTICLE and not copies.repeats(row, article):
            of_article[article] += 1
            taken.append(row)
            if len(taken) == k:
                break
    return taken


def _also_in(index: Searchable, number: int, filters: Filters) -> tuple[int, tuple[Article, ...]]:
    """How many other articles are copies of this one, and the first of them by day."""
    group = index.copies_of(number)
    if len(group) == 1:
        return 0, ()
    group = group[index.allowed(group, filters)]
    days = dict(zip(group.tolist(), index.days_of(group).tolist(), strict=True))
    others = [int(n) for n in group if n != number]
    # Equal days stay in the order of ids.
    others.sort(key=lambda n: days[n] or "9999")
    named = index.articles(others[:_NAMED])
    return len(others), tuple(named.values())


def _hits(
    index: Searchable,
    question: str,
    rows: Sequence[int],
    ranked: _Ranked,
    *,
    mode: Mode,
    filters: Filters,
    reranked: Mapping[int, float],
    explain: bool,
) -> list[Hit]:
    """The hits of the rows that were taken, in their order."""
    passages = index.passages(rows)
    numbers = [number for number, _ in passages]
    articles = index.articles(numbers)
    place = {row: i for i, row in enumerate(ranked.rows.tolist())}
    found = [
        Found(
            articles[number],
            passage,
            {name: float(points[place[row]]) for name, points in ranked.points.items()},
        )
        for row, (number, passage) in zip(rows, passages, strict=True)
    ]
    explained: Sequence[Explanation | None] = [None] * len(found)
    if explain:
        explained = explanations(index, question, found, mode=mode)
    scores = ranked.scores()
    dense, lexical, romanised = (
        leg.ranks() for leg in (ranked.dense, ranked.lexical, ranked.romanised)
    )
    similarity, coverage = ranked.dense.by_row(), ranked.lexical.by_row()
    also_in = {number: _also_in(index, number, filters) for number in articles}
    return [
        Hit(
            rank=rank,
            score=float(scores[place[row]]),
            article=one.article,
            passage=one.passage,
            dense_rank=dense.get(row),
            lexical_rank=lexical.get(row),
            romanised_rank=romanised.get(row),
            similarity=similarity.get(row),
            coverage=coverage.get(row),
            reranker_score=reranked.get(row),
            copies=also_in[number][0],
            also_in=also_in[number][1],
            explanation=why,
        )
        for rank, (row, number, one, why) in enumerate(
            zip(rows, numbers, found, explained, strict=True), 1
        )
    ]


def search(
    index: Searchable,
    question: str,
    *,
    k: int,
    mode: Mode,
    filters: Filters,
    preferring: Preferring = NO_PREFERENCE,
    reranker: Reranker | None = None,
    explain: bool = False,
) -> list[Hit]:
    """At most `k` hits for a checked question, best first; equal scores by passage id.

    `prefer` are languages whose passages are lifted by one standard deviation of what was found.
    """
    if not index.allows_any(filters):
        return []
    ranked = _ranked(index, question, k=k, mode=mode, filters=filters, preferring=preferring)
    order = ranked.rows.tolist()
    reranked: dict[int, float] = {}
    if reranker is not None and order:
        reranked = _reranked(index, question, order, reranker)
        order = [*reranked, *order[RERANKED:]]
    return _hits(
        index,
        question,
        _take(index, order, k),
        ranked,
        mode=mode,
        filters=filters,
        reranked=reranked,
        explain=explain,
    )
