"""What the properties of documents are worth: dates, titles, names, languages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.articles.properties import (
    first_line,
    pdf_date,
    people,
    trusted_language,
    useful_title,
    w3c_date,
)

EAST = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("D:20240301120000+05'30'", datetime(2024, 3, 1, 12, tzinfo=EAST)),
        ("D:20240301120000+05'30", datetime(2024, 3, 1, 12, tzinfo=EAST)),
        ("D:20240301120000+0530", datetime(2024, 3, 1, 12, tzinfo=EAST)),
        ("D:20240301120000Z00'00'", datetime(2024, 3, 1, 12, tzinfo=UTC)),
        ("D:20240301120000", datetime(2024, 3, 1, 12, tzinfo=UTC)),
        ("D:202403011200", datetime(2024, 3, 1, 12, tzinfo=UTC)),
        ("20240301", date(2024, 3, 1)),
        ("D:2024", None),
        ("D:20240230", None),
        ("D:20240301120000+99'99'", None),
        ("D:00010101000000Z", None),
        ("Fri Mar 1 2024", None),
    ],
)
def test_dates_of_pdf(written: str, meant: date | None) -> None:
    assert pdf_date(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-03-01", date(2024, 3, 1)),
        ("2024-03-01T12:00:00Z", datetime(2024, 3, 1, 12, tzinfo=UTC)),
        ("2024-03-01T12:00:00.123456+05:30", datetime(2024, 3, 1, 12, tzinfo=EAST)),
        ("2024-03-01T12:00", datetime(2024, 3, 1, 12, tzinfo=UTC)),
        ("2024-03", None),
        ("2024", None),
        ("0101-01-01T00:00:00+00:00", None),
        ("2024-13-01", None),
        ("", None),
    ],
)
def test_dates_of_the_w3c(written: str, meant: date | None) -> None:
    assert w3c_date(written) == meant


@given(st.text("D:0123456789+-'TZ. ", max_size=40))
def test_no_date_raises(written: str) -> None:
    for found in (pdf_date(written), w3c_date(written)):
        assert found is None or found.year >= 1600


@pytest.mark.parametrize(
    "title",
    [
        "Microsoft Word - Brief.docx",
        "untitled",
        "Untitled 3",
        "Document1",
        "page12.indd",
        "123",
        "…",
    ],
)
def test_titles_of_programs(title: str) -> None:
    assert useful_title(title) is None


@pytest.mark.parametrize(
    "title",
    ["Title IX turns fifty", "The untitled painting", "2024: a year", "Word by word", "港口"],
)
def test_titles_of_people(title: str) -> None:
    assert useful_title(f"  {title}\n") == title


def test_names() -> None:
    assert people(
        ["Anne Dupont; B. Lee", "Administrator", None, "Anne  Dupont", "Windows User"]
    ) == [
        "Anne Dupont",
        "B. Lee",
    ]
    assert len(people(";".join(map(str, range(999))) for _ in range(9))) == 50


def test_a_first_line_that_is_a_sentence_is_no_title() -> None:
    assert first_line("The harbour opens\n\nOn Monday.", "file") == "The harbour opens"
    assert first_line("The harbour opened on Monday.\n\nForty ships waited.", "file") == "file"
    assert first_line("Only a line", "file") == "file"


def test_english_is_believed_of_english_alone() -> None:
    russian = "Порт открылся в понедельник, и сорок судов ждали за волнорезом. " * 5
    english = "The harbour opened on Monday, and forty ships waited outside of it. " * 5
    assert trusted_language("en-US", russian) is None
    assert trusted_language("en-US", english) == "en-US"
    assert trusted_language("en", "Короткий текст") == "en"
    assert trusted_language("uk", russian) == "uk"
    assert trusted_language(" ", russian) is None
