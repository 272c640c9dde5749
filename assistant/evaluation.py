"""Measures of retrieval and of answers over a file of questions with known articles."""

from __future__ import annotations

import json
import math
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.api import Assistant
from assistant.errors import ArticleNotFound, CasesUnreadable
from assistant.settings import DEFAULT_K
from assistant.types import UNDETERMINED

MEASURES = ("recall@1", "recall@5", "ndcg@10", "mrr@10", "answer_contains")

_DEPTH = 10
# As many as the 10 first articles can need, and few enough to be ranked as in everyday use.
_HITS = 30
_RESAMPLES = 1_000
_SEED = 0

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Case:
    """A question, the ids of the articles that answer it, and strings that an answer may hold."""

    question: str
    relevant: tuple[str, ...]
    answers: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Measures between 0 and 1, None where nothing was measured.

    `intervals` are 95 % bootstrap intervals of the means over questions.
    """

    questions: int
    values: dict[str, float | None]
    queries_per_second: float
    intervals: dict[str, tuple[float, float] | None]
    by_language: dict[str, dict[str, float | int | None]]
    unknown: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The measures, without the relevant ids that the index does not hold (`unknown`)."""
        return {
            "questions": self.questions,
            **self.values,
            "queries_per_second": round(self.queries_per_second, 2),
            "intervals": {k: None if v is None else list(v) for k, v in self.intervals.items()},
            "by_language": self.by_language,
        }


def _strings(row: dict[str, Any], key: str, place: str) -> tuple[str, ...]:
    values = row.get(key, [])
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise CasesUnreadable(f"{place}: '{key}' must be a list of strings")
    return tuple(values)


def read_cases(path: Path) -> list[Case]:
    """The cases of a JSON lines file. Raises CasesUnreadable, which names the line."""
    try:
        # Not splitlines, which cuts at line separators inside a question too.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CasesUnreadable(f"{path} cannot be read ({error})") from error
    cases = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise CasesUnreadable(f"{place}: not JSON ({error})") from error
        if not isinstance(row, dict) or not isinstance(row.get("question"), str):
            raise CasesUnreadable(f"{place}: an object with a 'question' is expected")
        relevant = _strings(row, "relevant", place)
        if not relevant:
            raise CasesUnreadable(f"{place}: 'relevant' must name at least one article id")
        language = row.get("language", UNDETERMINED)
        if not isinstance(language, str):
            raise CasesUnreadable(f"{place}: 'language' must be a string")
        answers = _strings(row, "answers", place)
        cases.append(Case(row["question"], tuple(dict.fromkeys(relevant)), answers, language))
    if not cases:
        raise CasesUnreadable(f"{path} holds no cases")
    return cases


def recall(ranked: Sequence[str], relevant: Sequence[str], k: int) -> float:
    """The share of the relevant articles among the first `k`."""
    return len(set(ranked[:k]) & set(relevant)) / len(relevant)


def ndcg(ranked: Sequence[str], relevant: Sequence[str], k: int) -> float:
    """Normalised discounted cumulative gain with gains of 0 and 1 (Järvelin, Kekäläinen 2002)."""
    gain = sum(1 / math.log2(i + 2) for i, a in enumerate(ranked[:k]) if a in relevant)
    return gain / sum(1 / math.log2(i + 2) for i in range(min(k, len(relevant))))


def reciprocal_rank(ranked: Sequence[str], relevant: Sequence[str], k: int) -> float:
    """One over the rank of the first relevant article among the first `k`, else 0."""
    return next((1 / (i + 1) for i, a in enumerate(ranked[:k]) if a in relevant), 0.0)


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def contains_answer(shown: str, answers: Sequence[str]) -> bool:
    """Whether a text holds one of `answers`, whatever the case, the width or the spaces."""
    text = _folded(shown)
    return any(_folded(answer) in text for answer in answers if answer.strip())


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None


def _interval(values: Sequence[float]) -> tuple[float, float] | None:
    if not values:
        return None
    random = np.random.default_rng(_SEED)
    sample = np.array(values)[random.integers(0, len(values), (_RESAMPLES, len(values)))]
    low, high = np.percentile(sample.mean(axis=1), [2.5, 97.5])
    return round(float(low), 4), round(float(high), 4)


def _unknown(assistant: Assistant, cases: Sequence[Case]) -> tuple[str, ...]:
    missing = []
    for article_id in dict.fromkeys(i for case in cases for i in case.relevant):
        try:
            assistant.article(article_id)
        except ArticleNotFound:
            missing.append(article_id)
    return tuple(missing)


def evaluate(
    assistant: Assistant,
    cases: Sequence[Case],
    *,
    mode: str = "hybrid",
    k: int = DEFAULT_K,
    progress: Progress | None = None,
) -> Evaluation:
    """Asks every question and measures what comes back.

    The ranking measures are over articles, each at the rank of its best passage. Answers
    are composed from `k` hits; only questions that have `answers` are asked for one.
    Queries per second count retrieval alone. Raises what `Assistant.retrieve` raises.
    """
    scores: list[dict[str, float]] = []
    seconds = 0.0
    for number, case in enumerate(cases):
        if progress is not None:
            progress("asking", number, len(cases))
        clock = time.perf_counter()
        hits = assistant.retrieve(case.question, k=_HITS, mode=mode)
        seconds += time.perf_counter() - clock
        ranked = list(dict.fromkeys(hit.article.id for hit in hits))
        row = {
            "recall@1": recall(ranked, case.relevant, 1),
            "recall@5": recall(ranked, case.relevant, 5),
            "ndcg@10": ndcg(ranked, case.relevant, _DEPTH),
            "mrr@10": reciprocal_rank(ranked, case.relevant, _DEPTH),
        }
        if case.answers:
            answer = assistant.answer(case.question, k=k, mode=mode)
            shown = " ".join(citation.quote for citation in answer.citations)
            row["answer_contains"] = float(contains_answer(shown, case.answers))
        scores.append(row)
    if progress is not None:
        progress("asking", len(cases), len(cases))

    def of(name: str, language: str | None = None) -> list[float]:
        rows = zip(cases, scores, strict=True)
        return [s[name] for c, s in rows if name in s and language in (None, c.language)]

    languages = sorted({case.language for case in cases})
    return Evaluation(
        questions=len(cases),
        values={name: _mean(of(name)) for name in MEASURES},
        queries_per_second=len(cases) / max(seconds, 1e-9),
        intervals={name: _interval(of(name)) for name in MEASURES},
        by_language={
            language: {
                "questions": len(of("recall@1", language)),
                **{name: _mean(of(name, language)) for name in MEASURES},
            }
            for language in languages
        },
        unknown=_unknown(assistant, cases),
    )
