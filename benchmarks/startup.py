"""Start-up and question times, each beside another time taken in the same run.

Prints JSON: seconds (median of the runs) and, for each, the ratio to its yardstick, which is
run in turn with it. Fresh processes are timed whole, from start to exit.

    python -m benchmarks.startup [--runs N]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from assistant.api import Assistant
from assistant.building import build
from assistant.evaluation import read_cases

ROOT = Path(__file__).parent.parent
QUESTION = "왜 한강은 기자회견을 거절했나요?"


def _seconds(code_or_module: list[str]) -> float:
    clock = time.perf_counter()
    subprocess.run(
        [sys.executable, *code_or_module], check=True, capture_output=True, cwd=ROOT, timeout=120
    )
    return time.perf_counter() - clock


def _paired(command: list[str], yardstick: list[str], runs: int) -> dict[str, float]:
    _seconds(command), _seconds(yardstick)
    pairs = [(_seconds(command), _seconds(yardstick)) for _ in range(runs)]
    return {
        "seconds": round(statistics.median(a for a, _ in pairs), 3),
        "yardstick_seconds": round(statistics.median(b for _, b in pairs), 3),
        "ratio": round(statistics.median(a / b for a, b in pairs), 3),
    }


def _warm(index: Path) -> dict[str, float]:
    questions = [c.question for c in read_cases(ROOT / "benchmarks/questions/cross_language.jsonl")]
    times: dict[str, list[float]] = {"retrieve": [], "answer": [], "lexical": []}
    with Assistant(index) as assistant:
        for question in questions[:5]:
            assistant.answer(question)
        for _ in range(5):
            for question in questions:
                clock = time.perf_counter()
                assistant.retrieve(question)
                times["retrieve"].append(time.perf_counter() - clock)
                clock = time.perf_counter()
                assistant.answer(question)
                times["answer"].append(time.perf_counter() - clock)
                clock = time.perf_counter()
                assistant.retrieve(question, mode="lexical")
                times["lexical"].append(time.perf_counter() - clock)
    result = {}
    for name, values in times.items():
        result[f"{name}_p50_ms"] = round(statistics.median(values) * 1000, 2)
        result[f"{name}_p95_ms"] = round(statistics.quantiles(values, n=20)[-1] * 1000, 2)
    ratios = [a / b for a, b in zip(times["retrieve"], times["lexical"], strict=True)]
    result["retrieve_to_lexical_ratio"] = round(statistics.median(ratios), 2)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    nothing = ["-c", "pass"]
    heavy = ["-c", "import sentence_transformers"]
    with tempfile.TemporaryDirectory() as folder:
        build(ROOT / "seeds", index=folder)
        result = {
            "import assistant, beside an empty program": _paired(
                ["-c", "import assistant"], nothing, runs
            ),
            "assistant --help, beside an empty program": _paired(
                ["-m", "assistant", "--help"], nothing, runs
            ),
            "assistant ask, beside importing sentence_transformers": _paired(
                ["-m", "assistant", "ask", "--index", folder, QUESTION], heavy, runs
            ),
            "warm question": _warm(Path(folder)),
        }
    print(json.dumps(result, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
