"""What dead builds left in an index's folder, and generations that are no longer kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from assistant.errors import IndexCorrupt, IndexNotFound
from assistant.index.layout import current_generation

PARTIAL = ".partial-"
"""How the name of a generation begins that is not whole yet, or not any more."""


def clear_left_overs(folder: Path) -> None:
    """Removes what a build that died left, and the generations that it had no time to remove.

    The caller holds the lock of the folder. Where it is not known which generation came before
    the one in use, all are kept.
    """
    _clear_partial(folder)
    with suppress(IndexNotFound, IndexCorrupt, OSError, ValueError, KeyError, TypeError):
        current = current_generation(folder)
        manifest = json.loads((folder / current / "manifest.json").read_bytes())
        if _is_generation(folder / str(manifest["previous"])):
            keep_only(folder, (current, str(manifest["previous"])))


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


def _clear_partial(folder: Path) -> None:
    for left_over in folder.glob(f"{PARTIAL}*"):
        shutil.rmtree(left_over, ignore_errors=True)
    for left_over in folder.glob(".*.partial"):
        with suppress(OSError):
            left_over.unlink()
