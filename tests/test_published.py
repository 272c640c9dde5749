"""Dates of publication, as files write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.articles.published import published

moments = st.integers(631_152_000, 4_102_444_799).map(lambda s: datetime.fromtimestamp(s, UTC))
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("2024-03-05", "2024-03-05"),
        ("20240305", "2024-03-05"),
        (20240305, "2024-03-05"),
        ("2024/03/05", "2024-03-05"),
        ("2024/3/5 10:00", "2024-03-05T10:00:00Z"),
        ("2024.03.05", "2024-03-05"),
        ("2024-065", "2024-03-05"),
        ("2024-W10-2", "2024-03-05"),
        ("2024-03-05T10Z", "2024-03-05T10:00:00Z"),
        ("20240305T100000Z", "2024-03-05T10:00:00Z"),
        ("2024-03-05T10:00:00+05:30", "2024-03-05T04:30:00Z"),
        ("2024-03-05T10:00:00+0530", "2024-03-05T04:30:00Z"),
        ("2024-03-05 10:00:00.123456789 Z", "2024-03-05T10:00:00Z"),
        ("2024-03-05 10:00:00 UTC", "2024-03-05T10:00:00Z"),
        ("2024-12-31T24:00:00Z", "2025-01-01T00:00:00Z"),
        ("2024-03-05T10:00:00 Europe/Berlin", "2024-03-05"),
        ("Tue, 05 Mar 2024 10:00:00 +0100", "2024-03-05T09:00:00Z"),
        ("Tue, 05 Mar 2024 00:30:00 +0100", "2024-03-04T23:30:00Z"),
        ("5 Mar 2024 10:00 GMT", "2024-03-05T10:00:00Z"),
        ("Tue, 05 Mar 2024 22:00:00 EST", "2024-03-06T03:00:00Z"),
        ("Tue, 05 Mar 2024 10:00:00 CEST", "2024-03-05"),
        ("Tue, 05 Mar 2024 25:00:00 +0100", "2024-03-05"),
        ("Tue, 05 Mar 2024 10:00:00 -0000 (UTC)", "2024-03-05T10:00:00Z"),
        ("5 March 2024", "2024-03-05"),
        ("Published on Tuesday, March 5th, 2024", "2024-03-05"),
        ("5. März 2024", "2024-03-05"),
        ("1er mars 2024", "2024-03-01"),
        ("5 de marzo de 2024", "2024-03-05"),
        ("5 марта 2024 г.", "2024-03-05"),
        ("٥ مارس ٢٠٢٤", "2024-03-05"),
        ("2024年3月5日", "2024-03-05"),
        ("2024년 3월 5일", "2024-03-05"),
        ("5 มีนาคม 2567", "2024-03-05"),
        ("25/12/2024", "2024-12-25"),
        (1709632800, "2024-03-05T10:00:00Z"),
        (1709632800.9, "2024-03-05T10:00:00Z"),
        (1709632800000, "2024-03-05T10:00:00Z"),
        ("1709632800", "2024-03-05T10:00:00Z"),
        (date(2024, 3, 5), "2024-03-05"),
    ],
)
def test_one_day_or_moment_is_kept(value: object, kept: str) -> None:
    assert published(value) == kept


@pytest.mark.parametrize(
    "value",
    [
        "03/04/2024",
        "2024",
        "2024-03",
        "2024-02-30",
        "2023-366",
        "2024-000",
        "30 February 2024",
        "Tue, 31 Feb 2024 10:00:00 GMT",
        "5 March 2024 and 7 March 2024",
        "March 2024",
        "yesterday",
        "",
        "x" * 10_000,
        "1" * 5_000,
        "9999-12-31T24:00:00",
        "0001-01-01T00:00:00+09:00",
        "²²²²²²²²²²",
        0,
        2024,
        -1,
        10**400,
        float("nan"),
        float("inf"),
        True,
        None,
        ["2024-03-05"],
    ],
)
def test_what_is_no_single_day_is_none(value: object) -> None:
    assert published(value) is None


@given(moments, zones)
def test_a_moment_is_the_same_however_it_is_written(moment: datetime, zone: timezone) -> None:
    there = moment.astimezone(zone)
    wanted = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    assert published(there) == published(there.isoformat()) == wanted
    assert published(format_datetime(there)) == wanted
    assert published(int(there.timestamp())) == published(int(there.timestamp()) * 1000) == wanted


@given(st.one_of(st.text(max_size=90), st.floats(), st.integers(), st.dates(), st.datetimes()))
def test_anything_gives_a_date_or_none(value: object) -> None:
    found = published(value)
    if found is not None:
        assert date.fromisoformat(found[:10])
        assert len(found) == 10 or datetime.fromisoformat(found).tzinfo is not None
