"""Brings the index of an older format up to date: a new generation beside the old one."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.errors import IndexCorrupt, IndexNotFound, IndexUnwritable
from assistant.files import sync_folder
from assistant.index import committing, layout, leftovers
from assistant.index.layout import MANIFEST, Named
from assistant.index.migrations import STEPS, is_upgradable
from assistant.index.reading import Index


@dataclass(frozen=True, slots=True)
class Upgraded:
    """From which format to which, and the generation that is in use now."""

    generation: str
    before: int
    now: int

    def to_dict(self) -> dict[str, Any]:
        return {"generation": self.generation, "before": self.before, "now": self.now}


def upgrade(folder: Path) -> Upgraded:
    """Brings the generation in use to this version's format; nothing is embedded again.

    The old one is kept as the generation before. Where the format is this version's already,
    nothing changes. Raises IndexNotFound, IndexCorrupt; IndexFormatUnsupported for a format
    that is newer or too old; IndexLocked; IndexUnwritable, with the old generation in use.
    """
    layout.read_pointer(folder)
    with committing.held(folder):
        return _upgrade(folder)


def prepare_for_build(folder: Path, *, dry_run: bool = False) -> None:
    """Upgrades an older index, so that a build has all of it to start from.

    An index that is damaged, or too old, is left to the build. Raises IndexFormatUnsupported for
    an index that a newer version wrote, which a build would throw away, and in a `dry_run` for
    one that is to be upgraded first; IndexLocked, IndexUnwritable.
    """
    try:
        found = layout.format_of(folder)
    except (IndexNotFound, IndexCorrupt):
        return
    upgradable = is_upgradable(found, layout.FORMAT)
    if (upgradable and dry_run) or (type(found) is int and found > layout.FORMAT):
        layout.check_format(folder, {"format": found})
    elif upgradable:
        with suppress(IndexCorrupt):
            upgrade(folder)


def _upgrade(folder: Path) -> Upgraded:
    before = layout.format_of(folder)
    pointer = layout.read_pointer(folder)
    if not is_upgradable(before, layout.FORMAT):
        layout.check_format(folder, {"format": before})
        return Upgraded(pointer.current.generation, layout.FORMAT, layout.FORMAT)
    assert isinstance(before, int)
    # All of it: what is damaged in the old generation must not be given a new checksum.
    manifest = layout.check_files(folder, pointer.current)
    now = datetime.now(UTC)
    # The time is what tells it from the old one; what is in it is the same.
    kind = pointer.current.generation.split("-")[1:2] or ["upgraded"]
    name = committing.free_name(folder, f"{now:%Y%m%dT%H%M%SZ}-{kind[0]}")
    try:
        leftovers.clear_left_overs(folder)
        old = folder / pointer.current.generation
        last, sealed = _stepped(folder, old, name, manifest, before)
        last.rename(folder / name)
        sync_folder(folder)
        kept = committing.put_in_use(folder, Named(name, sealed))
    except (OSError, sqlite3.Error, RuntimeError, ValueError) as error:
        leftovers.clear_left_overs(folder)
        raise IndexUnwritable(
            f"the index in {folder} cannot be upgraded ({error}); the generation in use is "
            "unchanged; check space and permissions, then try again"
        ) from error
    except BaseException:
        leftovers.clear_left_overs(folder)
        raise
    leftovers.keep_only(folder, kept)
    return Upgraded(name, before, layout.FORMAT)


def _stepped(
    folder: Path, old: Path, name: str, manifest: dict[str, Any], before: int
) -> tuple[Path, str]:
    """A folder, not yet in its place, of a whole generation of this version's format.

    With the SHA-256 of its manifest.
    """
    sealed = ""
    for number in range(before, layout.FORMAT):
        new = folder / f"{leftovers.PARTIAL}{name}-format-{number + 1}"
        new.mkdir()
        STEPS[number](old, new)
        path = new / MANIFEST
        if path.exists():
            manifest = json.loads(path.read_bytes())
            path.unlink()
        manifest = manifest | {"format": number + 1, "generation": name}
        if old.name.startswith(leftovers.PARTIAL):
            shutil.rmtree(old)
        else:
            manifest["previous"] = old.name
        sealed = committing.seal(new, manifest)
        old = new
    # Whether its files belong together.
    Index(folder, old, manifest).close()
    for lock in (old / "lexical").glob(".*.lock"):
        lock.unlink()
    return old, sealed
