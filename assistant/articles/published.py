"""When an article was published, out of the many ways in which files say so."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_tz

from assistant.dates import dates
from assistant.numerals import figures

_LONGEST = 80
_FIRST_SECOND = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp())
_LAST_SECOND = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())

_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)(.*)", re.DOTALL)
_ORDINAL = re.compile(r"(\d{4})-?(\d{3})(?!\d)(.*)", re.DOTALL)
_MIDNIGHT = re.compile(r"[T ]24(?::?00){1,2}(?:[.,]0+)?(?![:\d])")
_UTC = re.compile(r"\s*(?:UTC|GMT)\Z", re.IGNORECASE)
_MAIL = re.compile(
    r"(?:[A-Za-z]{3,9},?\s+)?\d{1,2}[\s-][A-Za-z]{3,9}[\s-]\d{2,4},?\s+\d{1,2}:\d\d(?::\d\d)?"
    r"(?:\s*(?P<zone>[+-]\d{4}|[A-Za-z]{1,5}))?(?:\s*\([^)]*\))?"
)
_HOURS = {"UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5}
_HOURS |= {"MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
"""The zones that RFC 2822 names. Others, like CET or IST, mean more than one."""


def published(value: object) -> str | None:
    """An ISO 8601 date, or a time in UTC with "Z"; None where `value` tells no single day.

    Takes ISO 8601, the dates of mails, days in words of many languages, seconds or milliseconds
    since 1970, and dates and times of Python's. A time without a zone is taken to be UTC; with
    a zone that has no one meaning, the day alone is kept. "03/04/2024" is two days, and none.
    """
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(value)
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    text = " ".join(figures(value).split())
    return _iso(text) or _mail(text) or _digits(text) or _words(text)


def _moment(moment: datetime) -> str | None:
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    try:
        # Not strftime, which writes the year 99 with two digits.
        return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    except (OverflowError, ValueError):
        return None


def _number(value: float) -> str | None:
    for scale in (1, 1_000):
        if _FIRST_SECOND * scale <= value < _LAST_SECOND * scale:
            return _moment(datetime.fromtimestamp(value / scale, UTC))
    whole = int(value) if value == value and abs(value) < 1e9 else 0
    return _iso(str(whole)) if whole == value and whole > 10_000_000 else None


def _digits(text: str) -> str | None:
    return _number(int(text)) if text.isdecimal() and len(text) in (10, 13) else None


def _iso(text: str) -> str | None:
    dashed = _YEAR_FIRST.fullmatch(text)
    ordinal = _ORDINAL.fullmatch(text)
    rest = ""
    if dashed:
        text = f"{dashed[1]}-{int(dashed[3]):02}-{int(dashed[4]):02}"
        rest = dashed[5]
    elif ordinal and "-" in text[:5]:
        try:
            first = date(int(ordinal[1]), 1, 1)
            text = (first + timedelta(days=int(ordinal[2]) - 1)).isoformat()
        except (ValueError, OverflowError):
            return None
        if int(ordinal[2]) == 0 or not text.startswith(ordinal[1]):
            return None
        rest = ordinal[3]
    whole = _UTC.sub("Z", text + rest)
    late = _MIDNIGHT.search(whole)
    if late:
        whole = whole.replace(late[0], "T00:00:00", 1)
    try:
        if len(whole) <= 10:
            return date.fromisoformat(whole).isoformat()
        moment = datetime.fromisoformat(whole)
        return _moment(moment + timedelta(days=1) if late else moment)
    except (ValueError, OverflowError):
        return None


def _mail(text: str) -> str | None:
    match = _MAIL.fullmatch(text)
    told = parsedate_tz(text) if match else None
    if match is None or told is None:
        return None
    zone = (match["zone"] or "UTC").upper()
    try:
        moment = datetime(*told[:6], tzinfo=UTC)
        if zone[0] in "+-":
            hours, minutes = int(zone[1:3]), int(zone[3:])
            if hours > 23 or minutes > 59:
                return None
            away = timedelta(hours=hours, minutes=minutes)
            return _moment(moment - away if zone[0] == "+" else moment + away)
        if zone in _HOURS:
            return _moment(moment - timedelta(hours=_HOURS[zone]))
    except (ValueError, OverflowError):
        return None
    return moment.date().isoformat()


def _words(text: str) -> str | None:
    found = {one.value for one in dates(text)}
    day = found.pop() if len(found) == 1 else ""
    return day if len(day) == len("2024-03-05") and day[0] != "-" else None
