"""What `benchmarks.scale` measured, as a Markdown table and as bars that are met or missed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Figures = Mapping[str, Any]

MADE = frozenset({"tokenise", "embed"})
"""The stages that the time of a build is meant to go into."""

_MILLION, _HUNDRED_THOUSAND = "1000000", "100000"


def stage_shares(build: Figures) -> dict[str, float]:
    """Per cent of a build's processor time by stage, largest first; "other" is what none has."""
    stages: dict[str, float] = dict(build["stages"])
    if not stages:
        return {}
    total = max(build["processor_seconds"], sum(stages.values()))
    shares = {name: seconds / total * 100 for name, seconds in stages.items()}
    shares["other"] = 100 - sum(shares.values())
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def made_share(build: Figures) -> float:
    """Per cent of a build's processor time in tokenising and embedding."""
    return sum(share for name, share in stage_shares(build).items() if name in MADE)


def last_build(figures: Figures) -> Figures | None:
    """The build with the most processes, if there is one."""
    builds = figures.get("builds", {})
    return builds[max(builds, key=int)] if builds else None


def _number(value: float) -> str:
    if value >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def passages_of(figures: Figures) -> float | None:
    """How many passages the index holds, as the step that was done says."""
    said = last_build(figures) or figures.get("open")
    return None if said is None else float(said["passages"])


def _rows(sizes: Mapping[str, Figures]) -> dict[str, Callable[[Figures], float | str | None]]:
    """What each row shows of a size; None where it was not measured."""

    def of(*names: str, scale: float = 1.0) -> Callable[[Figures], float | None]:
        def get(figures: Figures) -> float | None:
            value: Any = figures
            for name in names:
                value = value.get(name)
                if value is None:
                    return None
            return float(value) * scale

        return get

    def pair(threads: str, start: str = "") -> Callable[[Figures], str | None]:
        def get(figures: Figures) -> str | None:
            one = figures.get("latency", {}).get(threads)
            if one is None:
                return None
            if f"{start}p50_ms" not in one:
                return None
            return f"{_number(one[f'{start}p50_ms'])}, {_number(one[f'{start}p99_ms'])}"

        return get

    def on_disk(figures: Figures) -> float | None:
        return sum(figures["files"].values()) / 1e6 if "files" in figures else None

    def bytes_each(figures: Figures) -> float | None:
        size, passages = on_disk(figures), passages_of(figures)
        return None if size is None or passages is None else size * 1e6 / passages

    rows: dict[str, Callable[[Figures], float | str | None]] = {
        "articles": of("text", "articles"),
        "passages": passages_of,
        "text, MB": of("text", "text_bytes", scale=1e-6),
    }
    for number in sorted({n for one in sizes.values() for n in one.get("builds", {})}, key=int):
        name = f"{number} process{'es' if number != '1' else ''}"
        rows |= {
            f"build, {name}: seconds": of("builds", number, "seconds"),
            f"build, {name}: passages a second": of("builds", number, "passages_a_second"),
            f"build, {name}: MB of text a second": of("builds", number, "megabytes_a_second"),
            f"build, {name}: processor ms a passage": of(
                "builds", number, "processor_ms_a_passage"
            ),
            f"build, {name}: most anonymous memory, MB": of("builds", number, "peak_anonymous"),
            f"build, {name}: most resident memory, MB": of("builds", number, "peak_resident"),
        }
    return {
        **rows,
        "index, MB": on_disk,
        "index, bytes a passage": bytes_each,
        "open, the first time, seconds": of("open", "first_seconds"),
        "open, seconds": of("open", "seconds"),
        "open, nothing in memory, seconds": of("open", "cold_seconds"),
        "anonymous memory opened, MB": of("open", "anonymous_opened"),
        "first question, seconds": of("open", "first_question_seconds"),
        "retrieve, 1 thread, p50 and p99, ms": pair("1"),
        "retrieve, 8 threads, p50 and p99, ms": pair("8"),
        "retrieve, each question's first time, 1 thread, p50 and p99, ms": pair("1", "first_"),
        "retrieve, 1 thread, processor time, p50 and p99, ms": pair("1", "processor_"),
        "retrieve, processor ms": of("latency", "1", "processor_ms"),
        "questions a second, 8 threads": of("latency", "8", "a_second"),
        "anonymous memory asked, 8 threads, MB": of("latency", "8", "anonymous"),
        "vectors: recall@10": of("recall", "recall_at_10"),
        "vectors: recall@100": of("recall", "recall_at_100"),
        "vectors: search p50, ms": of("recall", "search_p50_ms"),
    }


def table(sizes: Mapping[str, Figures]) -> str:
    """Markdown: a column for each size, a row for each figure that any size has."""
    columns = sorted(sizes, key=int)
    lines = [f"| | {' | '.join(f'{int(name):,}' for name in columns)} |"]
    lines.append("|---|" + "---|" * len(columns))
    for name, get in _rows(sizes).items():
        cells = [get(sizes[column]) for column in columns]
        if any(cell is not None for cell in cells):
            shown = ["" if c is None else c if isinstance(c, str) else _number(c) for c in cells]
            lines.append(f"| {name} | {' | '.join(shown)} |")
    for title, rows in (
        ("share of a build's processor time, %", _shares),
        ("bytes a passage", _files),
    ):
        found = {column: rows(sizes[column]) for column in columns}
        names = list(dict.fromkeys(name for each in found.values() for name in each))
        for name in names:
            shown = [_number(found[c][name]) if name in found[c] else "" for c in columns]
            lines.append(f"| {title}: {name} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _shares(figures: Figures) -> dict[str, float]:
    build = last_build(figures)
    return {} if build is None else stage_shares(build)


def _files(figures: Figures) -> dict[str, float]:
    """Bytes a passage of each file, largest first."""
    passages = passages_of(figures)
    if passages is None or "files" not in figures:
        return {}
    each = {name: size / passages for name, size in figures["files"].items()}
    return dict(sorted(each.items(), key=lambda item: -item[1]))


def bars(sizes: Mapping[str, Figures]) -> list[dict[str, Any]]:
    """What is to be met, whether it is, and the value: of all that was measured."""
    found: list[dict[str, Any]] = []

    def add(what: str, value: float, *, met: bool) -> None:
        found.append({"what": what, "value": float(f"{value:.3g}"), "met": met})

    for name, figures in sorted(sizes.items(), key=lambda item: int(item[0])):
        for number, build in figures.get("builds", {}).items():
            if build["stages"]:
                share = made_share(build)
                what = f"{name}, {number} processes: % of the build tokenising and embedding, >= 85"
                add(what, share, met=share >= 85)
        if "recall" in figures:
            value = figures["recall"]["recall_at_100"]
            add(f"{name}: recall@100 of the vectors >= 0.95", value, met=value >= 0.95)
    largest = sizes.get(_MILLION, {})
    if "open" in largest:
        opening = largest["open"]
        add("1M: open, seconds < 2", opening["seconds"], met=opening["seconds"] < 2)
        held = opening["anonymous_opened"]
        add("1M: anonymous memory opened, MB < 300", held, met=held < 300)
    p50 = {name: one["latency"]["1"]["p50_ms"] for name, one in sizes.items() if "latency" in one}
    if _MILLION in p50:
        add("1M: retrieve p50, ms < 40", p50[_MILLION], met=p50[_MILLION] < 40)
        if _HUNDRED_THOUSAND in p50:
            growth = p50[_MILLION] / p50[_HUNDRED_THOUSAND]
            add("retrieve p50, 1M to 100k < 4", growth, met=growth < 4)
    return found
