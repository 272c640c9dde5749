"""How fast a static model loads and encodes on one core, beside another model in turn with it.

Each run of each contestant is a process of its own with one thread: "light" the product's own
path (tokenizers and numpy), "sentence-transformers" the same model through that library, and
"beside" another sentence-transformers folder. Runs take turns, after one of each that does not
count; figures are medians over the runs, ratios medians over the ratios within a turn.

`load_seconds` is the wall time from the call that loads the model to its first vector, with
what that call imports (numpy is there before). Encoding is counted in seconds of processor
time, so that other work on the machine enters little; texts are whole XQuAD passages: 96 in
English, and 96 drawn evenly from all its languages. `tokens_per_second` counts what the model
reads: one with a longest input reads no more of a text than that. `tokenising_share` is the
time of tokenising alone over that of encoding. `megabytes` are those of the folder's files.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from assistant.embedding import load_for_passages, load_for_questions, model_folder
from assistant.settings import BUNDLED
from benchmarks._dev_sets import read_sets

LIGHT = "light"
LIBRARY = "sentence-transformers"
BESIDE = "beside"

_RUNS = 3
_PASSAGES = 96
_COMPARED = ("load_seconds", "passages_per_second", "tokens_per_second")
_LEAST_SECONDS = 0.5
_ENGLISH = "en"
_ROOT = Path(__file__).parent.parent
_ONE_THREAD = {
    "HF_HUB_OFFLINE": "1",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}

Figures = dict[str, float]


def _evenly(texts: Sequence[str], count: int) -> list[str]:
    return list(texts[:: max(1, len(texts) // count)][:count])


def texts_of(folder: Path) -> dict[str, list[str]]:
    """The passages to encode, by name of the selection."""
    sets = read_sets(folder)
    each = max(1, _PASSAGES // len(sets))
    return {
        "english": _evenly(sets[_ENGLISH].texts, _PASSAGES),
        "all languages": [text for s in sets.values() for text in _evenly(s.texts, each)],
    }


def _processor_seconds(work: Callable[[], object]) -> float:
    """The mean time of as many rounds as fill `_LEAST_SECONDS`."""
    rounds = 0
    start = time.process_time()
    while not rounds or time.process_time() - start < _LEAST_SECONDS:
        work()
        rounds += 1
    return (time.process_time() - start) / rounds


def measure(kind: str, name: str, texts: Mapping[str, Sequence[str]]) -> dict[str, Figures]:
    """Loads the model and encodes; the figures of loading and of each selection of texts."""
    clock = time.perf_counter()
    model = load_for_questions(name) if kind == LIGHT else load_for_passages(name)
    model.embed_passages(["A first text makes the libraries ready."])
    figures = {"load": {"load_seconds": time.perf_counter() - clock}}
    longest = model.max_tokens or sys.maxsize
    for selection, passages in texts.items():
        encoding = _processor_seconds(partial(model.embed_passages, passages))
        tokenising = _processor_seconds(partial(model.count_tokens, passages))
        tokens = sum(min(count, longest) for count in model.count_tokens(passages))
        figures[selection] = {
            "passages_per_second": len(passages) / encoding,
            "tokens_per_second": tokens / encoding,
            "tokens": tokens,
            "tokenising_share": tokenising / encoding,
        }
    return figures


def _in_a_process(kind: str, name: str, folder: Path) -> dict[str, Figures]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks._speed", kind, name, str(folder.resolve())],
        check=True,
        capture_output=True,
        cwd=_ROOT,
        env={**os.environ, **_ONE_THREAD},
        timeout=1_200,
    )
    figures: dict[str, Figures] = json.loads(done.stdout)
    return figures


def _median(values: Iterable[float]) -> float:
    return float(f"{statistics.median(values):.3g}")


def medians(turns: Sequence[Mapping[str, dict[str, Figures]]]) -> dict[str, object]:
    """Medians of the figures of each contestant, and of the light path's ratios to the others."""
    first = turns[0]
    result: dict[str, object] = {
        kind: {
            part: {name: _median(turn[kind][part][name] for turn in turns) for name in figures}
            for part, figures in parts.items()
        }
        for kind, parts in first.items()
    }
    for other in (kind for kind in first if kind != LIGHT):
        result[f"{LIGHT} to {other}"] = {
            part: {
                name: _median(turn[LIGHT][part][name] / turn[other][part][name] for turn in turns)
                for name in figures
                if name in _COMPARED
            }
            for part, figures in first[LIGHT].items()
        }
    return result


def megabytes(folder: Path) -> float:
    return round(sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6, 1)


def speed(folder: Path, model: str, beside: Path | None, runs: int = _RUNS) -> dict[str, object]:
    """The figures over the passages of XQuAD in `folder`, of each contestant and their ratios."""
    own = model if model == BUNDLED else str(Path(model).resolve())
    contestants = {LIGHT: own, LIBRARY: own}
    if beside is not None:
        contestants[BESIDE] = str(beside.resolve())
    turns = []
    for turn in range(runs + 1):
        print(f"speed: turn {turn} of {runs}", file=sys.stderr, flush=True)
        figures = {kind: _in_a_process(kind, name, folder) for kind, name in contestants.items()}
        turns.append(figures)
    folders = {kind: model_folder(name) for kind, name in contestants.items()}
    sizes = {kind: megabytes(path) for kind, path in folders.items() if path is not None}
    return {"runs": runs, "megabytes": sizes, **medians(turns[1:])}


def _worker(kind: str, name: str, folder: Path) -> None:
    figures = measure(kind, name, texts_of(folder))
    print(json.dumps(figures))


if __name__ == "__main__":
    _worker(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
