"""Other programs beside ours: the same articles, questions and machine, in one run.

    python -m benchmarks.peers --prepare DIR
    python -m benchmarks.peers DIR --data DATA [--articles N] [--questions N] [--turns N]
                               [--sets SET ...] [--only NAME ...] [--again] [--output FILE]

The first makes a virtual environment of all peers in DIR (`benchmarks/peers.txt`, 1.8 GB). The
second measures; DATA is the folder with `dev/xquad` and `train/news.en.jsonl.gz`.
`benchmarks/_peers_contestants.py` says how each is set up. The sets, each asked the same
questions, N of each language, drawn:

xquad   The 240 passages of XQuAD in English, each an article.
news    The same among N articles of English news.

Questions are in English ("en to en") and German ("de to en"); recall is over articles. Of every
contestant in every turn one process indexes with all cores, libraries and model being loaded
before the clock starts; another opens that index with one thread and answers 8 hits to 200
questions after 20 without a clock; and over the larger set a fresh process is timed from its
start to the first byte of its first answer, having been run once before: `assistant ask` for
ours, a bare search for the others. Contestants take turns, one process at a time. Figures are
medians of the turns; ratios medians of the ratios within a turn. Peak memory is the process's
own; that of the short-lived process in which ours reads a file is not in it.

Each process's figures are kept in DIR/runs, and are not measured again unless other numbers or
`--again` are given: an interrupted run goes on. Connections beyond this machine are refused
(`benchmarks/guard`), telemetry is switched off. Prints a table; `--output` writes JSON.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks._dev_sets import Case, read_set
from benchmarks._peers_contestants import CONTESTANTS, OURS
from benchmarks._peers_report import (
    START_SECONDS,
    Figures,
    medians,
    of_turn,
    quality,
    ratios,
    table,
    verdicts,
)

SEED = 1
SETS = ("xquad", "news")
PAIRS = {"en to en": "en", "de to en": "de"}

_ROOT = Path(__file__).parent.parent
_PINNED = Path(__file__).parent / "peers.txt"
_TIMED = 200
_PATIENCE = 1_800
_ONE_THREAD = dict.fromkeys(
    ("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), "1"
)
_QUIET = {
    "DO_NOT_TRACK": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "LANGSMITH_TRACING": "false",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run measures and where; `articles` and `questions` are numbers."""

    folder: Path
    data: Path
    articles: int
    questions: int
    again: bool

    def key(self, which: str) -> str:
        """The name of a set with its numbers."""
        size = f"-{self.articles}" if which == "news" else ""
        return f"{which}{size}-{self.questions}"


def prepare(folder: Path) -> None:
    """Makes the peers' virtual environment."""
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    pip = [str(folder / "venv/bin/python"), "-m", "pip", "install", "-q", "-r", str(_PINNED)]
    subprocess.run(pip, check=True)


def _say(text: str) -> None:
    load = os.getloadavg()[0]
    print(f"{time.strftime('%H:%M:%S')} load {load:.1f}: {text}", file=sys.stderr, flush=True)


def drawn(cases: Sequence[Case], count: int) -> list[Case]:
    """`count` of the cases, drawn by id: the same ones in every language, in the same order."""
    chosen = random.Random(SEED).sample(sorted(cases, key=lambda case: case.id), len(cases))
    return chosen[:count]


def _write_lines(path: Path, rows: Sequence[dict[str, object]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")


def write_set(plan: Plan, which: str) -> Path:
    """The folder of a set, written: its articles, and its questions, languages in turn."""
    folder = plan.folder / "sets" / plan.key(which)
    folder.mkdir(parents=True, exist_ok=True)
    sets = {pair: read_set(plan.data / "dev/xquad", name) for pair, name in PAIRS.items()}
    passages = sets["en to en"]
    articles: list[dict[str, object]] = [
        {"id": i, "text": text} for i, text in zip(passages.ids, passages.texts, strict=True)
    ]
    if which == "news":
        with gzip.open(plan.data / "train/news.en.jsonl.gz", "rt", encoding="utf-8") as lines:
            texts = dict.fromkeys(json.loads(line)["text"] for line in lines)
        articles += [
            {"id": f"n{number:05}", "text": text}
            for number, text in enumerate(list(texts)[: plan.articles])
        ]
    _write_lines(folder / "articles.jsonl", articles)
    by_pair = [[(p, case) for case in drawn(s.cases, plan.questions)] for p, s in sets.items()]
    questions: list[dict[str, object]] = [
        {"pair": pair, "question": case.question, "relevant": case.relevant}
        for together in zip(*by_pair, strict=True)
        for pair, case in together
    ]
    _write_lines(folder / "questions.jsonl", questions)
    return folder


class Processes:
    """Starts the measured processes, and keeps what they wrote."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        home = plan.folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        path = os.pathsep.join([str(_ROOT / "benchmarks/guard"), str(_ROOT)])
        self._environment = {**os.environ, **_QUIET, "HOME": str(home), "PYTHONPATH": path}
        # The peers' modules were compiled when they were installed; ours are at their first run.
        for name in (*_ONE_THREAD, "PYTHONDONTWRITEBYTECODE"):
            self._environment.pop(name, None)

    def _python(self, name: str) -> str:
        return sys.executable if name == OURS else str(self._plan.folder / "venv/bin/python")

    def _run(self, command: Sequence[str], name: str, *, one_thread: bool = False) -> None:
        environment = {**self._environment, **(_ONE_THREAD if one_thread else {})}
        done = subprocess.run(
            [self._python(name), "-m", *command],
            cwd=_ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{name} failed: {' '.join(command)}\n{done.stderr[-3000:]}")

    def _kept(self, which: str, name: str, step: str, turn: int) -> Path:
        folder = self._plan.folder / "runs" / self._plan.key(which)
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}.{step}.{turn}.json"

    def forget(self, which: str, name: str) -> None:
        """Removes what is kept of a contestant."""
        for path in self._kept(which, name, "", 0).parent.glob(f"{name}.*.json"):
            path.unlink()

    def _index_of(self, which: str, name: str) -> Path:
        return self._plan.folder / "indexes" / self._plan.key(which) / name

    def measure(self, which: str, name: str, step: str, turn: int, data: Path) -> dict[str, Any]:
        """The figures of a step, measured unless they are kept."""
        output = self._kept(which, name, step, turn)
        if not output.exists():
            _say(f"{which}, turn {turn + 1}: {name}, {step}")
            index = self._index_of(which, name)
            command = ["benchmarks._peers_worker", step, name, str(data), str(index), str(output)]
            if step == "index":
                shutil.rmtree(index, ignore_errors=True)
                index.mkdir(parents=True)
            else:
                command += ["--questions", str(_TIMED), *(["--quality"] if turn == 0 else [])]
            self._run(command, name, one_thread=step == "ask")
        figures: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
        return figures

    def start(self, which: str, name: str, turn: int, data: Path) -> float:
        """Seconds from a fresh process's start to the first byte of its first answer."""
        output = self._kept(which, name, "start", turn)
        if not output.exists():
            _say(f"{which}, turn {turn + 1}: {name}, start")
            with (data / "questions.jsonl").open(encoding="utf-8") as lines:
                question = json.loads(next(lines))["question"]
            index = str(self._index_of(which, name))
            command = (
                ["assistant", "ask", "--index", index, question]
                if name == OURS
                else ["benchmarks._peers_worker", "first", name, str(data), index, question]
            )
            if turn == 0:
                self._first_byte(command, name)
            output.write_text(json.dumps(self._first_byte(command, name)), encoding="utf-8")
        return float(json.loads(output.read_text(encoding="utf-8")))

    def _first_byte(self, command: Sequence[str], name: str) -> float:
        clock = time.perf_counter()
        with subprocess.Popen(
            [self._python(name), "-m", *command],
            cwd=_ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdout is not None
            first = process.stdout.read(1)
            seconds = time.perf_counter() - clock
            process.stdout.read()
        if not first or process.returncode:
            sys.exit(f"{name} gave no answer: {' '.join(command)}")
        return seconds


def measure(plan: Plan, which: str, names: Sequence[str], turns: int) -> dict[str, Any]:
    """The figures of a set: those of each contestant, and the bars against each peer."""
    data = write_set(plan, which)
    processes = Processes(plan)
    if plan.again:
        for name in names:
            processes.forget(which, name)
    by_turn: dict[str, list[Figures]] = {name: [] for name in names}
    contestants: dict[str, Any] = {}
    for turn in range(turns):
        for name in names:
            index = processes.measure(which, name, "index", turn, data)
            ask = processes.measure(which, name, "ask", turn, data)
            start = processes.start(which, name, turn, data) if which == "news" else None
            by_turn[name].append(of_turn(index, ask, start))
            if turn == 0:
                contestants[name] = {
                    "versions": index["versions"],
                    "megabytes_on_disk": index["megabytes_on_disk"],
                    "quality": quality(ask["ranks"]),
                }
    for name, of in contestants.items():
        of["figures"] = medians(by_turn[name])
        of["turns"] = [{key: round(v, 3) for key, v in turn.items()} for turn in by_turn[name]]
        if name != OURS and OURS in contestants:
            of["times_ours"] = ratios(by_turn[name], by_turn[OURS])
            bars = verdicts(of["times_ours"], of["quality"], contestants[OURS]["quality"])
            of["bars"] = [asdict(bar) for bar in bars]
    with (data / "articles.jsonl").open(encoding="utf-8") as lines:
        count = sum(1 for _ in lines)
    return {"articles": count, "turns": turns, "contestants": contestants}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path, help="where the peers and what is measured are kept")
    parser.add_argument("--prepare", action="store_true", help="install the peers, no more")
    parser.add_argument("--data", type=Path, help="folder with dev/ and train/")
    parser.add_argument("--articles", type=int, default=1_000, help="of news")
    parser.add_argument("--questions", type=int, default=400, help="of each language")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--only", nargs="+", choices=list(CONTESTANTS), default=list(CONTESTANTS))
    parser.add_argument("--again", action="store_true", help="measure again what is kept")
    parser.add_argument("--output", type=Path, help="file for the result")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    if arguments.prepare:
        prepare(folder)
        return
    if arguments.data is None:
        parser.error("--data is needed, or --prepare")
    if not (folder / "venv").is_dir():
        parser.error(f"{folder} has no peers: run with --prepare first")
    plan = Plan(
        folder, arguments.data.resolve(), arguments.articles, arguments.questions, arguments.again
    )
    result: dict[str, Any] = {}
    for which in arguments.sets:
        result[which] = measure(plan, which, arguments.only, arguments.turns)
        print(f"{which}: {result[which]['articles']} articles\n{table(result[which])}\n")
    own = result.get("news", {}).get("contestants", {}).get(OURS)
    if own is not None:
        seconds = own["figures"]["start_seconds"]
        outcome = "met" if seconds < START_SECONDS else "MISSED"
        print(f"a fresh `assistant ask`: {seconds:.2f} s, under {START_SECONDS} s: {outcome}")
    if arguments.output is not None:
        text = json.dumps(result, ensure_ascii=False, indent=1)
        arguments.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
