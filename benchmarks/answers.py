"""How good the answers are that the product shows, and what they cost.

    python -m benchmarks.answers DEV [--questions N] [--tasks TASK ...] [--beside FOLDER]
                                 [--output FILE]

DEV/xquad has the same questions, answers and passages in several languages. Each language has
an index, in which every passage is an article. The tasks:

same         N questions of each language over its own index, the same ones in all.
cross        Questions in each of the other languages, N/10 of a pair, at least 5. Means over the
             pairs, for each language of passages, and the pair where the fewest answers hold.
abstention   The questions of `same` and `cross` once more, each over an index that lacks its
             Wikipedia article (five passages in a row): half of the articles. How well the
             confidence tells the two apart, and what the product's threshold makes of it. The
             confidence was fitted on the articles of even number (`benchmarks.calibration`):
             "held" has the others alone.
added_ms     Milliseconds of the processor that an answer takes beyond retrieval: the questions of
             `benchmarks/questions` over `seeds`, warm, in turns, on one thread. The median of the
             turns' differences for each question; then over the questions.

"shown" is the share of questions for which one of the first three sentences shown holds a right
answer, "shown@1" the first; a refusal holds none; "answered" are not refused. "never_refused"
(and "@1") take the first three sentences (the first one) in the product's own order, refused or
not. Beside them, on the same questions: "bm25_first", the first sentence of the best passage by
BM25 over words, and "beside", with `--beside FOLDER` and in English alone, the sentence of all
passages that this sentence-transformers model brings nearest to the question.

"citations" counts those of all answers, and those whose quote is not what stands at that place of
the article. Prints JSON, and writes it to FILE; progress goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from assistant.api import Assistant
from assistant.building import build
from assistant.settings import BUNDLED
from benchmarks._dev_sets import DevSet, read_sets
from benchmarks._product import BESIDE, ENGLISH, Beside, Result, Text, Values, indexed, texts_of
from benchmarks._shown import (
    Asked,
    Asking,
    Best,
    Citations,
    Kind,
    Seen,
    beside_best,
    bm25_first,
    groups_of,
    questions_over,
)
from benchmarks.calibration import told_apart
from benchmarks.dialogues import own_questions
from benchmarks.latency import THREADS, Ask, Seconds, apart, take_turns

ROOT = Path(__file__).parent.parent
TASKS = ("same", "cross", "abstention", "added_ms")
KINDS: tuple[Kind, ...] = ("same", "cross")
LEAST = 5
"""How many questions of a pair are asked at least."""

_TURNS = 3


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything that was asked; `lacking` has the confidence without the question's article."""

    citations: Citations
    seen: list[Seen] = field(default_factory=list)
    lacking: list[float] = field(default_factory=list)
    thresholds: list[float] = field(default_factory=list)


def of_a_pair(questions: int) -> int:
    """How many questions of a pair are asked where `questions` are of a language."""
    return max(LEAST, questions // 10)


def _without(
    texts: Sequence[Text], groups: Mapping[str, int], asked: Sequence[Asked], citations: Citations
) -> list[float]:
    """The confidence of each question over an index without its article."""
    confidence = np.zeros(len(asked))
    for half in (0, 1):
        numbers = [n for n, one in enumerate(asked) if one.group % 2 == half]
        if not numbers:
            continue
        kept = [text for text in texts if groups[text.id] % 2 != half]
        with indexed(kept, BUNDLED) as folder, Asking(folder, citations) as asking:
            for number in numbers:
                confidence[number] = asking.answer(asked[number].case.question).confidence
    return confidence.tolist()


def observe(
    sets: Mapping[str, DevSet],
    questions: int,
    kinds: Iterable[Kind],
    *,
    abstention: bool,
    beside: Beside | None,
) -> Observed:
    """Asks the questions of every language's index, one index at a time."""
    observed = Observed(Citations())
    counts: dict[Kind, int] = {"same": questions, "cross": of_a_pair(questions)}
    chosen = list(kinds)
    for language, passages in sets.items():
        _say(f"passages in {language}")
        texts = texts_of(passages, language)
        plain: dict[str, Best] = {"bm25_first": bm25_first(texts)}
        with_beside = dict(plain)
        if beside is not None and language == ENGLISH and "same" in chosen:
            with_beside[BESIDE] = beside_best(beside, texts)
        asked = [
            one for kind in chosen for one in questions_over(sets, language, kind, counts[kind])
        ]
        with indexed(texts, BUNDLED) as folder, Asking(folder, observed.citations) as asking:
            observed.thresholds.append(asking.threshold)
            observed.seen.extend(
                asking.see(one, with_beside if one.kind == "same" else plain) for one in asked
            )
        if abstention:
            confidence = _without(texts, groups_of(passages), asked, observed.citations)
            observed.lacking.extend(confidence)
    return observed


def _rounded(values: Mapping[str, float]) -> Values:
    return {name: round(value, 4) for name, value in values.items()}


def mean(values: Sequence[Values]) -> Values:
    """The mean of every measure, over those that have it."""
    names = dict.fromkeys(name for one in values for name in one)
    return {name: float(np.mean([one[name] for one in values if name in one])) for name in names}


def same(seen: Iterable[Seen]) -> Result:
    """The task `same`."""
    of: dict[str, list[Values]] = {}
    for one in seen:
        of.setdefault(one.asked.over, []).append(one.values)
    means = {language: mean(values) for language, values in of.items()}
    return {
        "mean": _rounded(mean(list(means.values()))),
        "by_language": {language: _rounded(values) for language, values in means.items()},
    }


def cross(seen: Iterable[Seen]) -> Result:
    """The task `cross`."""
    of: dict[str, list[Values]] = {}
    over: dict[str, str] = {}
    for one in seen:
        of.setdefault(one.asked.pair, []).append(one.values)
        over[one.asked.pair] = one.asked.over
    means = {pair: mean(values) for pair, values in of.items()}
    worst = min(means, key=lambda pair: means[pair]["shown"])
    return {
        "pairs": len(means),
        "mean": _rounded(mean(list(means.values()))),
        "by_passage_language": {
            language: _rounded(mean([means[pair] for pair in means if over[pair] == language]))
            for language in dict.fromkeys(over.values())
        },
        "worst": {"pair": worst, **_rounded(means[worst])},
    }


def abstention(observed: Observed) -> Result:
    """The task `abstention`: the confidence with a question's article and without it."""
    least = observed.thresholds[0]
    result: Result = {"threshold": least}
    rows = list(zip(observed.seen, observed.lacking, strict=True))
    for name, held in (("held", True), ("all", False)):
        figures: dict[str, dict[str, float]] = {}
        for kind in (*KINDS, "both"):
            some = [
                (seen.confidence, lacking)
                for seen, lacking in rows
                if kind in (seen.asked.kind, "both") and (seen.asked.held or not held)
            ]
            if some:
                confidence = np.array(some).T.ravel()
                there = np.arange(len(confidence)) < len(some)
                figures[kind] = {"questions": len(some), **told_apart(confidence, there, least)}
        result[name] = figures
    return result


def added(seconds: Mapping[str, Seconds]) -> Values:
    """Of what `take_turns` gives for "answer" and "retrieve": what the former takes beyond."""
    answer, retrieve = (seconds[way][..., 1] for way in ("answer", "retrieve"))
    beyond = np.median(answer - retrieve, axis=0) * 1e3
    return {
        **{f"p{percent}": float(np.percentile(beyond, percent)) for percent in (50, 99)},
        "retrieve_p50": float(np.median(retrieve)) * 1e3,
        "answer_p50": float(np.median(answer)) * 1e3,
        "to_retrieve": float(np.median(answer / np.maximum(retrieve, 1e-9))),
    }


def measure_added(questions: Sequence[str], turns: int) -> tuple[Values, int, int]:
    """The task `added_ms`, and how many citations were seen and were not verbatim."""
    citations = Citations()
    with tempfile.TemporaryDirectory() as folder:
        build(ROOT / "seeds", index=folder)
        with Assistant(folder) as assistant:
            for question in questions:
                citations.add(assistant.answer(question))
            ways: dict[str, Ask] = {"retrieve": assistant.retrieve, "answer": assistant.answer}
            seconds = take_turns(ways, questions, turns)
    return added(seconds), citations.seen, citations.not_verbatim


def measure(dev: Path, questions: int, tasks: Sequence[str], beside: Path | None) -> Result:
    """All figures of the tasks; see the module's description."""
    kinds = [kind for kind in KINDS if kind in tasks]
    result: Result = {"questions": questions, "questions_of_a_pair": of_a_pair(questions)}
    citations = Citations()
    if beside is not None:
        result[BESIDE] = beside.name
    if kinds or "abstention" in tasks:
        observed = observe(
            read_sets(dev / "xquad"),
            questions,
            kinds or KINDS,
            abstention="abstention" in tasks,
            beside=None if beside is None else Beside(beside),
        )
        citations = observed.citations
        for kind, figures in (("same", same), ("cross", cross)):
            if kind in kinds:
                result[kind] = figures(one for one in observed.seen if one.asked.kind == kind)
        if "abstention" in tasks:
            result["abstention"] = abstention(observed)
    if "added_ms" in tasks:
        values, seen, not_verbatim = apart(partial(measure_added, own_questions(), _TURNS))
        result["added_ms"] = {name: round(value, 2) for name, value in values.items()}
        citations = Citations(citations.seen + seen, citations.not_verbatim + not_verbatim)
    result["citations"] = citations.to_dict()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("dev", type=Path, help="folder of the development sets")
    parser.add_argument("--questions", type=int, default=100, help="of each language")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--beside", type=Path, help="another model, to compare with")
    parser.add_argument("--output", type=Path, help="file for the result")
    arguments = parser.parse_args()
    # Libraries read these when they are imported: the process that is timed does.
    os.environ.update(dict.fromkeys(THREADS, "1"), HF_HUB_OFFLINE="1")
    result = measure(arguments.dev, arguments.questions, arguments.tasks, arguments.beside)
    text = json.dumps(result, ensure_ascii=False, indent=1)
    print(text)
    if arguments.output is not None:
        arguments.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
