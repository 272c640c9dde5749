"""What one file of articles may cost: bounds that keep a hostile or broken one from a build."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from assistant.errors import SettingsError

_PREFIX = "ASSISTANT_LIMIT_"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what is read. What passes one is listed as skipped; the build goes on.

    `file_bytes` bounds whatever is read at once: a file, a member of an archive, a line of JSON,
    a mail. `unpacked_bytes`, `ratio` (unpacked to packed, of what is over a megabyte), `members`
    and `depth` (archives within one another) bound a file with all that it holds; `pages` a
    PDF. `seconds` is the time between two signs of life, an article or a page, and a tenth of the
    time between two articles of one file; `memory_bytes` what a reader that runs in a process of
    its own may take.
    """

    file_bytes: int = 20_000_000
    unpacked_bytes: int = 1_000_000_000
    ratio: int = 200
    members: int = 100_000
    depth: int = 2
    pages: int = 2_000
    seconds: int = 30
    memory_bytes: int = 2_000_000_000

    def __post_init__(self) -> None:
        """Raises SettingsError for a limit that is no whole number from 1."""
        for name, value in self.to_dict().items():
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < 1 << 62:
                raise SettingsError(
                    f"the limit {name} must be a whole number from 1, not {value!r}"
                )

    @classmethod
    def resolve(
        cls,
        given: Mapping[str, int | str] | None = None,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> Limits:
        """Limits by name, over ASSISTANT_LIMIT_<NAME>, over the defaults.

        Raises SettingsError for a name that there is not, and for what is no whole number from 1.
        """
        environment = os.environ if environment is None else environment
        names = [field.name for field in fields(cls)]
        found: dict[str, int | str] = {
            name: environment[_PREFIX + name.upper()]
            for name in names
            if _PREFIX + name.upper() in environment
        }
        found.update(given or {})
        for name in found:
            if name not in names:
                raise SettingsError(f"there is no limit {name!r}; there are: {', '.join(names)}")
        return cls(**{name: _whole(name, value) for name, value in found.items()})

    def to_dict(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _whole(name: str, value: int | str) -> int:
    if isinstance(value, str):
        text = value.strip().replace("_", "")
        if not text.isascii() or not text.isdecimal() or len(text) > 20:
            raise SettingsError(f"the limit {name} must be a whole number from 1, not {value!r}")
        return int(text)
    return value
