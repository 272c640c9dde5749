"""The steps of `benchmarks.scale` over one collection, each in a process of its own.

    python -m benchmarks._scale_steps build ARTICLES INDEX PROCESSES
    python -m benchmarks._scale_steps open INDEX WORK
    python -m benchmarks._scale_steps latency INDEX WORK THREADS
    python -m benchmarks._scale_steps recall INDEX WORK

WORK is the folder with the questions. Each prints its figures as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.api import Assistant
from assistant.building import build
from assistant.index import Index, current_generation
from assistant.settings import BUNDLED
from assistant.vectors import VectorIndex
from benchmarks._memory import own
from benchmarks._scale_text import read_questions

K = 8
DEPTHS = (10, 100)
"""Recall of so many first: what an answer shows, and what ranking starts from."""

_TURNS = 2
_BLOCK = 65_536
_SAME = 1e-5
"""Cosines nearer than this are equal: copies of a passage, and rounding."""

_TOLD_EVERY = 30.0

Floats = npt.NDArray[np.float32]


def processor_seconds() -> float:
    """What this process and all its children that have ended used of the processors."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def build_index(articles: Path, index: Path, processes: int) -> dict[str, Any]:
    """Builds, and what the report says of it; `stages` are processor seconds by name."""
    told = time.monotonic()

    def tell(stage: str, done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told > _TOLD_EVERY:
            told = time.monotonic()
            print(f"{stage}: {done} of {total}", file=sys.stderr, flush=True)

    report = build(articles, index=index, model=BUNDLED, processes=processes, progress=tell)
    return {
        "generation": report.generation,
        "articles": report.articles,
        "passages": report.passages,
        "skipped": len(report.skipped),
        "seconds": report.seconds,
        "processor_seconds": processor_seconds(),
        "stages": dict(report.stages),
    }


def files_of(index: Path) -> dict[str, int]:
    """The bytes of each file or folder of the generation in use, hard links counted once.

    The parts from which the next build makes the lexical index are counted apart from it: no
    question reads them.
    """
    generation = index / current_generation(index)
    sizes: dict[str, int] = {}
    seen: set[int] = set()
    for path in sorted(generation.rglob("*")):
        # Hidden ones are readers' notes.
        hidden = path.name.startswith(".")
        if path.is_file() and not hidden and (known := path.stat()).st_ino not in seen:
            seen.add(known.st_ino)
            name, *below = path.relative_to(generation).parts
            if below[:1] == ["parts"]:
                name = f"{name}/parts"
            sizes[name] = sizes.get(name, 0) + known.st_size
    return sizes


def forget(folder: Path) -> None:
    """Has the kernel drop what it keeps in memory of a folder's files."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)


def open_index(index: Path, work: Path) -> dict[str, Any]:
    """Opens, and asks one question: seconds, and anonymous megabytes.

    Those before are Python and the libraries.
    """
    before = own().anonymous
    clock, worked = time.perf_counter(), time.process_time()
    with Assistant(index) as assistant:
        opened = time.perf_counter() - clock
        passages = assistant.info.passages
        processor = time.process_time() - worked
        held = own().anonymous
        question = read_questions(work)[0]
        clock = time.perf_counter()
        assistant.retrieve(question, k=K)
        first = time.perf_counter() - clock
        asked = own().anonymous
    return {
        "passages": passages,
        "seconds": opened,
        "processor_seconds": processor,
        "first_question_seconds": first,
        "anonymous_before": before,
        "anonymous_opened": held,
        "anonymous_asked": asked,
    }


def _times(seconds: Sequence[float], name: str = "") -> dict[str, float]:
    p50, p99 = np.percentile(seconds, [50, 99]) * 1_000
    return {f"{name}p50_ms": float(p50), f"{name}p99_ms": float(p99)}


def latency(index: Path, work: Path, threads: int) -> dict[str, Any]:
    """Milliseconds of `retrieve` with so many threads that ask at once.

    `first_` are those of the first time that each question is asked, when less of the index is
    in memory; the others of the times after that. `processor_` leave out what other work on the
    machine takes; `processor_ms` is the mean with what libraries do beside the asking threads.
    """
    asked = read_questions(work)
    with Assistant(index) as assistant, ThreadPoolExecutor(threads) as pool:

        def ask(question: str) -> tuple[float, float]:
            clock, worked = time.perf_counter(), time.thread_time()
            assistant.retrieve(question, k=K)
            return time.perf_counter() - clock, time.thread_time() - worked

        assistant.retrieve(asked[0], k=K)
        first = [wall for wall, _ in pool.map(ask, asked)]
        clock, worked = time.perf_counter(), time.process_time()
        both = [one for _ in range(_TURNS) for one in pool.map(ask, asked)]
        lasted, worked = time.perf_counter() - clock, time.process_time() - worked
        seconds, processor = zip(*both, strict=True)
        held = own()
    return {
        "questions": len(asked),
        **_times(seconds),
        **_times(first, "first_"),
        **_times(processor, "processor_"),
        "processor_ms": worked / len(seconds) * 1_000,
        "a_second": len(seconds) / lasted,
        "anonymous": held.anonymous,
        "resident": held.resident,
    }


def exact(questions: Floats, of: VectorIndex, k: int) -> Floats:
    """The cosines of the `k` nearest of all stored vectors to each question [questions, k],
    highest first."""
    best = np.zeros((len(questions), 0), np.float32)
    for start in range(0, len(of), _BLOCK):
        block = of.at(np.arange(start, min(start + _BLOCK, len(of))))
        scores = np.concatenate((best, questions @ block.T), axis=1)
        best = np.partition(scores, -k)[:, -k:] if scores.shape[1] > k else scores
    return -np.sort(-best)


def recall(index: Path, work: Path) -> dict[str, Any]:
    """How many of the truly nearest passages the index of vectors finds, and how fast."""
    opened = Index.open(index)
    try:
        embedder = opened.embedder
        vectors = np.stack([embedder.embed_question(one) for one in read_questions(work)])
        true = exact(vectors, opened.vectors, max(DEPTHS))
        found: list[Floats] = []
        seconds: list[float] = []
        for vector in vectors:
            clock = time.perf_counter()
            rows, _ = opened.vectors.search(vector, k=max(DEPTHS))
            seconds.append(time.perf_counter() - clock)
            found.append(opened.vectors.at(rows) @ vector)
    finally:
        opened.close()
    return {
        "questions": len(vectors),
        "dimension": vectors.shape[1],
        **{f"recall_at_{k}": share_found(true[:, :k], found) for k in DEPTHS},
        **_times(seconds, "search_"),
    }


def share_found(true: Floats, found: Sequence[Floats]) -> float:
    """The mean share of the first k that are as near as the truly k-th; [questions, k]."""
    k = int(true.shape[1])
    near = 0
    for nearest, cosines in zip(true, found, strict=True):
        near += int(np.count_nonzero(cosines[:k] > nearest[-1] - _SAME))
    return near / k / len(found)


def main() -> None:
    step, *arguments = sys.argv[1:]
    result: dict[str, Any]
    if step == "build":
        result = build_index(Path(arguments[0]), Path(arguments[1]), int(arguments[2]))
    elif step == "latency":
        result = latency(Path(arguments[0]), Path(arguments[1]), int(arguments[2]))
    else:
        result = {"open": open_index, "recall": recall}[step](*map(Path, arguments[:2]))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
