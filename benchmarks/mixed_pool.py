"""One collection in many languages: is the right passage found in its own and in another?

Takes a set of aligned questions and passages (XQuAD, say): `<lang>.articles.jsonl.gz` with
`id`, `text` and `<lang>.cases.jsonl.gz` with `id`, `question`, `relevant`, ids shared between
languages. Each passage goes into the collection in one language, drawn at random; every
question is asked in that language ("same") and in another one drawn at random ("cross").
Prints recall@1, recall@5 and recall@10 as JSON, for each mode and for reciprocal rank fusion
of the two legs.

    python -m benchmarks.mixed_pool DEV [--questions N] [--model NAME_OR_PATH]
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from assistant.api import Assistant
from assistant.building import build
from benchmarks._dev_sets import DevSet, read_sets

SEED = 1
CUTS = (1, 5, 10)
RRF = 60


def write_pool(sets: Mapping[str, DevSet], output: Path) -> dict[str, str]:
    """Writes the collection as JSON lines; returns the language of each passage."""
    chance = random.Random(SEED)
    languages = sorted(sets)
    texts = {name: dict(zip(s.ids, s.texts, strict=True)) for name, s in sets.items()}
    chosen = {passage: chance.choice(languages) for passage in sets[languages[0]].ids}
    with output.open("w", encoding="utf-8") as file:
        for passage, language in chosen.items():
            row = {"id": passage, "language": language, "text": texts[language][passage]}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return chosen


def draw_questions(
    sets: Mapping[str, DevSet], chosen: dict[str, str], count: int
) -> dict[str, list[tuple[str, str]]]:
    """(question, passage) pairs for `same` and `cross`."""
    chance = random.Random(SEED)
    languages = sorted(sets)
    cases = {
        language: {case.id: (case.question, case.relevant[0]) for case in sets[language].cases}
        for language in languages
    }
    shared = sorted(set.intersection(*(set(c) for c in cases.values())))
    drawn: dict[str, list[tuple[str, str]]] = {"same": [], "cross": []}
    for identity in chance.sample(shared, min(count, len(shared))):
        own = chosen[cases[languages[0]][identity][1]]
        other = chance.choice([language for language in languages if language != own])
        drawn["same"].append(cases[own][identity])
        drawn["cross"].append(cases[other][identity])
    return drawn


def _ranked(assistant: Assistant, question: str, mode: str) -> list[str]:
    hits = assistant.retrieve(question, k=60, mode=mode)
    return list(dict.fromkeys(hit.article.id for hit in hits))


def _fused(*rankings: list[str]) -> list[str]:
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, article in enumerate(ranking, 1):
            scores[article] = scores.get(article, 0.0) + 1 / (RRF + rank)
    return sorted(scores, key=lambda article: (-scores[article], article))


def measure(assistant: Assistant, questions: list[tuple[str, str]]) -> dict[str, dict[str, float]]:
    ranks: dict[str, list[float]] = {}
    for number, (question, passage) in enumerate(questions):
        if number % 100 == 0:
            print(f"{number}/{len(questions)}", file=sys.stderr)
        rankings = {m: _ranked(assistant, question, m) for m in ("dense", "lexical", "hybrid")}
        rankings["reciprocal rank fusion"] = _fused(rankings["dense"], rankings["lexical"])
        for name, ranking in rankings.items():
            rank = ranking.index(passage) if passage in ranking else np.inf
            ranks.setdefault(name, []).append(rank)
    return {
        name: {f"recall@{k}": round(float(np.mean(np.array(r) < k)), 4) for k in CUTS}
        for name, r in ranks.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("dev", type=Path, help="folder of the aligned set")
    parser.add_argument("--questions", type=int, default=1_000)
    parser.add_argument("--model")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        pool = Path(temporary) / "pool.jsonl"
        sets = read_sets(arguments.dev)
        chosen = write_pool(sets, pool)
        build(pool, index=Path(temporary) / "index", model=arguments.model)
        questions = draw_questions(sets, chosen, arguments.questions)
        with Assistant(Path(temporary) / "index") as assistant:
            result = {kind: measure(assistant, asked) for kind, asked in questions.items()}
    print(json.dumps({"questions": arguments.questions, **result}, indent=1))


if __name__ == "__main__":
    main()
