"""How well, and how fast, the model alone and the whole product retrieve, on development sets.

    python -m benchmarks.retrieval DEV [--model FOLDER] [--tasks TASK ...] [--output FILE]
    python -m benchmarks.retrieval DEV --tasks speed [--beside FOLDER]
    python -m benchmarks.retrieval DEV --mode hybrid [--questions N] [--tasks ...] [--beside FOLDER]

With `--mode hybrid` the whole product is measured: `benchmarks/_product.py` has the tasks.
Otherwise a static model alone is: every task measures two rankings, "dense" and "re-ranked";
`benchmarks/_ranking.py` has the formula. No lexical leg takes part. The tasks:

xquad        DEV/xquad: the questions of each language over the 240 passages of each. recall@1
             and nDCG@10: means of the pairs of different languages ("cross") and of each
             language with itself ("same"), the worst pair, all pairs (question, passage).
bm25         The same by the product's lexical index alone, for reference; no model takes part.
xquad_r      DEV/xquad_r (LAReQA, Roy et al. 2020): one pool of the sentences of all languages;
             a question has a right sentence in each, its own included. Mean average precision
             over the questions of all languages pooled, and by language of the question. The
             first 300 are re-ranked.
itn_xling    DEV/itn_xling: the same news event told in two languages. recall@1 of each pair.
monolingual  Sets of one language. recall@1 and nDCG@10; the first 300 are re-ranked.
speed        Encoding on one core, loading, size: `benchmarks/_speed.py`. Only when named.

Prints JSON, and writes it to FILE; progress goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from assistant.embedding import StaticEmbedder, static_part
from assistant.lexical import LexicalEntry, LexicalIndex, write_lexical
from assistant.settings import BUNDLED
from benchmarks import _product
from benchmarks._dev_sets import DevSet, read_set, read_sets, set_names
from benchmarks._product import Beside, Run
from benchmarks._ranking import Pool, average_precision, encode, measures, ranks_of
from benchmarks._speed import speed

DEPTH = 300
"""How many of the dense order are re-ranked where a pool is large."""

MONOLINGUAL = (
    "arcd_train",
    "cmrc2018_dev",
    "drcd_dev",
    "heq_test",
    "korquad1_dev",
    "norquad_wiki",
    "pira",
)

Values = dict[str, float]
Result = dict[str, object]


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _rounded(value: float) -> float:
    return round(value, 4)


def _mean(values: Sequence[float]) -> float:
    return _rounded(float(np.mean(values)))


def _right_rows(passages: DevSet, questions: DevSet) -> list[list[int]]:
    row_of = {identity: row for row, identity in enumerate(passages.ids)}
    return [[row_of[identity] for identity in case.relevant] for case in questions.cases]


def summary(pairs: Mapping[tuple[str, str], Values]) -> Result:
    """The means, the worst and all of measures by (question language, passage language)."""
    cross = [pair for pair in sorted(pairs) if pair[0] != pair[1]]
    same = [pair for pair in sorted(pairs) if pair[0] == pair[1]]
    names = list(next(iter(pairs.values())))
    worst = min(cross, key=lambda pair: pairs[pair]["recall@1"])
    return {
        "cross": {name: _mean([pairs[pair][name] for pair in cross]) for name in names},
        "same": {name: _mean([pairs[pair][name] for pair in same]) for name in names},
        "worst_cross": {
            "question": worst[0],
            "passage": worst[1],
            **{name: _rounded(pairs[worst][name]) for name in names},
        },
        "matrix": {
            name: {
                q: {p: _rounded(values[name]) for (other, p), values in pairs.items() if other == q}
                for q in sorted({question for question, _ in pairs})
            }
            for name in names
        },
    }


def xquad(folder: Path, model: StaticEmbedder) -> Result:
    """Both rankings' summaries over all ordered pairs of languages."""
    sets = read_sets(folder)
    # Languages share many tokens: their questions are compared with the passages at once.
    asked = encode(model, [q for questions in sets.values() for q in questions.questions])
    edges = np.cumsum([0, *(len(questions.cases) for questions in sets.values())]).tolist()
    pairs: dict[str, dict[tuple[str, str], Values]] = {"dense": {}, "re-ranked": {}}
    for language, passages in sets.items():
        _say(f"xquad: passages in {language}")
        right = [row for questions in sets.values() for row in _right_rows(passages, questions)]
        pool = Pool(model, [encode(model, passages.texts)])
        for ranking, order in pool.orders(asked).items():
            ranks = ranks_of(order, right)
            for other, (start, end) in zip(sets, pairwise(edges), strict=True):
                pairs[ranking][other, language] = measures(ranks[start:end])
    return {ranking: summary(values) for ranking, values in pairs.items()}


def bm25(folder: Path) -> Result:
    """The product's lexical index over all ordered pairs of languages; of the first 10 alone."""
    sets = read_sets(folder)
    pairs: dict[tuple[str, str], Values] = {}
    for language, passages in sets.items():
        _say(f"bm25: passages in {language}")
        with tempfile.TemporaryDirectory() as temporary:
            entries = (
                LexicalEntry(row, text, language, None, None)
                for row, text in enumerate(passages.texts)
            )
            write_lexical(Path(temporary), entries)
            index = LexicalIndex(Path(temporary))
            for other, questions in sets.items():
                ranks = []
                for case, right in zip(
                    questions.cases, _right_rows(passages, questions), strict=True
                ):
                    found = index.search(case.question, k=10).rows.tolist()
                    at = [found.index(row) + 1 if row in found else np.inf for row in right]
                    ranks.append(np.sort(np.array(at, np.float64)))
                pairs[other, language] = measures(ranks)
    return summary(pairs)


def xquad_r(folder: Path, model: StaticEmbedder, depth: int = DEPTH) -> Result:
    """Mean average precision over one pool of all languages."""
    sets = read_sets(folder)
    right: dict[str, list[int]] = {}
    first_row = 0
    for sentences in sets.values():
        for case, rows in zip(sentences.cases, _right_rows(sentences, sentences), strict=True):
            right.setdefault(case.id, []).extend(first_row + row for row in rows)
        first_row += len(sentences.ids)
    pool = Pool(model, [encode(model, sentences.texts) for sentences in sets.values()])
    precisions: dict[str, dict[str, list[float]]] = {"dense": {}, "re-ranked": {}}
    for language, questions in sets.items():
        _say(f"xquad_r: questions in {language}")
        orders = pool.orders(encode(model, questions.questions), depth=depth)
        wanted = [right[case.id] for case in questions.cases]
        for ranking, order in orders.items():
            precisions[ranking][language] = [average_precision(r) for r in ranks_of(order, wanted)]
    result: Result = {"sentences": first_row, "re_ranked_first": depth}
    for ranking, by_language in precisions.items():
        means = {language: _mean(values) for language, values in by_language.items()}
        worst = min(means, key=lambda language: means[language])
        result[ranking] = {
            "mAP": _mean([value for values in by_language.values() for value in values]),
            "by_question_language": means,
            "worst": {"question": worst, "mAP": means[worst]},
        }
    return result


def _within(questions: DevSet, model: StaticEmbedder, depth: int | None) -> dict[str, Values]:
    """Both rankings' measures of a set's questions over its own passages."""
    pool = Pool(model, [encode(model, questions.texts)])
    orders = pool.orders(encode(model, questions.questions), depth=depth)
    right = _right_rows(questions, questions)
    return {ranking: measures(ranks_of(order, right)) for ranking, order in orders.items()}


def itn_xling(folder: Path, model: StaticEmbedder) -> Result:
    """recall@1 of each pair of languages."""
    _say("itn_xling")
    measured = {name: _within(pair, model, None) for name, pair in read_sets(folder).items()}
    result: Result = {}
    for ranking in ("dense", "re-ranked"):
        recalls = {name: _rounded(values[ranking]["recall@1"]) for name, values in measured.items()}
        worst = min(recalls, key=lambda name: recalls[name])
        mean = _mean([values[ranking]["recall@1"] for values in measured.values()])
        result[ranking] = {
            "recall@1": mean,
            "worst": {"pair": worst, "recall@1": recalls[worst]},
            "by_pair": recalls,
        }
    return result


def monolingual(folder: Path, model: StaticEmbedder, depth: int = DEPTH) -> Result:
    """recall@1 and nDCG@10 of every set there is, and their means over the sets."""
    measured: dict[str, dict[str, Values]] = {}
    for kind in MONOLINGUAL:
        for language in set_names(folder / kind):
            _say(f"monolingual: {kind} {language}")
            questions = read_set(folder / kind, language)
            measured[f"{kind} {language}"] = _within(questions, model, depth)
    result: Result = {"re_ranked_first": depth}
    for ranking in ("dense", "re-ranked"):
        of = {name: values[ranking] for name, values in measured.items()}
        result[ranking] = {
            "mean": {
                measure: _mean([values[measure] for values in of.values()])
                for measure in ("recall@1", "ndcg@10")
            },
            "by_set": {n: {m: _rounded(x) for m, x in v.items()} for n, v in of.items()},
        }
    return result


Task = Callable[[Path, StaticEmbedder], Result]
TASKS: dict[str, Task] = {
    "xquad": lambda dev, model: xquad(dev / "xquad", model),
    "bm25": lambda dev, _: bm25(dev / "xquad"),
    "xquad_r": lambda dev, model: xquad_r(dev / "xquad_r", model),
    "itn_xling": lambda dev, model: itn_xling(dev / "itn_xling", model),
    "monolingual": monolingual,
}


PRODUCT_TASKS: dict[str, Callable[[Path, Run], Result]] = {
    "same_and_cross": lambda dev, run: dict(_product.same_and_cross(dev / "xquad", run)),
    "pooled": lambda dev, run: _product.pooled(dev / "xquad", run),
    "sentences": lambda dev, run: _product.sentences(dev / "xquad_r", run),
    "native": lambda dev, run: _product.native(dev, MONOLINGUAL, run),
}


def _of_the_model(
    arguments: argparse.Namespace, model: StaticEmbedder, tasks: Sequence[str]
) -> Result:
    result: Result = {"model": Path(model.name).name, "fingerprint": model.fingerprint()}
    for name in tasks:
        clock = time.perf_counter()
        if name == "speed":
            result[name] = speed(arguments.dev / "xquad", arguments.model, arguments.beside)
        else:
            result[name] = TASKS[name](arguments.dev, model)
        _say(f"{name}: {time.perf_counter() - clock:.0f} s")
    return result


def _of_the_product(arguments: argparse.Namespace, tasks: Sequence[str]) -> Result:
    result: Result = {"model": Path(arguments.model).name, "questions": arguments.questions}
    beside = None if arguments.beside is None else Beside(arguments.beside)
    if beside is not None:
        result[_product.BESIDE] = arguments.beside.name
    run = Run(arguments.model, arguments.questions, _say, beside)
    for name in tasks:
        clock = time.perf_counter()
        result[name] = PRODUCT_TASKS[name](arguments.dev, run)
        _say(f"{name}: {time.perf_counter() - clock:.0f} s")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("dev", type=Path, help="folder of the development sets")
    parser.add_argument("--model", default=BUNDLED, help="folder (default: the bundled model)")
    parser.add_argument("--mode", choices=["model", "hybrid"], default="model")
    parser.add_argument("--tasks", nargs="+", choices=[*TASKS, "speed", *PRODUCT_TASKS])
    parser.add_argument("--questions", type=int, help="of each set, with --mode hybrid (all)")
    parser.add_argument("--beside", type=Path, help="another model, to compare with")
    parser.add_argument("--output", type=Path, help="file for the result")
    arguments = parser.parse_args()
    whole = arguments.mode == "hybrid"
    known = list(PRODUCT_TASKS) if whole else [*TASKS, "speed"]
    tasks = arguments.tasks or (known if whole else list(TASKS))
    if not set(tasks) <= set(known):
        parser.error(f"the tasks of --mode {arguments.mode} are: {', '.join(known)}")
    if whole:
        result = _of_the_product(arguments, tasks)
    else:
        model = static_part(arguments.model)
        if model is None:
            parser.error(f"{arguments.model} is no folder of a static model")
        result = _of_the_model(arguments, model, tasks)
    text = json.dumps(result, ensure_ascii=False, indent=1)
    print(text)
    if arguments.output is not None:
        arguments.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
