"""Which files of a folder are articles, and which are nothing that may be opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from assistant.articles.source import Budget, Source
from assistant.errors import ArticlesNotFound, ArticleUnreadable
from assistant.limits import Limits
from assistant.types import Skipped


@dataclass(frozen=True, slots=True)
class Found:
    """The files under a folder in the order of their names, and the folders that cannot be read."""

    files: tuple[Path, ...]
    skipped: tuple[Skipped, ...]


def relative_name(path: Path, root: Path) -> str:
    """The path under `root`, with slashes, and nothing in it that UTF-8 cannot hold."""
    relative = path.name if path == root else path.relative_to(root).as_posix()
    return relative.encode("utf-8", "backslashreplace").decode("utf-8")


def find_files(root: Path) -> Found:
    """The files under `root`, or `root` itself.

    Hidden files and folders are left out, and so are files called README: they describe a
    folder of articles. Links to folders are not followed. Raises ArticlesNotFound.
    """
    if root.is_file():
        return Found((root,), ())
    if not root.is_dir():
        raise ArticlesNotFound(f"there is no folder or file {root}; give the path of your articles")
    files: list[Path] = []
    skipped: list[Skipped] = []

    def failed(error: OSError) -> None:
        name = relative_name(Path(error.filename), root)
        skipped.append(Skipped(name, f"the folder cannot be read ({error.strerror or error})"))

    for folder, inner, names in os.walk(root, onerror=failed):
        inner[:] = [name for name in inner if not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            if not name.startswith(".") and path.stem.lower() != "readme":
                files.append(path)
    files.sort(key=lambda path: path.relative_to(root).as_posix())
    return Found(tuple(files), tuple(sorted(skipped, key=lambda one: one.path)))


def article_files(root: Path) -> list[Path]:
    """The files under `root`, in order, as `find_files` has them. Raises ArticlesNotFound."""
    return list(find_files(root).files)


def check_file(path: Path, root: Path) -> int:
    """The bytes of a file that may be read.

    Raises ArticleUnreadable for a link out of the folder, and for what is no plain file, and
    OSError where there is nothing.
    """
    if path.is_symlink() and path != root:
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError):
            raise ArticleUnreadable("it is a link that leads nowhere") from None
        if not target.is_relative_to(root.resolve()):
            raise ArticleUnreadable("it is a link that leads out of the folder; it is not followed")
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise ArticleUnreadable("it is no plain file (a pipe, a socket or a device)")
    return found.st_size


def source_of(
    path: Path, root: Path, limits: Limits, *, tell: Callable[[], None] | None = None
) -> Source:
    """A file as a source; `tell` hears that reading it goes on."""

    def opened() -> BinaryIO:
        return path.open("rb")

    return Source(relative_name(path, root), opened, limits, Budget(limits, tell))
