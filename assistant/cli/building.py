"""`assistant build`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.bars import bars
from assistant.errors import AssistantError
from assistant.limits import Limits
from assistant.terminal import note, print_json
from assistant.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.types import BuildReport, Change, Skipped


def run_build(arguments: argparse.Namespace) -> int:
    if arguments.shard is not None:
        return _build_shard(arguments)
    if arguments.ray is not None:
        return _build_on_ray(arguments)
    report = build_index(
        arguments.articles,
        index=arguments.index,
        model=arguments.model,
        full=arguments.full,
        dry_run=arguments.dry_run,
        work=arguments.work,
        limits=limits_of(arguments),
        processes=arguments.processes,
    )
    changes = {"changes": [one.to_dict() for one in report.changes]} if report.dry_run else {}
    if arguments.json:
        print_json(report.to_dict() | changes)
        return 0
    for change in report.changes:
        print(_planned(change))
    print(summary(report))
    return 0


def _build_shard(arguments: argparse.Namespace) -> int:
    from assistant.sharding import build_shard

    if arguments.out is None:
        arguments.usage_error("--shard needs --out DIR, the folder to make the shard in")
    if arguments.index is not None or arguments.full or arguments.dry_run:
        arguments.usage_error("--shard goes with none of --index, --full and --dry-run")
    with bars() as progress:
        report = build_shard(
            arguments.articles,
            shard=arguments.shard,
            out=arguments.out,
            model=arguments.model,
            limits=limits_of(arguments),
            processes=arguments.processes,
            progress=progress,
        )
    _tell_skipped(report.skipped)
    if arguments.json:
        print_json(report.to_dict())
        return 0
    print(
        f"made shard {report.shard}: {report.articles} articles as {report.passages} passages in "
        f"{report.seconds:.1f} s; {report.embedded} passages embedded"
    )
    return 0


def _build_on_ray(arguments: argparse.Namespace) -> int:
    from assistant.on_ray import build_on_ray

    if arguments.out is None:
        arguments.usage_error("--ray needs --out DIR, a folder that every machine shares")
    if arguments.full or arguments.dry_run or arguments.limit:
        arguments.usage_error("--ray goes with none of --full, --dry-run and --limit")
    with bars() as progress:
        report = build_on_ray(
            arguments.articles,
            address=arguments.ray,
            shards=arguments.shards,
            out=arguments.out,
            index=arguments.index,
            model=arguments.model,
            progress=progress,
        )
    return _said(report, arguments)


def run_merge(arguments: argparse.Namespace) -> int:
    from assistant.sharding import merge

    with bars() as progress:
        report = merge(
            arguments.shards,
            index=arguments.index,
            processes=arguments.processes,
            progress=progress,
        )
    return _said(report, arguments)


def _tell_skipped(skipped: Sequence[Skipped]) -> None:
    for one in skipped:
        note(f"skipped: {one}")


def _said(report: BuildReport, arguments: argparse.Namespace) -> int:
    _tell_skipped(report.skipped)
    if arguments.json:
        print_json(report.to_dict())
    else:
        print(summary(report))
    return 0


def run_watch(arguments: argparse.Namespace) -> int:
    """Runs until it is interrupted."""
    from assistant.watching import watch

    def tell(result: BuildReport | AssistantError) -> None:
        if isinstance(result, AssistantError):
            note(f"error: {result}")
            return
        _tell_skipped(result.skipped)
        print(summary(result), flush=True)

    note("watching; end with Ctrl-C")
    watch(
        arguments.articles,
        index=arguments.index,
        model=arguments.model,
        limits=limits_of(arguments),
        every=arguments.every,
        tell=tell,
    )
    return 0


def limits_of(arguments: argparse.Namespace) -> Limits:
    """Raises SettingsError for a limit of no use."""
    given: dict[str, int | str] = {}
    for text in arguments.limit:
        name, _, value = text.partition("=")
        given[name.strip()] = value
    return Limits.resolve(given)


def _planned(change: Change) -> str:
    """One line on what a build would do about an article."""
    place = one_line(change.path)
    if change.before is not None:
        place = f"{one_line(change.before)} -> {place}"
    return f"{change.kind}: {place}: {one_line(change.title)}"


def build_index(articles: Path | None, **options: Any) -> BuildReport:
    """Builds with a bar on a terminal, and says what was skipped."""
    from assistant.building import build

    with bars() as progress:
        report = build(articles, progress=progress, **options)
    _tell_skipped(report.skipped)
    return report


def summary(report: BuildReport) -> str:
    warnings = len(report.skipped)
    return (
        f"{'would index' if report.dry_run else 'indexed'} {report.articles} articles as "
        f"{report.passages} passages in {report.seconds:.1f} s: {report.added} added, "
        f"{report.changed} changed, {report.removed} removed, {report.unchanged} unchanged; "
        f"{report.embedded} passages embedded; {warnings} warning{'' if warnings == 1 else 's'}"
    )
