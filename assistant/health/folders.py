"""The folders around an index: what they hold, and whether the next build has room."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from assistant.articles import article_files, relative_name
from assistant.errors import ArticlesNotFound, IndexLocked
from assistant.files import exclusive
from assistant.health.findings import Finding, about, megabytes
from assistant.index import LOCK, WORK, Index, generations, left_overs
from assistant.last_build import LastBuild

_BASE_MEMORY = 700_000_000
"""What a build with the bundled model takes by two processes, whatever there is to be built."""

_MEMORY_TIMES = 1.5
"""FAISS holds in memory what it writes; a few numbers of each passage come to that."""

_OPEN_ENDED = (".jsonl", ".zip", ".gz", ".mbox", ".warc", ".csv", ".parquet")
"""Files of many articles, whose paths may be others than theirs, where no build listed files."""


def examine_disk(folder: Path, in_use: str | None) -> Iterator[Finding]:
    """The generations and their sizes, what dead builds left, the lock, permissions."""
    try:
        names = generations(folder)
    except OSError:
        return
    sizes = {name: _size(folder / name) for name in names}
    shown = ", ".join(
        f"{name} {megabytes(size)}{' (in use)' if name == in_use else ''}"
        for name, size in sizes.items()
    )
    yield Finding("ok", "disk", f"{megabytes(sum(sizes.values()))} in generations: {shown}")
    running = _is_locked(folder)
    if running:
        yield Finding("note", "lock", "a build or another command is writing to the index now")
    else:
        yield Finding("ok", "lock", "no other process is writing to the index")
        yield about(
            "note",
            "left-overs",
            "what builds that died have left",
            [path.name for path in left_overs(folder)],
            advice=f"the next build removes them: assistant build --index {folder}",
            fine="no build that died has left anything",
        )
    work = _size(folder / WORK)
    if work:
        yield Finding(
            "note",
            "unfinished",
            f"a build that did not end has left what it made ({megabytes(work)})",
            f"the next build goes on from there: assistant build --index {folder}",
        )
    if os.access(folder, os.W_OK | os.X_OK):
        yield Finding("ok", "permissions", "the folder can be written")
    else:
        yield Finding(
            "warning",
            "permissions",
            f"{folder} cannot be written: questions are answered, but no build can bring it up "
            "to date",
            "give yourself the right to write there",
        )


def examine_room(index: Index) -> Iterator[Finding]:
    """Whether there is disk and memory for a full rebuild, as far as sizes tell.

    It writes as much again as is in use, beside it, and the lexical index twice while that
    merges its parts. In memory it holds little but the index of vectors: of 11,000, 108,000 and
    1,079,000 passages with the bundled model, 0.53, 0.85 and 2.1 GB were measured.
    """
    size = index.size
    needed = size + _size(index.generation / "lexical")
    free = shutil.disk_usage(index.folder).free
    message = f"a full rebuild needs about {megabytes(needed)} of disk, {megabytes(free)} are free"
    if free < needed:
        yield Finding("warning", "room on disk", message, "make room before the next build")
    else:
        yield Finding("ok", "room on disk", message)
    vectors = (index.generation / "vectors.faiss").stat().st_size
    needed = _BASE_MEMORY + int(_MEMORY_TIMES * vectors)
    available = _available_memory()
    message = f"a full rebuild needs about {megabytes(needed)} of memory"
    if available is None:
        yield Finding("ok", "memory", message)
        return
    message += f", {megabytes(available)} are available"
    if available < needed:
        advice = "close other programs before the next full build"
        yield Finding("warning", "memory", message, advice)
    else:
        yield Finding("ok", "memory", message)


def examine_last_build(last: LastBuild | None) -> Finding:
    """What the last build could not use."""
    if last is None:
        return Finding("note", "last build", "nothing is known of it")
    skipped = [str(one) for one in last.skipped]
    if not skipped:
        return Finding("ok", "last build", f"ended {last.built}; it could use every file")
    return Finding(
        "warning",
        "last build",
        f"ended {last.built}; files, lines or fields that it could not use: {last.skipped_count}",
        "mend them and build again",
        tuple(skipped),
        last.skipped_count,
    )


def examine_articles(root: Path, index: Index, last: LastBuild | None) -> Iterator[Finding]:
    """Compares names and times of the files with what was indexed; reads none of them."""
    try:
        files = article_files(root)
    except ArticlesNotFound as error:
        yield Finding("warning", "articles", str(error))
        return
    # The second that it ended in has gone by.
    built = 1 + datetime.fromisoformat(index.info.built if last is None else last.built).timestamp()
    read = index.store.files()
    known = {*read, *(article.path for article in index.store.all_articles())}
    known.update(() if last is None else (one.path for one in last.skipped))
    names = {path: relative_name(path, root) for path in files}
    changed = sorted(read.keys() - names.values())
    for path, name in names.items():
        new = name not in known and (bool(read) or path.suffix.lower() not in _OPEN_ENDED)
        try:
            newer = path.stat().st_mtime > built
        except OSError:
            newer = True
        if new or newer:
            changed.append(name)
    yield about(
        "note",
        "articles",
        f"of {len(files)} files in {root}, those that are new, gone, or newer than the last build",
        changed,
        advice=f"assistant build {root} --index {index.folder}; --dry-run says what it would do",
        fine=f"none of {len(files)} files in {root} is new, gone, or newer than the last build",
    )


def _size(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(Path(parent, name)).st_size
            except OSError:
                continue
    return total


def _is_locked(folder: Path) -> bool:
    """Whether another process holds the lock; an index without a lock file gets none by this."""
    if not (folder / LOCK).exists():
        return False
    try:
        with exclusive(folder / LOCK):
            return False
    except IndexLocked:
        return True
    except OSError:
        return False


def _available_memory() -> int | None:
    """The bytes that programs can have now, where the system says."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            name, _, rest = line.partition(":")
            if name == "MemAvailable":
                return int(rest.split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None
