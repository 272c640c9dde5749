"""Bytes to text."""

from __future__ import annotations

from assistant.articles.common import clean_newlines
from assistant.errors import ArticleUnreadable

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def decode(data: bytes) -> str:
    """Text of UTF-8, or of UTF-16 with a byte order mark. Raises ArticleUnreadable."""
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if b"\0" in data[:4096]:
            raise ArticleUnreadable("the file is binary, not text") from None
        raise ArticleUnreadable(
            f"the text is not UTF-8 (byte {error.start}); convert it, to UTF-8 with iconv, say"
        ) from None
    if "\0" in text:
        raise ArticleUnreadable("the file is binary, not text")
    return clean_newlines(text)
