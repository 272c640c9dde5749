"""`assistant verify`, `export`, `rollback` and `upgrade`: what keeps an index sound."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from assistant.cli.bars import bars
from assistant.settings import Settings, remote_address
from assistant.terminal import note, print_json

if TYPE_CHECKING:
    from assistant.verifying import Checked


def run_verify(arguments: argparse.Namespace) -> int:
    return _verify_index(arguments) if arguments.file is None else _verify_answer(arguments)


def _verify_index(arguments: argparse.Namespace) -> int:
    from assistant.auditing import audit
    from assistant.text import one_line

    with bars() as progress:
        result = audit(arguments.index, sample=arguments.sample, progress=progress)
    if arguments.json:
        print_json(result.to_dict())
        return 0 if result.holds else 1
    generation = None
    for check in result.checks:
        if check.generation not in (None, generation):
            generation = check.generation
            print(f"generation {one_line(generation or '')}")
        print(f"{check.state:11}  {check.name}: {one_line(check.detail)}")
    return 0 if result.holds else 1


def _verify_answer(arguments: argparse.Namespace) -> int:
    from assistant.api import Assistant

    with Assistant(arguments.index) as assistant:
        result = assistant.verify(arguments.file)
    if arguments.json:
        print_json(result.to_dict())
    else:
        for checked in result.checked:
            print(_became(checked))
        if not result.checked:
            note("the answer quotes nothing; there is nothing to verify")
        if not result.same_generation:
            note("the index was built again, or is another one, since the answer was saved")
        if result.same_model is False:
            note("the index has another embedding model than the one that answered")
    return 0 if result.holds else 1


def _became(checked: Checked) -> str:
    """One line on a citation: its number, the verdict, the article, and where the quote stands."""
    from assistant.text import one_line

    saved = checked.citation
    parts = [f"[{saved.number}] {checked.verdict}: {one_line(saved.article.title)}"]
    parts.append(f"{one_line(saved.article.id)} {saved.start}-{saved.end}")
    if checked.verdict == "moved":
        parts.append(f"now {one_line(checked.article_id or '')} {checked.start}-{checked.end}")
    if checked.edited and checked.verdict != "changed":
        parts.append("edited elsewhere")
    return ", ".join(parts)


def run_export(arguments: argparse.Namespace) -> int:
    from assistant.exporting import export
    from assistant.index import Index
    from assistant.limits import Limits

    index = Index.open(Settings.resolve(index=arguments.index).index)
    # Not by way of the text stream, which puts marks for what a terminal cannot show.
    output = sys.stdout.buffer if arguments.output is None else arguments.output
    try:
        with bars() as progress:
            done = export(index, output, progress=progress)
    finally:
        index.close()
    note(f"exported {done.articles} articles")
    if done.longest > Limits.resolve().file_bytes:
        note(
            f"the longest line has {done.longest} bytes, more than a build reads: "
            "set ASSISTANT_LIMIT_FILE_BYTES before it is built again"
        )
    return 0


def run_rollback(arguments: argparse.Namespace) -> int:
    address = remote_address(arguments.index)
    if address is not None:
        return _rollback_on_server(address, arguments)
    from assistant.index import roll_back

    folder = Settings.resolve(index=arguments.index).index
    done = roll_back(folder)
    if arguments.json:
        print_json(done.to_dict())
    else:
        print(
            f"{done.generation} is in use: {done.articles} articles as {done.passages} passages, "
            f"built {done.built}"
        )
        if done.before is not None:
            note(f"{done.before} is kept; to go forward to it: assistant rollback --index {folder}")
    if done.needs_upgrade:
        note(f"it has an older format; upgrade it: assistant upgrade --index {folder}")
    return 0


def _rollback_on_server(text: str, arguments: argparse.Namespace) -> int:
    from assistant.milvus import Address, roll_back

    info = roll_back(Address.parse(text))
    if arguments.json:
        print_json(info.to_dict())
    else:
        print(
            f"{info.generation} is in use: {info.articles} articles as {info.passages} passages, "
            f"built {info.built}"
        )
    return 0


def run_upgrade(arguments: argparse.Namespace) -> int:
    from assistant.index import upgrade

    folder = Settings.resolve(index=arguments.index).index
    done = upgrade(folder)
    if arguments.json:
        print_json(done.to_dict())
    elif done.before == done.now:
        print(f"the index in {folder} has format {done.now} already; nothing was done")
    else:
        print(
            f"upgraded the index in {folder} from format {done.before} to {done.now}: "
            f"{done.generation} is in use"
        )
    return 0
