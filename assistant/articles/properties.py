"""What the properties that programs write into documents are worth."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone

from assistant.articles.plain import headline_of
from assistant.language import detect_language
from assistant.types import primary_language

_JUNK_TITLE = re.compile(
    r"(?:microsoft (?:word|powerpoint|excel|publisher)\s*-.*"
    r"|.*\.(?:docx?|docm|odt|rtf|txt|pdf|indd|qxp|qxd|pub|pages|tex|dvi|ps|eps|html?|pptx?|xlsx?)"
    r"|(?:untitled|document|dokument|documento|docum?ent|unnamed|unknown|slide|layout|print|title"
    r"|no title|new document|powerpoint presentation|word document)[\s_#-]*\d*"
    r"|about:\S*|(?:https?|file)://\S*|[\W\d_]*)",
    re.IGNORECASE,
)
_JUNK_AUTHORS = frozenset(
    "admin administrator anonymous author calibre microsoft python-docx unknown user".split()
)
_WORDS_THAT_NAME_NOBODY = re.compile(r"(?:windows|microsoft|office)[\s-]*user", re.IGNORECASE)
_PDF_DATE = re.compile(
    r"(?:D:)?(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?\d*\s*"
    r"(?:(Z)|([+-])(\d\d)'?(\d\d)?'?)?(?:00'?00'?)?"
)
_W3C_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s*(?:(Z)|([+-])(\d\d):?(\d\d)?)?)?"
)
_EARLIEST_YEAR = 1600
"""Programs write the years 1 and 101 for a date that they do not know."""

_SENTENCE_ENDS = (".", "。", "।", "…", "۔", "։", ":", ",", ";")
_DETECTABLE = 200
_LONGEST = 500
_MOST_PEOPLE = 50


def useful_title(title: str | None) -> str | None:
    """A title that a person gave; None for what programs put in by themselves."""
    title = " ".join((title or "")[:_LONGEST].split())
    return title if title and not _JUNK_TITLE.fullmatch(title) else None


def first_line(text: str, fallback: str) -> str:
    """The first paragraph where it looks like a headline: short, and no sentence; else `fallback`.

    Unlike the first line of a text file, that of a document is often a whole paragraph.
    """
    line = headline_of(text, fallback)
    return fallback if line.endswith(_SENTENCE_ENDS) else line


def people(values: Iterable[str | None]) -> list[str]:
    """The names in fields of authors, each once, split at semicolons."""
    names: dict[str, None] = {}
    for value in values:
        for name in (value or "").replace("\0", "").split(";"):
            name = " ".join(name.split())
            nobody = name.lower() in _JUNK_AUTHORS or _WORDS_THAT_NAME_NOBODY.fullmatch(name)
            if name and not nobody:
                names[name] = None
    return list(names)[:_MOST_PEOPLE]


def trusted_language(declared: str | None, text: str) -> str | None:
    """The declared language, unless it is a program's default: English on what is not English."""
    declared = (declared or "").strip()
    if not declared:
        return None
    if primary_language(declared.lower()) == "en" and len(text) >= _DETECTABLE:
        return declared if detect_language(text) == "en" else None
    return declared


def _moment(match: re.Match[str]) -> datetime | date | None:
    year, month, day, hour, minute, second, utc, sign, hours, minutes = match.groups()
    try:
        if int(year) < _EARLIEST_YEAR:
            return None
        if hour is None:
            return date(int(year), int(month), int(day))
        zone = UTC if utc or not sign else None
        if zone is None:
            offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
            zone = timezone(offset if sign == "+" else -offset)
        return datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=zone
        )
    except ValueError:
        return None


def pdf_date(value: str) -> datetime | date | None:
    """A date as PDF writes it: `D:20240301120000+01'00'`. Without a zone it is taken to be UTC."""
    match = _PDF_DATE.fullmatch(value.strip())
    return _moment(match) if match else None


def w3c_date(value: str) -> datetime | date | None:
    """A whole day or a time of the W3C's profile of ISO 8601; None for a year or a month."""
    match = _W3C_DATE.fullmatch(value.strip())
    return _moment(match) if match else None
