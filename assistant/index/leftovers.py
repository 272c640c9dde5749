"""What dead builds left in an index's folder, and generations that are no longer kept."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from assistant.errors import IndexCorrupt, IndexNotFound
from assistant.index.layout import manifest_of, read_pointer

WORK = ".work"
"""The folder beside the generations where a build keeps what it has made, until it is done."""

PARTIAL = ".partial-"
"""How the name of a generation begins that is not whole yet, or not any more."""


def clear_left_overs(folder: Path) -> None:
    """Removes what a build that died left, and the generations that it had no time to remove.

    The caller holds the lock of the folder. Where it is not known which generation came before
    the one in use, all are kept.
    """
    _clear_partial(folder)
    with suppress(IndexNotFound, IndexCorrupt, OSError):
        pointer = read_pointer(folder)
        current = pointer.current.generation
        # Versions that named one generation only said in its manifest which came before it.
        before = manifest_of(folder, pointer.current).get("previous")
        if pointer.previous is not None:
            before = pointer.previous.generation
        if isinstance(before, str) and _is_generation(folder / before):
            keep_only(folder, (current, before))


def keep_only(folder: Path, names: Collection[str | None]) -> None:
    """Removes all generations but those named. The caller holds the lock of the folder."""
    for old in [path for path in folder.iterdir() if _is_generation(path)]:
        if old.name not in names:
            # Under its own name, one that is half removed would pass for nothing known.
            with suppress(OSError):
                old.rename(folder / f"{PARTIAL}{old.name}")
    _clear_partial(folder)


def _is_generation(path: Path) -> bool:
    return not path.name.startswith(".") and (path / "manifest.json").is_file()


def left_overs(folder: Path) -> list[Path]:
    """What a build that runs, or one that died, has not made whole. Raises OSError."""
    return sorted([*folder.glob(f"{PARTIAL}*"), *folder.glob(".*.partial")])


def _clear_partial(folder: Path) -> None:
    for left_over in left_overs(folder):
        with suppress(OSError):
            if left_over.is_dir() and not left_over.is_symlink():
                shutil.rmtree(left_over, ignore_errors=True)
            else:
                left_over.unlink()
