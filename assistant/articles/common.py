"""What the readers share: cleaning of metadata, identity, language."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from assistant.articles.published import published
from assistant.errors import ArticleUnreadable
from assistant.language import detect_language
from assistant.types import Article

_LONGEST_FIELD = 500
_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_UNFIT = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file says about its article, checked. `notes` tell what was of no use."""

    id: str | None
    title: str | None
    language: str | None
    published: str | None
    source: str | None
    url: str | None
    authors: tuple[str, ...]
    notes: tuple[str, ...]


def clean_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def clean_text(text: str) -> str:
    """`text` without NULs and lone surrogates, which JSON escapes can make and no file can hold."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _one_line(value: object) -> str | None:
    text = " ".join(clean_text(str(value)).split())[:_LONGEST_FIELD].rstrip()
    return text or None


def _language(value: object) -> str | None:
    text = str(value).strip()
    if not _TAG.fullmatch(text):
        return None
    first, *rest = text.replace("_", "-").split("-")
    return "-".join([first.lower(), *(r.title() if len(r) == 4 else r.upper() for r in rest)])


def _url(value: object) -> str | None:
    text = str(value).strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    whole = parts.scheme in ("http", "https") and parts.netloc and not _UNFIT.search(text)
    return text if whole else None


def _is_scalar(value: object) -> bool:
    if isinstance(value, int):
        # Python refuses to write out longer numbers; a truth value is no name.
        return not isinstance(value, bool) and value.bit_length() < 1000
    return isinstance(value, (str, float, date))


def read_metadata(values: Mapping[str, Any]) -> Metadata:
    """Checks the fields that are known and passes over all others.

    A value of no use is left out and noted: it costs the field, not the article.
    """
    notes: list[str] = []
    found: dict[str, str | None] = {}
    checks: dict[str, Callable[[object], str | None]] = {
        "id": _one_line,
        "title": _one_line,
        "language": _language,
        "published": published,
        "source": _one_line,
        "url": _url,
    }
    for name, check in checks.items():
        value = values.get(name)
        if value is None or value == "":
            found[name] = None
            continue
        found[name] = check(value) if _is_scalar(value) else None
        if found[name] is None:
            # Other values are not shown: a few nested aliases can stand for gigabytes.
            shown = repr(str(value)[:60]) if _is_scalar(value) else f"a {type(value).__name__}"
            notes.append(f"{name}: {shown} cannot be used; left out")
    authors = values.get("authors") or ()
    if isinstance(authors, str):
        authors = (authors,)
    if not isinstance(authors, (list, tuple)) or not all(isinstance(a, str) for a in authors):
        notes.append("authors: not a list of names; left out")
        authors = ()
    people = tuple(person for author in authors if (person := _one_line(author)))
    return Metadata(**found, authors=people, notes=tuple(notes))


def stable_id(*parts: str) -> str:
    """16 hexadecimal digits that depend on `parts` alone."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def make_article(metadata: Metadata, *, text: str, title: str, key: str, path: str) -> Article:
    """An article whose id is the given one, or a hash of `key`. Raises ArticleUnreadable."""
    text = clean_text(text).strip()
    if not any(c.isalnum() for c in text):
        raise ArticleUnreadable("there is no text")
    return Article(
        id=metadata.id or stable_id(key),
        text=text,
        title=metadata.title or _one_line(title) or "",
        language=metadata.language or detect_language(text),
        published=metadata.published,
        source=metadata.source,
        url=metadata.url,
        authors=metadata.authors,
        path=path,
    )
