"""The terms of texts, put together from those of their words, each of which is looked at once."""

from __future__ import annotations

from assistant.text import joined_terms
from assistant.vocabulary import PIECE

_MOST = 1 << 18
"""Pieces that are kept: with their terms they take some 100 MB."""

_LONGEST = 32
"""Characters of a piece that may come again."""


class KnownTerms:
    """Terms of pieces of text that were met before. For one thread."""

    def __init__(self, *, most: int = _MOST) -> None:
        self._most = most
        self._known: dict[str, tuple[str, str]] = {}

    def of(self, text: str) -> tuple[str, str]:
        """The `joined_terms` of a text."""
        found = [self._of(piece) for piece in PIECE.findall(text)]
        return (
            " ".join(lexical for lexical, _ in found if lexical),
            " ".join(romanised for _, romanised in found if romanised),
        )

    def _of(self, piece: str) -> tuple[str, str]:
        known = self._known.get(piece)
        if known is None:
            known = joined_terms(piece)
            if len(piece) <= _LONGEST:
                if len(self._known) >= self._most:
                    # Those that come often are soon known again.
                    self._known.clear()
                self._known[piece] = known
        return known
