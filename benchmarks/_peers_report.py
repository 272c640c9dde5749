"""What `benchmarks.peers` makes of its measurements: medians, ratios to ours, bars, a table."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks._peers_contestants import OURS

TIMES = 10.0
"""Ours is to index and to answer in a tenth of a peer's time."""

START_SECONDS = 1.5

Run = Mapping[str, Any]
Turns = Sequence[Run]
Figures = dict[str, float]

_BY_TURN = (
    "index_seconds",
    "index_processor_seconds",
    "index_peak_megabytes",
    "p50_ms",
    "p95_ms",
    "processor_p50_ms",
    "asking_megabytes",
    "start_seconds",
)
_COMPARED = (
    "index_seconds",
    "index_processor_seconds",
    "p50_ms",
    "processor_p50_ms",
    "start_seconds",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A bar against a peer: what was measured, as shown, and whether it is met."""

    bar: str
    shown: str
    met: bool


def recall(ranks: Sequence[int | None], k: int) -> float:
    """The share of questions whose article is among the first `k`; None was not found."""
    return sum(rank is not None and rank <= k for rank in ranks) / len(ranks)


def of_turn(index: Run, ask: Run, start: float | None) -> Figures:
    """The figures of one turn of a contestant, from what its processes wrote."""
    wall, spent = ask["milliseconds"], ask["processor_milliseconds"]
    figures = {
        "index_seconds": index["seconds"],
        "index_processor_seconds": index["processor_seconds"],
        "index_peak_megabytes": index["peak_megabytes"],
        "p50_ms": float(np.percentile(wall, 50)),
        "p95_ms": float(np.percentile(wall, 95)),
        "processor_p50_ms": float(np.percentile(spent, 50)),
        "asking_megabytes": ask["peak_megabytes"],
    }
    if start is not None:
        figures["start_seconds"] = start
    return figures


def medians(turns: Sequence[Figures]) -> Figures:
    """The median of each figure that all turns have."""
    return {
        name: round(statistics.median(turn[name] for turn in turns), 3)
        for name in _BY_TURN
        if all(name in turn for turn in turns)
    }


def ratios(peer: Sequence[Figures], ours: Sequence[Figures]) -> Figures:
    """How many times ours a peer takes: the median of the ratios of the same turn."""
    return {
        name: round(
            statistics.median(a[name] / b[name] for a, b in zip(peer, ours, strict=False)), 2
        )
        for name in _COMPARED
        if all(name in turn for turn in (*peer, *ours))
    }


def quality(ranks: Mapping[str, Sequence[int | None]]) -> dict[str, Figures]:
    """Recall by pair of languages."""
    return {
        pair: {
            "questions": len(found),
            "recall@1": round(recall(found, 1), 4),
            "recall@5": round(recall(found, 5), 4),
        }
        for pair, found in ranks.items()
    }


def verdicts(ratio: Figures, peer: Any, ours: Any) -> list[Verdict]:
    """The bars against one peer; `peer` and `ours` are what `quality` gives."""
    result = [
        Verdict(bar, f"{ratio[name]:.1f} times", ratio[name] >= TIMES)
        for bar, name in (("index time", "index_seconds"), ("latency", "p50_ms"))
        if name in ratio
    ]
    for pair in ours:
        for measure in ("recall@1", "recall@5"):
            theirs, own = peer[pair][measure], ours[pair][measure]
            shown = f"{own * 100:.1f} to {theirs * 100:.1f}"
            result.append(Verdict(f"{pair} {measure}", shown, own > theirs))
    return result


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of equal width, the first to the left, the others to the right."""
    columns = list(zip(head, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
        for row in (head, *rows)
    )


def _cell(figures: Mapping[str, float], name: str, digits: int) -> str:
    return f"{figures[name]:.{digits}f}" if name in figures else "-"


def table(of_set: Mapping[str, Any]) -> str:
    """The figures of a set, a line for each contestant, and the bars below."""
    contestants = of_set["contestants"]
    pairs = list(next(iter(contestants.values()))["quality"])
    head = ["", "index s", "cpu s", "peak MB", "p50 ms", "p95 ms", "cpu ms", "MB", "start s"]
    head += [f"{pair} R@{k}" for pair in pairs for k in (1, 5)]
    rows = []
    for name, of in contestants.items():
        figures = of["figures"]
        cells = [
            _cell(figures, column, digits)
            for column, digits in (
                ("index_seconds", 2),
                ("index_processor_seconds", 2),
                ("index_peak_megabytes", 0),
                ("p50_ms", 2),
                ("p95_ms", 2),
                ("processor_p50_ms", 2),
                ("asking_megabytes", 0),
                ("start_seconds", 2),
            )
        ]
        shares = [
            f"{of['quality'][pair][f'recall@{k}'] * 100:.1f}" for pair in pairs for k in (1, 5)
        ]
        rows.append([name, *cells, *shares])
    lines = [_table(head, rows)]
    for name, of in contestants.items():
        if name != OURS and "bars" in of:
            told = "; ".join(
                f"{bar['bar']} {bar['shown']} {'met' if bar['met'] else 'MISSED'}"
                for bar in of["bars"]
            )
            lines.append(f"{name}: {told}")
    return "\n".join(lines)
