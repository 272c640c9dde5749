"""Bytes to text, where something says in what encoding they are."""

from __future__ import annotations

from assistant.articles.common import clean_newlines
from assistant.articles.decoding import decode

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def decode_declared(data: bytes, declared: str | None = None) -> str:
    """Text by the mark that the bytes begin with, by what is declared, or as `decode` finds.

    What is declared and does not fit counts for nothing. Raises ArticleUnreadable.
    """
    if declared and not data.startswith(_MARKS) and declared.lower() not in ("ascii", "us-ascii"):
        try:
            return clean_newlines(data.decode(declared))
        except (LookupError, ValueError):
            pass
    return decode(data).text.removeprefix("\ufeff")
