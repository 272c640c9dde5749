"""What the last build did, kept beside the generations: read with distrust, never needed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.files import write_atomically
from assistant.types import BuildReport, Skipped

_FILE = "last_build.json"
_MAX_SKIPPED = 200
_LONGEST = 500
_MAX_BYTES = 4_000_000
"""More than _MAX_SKIPPED entries of the longest texts take as ASCII."""

_COUNTS = ("added", "changed", "removed", "unchanged", "embedded")


@dataclass(frozen=True, slots=True)
class LastBuild:
    """The last build that ended well, also where nothing had changed.

    `built` is the UTC time of its end. `skipped` has the first 200 of the `skipped_count` files
    and lines that could not be used.
    """

    built: str
    seconds: float | None
    added: int
    changed: int
    removed: int
    unchanged: int
    embedded: int
    skipped: tuple[Skipped, ...]
    skipped_count: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "built": self.built,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "added": self.added,
            "changed": self.changed,
            "removed": self.removed,
            "unchanged": self.unchanged,
            "embedded": self.embedded,
            "skipped": [skipped.to_dict() for skipped in self.skipped],
            "skipped_count": self.skipped_count,
        }


def write_last_build(folder: Path, report: BuildReport) -> None:
    """Keeps `report` in the index's folder, or keeps nothing where the disk does not take it."""
    kept = LastBuild(
        built=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        seconds=report.seconds,
        added=report.added,
        changed=report.changed,
        removed=report.removed,
        unchanged=report.unchanged,
        embedded=report.embedded,
        skipped=tuple(
            Skipped(one.path[:_LONGEST], one.reason[:_LONGEST], one.line)
            for one in report.skipped[:_MAX_SKIPPED]
        ),
        skipped_count=len(report.skipped),
    )
    with suppress(OSError):
        write_atomically(folder / _FILE, json.dumps(kept.to_dict(), indent=1).encode())


def read_last_build(folder: Path) -> LastBuild | None:
    """What the last build in `folder` did; None where that is not known or not sound."""
    try:
        with (folder / _FILE).open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            return None
        return _checked(json.loads(data))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _checked(values: Mapping[str, Any]) -> LastBuild:
    moment = datetime.strptime(values["built"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    seconds = values["seconds"]
    if seconds is not None and not (_is_number(seconds) and 0 <= seconds < math.inf):
        raise ValueError("the seconds are no time")
    skipped = tuple(_skipped(one) for one in values["skipped"][:_MAX_SKIPPED])
    return LastBuild(
        built=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        seconds=None if seconds is None else float(seconds),
        skipped=skipped,
        skipped_count=max(len(skipped), _count(values["skipped_count"])),
        **{name: _count(values[name]) for name in _COUNTS},
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53:
        raise ValueError("a count is no whole number")
    return value


def _skipped(values: Mapping[str, Any]) -> Skipped:
    path, reason, line = values["path"], values["reason"], values["line"]
    if not isinstance(path, str) or not isinstance(reason, str):
        raise TypeError("what was skipped has no name")
    return Skipped(path[:_LONGEST], reason[:_LONGEST], None if line is None else _count(line))
