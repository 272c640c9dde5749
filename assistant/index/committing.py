"""Puts a generation that is written to use: checksums, the pointer, and what is kept beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assistant.errors import IndexCorrupt, IndexNotFound, IndexUnwritable
from assistant.files import (
    exclusive,
    sha256_file,
    sync_file,
    sync_folder,
    write_atomically,
)
from assistant.index.layout import (
    HASHED_AT_ONCE,
    MANIFEST,
    Named,
    Pointer,
    is_whole,
    others,
    read_pointer,
    write_pointer,
)
from assistant.index.stamps import STAMP, look, write_stamp

LOCK = ".lock"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Holds the lock of an index's folder, which is there.

    Raises IndexLocked where another process holds it, and IndexUnwritable for the OSErrors of
    whatever is done meanwhile.
    """
    try:
        with exclusive(folder / LOCK):
            yield
    except OSError as error:
        raise IndexUnwritable(
            f"the index in {folder} cannot be written ({error.strerror or error}); the index in "
            "use is unchanged; check space and permissions"
        ) from error


def seal(generation: Path, manifest: Mapping[str, Any]) -> str:
    """Writes the manifest of a generation whose files are all there. Returns its SHA-256.

    The size and the SHA-256 of every file are added to it, everything is forced to the disk, and
    a stamp is left with which the first opening need not hash it again. Raises OSError.
    """
    (generation / STAMP).unlink(missing_ok=True)
    paths = sorted(path for path in generation.rglob("*") if path.is_file())
    names = [path.relative_to(generation).as_posix() for path in paths]
    for path in paths:
        sync_file(path)
    seen = look(generation, names)
    with ThreadPoolExecutor(HASHED_AT_ONCE) as pool:
        hashes = list(pool.map(sha256_file, paths))
    files = {
        name: {"bytes": path.stat().st_size, "sha256": checksum}
        for name, path, checksum in zip(names, paths, hashes, strict=True)
    }
    data = json.dumps({**manifest, "files": files}, ensure_ascii=False, indent=1).encode()
    write_atomically(generation / MANIFEST, data)
    sealed = hashlib.sha256(data).hexdigest()
    write_stamp(generation, sealed, seen)
    for inner in (path for path in generation.rglob("*") if path.is_dir()):
        sync_folder(inner)
    return sealed


def free_name(folder: Path, name: str) -> str:
    """`name`, or the first of `name-2`, `name-3`, … where it is taken."""
    number = 1
    while (folder / (name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return name if number == 1 else f"{name}-{number}"


def put_in_use(folder: Path, new: Named) -> set[str]:
    """Makes a generation the one in use, and keeps beside it the last one that is whole.

    That is the one that was in use; if it is damaged, the one before it; if it is not known, the
    newest of the others. Returns the names of
    the generations to be kept. Raises OSError.
    """
    try:
        pointer = read_pointer(folder)
        before = [named for named in (pointer.current, pointer.previous) if named is not None]
    except (IndexNotFound, IndexCorrupt):
        before = [named for named in others(folder) if named.generation != new.generation]
    previous = next((named for named in before if is_whole(folder, named)), None)
    if previous is not None:
        previous = previous.with_checksum(folder)
    write_pointer(folder, Pointer(new, previous))
    return {named.generation for named in (new, previous) if named is not None}
