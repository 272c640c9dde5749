"""Questions over the seeds, in another language than the article's and in its own.

Builds an index of `seeds/` in a temporary folder, asks every question of
`benchmarks/questions/`, and prints the measures as JSON: for questions in another language
("cross_language") and in the same ("same_language") retrieval in each mode, how often the
shown answer holds a right string, how many are answered, and every citation checked against
its article; then how many of the questions without an answer in the collection are refused.

    python -m benchmarks.seeds [--model NAME_OR_PATH]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from assistant.api import Assistant
from assistant.building import build
from assistant.evaluation import Case, evaluate, read_cases

ROOT = Path(__file__).parent.parent
QUESTIONS = ROOT / "benchmarks" / "questions"


def measure_cases(assistant: Assistant, cases: Sequence[Case]) -> dict[str, object]:
    result: dict[str, object] = {
        mode: evaluate(assistant, cases, mode=mode).to_dict()
        for mode in ("hybrid", "dense", "lexical")
    }
    answers = [assistant.answer(case.question) for case in cases]
    citations = [citation for answer in answers for citation in answer.citations]
    result["answered"] = sum(answer.found for answer in answers)
    result["sentences"] = len(citations)
    result["sentences_not_verbatim"] = sum(
        c.article.text[c.start : c.end] != c.quote for c in citations
    )
    return result


def measure(folder: Path, model: str | None) -> dict[str, object]:
    report = build(ROOT / "seeds", index=folder, model=model)
    lines = (QUESTIONS / "unanswerable.jsonl").read_text(encoding="utf-8").splitlines()
    unanswerable = [json.loads(line)["question"] for line in lines]
    result: dict[str, object] = {
        "articles": report.articles,
        "passages": report.passages,
        "model": report.model,
    }
    with Assistant(folder) as assistant:
        for kind in ("cross_language", "same_language"):
            result[kind] = measure_cases(assistant, read_cases(QUESTIONS / f"{kind}.jsonl"))
        refused = [not assistant.answer(question).found for question in unanswerable]
    result["unanswerable"] = len(unanswerable)
    result["unanswerable_refused"] = sum(refused)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--model", help="sentence-transformers model (default: the bundled one)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), arguments.model)
    print(json.dumps(result, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
