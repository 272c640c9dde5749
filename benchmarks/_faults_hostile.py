"""Builds an index of the hostile corpus and looks at what became of each file."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from assistant.api import Assistant
from assistant.index import Index
from benchmarks._faults_corpus import CANARY, Corpus, write_corpus
from benchmarks._faults_mounts import without_privileges
from benchmarks._faults_world import Outcome, Part, built, end, in_child, must, start

MOST_SECONDS = 900.0
MOST_BYTES = 4_000_000_000
"""What a build of the corpus may take: its time, and the memory of it with its readers."""

_NOT_READ = "are not read"


class Listener:
    """A server on this machine that counts the requests that come."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.requests = 0

    def look(self) -> int:
        """The requests so far; each waits in the queue of the socket until it is looked for."""
        self._socket.settimeout(0.0)
        while True:
            try:
                self._socket.accept()[0].close()
            except BlockingIOError:
                return self.requests
            self.requests += 1


def _tree(root: int) -> Iterator[int]:
    yield root
    for task in Path(f"/proc/{root}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _tree(int(child))


def _memory(root: int) -> int:
    """The proportional set size, in bytes, of a process with all that it started."""
    total = 0
    for process in _tree(root):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


@contextmanager
def _measured(process: int) -> Iterator[dict[str, Any]]:
    """Seconds and the highest memory of a process tree while the block runs."""
    found: dict[str, Any] = {"peak": 0}
    ended = threading.Event()

    def sample() -> None:
        while not ended.wait(0.1):
            try:
                found["peak"] = max(found["peak"], _memory(process))
            except (OSError, ValueError):
                continue

    thread = threading.Thread(target=sample)
    thread.start()
    clock = time.monotonic()
    yield found
    found["seconds"] = time.monotonic() - clock
    ended.set()
    thread.join()


def _files(root: Path, *, but: Path) -> dict[str, tuple[int, int]]:
    """The sizes and times of all files under a folder, but those of one within it."""
    found = {}
    for folder, _, names in os.walk(root):
        if Path(folder) == but or but in Path(folder).parents:
            continue
        for name in names:
            status = Path(folder, name).lstat()
            found[f"{folder}/{name}"] = (status.st_size, status.st_mtime_ns)
    return found


def _articles(index: Path) -> Any:
    """The work of reading all articles of an index."""

    def work() -> list[Any]:
        with Assistant(index) as assistant:
            held = cast(Index, assistant._index).store
            articles = [held.article(identity) for identity in held.contents()]
            return [
                [a.path, a.title, a.text, [a.id, a.source, a.url, *a.authors]]
                for a in articles
                if a is not None
            ]

    return work


def _shown(name: str) -> str:
    """A file's name as a report has it."""
    return name.encode("utf-8", "backslashreplace").decode()


def hostile(root: Path, model: str, *, small: bool = False) -> Part:
    """Writes the corpus, builds an index of it, and checks what is in it and what is reported."""
    part, listener = Part(), Listener()
    corpus = write_corpus(root, port=listener.port, small=small)
    scratch = root / "tmp"
    scratch.mkdir()
    index = root / "index"
    before = _files(root, but=index)

    def build() -> Any:
        os.environ["TMPDIR"] = str(scratch)
        os.chdir(scratch)
        # Permissions do not apply to root.
        return without_privileges(built(corpus.folder, index, model))()

    child, reads = start(build)
    with _measured(child) as measured:
        outcome = end(child, reads, patience=MOST_SECONDS)
    part.figures |= {
        "good files": len(corpus.good),
        "hostile files": len(corpus.hostile),
        "seconds": round(measured["seconds"], 1),
        "peak megabytes": round(measured["peak"] / 1e6),
        "requests": listener.look(),
    }
    if measured["peak"] > MOST_BYTES:
        part.failures.append(f"the build took {measured['peak'] / 1e9:.1f} GB")
    if listener.requests:
        part.failures.append(f"{listener.requests} requests came")
    changed = set(_files(root, but=index).items()) ^ set(before.items())
    part.failures += [f"written outside of the index: {name}" for name, _ in sorted(changed)[:5]]
    if not outcome.whole:
        part.failures.append(f"the build ended with {_short(outcome)}")
        return part
    _check(part, corpus, must(in_child(_articles(index))), outcome.value["skipped"])
    return part


def _short(outcome: Outcome) -> str:
    return str(outcome)[:1500]


def _check(part: Part, corpus: Corpus, articles: list[Any], skipped: list[Any]) -> None:
    paths = {one["path"] for one in skipped}
    whole = {" ".join(text.split()): path for path, _, text, _ in articles}
    unread = [one["path"] for one in skipped if _NOT_READ in one["reason"]]
    for name, item in corpus.good.items():
        if name in unread:
            part.count("good files of formats that are not read")
        elif any(all(s in text for s in item.sentences) for text in whole):
            part.count("good files indexed")
        else:
            reason = next((o["reason"] for o in skipped if o["path"].startswith(name)), "no reason")
            part.failures.append(f"{name} is not in the index: {reason}")
    held = {path for path, *_ in articles}
    for name in corpus.hostile:
        shown = _shown(name)
        if any(path == shown or path.startswith((f"{shown}/", f"{shown}!")) for path in paths):
            part.count("hostile files listed with a reason")
        elif any(path == shown or path.startswith((f"{shown}/", f"{shown}!")) for path in held):
            part.count("hostile files read as harmless articles")
        else:
            part.failures.append(f"{shown!r} is neither listed nor an article")
    part.figures["lines about what was skipped"] = len(skipped)
    for path, title, text, others in articles:
        for value in (title, text, *others):
            if value is not None and _harm(value):
                part.failures.append(f"{path} holds {_harm(value)}")
    for one in skipped:
        if not one["reason"].strip() or len(one["reason"]) > 2_000:
            part.failures.append(f"{one['path']!r} has no reason, or too long a one")


def _harm(value: str) -> str | None:
    if CANARY in value:
        return "the text of a file outside of the folder"
    if "\0" in value:
        return "a NUL"
    if any("\ud800" <= c <= "\udfff" for c in value):
        return "a lone surrogate"
    if "root:x:0:" in value or "PATH=/" in value:
        return "a file of the system"
    return None
