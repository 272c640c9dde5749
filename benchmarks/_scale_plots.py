"""The figures of `benchmarks.scale` as pictures, where matplotlib is installed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks._scale_table import stage_shares

_COLOURS = ("#3730a3", "#6366f1", "#a5b4fc", "#0d9488", "#5eead4", "#d97706", "#fcd34d", "#94a3b8")
_INK = "#334155"

Figures = Mapping[str, Any]


def draw(sizes: Mapping[str, Figures], folder: Path) -> list[Path]:
    """Writes the pictures that there are figures for; none where matplotlib is missing."""
    if find_spec("matplotlib") is None:
        return []
    matplotlib: Any = import_module("matplotlib")
    matplotlib.use("svg")
    # The same figures give the same file.
    matplotlib.rcParams.update({"svg.hashsalt": "scale", "font.size": 9, "text.color": _INK})
    pyplot: Any = import_module("matplotlib.pyplot")
    pictures = {
        "scale-curve.svg": _curve(pyplot, sizes),
        "scale-stages.svg": _stages(pyplot, sizes),
    }
    drawn = []
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in pictures.items():
        if figure is not None:
            figure.savefig(folder / name, metadata={"Date": None}, facecolor="white")
            pyplot.close(figure)
            drawn.append(folder / name)
    return drawn


def _stages(pyplot: Any, sizes: Mapping[str, Figures]) -> Any:
    """A bar for each build, cut by the shares of its stages; None where no build tells them."""
    bars = {
        f"{int(size):,}, {number} {'process' if number == '1' else 'processes'}": shares
        for size in sorted(sizes, key=int)
        for number, build in sorted(sizes[size].get("builds", {}).items())
        if (shares := stage_shares(build))
    }
    if not bars:
        return None
    figure, axes = pyplot.subplots(figsize=(8, 1.4 + 0.4 * len(bars)), layout="constrained")
    stages = list(dict.fromkeys(name for shares in bars.values() for name in shares))
    left = [0.0] * len(bars)
    for number, stage in enumerate(stages):
        widths = [shares.get(stage, 0.0) for shares in bars.values()]
        colour = _COLOURS[number % len(_COLOURS)]
        axes.barh(list(bars), widths, left=left, label=stage, color=colour)
        left = [a + b for a, b in zip(left, widths, strict=True)]
    axes.set_xlim(0, 100)
    axes.invert_yaxis()
    axes.set_xlabel("% of a build's processor time")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.25), ncols=5, frameon=False)
    return figure


def _curve(pyplot: Any, sizes: Mapping[str, Figures]) -> Any:
    """Build time, memory and latency over the number of passages, all in logarithms."""
    lines: list[dict[str, dict[float, float]]] = [{}, {}, {}]

    def add(panel: int, label: str, passages: float, value: float) -> None:
        lines[panel].setdefault(label, {})[passages] = value

    for size in sorted(sizes, key=int):
        one, passages = sizes[size], float(size)
        for number, build in sorted(one.get("builds", {}).items()):
            name = "1 process" if number == "1" else f"{number} processes"
            add(0, name, passages, build["seconds"])
            add(1, f"build, {name}", passages, build["peak_anonymous"])
        if "open" in one:
            add(1, "opened", passages, one["open"]["anonymous_opened"])
        for threads, latency in one.get("latency", {}).items():
            for percent in ("p50", "p99"):
                add(2, f"{threads} threads, {percent}", passages, latency[f"{percent}_ms"])
    if not any(lines):
        return None
    figure, panels = pyplot.subplots(1, 3, figsize=(10, 3.4), layout="constrained")
    titles = ("build, seconds", "anonymous memory, MB", "retrieve, milliseconds")
    for axes, title, known in zip(panels, titles, lines, strict=True):
        for number, (label, points) in enumerate(known.items()):
            axes.loglog(
                list(points),
                list(points.values()),
                marker="o",
                label=label,
                color=_COLOURS[number % 8],
            )
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("passages")
        axes.grid(visible=True, which="both", linewidth=0.3)
        if known:
            axes.legend(frameon=False, fontsize=7)
    return figure
