"""Does an index on a Milvus server find what one in a folder finds, and how long does it take?

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.stores [DEV] [--questions N] [--output FILE]

Asks the questions of `benchmarks/questions` about the seeds, and, where DEV holds aligned questions
and passages as for `benchmarks.mixed_pool`, questions about its passages in all languages: of the
index in a folder, of the same index in a file of Milvus Lite, and on its server in another process
on the loopback interface. Ten hits are the same up to ties where the scores of each place are, to
1e-4: then only equal ones may have changed places. Seconds are of the wall, questions one after
the other. Prints JSON, and writes it to `benchmarks/results/stores.json`.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from assistant.api import Assistant
from assistant.building import build
from assistant.errors import AssistantError
from assistant.index import Index
from assistant.milvus import Address, Server, publish
from benchmarks._dev_sets import read_sets

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "benchmarks" / "results" / "stores.json"
SEED = 1
K = 10
SAME = 1e-4
_SECONDS_TO_START = 60


@contextmanager
def lite_process(folder: Path) -> Iterator[str]:
    """The address of a server of Milvus Lite in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = ["-m", "milvus_lite", "server", "--host", "127.0.0.1", "--port", port]
    process = subprocess.Popen(
        [sys.executable, *command, "--data-dir", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"milvus://127.0.0.1:{port}"
    try:
        for _ in range(_SECONDS_TO_START):
            try:
                Server(Address.parse(f"{address}/any")).close()
                break
            except AssistantError:
                time.sleep(1)
        yield address
    finally:
        process.terminate()
        process.wait()


def seed_questions() -> list[str]:
    lines = [
        line
        for path in sorted((ROOT / "benchmarks" / "questions").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [json.loads(line)["question"] for line in lines]


def write_passages(dev: Path, output: Path) -> list[str]:
    """Writes the passages in all languages as articles; returns the questions, in random order."""
    questions = []
    with output.open("w", encoding="utf-8") as file:
        for language, found in read_sets(dev).items():
            for identity, text in zip(found.ids, found.texts, strict=True):
                row = {"id": f"{language}-{identity}", "language": language, "text": text}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            questions += [case.question for case in found.cases]
    random.Random(SEED).shuffle(questions)
    return questions


def _asked(index: Path | str, questions: Sequence[str]) -> tuple[list[Any], dict[str, float]]:
    """The hits of each question, and how long they took; the first question is asked twice."""
    seconds, hits = [], []
    with Assistant(index) as door:
        door.retrieve(questions[0], k=K)
        spent = time.process_time()
        for question in questions:
            began = time.perf_counter()
            hits.append(door.retrieve(question, k=K))
            seconds.append(time.perf_counter() - began)
        spent = time.process_time() - spent
    return hits, {
        "p50_ms": round(1000 * float(np.percentile(seconds, 50)), 1),
        "p99_ms": round(1000 * float(np.percentile(seconds, 99)), 1),
        "cpu_ms": round(1000 * spent / len(questions), 1),
    }


def _agreement(ours: Sequence[Any], theirs: Sequence[Any]) -> dict[str, Any]:
    same = ties = 0
    furthest = 0.0
    for one, other in zip(ours, theirs, strict=True):
        scores = [abs(a.score - b.score) for a, b in zip(one, other, strict=False)]
        furthest = max([furthest, *scores])
        alike = [hit.passage.id for hit in one] == [hit.passage.id for hit in other]
        same += alike
        ties += alike or (len(one) == len(other) and max(scores, default=0.0) < SAME)
    return {"same": same, "same_up_to_ties": ties, "largest_difference": furthest}


def compare(folder: Path, root: Path, questions: Sequence[str]) -> dict[str, Any]:
    index = Index.open(folder)
    result: dict[str, Any] = {"passages": index.info.passages, "questions": len(questions)}
    result["folder"], local = {}, None
    with lite_process(root / "server") as server:
        for name, address in (
            ("folder", None),
            ("file", f"milvus://{root.resolve()}/file.db/index"),
            ("server", f"{server}/index"),
        ):
            began = time.perf_counter()
            if address is not None:
                publish(index, Address.parse(address))
            published = time.perf_counter() - began
            hits, seconds = _asked(address or folder, questions)
            local = local or hits
            result[name] = seconds | _agreement(local, hits)
            if address is not None:
                result[name]["publish_s"] = round(published, 1)
            print(name, result[name], file=sys.stderr, flush=True)
    index.close()
    return result


def measure(dev: Path | None, count: int) -> dict[str, Any]:
    result = {}
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        (root / "seeds").mkdir()
        build(ROOT / "seeds", index=root / "seeds" / "index")
        questions = seed_questions()[:count]
        result["seeds"] = compare(root / "seeds" / "index", root / "seeds", questions)
        if dev is not None:
            (root / "dev").mkdir()
            questions = write_passages(dev, root / "dev" / "articles.jsonl")[:count]
            build(root / "dev" / "articles.jsonl", index=root / "dev" / "index")
            result["dev"] = compare(root / "dev" / "index", root / "dev", questions)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("dev", nargs="?", type=Path, help="folder of the aligned set")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--output", type=Path, default=RESULT)
    arguments = parser.parse_args()
    text = json.dumps(measure(arguments.dev, arguments.questions), indent=1)
    print(text)
    arguments.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
