"""`assistant add`: fetches pages and feeds into the folder of articles."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.terminal import note, print_json

if TYPE_CHECKING:
    from assistant.adding import AddedPage, AddReport, NotAdded


def add_parser(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    parents: Sequence[argparse.ArgumentParser],
) -> None:
    """Adds the command. `parents` give `--json`."""
    command = commands.add_parser(
        "add", parents=list(parents), help="fetch pages and feeds into the folder of articles"
    )
    command.add_argument("urls", nargs="*", metavar="URL", help="address of a page")
    command.add_argument(
        "--feed",
        action="append",
        default=[],
        metavar="URL",
        help="RSS or Atom feed whose pages to add; repeatable",
    )
    command.add_argument(
        "--most",
        type=int,
        default=50,
        metavar="N",
        help="pages to take of each feed, the first ones (default: 50)",
    )
    command.add_argument(
        "--articles", type=Path, metavar="DIR", help="folder of articles (default: seeds)"
    )
    command.add_argument(
        "--delay",
        type=float,
        default=1.0,
        metavar="SECONDS",
        help="between two requests to one host (default: 1)",
    )
    command.add_argument(
        "--timeout",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="for a page with where it sends on to (default: 30)",
    )
    command.add_argument(
        "--allow-private",
        action="store_true",
        help="fetch from this machine and private networks too",
    )
    command.set_defaults(run=run, usage_error=command.error)


def run(arguments: argparse.Namespace) -> int:
    """Returns 1 where a page or a feed could not be added; the others are kept."""
    if not arguments.urls and not arguments.feed:
        arguments.usage_error("give the address of a page, or of a feed with --feed")
    from assistant.adding import add

    report = add(
        arguments.urls,
        feeds=arguments.feed,
        articles=arguments.articles,
        most=arguments.most,
        allow_private=arguments.allow_private,
        delay=arguments.delay,
        timeout=arguments.timeout,
        tell=_tell_notes if arguments.json else _tell,
    )
    if arguments.json:
        print_json(report.to_dict())
    note(_summary(report))
    return 1 if report.failed else 0


def _tell(done: AddedPage | NotAdded) -> None:
    """A line when a page is done: many wait for each other, so that it can take minutes."""
    from assistant.adding import AddedPage
    from assistant.text import one_line

    if isinstance(done, AddedPage):
        title, path = one_line(done.title), one_line(done.path)
        print(f"{done.state}: [{done.language}] {title} ({path})", flush=True)
    _tell_notes(done)


def _tell_notes(done: AddedPage | NotAdded) -> None:
    from assistant.adding import AddedPage

    if isinstance(done, AddedPage):
        for text in done.notes:
            note(f"  {done.path}: {text}")
    else:
        note(f"failed: {done}")


def _summary(report: AddReport) -> str:
    states = [page.state for page in report.pages]
    counts = [
        f"{states.count(state)} {state}"
        for state in ("added", "replaced", "unchanged", "from feed")
        if state in states
    ]
    if report.passed:
        counts.append(f"{report.passed} passed over, added before")
    if report.failed:
        counts.append(f"{len(report.failed)} failed")
    changed = any(state != "unchanged" for state in states)
    return f"{', '.join(counts) or 'nothing to add'}{'; now build the index' if changed else ''}"
