"""Writing files so that a crash leaves the old or the new content, never half of it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from assistant.errors import IndexLocked


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_file(path: Path) -> None:
    """Forces a file's bytes to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Forces a folder's entries to the disk; does nothing where folders cannot be opened."""
    if os.name == "nt":
        return
    sync_file(path)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which replaces `path` in the end, whole and on the disk, or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_atomically(path: Path, data: bytes) -> None:
    """Replaces `path` by a file that holds `data`, whole and on the disk, or not at all."""
    with replacing(path) as file:
        file.write(data)


def create_atomically(path: Path, data: bytes) -> None:
    """Makes the new file `path`, which holds `data`, whole and on the disk, or makes none.

    Raises FileExistsError where the name is taken, even by a link that leads nowhere.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    try:
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            # A second name, unlike a new one, is never given in another file's place.
            os.link(partial, path)
        except FileExistsError:
            raise
        except OSError:
            # A file system without second names: what comes between these two lines is lost.
            if os.path.lexists(path):
                raise FileExistsError(path) from None
            partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
    sync_folder(path.parent)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Holds the lock file `path`; it is freed when the process ends, however it ends.

    Raises IndexLocked at once where another process holds it.
    """
    try:
        with FileLock(path, timeout=0):
            yield
    except Timeout:
        raise IndexLocked(
            f"another build is writing to {path.parent}; wait until it has ended, then try again"
        ) from None
