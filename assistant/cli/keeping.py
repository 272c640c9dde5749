"""`assistant verify`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from assistant.terminal import note, print_json

if TYPE_CHECKING:
    from assistant.verifying import Checked


def run_verify(arguments: argparse.Namespace) -> int:
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
