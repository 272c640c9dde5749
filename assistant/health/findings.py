"""What an examination of an index finds, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["ok", "note", "warning", "error"]

MOST_PLACES = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it is, and what to do.

    `ok`: as it should be. `note`: worth knowing. `warning`: answers suffer from it. `error`: the
    index cannot be used. `places` are the first 100 of the `count` files or articles that it is
    about; `count` is 0 where it is about none in particular.
    """

    level: Level
    name: str
    message: str
    advice: str | None = None
    places: tuple[str, ...] = ()
    count: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {
            "level": self.level,
            "name": self.name,
            "message": self.message,
            "advice": self.advice,
            "places": list(self.places),
            "count": self.count,
        }


def about(
    level: Level, name: str, message: str, places: Iterable[str], *, advice: str, fine: str
) -> Finding:
    """A finding about articles or files, in the order of their names, or that there are none."""
    found = sorted(places)
    if not found:
        return Finding("ok", name, fine)
    return Finding(
        level, name, f"{message}: {len(found)}", advice, tuple(found[:MOST_PLACES]), len(found)
    )


@dataclass(frozen=True, slots=True)
class Health:
    """Everything that was looked at, in order."""

    index: str
    findings: tuple[Finding, ...]

    @property
    def usable(self) -> bool:
        """Whether no finding is an error."""
        return all(finding.level != "error" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        return {
            "usable": self.usable,
            "index": self.index,
            "findings": [finding.to_dict() for finding in self.findings],
        }


def megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"
