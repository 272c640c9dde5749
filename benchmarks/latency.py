"""How long a question to a large collection takes, beside an exact search of the same vectors.

    python -m benchmarks.latency TRAIN [--passages N] [--questions N] [--index FOLDER]
                                 [--threads N] [--turns N] [--profile]

`benchmarks/_recombined.py` makes the collection from TRAIN, a folder of training data
(`training/README.md`). Asked are the questions of `benchmarks/questions/` ("written"), which
it does not answer, and N drawn from it: sentences and headlines cut to 8 to 12 words, half as
they stand in their article ("same"), half in another language ("other").

"ways" has the milliseconds of `Assistant.retrieve`, 8 hits, in each mode, and of the
yardstick "exact": the question embedded, and a flat FAISS search of the same vectors in
single precision for the 100 best. Ways take turns, 25 questions at a time. `p50_ms` and
`p99_ms` are of all times; those of the processor leave out what other work on the machine
takes. `to_exact` is the median ratio to the yardstick's time for the same question in the
same turn. "found" is the share of the drawn questions whose article is among the 8 hits.
Memory is the anonymous memory of the measuring process (Linux): once the index is open, and
when every question was asked in every mode.

With `--index FOLDER` the index is kept there and used again by the next run. Text, build and
measurement are processes of their own. Prints JSON; progress and, with `--profile`, the
functions of `assistant` in which the time goes, are printed to standard error.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import multiprocessing
import os
import pstats
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, get_args

import faiss
import numpy as np
import numpy.typing as npt

from assistant.api import Assistant
from assistant.building import build
from assistant.embedding import load_for_questions
from assistant.index import current_generation
from assistant.settings import BUNDLED
from assistant.types import Mode
from assistant.vectors import VectorIndex
from benchmarks._recombined import COLLECTION, Question, read_questions, write_collection

K = 8
MODES: tuple[Mode, ...] = get_args(Mode)
EXACT = "exact"

_EXACT_DEPTH = 100
_TURNS = 3
_AT_ONCE = 25
_SLOWEST = 15
THREADS = (
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "RAYON_NUM_THREADS",
)
_INDEX = "index"
_BUILT = "build.json"
_TOLD_EVERY = 30

Ask = Callable[[str], object]
Seconds = npt.NDArray[np.float64]
P = ParamSpec("P")
R = TypeVar("R")


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def make_text(train: Path, folder: Path, passages: int) -> None:
    """Writes the collection and its questions into a folder."""
    _say("writing the collection")
    articles, languages = write_collection(train, folder, passages)
    _say(f"{articles} articles in {languages} languages")


def make_index(folder: Path) -> None:
    """Builds the index of the collection in a folder."""
    told = [0.0]

    def tell(stage: str, done: int, total: int) -> None:
        if time.monotonic() - told[0] > _TOLD_EVERY:
            told[0] = time.monotonic()
            _say(f"{stage}: {done} of {total}")

    report = build(folder / COLLECTION, index=folder / _INDEX, model=BUNDLED, progress=tell)
    built = {
        "articles": report.articles,
        "passages": report.passages,
        "build_seconds": round(report.seconds, 1),
        "build_peak_megabytes": _memory("VmHWM"),
    }
    (folder / _BUILT).write_text(json.dumps(built), encoding="utf-8")


def _memory(field: str) -> float:
    """A figure of this process's memory in megabytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return round(int(value.split()[0]) / 1_000, 1)
    raise AssertionError(f"the kernel does not tell {field}")


def _exact(index: Path) -> Ask:
    model = load_for_questions(BUNDLED)
    stored = VectorIndex(index / current_generation(index) / "vectors.faiss")
    flat = faiss.IndexFlatIP(stored.dimension)
    flat.add(stored.all())
    return lambda question: flat.search(model.embed_question(question)[None, :], _EXACT_DEPTH)


def take_turns(ways: Mapping[str, Ask], questions: Sequence[str], turns: int) -> dict[str, Seconds]:
    """Wall and processor seconds of each way for each question: by way [turns, questions, 2]."""
    seconds = {way: np.zeros((turns, len(questions), 2)) for way in ways}
    for turn in range(turns):
        _say(f"turn {turn + 1} of {turns}")
        for start in range(0, len(questions), _AT_ONCE):
            for way, ask in ways.items():
                for i, question in enumerate(questions[start : start + _AT_ONCE], start):
                    before = time.perf_counter(), time.process_time()
                    ask(question)
                    after = time.perf_counter(), time.process_time()
                    seconds[way][turn, i] = np.subtract(after, before)
    return seconds


def figures(seconds: Mapping[str, Seconds]) -> dict[str, dict[str, float]]:
    """Of what `take_turns` gives: milliseconds, and ratios to the yardstick."""
    result = {}
    for way, times in seconds.items():
        ratios = times[..., 0] / np.maximum(seconds[EXACT][..., 0], 1e-9)
        result[way] = {
            f"{clock}p{percent}_ms": round(float(np.percentile(values, percent)) * 1e3, 2)
            for clock, values in (("", times[..., 0]), ("processor_", times[..., 1]))
            for percent in (50, 99)
        }
        result[way]["to_exact"] = round(float(np.median(ratios)), 2)
    return result


def _found(assistant: Assistant, questions: Sequence[Question]) -> dict[str, dict[str, float]]:
    """By mode and kind, the share of the drawn questions whose article is found."""
    shares: dict[str, dict[str, float]] = {}
    for mode in MODES:
        found: dict[str, list[bool]] = defaultdict(list)
        for question in questions:
            hits = assistant.retrieve(question.text, k=K, mode=mode)
            if question.article is not None:
                found[question.kind].append(any(h.article.id == question.article for h in hits))
        shares[mode] = {kind: round(float(np.mean(right)), 4) for kind, right in found.items()}
    return shares


def _profile(assistant: Assistant, questions: Sequence[str]) -> None:
    profiler = cProfile.Profile()
    profiler.enable()
    for question in questions:
        assistant.retrieve(question, k=K)
    profiler.disable()
    stats: Any = pstats.Stats(profiler)
    rows = [
        (values[3], Path(file).name, name)
        for (file, _, name), values in stats.stats.items()
        if Path(file).parent.name == "assistant"
    ]
    print("share of hybrid, milliseconds of a question, function", file=sys.stderr)
    for seconds, file, name in sorted(rows, reverse=True)[:_SLOWEST]:
        share, each = seconds / stats.total_tt, seconds * 1e3 / len(questions)
        print(f"{share:6.1%} {each:8.2f}  {file} {name}", file=sys.stderr)


def _of_index(folder: Path) -> dict[str, Any]:
    generation = folder / _INDEX / current_generation(folder / _INDEX)
    stored = sum(path.stat().st_size for path in generation.rglob("*") if path.is_file())
    built = json.loads((folder / _BUILT).read_text(encoding="utf-8"))
    return {**built, "megabytes_on_disk": round(stored / 1e6, 1)}


def measure(folder: Path, count: int, turns: int, *, profile: bool) -> dict[str, Any]:
    """The figures of the index in a folder; see the module's description."""
    questions = read_questions(folder, count)
    texts = [question.text for question in questions]
    clock = time.perf_counter()
    with Assistant(folder / _INDEX) as assistant:
        opening = time.perf_counter() - clock
        opened = _memory("RssAnon")
        clock = time.perf_counter()
        assistant.retrieve(texts[0], k=K)
        first = time.perf_counter() - clock
        _say(f"{len(questions)} questions, once without a clock")
        found = _found(assistant, questions)
        asked = _memory("RssAnon")
        ways: dict[str, Ask] = {m: partial(assistant.retrieve, k=K, mode=m) for m in MODES}
        seconds = take_turns({**ways, EXACT: _exact(folder / _INDEX)}, texts, turns)
        languages = len(assistant.info.languages)
        if profile:
            _profile(assistant, texts)
    return {
        "index": {**_of_index(folder), "languages": languages},
        "open_seconds": round(opening, 3),
        "first_question_seconds": round(first, 3),
        "anonymous_megabytes": {"opened": opened, "asked": asked},
        "questions": len(questions),
        "ways": figures(seconds),
        "found": found,
    }


def apart(work: Callable[P, R], /, *arguments: P.args, **options: P.kwargs) -> R:
    """Does `work` in a new process, which starts with this one's environment."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(work, *arguments, **options).result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("train", type=Path, help="folder of the training data")
    parser.add_argument("--passages", type=int, default=100_000, help="about how many")
    parser.add_argument("--questions", type=int, default=400, help="drawn from the collection")
    parser.add_argument("--index", type=Path, help="folder to keep the index in")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--turns", type=int, default=_TURNS)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    # Libraries read these when they are imported: the new processes do.
    os.environ.update(dict.fromkeys(THREADS, str(arguments.threads)), HF_HUB_OFFLINE="1")
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.index or Path(temporary)
        if not (folder / _BUILT).exists():
            folder.mkdir(parents=True, exist_ok=True)
            apart(make_text, arguments.train, folder, arguments.passages)
            apart(make_index, folder)
        result = apart(
            measure, folder, arguments.questions, arguments.turns, profile=arguments.profile
        )
    print(json.dumps({"threads": arguments.threads, **result}, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
