"""How build, memory, latency and recall grow with the collection.

    python -m benchmarks.scale TRAIN [--passages 10000 100000 1000000] [--processes 1 2]
                               [--work FOLDER] [--steps build,open,latency,recall]
    python -m benchmarks.scale --table

Collections are made of the sentences of TRAIN, a folder of training data (`_scale_text.py`), of
about so many passages, in files of 500 articles. Each step is a process of its own:

build    An index in full, with so many processes: seconds, passages and megabytes of text a
         second, the most memory that the tree of processes held at one time (looked at four
         times a second), bytes on disk by file, and processor seconds by stage, as far as the
         build tells them.
open     `Assistant(INDEX)` with the files in the kernel's cache, and without ("cold"): seconds,
         and the anonymous memory after it, which includes Python and the libraries. The first
         time a reader may check more than later.
latency  Milliseconds of `Assistant.retrieve`, hybrid, 8 hits, with one thread and with eight that
         ask at once, over several hundred real questions and headlines; each is asked once before
         the clock counts. Libraries have one thread each.
recall   The share of the truly nearest passages that the index of vectors finds, and its time.

`--work` keeps texts and indexes, so that steps and sizes can be measured one by one; each result is
put into `benchmarks/results/scale.json` beside those of other sizes and numbers of processes, with
what else the machine was doing. Prints a table, the arithmetic to a billion passages
(`_scale_costs.py`) and, where matplotlib is installed (`pip install
'assistant[bench]'`), draws `docs/images/scale-*.svg`; the status is 1 where a bar is missed. Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks._memory import Watch
from benchmarks._scale_costs import projection
from benchmarks._scale_steps import files_of, forget
from benchmarks._scale_table import bars, table
from benchmarks._scale_text import Written, prepare
from benchmarks.latency import THREADS, apart

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "benchmarks" / "results" / "scale.json"
IMAGES = ROOT / "docs" / "images"
STEPS = ("build", "open", "latency", "recall")

_SIZES = (10_000, 100_000, 1_000_000)
_PROCESSES = (1, 2)
_ASKING = (1, 8)
_QUESTIONS = 500

Figures = dict[str, Any]


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def run(step: str, *arguments: Path | int, every: float = 0.25) -> tuple[Figures, Watch]:
    """Does a step in a process under watch. Raises RuntimeError where it fails."""
    command = [sys.executable, "-m", "benchmarks._scale_steps", step, *map(str, arguments)]
    environment = {**os.environ, **dict.fromkeys(THREADS, "1"), "HF_HUB_OFFLINE": "1"}
    with (
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=environment) as process,
        Watch(process.pid, every=every) as watch,
    ):
        said, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"the step {step} ended with status {process.returncode}")
    figures: Figures = json.loads(said)
    return figures, watch


def rounded(figures: Figures) -> Figures:
    """The same with floats to four digits, also within."""
    result: Figures = {}
    for name, value in figures.items():
        if isinstance(value, dict):
            result[name] = rounded(value)
        else:
            result[name] = float(f"{value:.4g}") if isinstance(value, float) else value
    return result


def built(text: Written, index: Path, processes: int) -> Figures:
    """The figures of a build with so many processes; what is in `index` is replaced."""
    shutil.rmtree(index, ignore_errors=True)
    load = os.getloadavg()[0]
    figures, watch = run("build", text.folder.resolve(), index.resolve(), processes)
    seconds, passages = figures["seconds"], figures["passages"]
    return {
        **figures,
        "passages_a_second": passages / seconds,
        "megabytes_a_second": text.text_bytes / 1e6 / seconds,
        "processor_ms_a_passage": figures["processor_seconds"] / passages * 1_000,
        "peak_resident": watch.peak.resident,
        "peak_anonymous": watch.peak.anonymous,
        "most_processes": watch.most_processes,
        "load_average": [load, os.getloadavg()[0]],
    }


def opened(index: Path, work: Path) -> Figures:
    """The figures of opening, warm; and its seconds the first time, and with nothing in memory."""
    first, _ = run("open", index.resolve(), work.resolve())
    forget(index)
    cold, _ = run("open", index.resolve(), work.resolve())
    warm, _ = run("open", index.resolve(), work.resolve())
    return {
        **warm,
        "first_seconds": first["seconds"],
        "cold_seconds": cold["seconds"],
        "cold_first_question_seconds": cold["first_question_seconds"],
        "load_average": os.getloadavg()[0],
    }


def measured(
    text: Written, folder: Path, size: int, processes: list[int], steps: list[str]
) -> Figures:
    """The figures of the steps that are wanted for one size."""
    index, work = folder / f"index-{size}", folder
    result: Figures = {
        "text": {
            "articles": text.articles,
            "languages": text.languages,
            "text_bytes": text.text_bytes,
        }
    }
    if "build" in steps:
        result["builds"] = {}
        for number in processes:
            say(f"{size}: build with {number} processes")
            result["builds"][str(number)] = built(text, index, number)
        result["files"] = files_of(index)
    if "open" in steps:
        say(f"{size}: open")
        result["open"] = opened(index, work)
    if "latency" in steps:
        result["latency"] = {}
        for threads in _ASKING:
            say(f"{size}: latency, {threads} threads")
            figures, _ = run("latency", index.resolve(), work.resolve(), threads)
            result["latency"][str(threads)] = {**figures, "load_average": os.getloadavg()[0]}
    if "recall" in steps:
        say(f"{size}: recall")
        result["recall"], _ = run("recall", index.resolve(), work.resolve())
    return rounded(result)


def merged(old: Figures, new: Figures) -> Figures:
    """The old figures with the new ones put over them; builds are kept by number of processes."""
    builds = {**old.get("builds", {}), **new.get("builds", {})}
    return {**old, **new, **({"builds": builds} if builds else {})}


def read_result(path: Path) -> dict[str, Figures]:
    """The figures by size that were measured before."""
    if not path.exists():
        return {}
    sizes: dict[str, Figures] = json.loads(path.read_text(encoding="utf-8"))["sizes"]
    return sizes


def write_result(path: Path, sizes: dict[str, Figures]) -> None:
    ordered = {name: sizes[name] for name in sorted(sizes, key=int)}
    about = {"processors": len(os.sched_getaffinity(0)), "sizes": ordered, "bars": bars(ordered)}
    path.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def show(path: Path, images: Path | None) -> list[str]:
    """Prints the table and the bars, draws the plots; the bars that are missed."""
    sizes = read_result(path)
    print(table(sizes), projection(sizes), sep="\n\n", end="\n\n")
    verdicts = bars(sizes)
    for one in verdicts:
        print(f"{'met   ' if one['met'] else 'MISSED'} {one['what']}: {one['value']}")
    if images is not None:
        from benchmarks._scale_plots import draw

        for drawn in draw(sizes, images):
            say(f"drawn: {drawn}")
    return [one["what"] for one in verdicts if not one["met"]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("train", type=Path, nargs="?", help="folder of the training data")
    parser.add_argument("--passages", type=int, nargs="+", default=_SIZES, metavar="N")
    parser.add_argument("--processes", type=int, nargs="+", default=_PROCESSES, metavar="N")
    parser.add_argument("--work", type=Path, help="folder to keep texts and indexes in")
    parser.add_argument("--steps", default=",".join(STEPS), help="which of them, with commas")
    parser.add_argument("--table", action="store_true", help="only print what was measured before")
    parser.add_argument("--images", type=Path, default=IMAGES)
    parser.add_argument("--output", type=Path, default=RESULT)
    arguments = parser.parse_args()
    if arguments.table:
        return 1 if show(arguments.output, None) else 0
    steps = arguments.steps.split(",")
    if arguments.train is None or not set(steps) <= set(STEPS):
        parser.error(f"TRAIN is needed, and steps of {', '.join(STEPS)}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.work or Path(temporary)
        say("texts and questions")
        # Apart, because the sentences of all languages take more memory than a build.
        texts = apart(prepare, arguments.train, folder, arguments.passages, _QUESTIONS)
        for size, text in texts.items():
            figures = measured(text, folder, size, arguments.processes, steps)
            # After each size: a larger one may take hours, or fail.
            sizes = read_result(arguments.output)
            sizes[str(size)] = merged(sizes.get(str(size), {}), figures)
            write_result(arguments.output, sizes)
    return 1 if show(arguments.output, arguments.images) else 0


if __name__ == "__main__":
    sys.exit(main())
