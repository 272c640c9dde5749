"""What a check of an index found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

State = Literal["ok", "wrong", "not checked"]


class Wrong(Exception):
    """What a check found to be wrong."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: of which generation, of what, and how it ended.

    `generation` is None for what belongs to none of them.
    """

    generation: str | None
    name: str
    state: State
    detail: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "generation": self.generation,
            "name": self.name,
            "state": self.state,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class Audit:
    """All checks of an index, in order. `previous` is None where no generation is kept beside."""

    generation: str | None
    previous: str | None
    checks: tuple[Check, ...]
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong, with what could be checked."""
        return all(check.state != "wrong" for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        return {
            "holds": self.holds,
            "generation": self.generation,
            "previous": self.previous,
            "checks": [check.to_dict() for check in self.checks],
            "seconds": round(self.seconds, 3),
        }
