"""The process that reads files whose parsers may hang, crash or take all memory.

It is told of one file after the other in lines of JSON, and answers in lines of JSON: an article,
what was skipped, and at the end of each file that it is done. It opens no connection, starts no
program and writes no file: what a parser could be talked into is refused.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from assistant.articles.folder import source_of
from assistant.articles.formats import read_source
from assistant.language import load_identifier
from assistant.limits import Limits
from assistant.processes import confine
from assistant.types import Article, Skipped


def _say(lines: IO[str], values: dict[str, Any]) -> None:
    lines.write(json.dumps(values) + "\n")


def _read(lines: IO[str], path: Path, root: Path, limits: Limits) -> None:
    def tell() -> None:
        _say(lines, {"alive": True})
        lines.flush()

    items = read_source(source_of(path, root, limits, tell=tell))
    while True:
        try:
            item = next(items)
        except StopIteration as end:
            _say(lines, {"done": True, "settled": end.value})
            return
        kind = "article" if isinstance(item, Article) else "skipped"
        _say(lines, {kind: asdict(item)})
        lines.flush()


def run_here(limits: str) -> None:
    """What the process does until its standard input ends."""
    # What libraries print must not come between the lines.
    lines = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    bounds = Limits(**json.loads(limits))
    # It is unpacked to a temporary file, which may not be made afterwards.
    load_identifier()
    confine(memory_bytes=bounds.memory_bytes)
    _say(lines, {"ready": True})
    lines.flush()
    for line in sys.stdin.buffer:
        told = json.loads(line)
        path = Path(told["path"])
        try:
            _read(lines, path, Path(told["root"]), bounds)
        except MemoryError:
            # What is left of the memory is not known: the next file gets a new process.
            _say(lines, {"memory": True})
            lines.flush()
            os._exit(1)
        except Exception as error:
            reason = f"its reader failed on it ({type(error).__name__}: {str(error)[:120]})"
            _say(lines, {"skipped": asdict(Skipped(told["name"], reason))})
            _say(lines, {"done": True, "settled": False})
        lines.flush()
    os._exit(0)
