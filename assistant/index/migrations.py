"""From the format of an older index to the next: a table with a step for each format.

A step gets the folder of a whole generation of format n, which it must not change, and the empty
folder of a new one, and makes this hold what format n + 1 has. It may link files that stay as
they are. What its manifest says beyond the old one's, it leaves in the new folder as a
`manifest.json`; format, name and checksums are filled in afterwards (`upgrading.py`).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from assistant.columns import write_columns
from assistant.index.stamps import STAMP
from assistant.lexical import list_as_one_part
from assistant.store import Store, add_files

Step = Callable[[Path, Path], None]

_NOT_TAKEN_OVER = shutil.ignore_patterns("manifest.json", STAMP, "*.lock")


def _parts_and_files(old: Path, new: Path) -> None:
    """To format 4: the lexical index lists its parts, the store the files that were read."""
    shutil.copytree(old, new, dirs_exist_ok=True, ignore=_NOT_TAKEN_OVER)
    add_files(new / "store.sqlite")
    manifest = json.loads((old / "manifest.json").read_bytes())
    list_as_one_part(new / "lexical", manifest["counts"]["passages"])


def _link(path: str, other: str) -> None:
    """Gives a file a second name, or copies it where there are no second names."""
    try:
        Path(other).hardlink_to(path)
    except OSError:
        shutil.copyfile(path, other)


def _columns(old: Path, new: Path) -> None:
    """To format 5: what filters need of passages and articles lies beside the store, mapped."""
    shutil.copytree(old, new, dirs_exist_ok=True, ignore=_NOT_TAKEN_OVER, copy_function=_link)
    store = Store(new / "store.sqlite")
    try:
        languages, sources, days = list(zip(*store.labels(), strict=True)) or ((), (), ())
        (new / "columns").mkdir()
        write_columns(
            new / "columns",
            store.article_of_row(),
            languages=languages,
            sources=sources,
            days=days,
        )
    finally:
        store.close()


STEPS: dict[int, Step] = {3: _parts_and_files, 4: _columns}
"""By the format that each starts from. An index of a format that is not here is built again."""


def is_upgradable(found: object, wanted: int) -> bool:
    """Whether there is a step from each format from `found` up to `wanted`, which is newer."""
    return type(found) is int and found < wanted and all(n in STEPS for n in range(found, wanted))
