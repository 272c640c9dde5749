"""How well the whole product retrieves: `assistant.Assistant` over an index of each set.

Every passage of a set is an article, and found where one of its passages is. For each set
the three modes, and beside them, for reference, the dense leg re-ranked by the bundled model's
late interaction alone (`re-ranked`) and BM25 over words alone (`bm25_words`). Where
question and passages are English, another model can be put beside them (`beside`): it ranks
the passages by cosine, alone, and reads no more of a passage than it can. Its means are over
the sets that have it, so compare them by set.

same         DEV/xquad, an index for each language, questions in the same one.
cross        The same indexes, questions in each of the other languages. Means over the pairs,
             the worst pair, and every pair; those where hybrid has a lower recall@1 than the
             dense leg, as it is and re-ranked.
pooled       DEV/xquad in one index of all languages: a question has a right passage in each.
             success@1: the first hit is right, in whichever language; any_ndcg@10 discounts
             the first right one, ndcg@10 all twelve.
sentences    DEV/xquad_r, an index for each language, questions in the same one.
native       Sets of one language that were asked in it.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt

from assistant.api import Assistant
from assistant.building import build
from assistant.embedding import load_for_passages
from assistant.index import Index
from assistant.ranking import parts
from assistant.retrieval import DEPTH
from assistant.types import Mode
from benchmarks._dev_sets import Case, DevSet, read_set, read_sets, set_names
from benchmarks._ranking import Ranks, measures, ndcg

SEED = 1
HITS = 30
"""Enough for the ten articles that count, of which each gives three hits at most."""

MODES: tuple[Mode, ...] = get_args(Mode)
BESIDE = "beside"
ENGLISH = "en"
_WORD = re.compile(r"\w+")
_K1, _B = 1.2, 0.75

Values = dict[str, float]
Result = dict[str, object]
Say = Callable[[str], None]
Search = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class Text:
    """A passage of a collection."""

    id: str
    language: str
    text: str


class Bm25Words:
    """BM25 over lower-cased words, k1 = 1.2 and b = 0.75: what a plain search engine does."""

    def __init__(self, texts: Sequence[Text]) -> None:
        self._ids = [text.id for text in texts]
        counts = [Counter(_WORD.findall(text.text.lower())) for text in texts]
        lengths = np.array([sum(count.values()) for count in counts], np.float64)
        self._norms = _K1 * (1 - _B + _B * lengths / max(float(lengths.mean()), 1.0))
        self._postings: dict[str, list[tuple[int, int]]] = {}
        for row, count in enumerate(counts):
            for word, times in count.items():
                self._postings.setdefault(word, []).append((row, times))

    def scores(self, question: str) -> npt.NDArray[np.float64]:
        """The score of every passage [n]."""
        scores = np.zeros(len(self._ids))
        for word in set(_WORD.findall(question.lower())):
            found = self._postings.get(word, [])
            share = (len(self._ids) - len(found) + 0.5) / (len(found) + 0.5)
            for row, times in found:
                scores[row] += np.log1p(share) * times * (_K1 + 1) / (times + self._norms[row])
        return scores

    def search(self, question: str) -> list[str]:
        """The ids of the passages that hold a word of the question, best first."""
        scores = self.scores(question)
        order = np.argsort(-scores, kind="stable")
        return [self._ids[row] for row in order[: int((scores > 0).sum())]]


class Reranked:
    """The dense leg's passages by cosine and late interaction, and nothing else."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._ids = list(index.store.contents())

    def search(self, question: str) -> list[str]:
        """The ids of the articles, best first."""
        vector = self._index.embedder.embed_question(question)
        rows, _ = self._index.vectors.search(vector, k=DEPTH)
        points = parts(
            self._index, question, vector, rows, coverage={}, romanised={}, depth=len(rows)
        )
        scores = points["meaning"] + points["words"]
        numbers = self._index.columns.article_of_row[rows[np.lexsort((rows, -scores))]]
        return list(dict.fromkeys(self._ids[int(number)] for number in numbers))


class Beside:
    """A sentence-transformers folder that ranks passages by cosine."""

    def __init__(self, folder: Path) -> None:
        """Raises ModelNotFound."""
        self._model = load_for_passages(str(folder))

    def over(self, texts: Sequence[Text]) -> Search:
        """A search of `texts`, which are embedded once; equal cosines are ordered by id."""
        ids = np.array([text.id for text in texts])
        vectors = self._model.embed_passages([text.text for text in texts])

        def search(question: str) -> list[str]:
            cosines = vectors @ self._model.embed_question(question)
            return [str(name) for name in ids[np.lexsort((ids, -cosines))]]

        return search


@dataclass(frozen=True, slots=True)
class Run:
    """What every task is run with; `questions` None asks all of each set."""

    model: str
    questions: int | None
    say: Say
    beside: Beside | None = None

    def with_beside(self, ways: dict[str, Search], texts: Sequence[Text]) -> dict[str, Search]:
        """`ways`, and the other model's where there is one, to search `texts` with."""
        return ways if self.beside is None else {**ways, BESIDE: self.beside.over(texts)}


@contextmanager
def indexed(texts: Sequence[Text], model: str) -> Iterator[Path]:
    """The folder of an index of `texts`, each an article, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as temporary:
        collection, folder = Path(temporary) / "collection.jsonl", Path(temporary) / "index"
        with collection.open("w", encoding="utf-8") as file:
            for text in texts:
                row = {"id": text.id, "language": text.language, "text": text.text}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        build(collection, index=folder, model=model)
        yield folder


@contextmanager
def searches(texts: Sequence[Text], model: str) -> Iterator[dict[str, Search]]:
    """The ways to search an index of `texts`, by name; each gives ids, best first."""
    with indexed(texts, model) as folder, Assistant(folder) as assistant:

        def by(mode: Mode) -> Search:
            def search(question: str) -> list[str]:
                hits = assistant.retrieve(question, k=HITS, mode=mode)
                return list(dict.fromkeys(hit.article.id for hit in hits))

            return search

        yield {
            **{mode: by(mode) for mode in MODES},
            "re-ranked": Reranked(Index.open(folder)).search,
            "bm25_words": Bm25Words(texts).search,
        }


def ranks_by(search: Search, cases: Sequence[Case]) -> list[Ranks]:
    """For each question the ranks of its right passages, ascending; infinity where not found."""
    ranks = []
    for case in cases:
        place = {identity: rank for rank, identity in enumerate(search(case.question), 1)}
        found = [float(place.get(identity, np.inf)) for identity in case.relevant]
        ranks.append(np.sort(np.array(found, np.float64)))
    return ranks


def success(ranks: Sequence[Ranks], k: int) -> float:
    """The share of questions with a right passage among the first `k`."""
    return float(np.mean([r[0] <= k for r in ranks]))


def drawn(cases: Sequence[Case], count: int | None) -> list[Case]:
    """`count` of the cases, by id, the same ones in every language."""
    identities = sorted(case.id for case in cases)
    if count is not None and count < len(identities):
        identities = random.Random(SEED).sample(identities, count)
    chosen = set(identities)
    return [case for case in cases if case.id in chosen]


def texts_of(passages: DevSet, language: str) -> list[Text]:
    """The passages of a set."""
    return [Text(i, language, t) for i, t in zip(passages.ids, passages.texts, strict=True)]


def _rounded(values: Mapping[str, float]) -> Values:
    return {name: round(value, 4) for name, value in values.items()}


def _mean(values: Sequence[Values]) -> Values:
    names = values[0]
    return {name: round(float(np.mean([one[name] for one in values])), 4) for name in names}


def _by_set(measured: Mapping[str, Mapping[str, Values]]) -> Result:
    """Of measures by set and way of searching: the means and all of them by way of searching."""
    ways = dict.fromkeys(way for values in measured.values() for way in values)
    result: Result = {}
    for way in ways:
        of = {name: values[way] for name, values in measured.items() if way in values}
        result[way] = {
            "mean": _mean(list(of.values())),
            "by_set": {name: _rounded(values) for name, values in of.items()},
        }
    return result


def _measured(ways: Mapping[str, Search], cases: Sequence[Case]) -> dict[str, Values]:
    return {way: measures(ranks_by(search, cases)) for way, search in ways.items()}


def same_and_cross(folder: Path, run: Run) -> dict[str, Result]:
    """The tasks `same` and `cross`."""
    sets = read_sets(folder)
    same: dict[str, dict[str, Values]] = {}
    cross: dict[str, dict[str, Values]] = {}
    for language, passages in sets.items():
        run.say(f"passages in {language}")
        texts = texts_of(passages, language)
        with searches(texts, run.model) as ways:
            for other, questions in sets.items():
                cases = drawn(questions.cases, run.questions)
                if other != language:
                    cross[f"{other} to {language}"] = _measured(ways, cases)
                elif language == ENGLISH:
                    same[language] = _measured(run.with_beside(ways, texts), cases)
                else:
                    same[language] = _measured(ways, cases)
    return {"same": _by_set(same), "cross": {**_by_set(cross), **_worst(cross)}}


def _worst(cross: Mapping[str, Mapping[str, Values]]) -> Result:
    """The pair on which hybrid does worst, and those on which it is below the dense leg."""
    worst = min(cross, key=lambda pair: cross[pair]["hybrid"]["recall@1"])
    below = {
        way: [p for p, v in cross.items() if v["hybrid"]["recall@1"] < v[way]["recall@1"]]
        for way in ("dense", "re-ranked")
    }
    return {
        "worst_of_hybrid": {"pair": worst, **_rounded(cross[worst]["hybrid"])},
        "hybrid_below": below,
    }


def pooled(folder: Path, run: Run) -> Result:
    """The task `pooled`."""
    sets = read_sets(folder)
    texts = [
        Text(f"{language} {text.id}", language, text.text)
        for language, passages in sets.items()
        for text in texts_of(passages, language)
    ]
    right: dict[str, list[str]] = {}
    for language, questions in sets.items():
        for case in questions.cases:
            right.setdefault(case.id, []).extend(f"{language} {i}" for i in case.relevant)
    measured: dict[str, dict[str, Values]] = {}
    with searches(texts, run.model) as ways:
        for language, questions in sets.items():
            run.say(f"pooled: questions in {language}")
            cases = [
                Case(case.id, case.question, tuple(right[case.id]))
                for case in drawn(questions.cases, run.questions)
            ]
            measured[language] = {}
            for way, search in ways.items():
                ranks = ranks_by(search, cases)
                values = {
                    "success@1": success(ranks, 1),
                    "any_ndcg@10": ndcg([r[:1] for r in ranks], 10),
                    "ndcg@10": ndcg(ranks, 10),
                }
                measured[language][way] = values
    return _by_set(measured)


def within(folders: Sequence[tuple[str, Path, str]], run: Run) -> Result:
    """Every set (name, folder, language) on its own, questions and passages as they are."""
    measured: dict[str, dict[str, Values]] = {}
    for name, folder, language in folders:
        run.say(name)
        questions = read_set(folder, language)
        texts = texts_of(questions, language)
        with searches(texts, run.model) as ways:
            if language == ENGLISH:
                ways = run.with_beside(ways, texts)
            measured[name] = _measured(ways, drawn(questions.cases, run.questions))
    return _by_set(measured)


def sentences(folder: Path, run: Run) -> Result:
    """The task `sentences`."""
    return within([(language, folder, language) for language in set_names(folder)], run)


def native(dev: Path, kinds: Sequence[str], run: Run) -> Result:
    """The task `native`, over the folders `kinds` of `dev`."""
    sets = [
        (f"{kind} {language}", dev / kind, language)
        for kind in kinds
        for language in set_names(dev / kind)
    ]
    return within(sets, run)
