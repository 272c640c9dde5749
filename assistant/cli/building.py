"""`assistant build`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.bars import bars
from assistant.terminal import note, print_json

if TYPE_CHECKING:
    from assistant.types import BuildReport


def run_build(arguments: argparse.Namespace) -> int:
    report = build_index(
        arguments.articles,
        index=arguments.index,
        model=arguments.model,
        full=arguments.full,
        dry_run=arguments.dry_run,
    )
    if arguments.json:
        print_json(report.to_dict())
    else:
        print(summary(report))
    return 0


def build_index(articles: Path | None, **options: Any) -> BuildReport:
    """Builds with a bar on a terminal, and says what was skipped."""
    from assistant.building import build

    with bars() as progress:
        report = build(articles, progress=progress, **options)
    for skipped in report.skipped:
        note(f"skipped: {skipped}")
    return report


def summary(report: BuildReport) -> str:
    warnings = len(report.skipped)
    return (
        f"{'would index' if report.dry_run else 'indexed'} {report.articles} articles as "
        f"{report.passages} passages in {report.seconds:.1f} s: {report.added} added, "
        f"{report.changed} changed, {report.removed} removed, {report.unchanged} unchanged; "
        f"{report.embedded} passages embedded; {warnings} warning{'' if warnings == 1 else 's'}"
    )
