"""What a question says of time: the days that it names, "the latest", "how did it develop".

A number in a name or a title is no time ("Agenda 2030", "COVID-19", "World Cup 2022"). So a year,
or a month without its year, counts only with a word of time before it or an ending of time behind
it ("in 2023", "2023'te"), in a list or range that such a one opens, or set apart by itself
("Earthquake in Turkey, 2023"). Chinese and Korean put a bare "2023年" before what happened: it
counts unless the name of a contest, vote or plan follows within a few words. A day with its month
and year, a month with its year, a quarter or season with its year and words like "last week" count
anywhere but in quotation marks; the last also not where they are written like a name ("the show
Last Week"). Weekdays ("on Monday") are not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from assistant.answers import Period
from assistant.language import question_language
from assistant.times.asking import wants_development, wants_latest
from assistant.times.calendar import FIRST_YEAR, LAST_YEAR
from assistant.times.finding import Reader, together
from assistant.times.other_languages import period_by_dateparser
from assistant.times.patterns import LANGUAGES, patterns
from assistant.types import primary_language

__all__ = ["period_of", "wants_development", "wants_latest"]

_LONGEST = 2_000


def period_of(question: str, *, as_of: date, languages: Sequence[str] = ()) -> Period | None:
    """The days that a question names, None where it names none.

    `languages` are the BCP 47 tags that the question may be in, the likeliest first; detected
    where there are none. Weeks are ISO 8601's, Monday to Sunday; seasons are the northern
    hemisphere's, by whole months. A month or a day without its year is the latest that has begun
    by `as_of`. "The last three days" are the three before `as_of` and `as_of` itself; "three
    months ago" is the whole calendar month. 01/02/2024 is 1 February, in English 2 January. "Since"
    and "until" include the day, month or year that they name, "after" and "before" do not. Of
    several times the period spans all. Only the first 2,000 characters are read.
    """
    if not FIRST_YEAR < as_of.year < LAST_YEAR:
        return None
    read = question[:_LONGEST]
    tags = [primary_language(tag) for tag in languages]
    if not tags:
        tags = [primary_language(question_language(read))]
    for tag in dict.fromkeys(tags):
        if tag in LANGUAGES:
            reader = Reader(read, patterns(tag), as_of, month_first=tag == "en")
            period = together(reader.found())
        else:
            period = period_by_dateparser(read, as_of=as_of, language=tag)
        if period is not None:
            return period
    return None
