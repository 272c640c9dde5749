"""From what `benchmarks.scale` measured to a thousand times as much: storage, nodes, money.

Everything here is arithmetic over measured figures and over the assumptions below, which are
no quotes: ranges of list prices of the large clouds, on demand, as of November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks._scale_table import last_build, passages_of

Figures = Mapping[str, Any]

PASSAGES = (1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
_GENERATIONS = 2
"""An index keeps the one in use and the one before it."""

_CODE_BITS = 4
"""Bits of the short code for each two dimensions, which a search scans from end to end."""

_HALF = 2
"""Bytes of a number of a vector as it is kept to be compared."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Dollars; the middle of a range of about a third to either side."""

    core_hour: float = 0.045  # with 4 GiB of memory: 0.03 to 0.06
    gib_hour: float = 0.005  # of memory beyond that: 0.004 to 0.007
    gb_month: float = 0.09  # of SSD in the machine or beside it: 0.06 to 0.12
    node_gib: float = 64.0
    node_cores: float = 16.0
    memory_share: float = 0.75  # of a node's memory, for the index
    busy: float = 0.5  # of its cores, at most, for questions
    month_hours: float = 730.0

    @property
    def node_month(self) -> float:
        """A node, without its disk."""
        extra = max(0.0, self.node_gib - 4 * self.node_cores)
        return (self.node_cores * self.core_hour + extra * self.gib_hour) * self.month_hours


@dataclass(frozen=True, slots=True)
class Facts:
    """What a passage and a question cost, as measured.

    `scanned` are the bytes of a passage that questions go through: short codes and postings.
    `fixed_ms` and `million_ms` are processor time of a question: whatever the size, and for each
    million passages.
    """

    disk_bytes: float
    scanned_bytes: float
    open_bytes: float
    build_ms: float
    fixed_ms: float
    million_ms: float

    def question_ms(self, passages: float) -> float:
        return self.fixed_ms + self.million_ms * passages / 1e6


def facts(sizes: Mapping[str, Figures]) -> Facts | None:
    """The facts, each of the largest sizes that have it; None where any is missing.

    What grows with the passages is told by two sizes, all else by one.
    """
    ordered = [one for _, one in sorted(sizes.items(), key=lambda item: int(item[0]))]

    def having(*names: str) -> list[tuple[float, Figures]]:
        known = [one for one in ordered if all(name in one for name in names)]
        return [(count, one) for one in known if (count := passages_of(one)) is not None]

    built, kept, opened = having("builds"), having("files", "recall"), having("open")
    asked = having("latency")
    if not built or not kept or len(opened) < 2 or len(asked) < 2:
        return None
    (count, largest), build = kept[-1], last_build(built[-1][1])
    assert build is not None
    dimension = largest["recall"]["dimension"]
    codes = dimension / 2 * _CODE_BITS / 8
    files = {name: size / count for name, size in largest["files"].items()}
    # Indexes of few passages keep whole vectors; large ones keep halves and codes.
    files["vectors.faiss"] = dimension * _HALF + codes
    fixed, million = _line([(n, one["latency"]["1"]["processor_ms"]) for n, one in asked[-2:]])
    _, grown = _line([(n, one["open"]["anonymous_opened"]) for n, one in opened[-2:]])
    return Facts(
        disk_bytes=sum(files.values()),
        scanned_bytes=files["lexical"] + codes,
        open_bytes=grown,
        build_ms=float(build["processor_ms_a_passage"]),
        fixed_ms=fixed,
        million_ms=million,
    )


def _line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Of two points (passages, value): the value at none, and what a million add; not below 0."""
    (n, low), (m, high) = points
    million = max(0.0, (high - low) / (m - n) * 1e6)
    return max(0.0, high - million * m / 1e6), million


@dataclass(frozen=True, slots=True)
class Projected:
    """What so many passages take, in the units that the names say."""

    passages: int
    disk_gb: float
    memory_gib: float
    build_core_hours: float
    build_dollars: float
    nodes: int
    question_ms: float
    million_questions_dollars: float
    standing_dollars_a_month: float


def project(one: Facts, passages: int, prices: Prices) -> Projected:
    """The arithmetic: `docs/scaling.md` has it as formulas."""
    disk = one.disk_bytes * passages * _GENERATIONS / 1e9
    memory = (one.scanned_bytes + one.open_bytes) * passages / 2**30
    nodes = max(1, -int(-memory // (prices.node_gib * prices.memory_share)))
    hours = one.build_ms * passages / 3.6e6
    question = one.question_ms(passages)
    # A million questions: core hours at the share of the time that cores may be busy.
    questions = question * 1e6 / 3.6e6 / prices.busy * prices.core_hour
    return Projected(
        passages=passages,
        disk_gb=disk,
        memory_gib=memory,
        build_core_hours=hours,
        build_dollars=hours * prices.core_hour,
        nodes=nodes,
        question_ms=question,
        million_questions_dollars=questions,
        standing_dollars_a_month=nodes * prices.node_month + disk * prices.gb_month,
    )


def projection(sizes: Mapping[str, Figures]) -> str:
    """Markdown: a column for each number of passages; a line of why where there are no facts."""
    one, prices = facts(sizes), Prices()
    if one is None:
        return "No projection: two sizes have to be opened and asked, and one built."
    columns = [project(one, passages, prices) for passages in PASSAGES]
    rows = {
        "disk, two generations, GB": [c.disk_gb for c in columns],
        "memory for what is scanned, GiB": [c.memory_gib for c in columns],
        "build, core hours": [c.build_core_hours for c in columns],
        "build, dollars": [c.build_dollars for c in columns],
        "nodes of 16 cores and 64 GiB": [float(c.nodes) for c in columns],
        "processor ms of a question, everything scanned": [c.question_ms for c in columns],
        "dollars for a million questions": [c.million_questions_dollars for c in columns],
        "dollars a month, nodes and disk": [c.standing_dollars_a_month for c in columns],
    }
    lines = [f"| | {' | '.join(f'{c.passages:,}' for c in columns)} |"]
    lines.append("|---|" + "---|" * len(columns))
    lines += [f"| {name} | {' | '.join(map(_shown, values))} |" for name, values in rows.items()]
    lines.append("")
    lines.append(
        f"A passage: {one.disk_bytes:,.0f} bytes on disk, {one.scanned_bytes:,.0f} of them "
        f"scanned, {one.open_bytes:,.0f} of anonymous memory, {one.build_ms:.3g} ms of a core to "
        f"build. A question: {one.fixed_ms:.3g} ms of a core, and {one.million_ms:.3g} ms for "
        "each million passages."
    )
    return "\n".join(lines)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"
