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

from assistant.lexical import list_as_one_part
from assistant.store import add_files

Step = Callable[[Path, Path], None]


def _parts_and_files(old: Path, new: Path) -> None:
    """To format 4: the lexical index lists its parts, the store the files that were read."""
    shutil.copytree(old, new, dirs_exist_ok=True, ignore=shutil.ignore_patterns("manifest.json"))
    add_files(new / "store.sqlite")
    manifest = json.loads((old / "manifest.json").read_bytes())
    list_as_one_part(new / "lexical", manifest["counts"]["passages"])


STEPS: dict[int, Step] = {3: _parts_and_files}
"""By the format that each starts from. An index of a format that is not here is built again."""


def is_upgradable(found: object, wanted: int) -> bool:
    """Whether there is a step from each format from `found` up to `wanted`, which is newer."""
    return type(found) is int and found < wanted and all(n in STEPS for n in range(found, wanted))
