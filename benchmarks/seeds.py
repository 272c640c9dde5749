"""Questions in one language about articles in another, over the seeds.

Builds an index of `seeds/` in a temporary folder, asks every question of
`benchmarks/questions/`, and prints the measures as JSON: retrieval in each mode, how often
the shown answer holds a right string, every citation checked against its article, and the
share of questions without an answer in the collection that are refused.

    python -m benchmarks.seeds [--model NAME_OR_PATH]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from assistant.api import Assistant
from assistant.building import build
from assistant.evaluation import evaluate, read_cases

ROOT = Path(__file__).parent.parent
QUESTIONS = ROOT / "benchmarks" / "questions"


def measure(folder: Path, model: str | None) -> dict[str, object]:
    report = build(ROOT / "seeds", index=folder, model=model)
    cases = read_cases(QUESTIONS / "cross_language.jsonl")
    lines = (QUESTIONS / "unanswerable.jsonl").read_text(encoding="utf-8").splitlines()
    unanswerable = [json.loads(line)["question"] for line in lines]
    result: dict[str, object] = {
        "articles": report.articles,
        "passages": report.passages,
        "model": report.model,
    }
    with Assistant(folder) as assistant:
        for mode in ("hybrid", "dense", "lexical"):
            result[mode] = evaluate(assistant, cases, mode=mode).to_dict()
        answers = [assistant.answer(case.question) for case in cases]
        refused = [not assistant.answer(question).found for question in unanswerable]
    citations = [citation for answer in answers for citation in answer.citations]
    result["answered"] = sum(answer.found for answer in answers)
    result["sentences"] = len(citations)
    result["sentences_not_verbatim"] = sum(
        c.article.text[c.start : c.end] != c.quote for c in citations
    )
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
