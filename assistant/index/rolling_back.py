"""The generation before, back in use."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import (
    IndexCorrupt,
    IndexNotFound,
    NothingToRollBack,
)
from assistant.index import layout
from assistant.index.committing import held
from assistant.index.layout import (
    Named,
    Pointer,
    check_files,
    check_format,
    others,
    read_pointer,
    write_pointer,
)
from assistant.index.migrations import is_upgradable
from assistant.index.reading import Index


@dataclass(frozen=True, slots=True)
class RolledBack:
    """Which generation is in use now, and which was: None where CURRENT could not be read.

    `needs_upgrade` is whether the one in use now has an older format, which `upgrade` brings up
    to date.
    """

    generation: str
    before: str | None
    articles: int
    passages: int
    built: str
    needs_upgrade: bool

    def to_dict(self) -> dict[str, Any]:
        return {
            "generation": self.generation,
            "before": self.before,
            "articles": self.articles,
            "passages": self.passages,
            "built": self.built,
            "needs_upgrade": self.needs_upgrade,
        }


def roll_back(folder: Path) -> RolledBack:
    """Puts the other generation that is kept back in use, once all of it is checked.

    What was in use is kept beside it, so a second call goes forward again. Nothing but CURRENT
    changes. Raises IndexNotFound; NothingToRollBack where there is no other generation, or
    none that is whole; IndexFormatUnsupported where it is of a format that this version cannot
    bring up to date; IndexLocked; IndexUnwritable.
    """
    if not folder.is_dir() or not (others(folder) or (folder / "CURRENT").exists()):
        raise IndexNotFound(
            f"there is no index in {folder}; build one: assistant build ARTICLES --index {folder}"
        )
    with held(folder):
        pointer = None
        with suppress(IndexCorrupt, IndexNotFound):
            pointer = read_pointer(folder)
        chosen, manifest = _chosen(folder)
        write_pointer(folder, Pointer(chosen, None if pointer is None else pointer.current))
    counts = manifest["counts"]
    return RolledBack(
        generation=chosen.generation,
        before=None if pointer is None else pointer.current.generation,
        articles=counts["articles"],
        passages=counts["passages"],
        built=manifest["built"],
        needs_upgrade=manifest["format"] != layout.FORMAT,
    )


def _chosen(folder: Path) -> tuple[Named, dict[str, Any]]:
    """The first other generation that is whole, with its manifest's checksum, and this."""
    reasons: list[str] = []
    for named in others(folder):
        try:
            manifest = check_files(folder, named)
            if not is_upgradable(manifest.get("format"), layout.FORMAT):
                check_format(folder, manifest)
                # Whether its files belong together.
                Index(folder, folder / named.generation, manifest).close()
            return named.with_checksum(folder), manifest
        except IndexCorrupt as error:
            reasons.append(str(error).partition("; build")[0])
    if not reasons:
        raise NothingToRollBack(
            f"there is no other generation in {folder} to go back to: the one before is kept from "
            "the second build on"
        )
    raise NothingToRollBack(
        f"no other generation in {folder} is whole ({'; '.join(reasons)}); "
        f"build again: assistant build --full --index {folder}"
    )
