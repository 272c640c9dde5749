"""Whether a text holds an answer, as development sets write it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_OTHER = re.compile(r"[\W_]+")


def normalised(text: str) -> str:
    """Without case, width and punctuation: "U.S." and "u s" are the same."""
    return _OTHER.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def holds(text: str, answers: Sequence[str]) -> bool:
    """Whether one of the answers stands in the text."""
    held = normalised(text)
    return any(answer in held for one in answers if (answer := normalised(one)))
