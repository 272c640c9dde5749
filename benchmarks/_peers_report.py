"""What `benchmarks.peers` makes of its measurements: medians, ratios to ours, bars, a table."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

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

_SHOWN = (
    ("index s", "index_seconds", 2),
    ("cpu s", "index_processor_seconds", 2),
    ("peak MB", "index_peak_megabytes", 0),
    ("p50 ms", "p50_ms", 2),
    ("p95 ms", "p95_ms", 2),
    ("cpu ms", "processor_p50_ms", 2),
    ("asking MB", "asking_megabytes", 0),
    ("start s", "start_seconds", 2),
)
"""Heading, figure and digits of the table's columns."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A bar against a peer: what was measured, as shown, and "met", "level" or "missed"."""

    bar: str
    shown: str
    outcome: str


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
    """How many times ours a peer takes: the median of the ratios within a turn."""
    return {
        name: float(
            f"{statistics.median(a[name] / b[name] for a, b in zip(peer, ours, strict=True)):.3g}"
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


def verdicts(
    times: Figures, peer: Mapping[str, Figures], ours: Mapping[str, Figures]
) -> list[Verdict]:
    """The bars against one peer: ratios to ours, and what `quality` gives of both."""
    result = [
        Verdict(bar, f"{times[name]:g} times", "met" if times[name] >= TIMES else "missed")
        for bar, name in (("index time", "index_seconds"), ("latency", "p50_ms"))
    ]
    for pair in ours:
        for measure in ("recall@1", "recall@5"):
            own, theirs = ours[pair][measure], peer[pair][measure]
            outcome = "level" if own == theirs else "met" if own > theirs else "missed"
            shown = f"{own * 100:.1f} beside {theirs * 100:.1f}"
            result.append(Verdict(f"{pair} {measure}", shown, outcome))
    return result


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns of equal width, the first to the left, the others to the right."""
    columns = list(zip(head, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
        for row in (head, *rows)
    )


def _bar(verdict: Mapping[str, str]) -> str:
    outcome = verdict["outcome"]
    return f"{verdict['bar']} {verdict['shown']} {outcome.upper() if outcome != 'met' else outcome}"


def table(of_set: Mapping[str, Any]) -> str:
    """The figures of a set, a line for each contestant, and what they are of ours below."""
    contestants: Mapping[str, Any] = of_set["contestants"]
    pairs = list(next(iter(contestants.values()))["quality"])
    shares = [(pair, k) for pair in pairs for k in (1, 5)]
    head = ["", *(heading for heading, _, _ in _SHOWN), *(f"{pair} R@{k}" for pair, k in shares)]
    rows = [
        [
            name,
            *(
                f"{of['figures'][figure]:.{digits}f}" if figure in of["figures"] else "-"
                for _, figure, digits in _SHOWN
            ),
            *(f"{of['quality'][pair][f'recall@{k}'] * 100:.1f}" for pair, k in shares),
        ]
        for name, of in contestants.items()
    ]
    lines = [_table(head, rows)]
    for name, of in contestants.items():
        if "times_ours" in of:
            times = ", ".join(f"{key} {value:g}" for key, value in of["times_ours"].items())
            lines.append(f"{name}, times ours: {times}")
            lines.append(f"  {'; '.join(map(_bar, of['bars']))}")
    return "\n".join(lines)
