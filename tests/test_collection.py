"""What an index holds: months, gaps, size, and the report of the last build."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.api import Assistant
from assistant.collection import MAX_MONTHS, Collection, Gap, Month, describe
from assistant.columns import Names
from assistant.errors import SettingsError
from assistant.last_build import read_last_build, write_last_build
from assistant.searchable import Catalogue, Searchable
from assistant.types import BuildReport, Skipped


def collection(days: list[str], languages: list[str] | None = None) -> Collection:
    """The description of an index of articles of these days."""
    languages = ["en"] * len(days) if languages is None else languages
    catalogue = Catalogue(np.arange(len(days)), np.array(days, "U10"), Names.of(languages))
    index = SimpleNamespace(catalogue=catalogue, info=None, size=0, last_build=lambda: None)
    return describe(cast(Searchable, index))


def test_the_tiny_collection(tiny: Assistant, tiny_index: Path) -> None:
    held = tiny.collection()
    assert held.info == tiny.info
    assert held.undated == 1
    assert held.months == (
        Month("2023-11", (("en", 2),)),
        Month("2023-12", (("fr", 1),)),
        Month("2024-01", (("zh-Hant", 1),)),
        Month("2024-02", ()),
        Month("2024-03", (("de", 1),)),
    )
    assert [month.articles for month in held.months] == [2, 1, 1, 0, 1]
    generation = tiny_index / tiny.info.generation
    # Locks that tantivy makes when it reads are no files of the index.
    files = [p for p in generation.rglob("*") if p.is_file() and p.suffix != ".lock"]
    manifest = (generation / "manifest.json").stat().st_size
    assert held.size == sum(path.stat().st_size for path in files) - manifest
    assert held.last_build is not None
    assert (held.last_build.added, held.last_build.skipped) == (6, ())
    assert held.last_build.built >= held.info.built
    values = json.loads(json.dumps(held.to_dict()))
    assert values["months"][0] == {"month": "2023-11", "articles": 2, "languages": [["en", 2]]}
    assert values["last_build"]["skipped_count"] == 0


def test_gaps_that_stand_out() -> None:
    every_other = [date.fromordinal(738_000 + n).isoformat() for n in range(0, 60, 2)]
    later = [date.fromordinal(738_074 + n).isoformat() for n in range(0, 60, 2)]
    far = [date.fromordinal(738_300).isoformat()]
    held = collection([*far, "", *later, *every_other, *later])
    assert held.gaps == (
        Gap(date.fromordinal(738_133).isoformat(), date.fromordinal(738_299).isoformat(), 167),
        Gap(date.fromordinal(738_059).isoformat(), date.fromordinal(738_073).isoformat(), 15),
    )
    # Thirteen days are no gap, and where articles are rare, a month is none.
    assert collection(["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-17"]).gaps == ()
    assert collection(["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-18"]).gaps == (
        Gap("2024-01-04", "2024-01-17", 14),
    )
    assert collection([f"2024-{month:02}-01" for month in range(1, 13)]).gaps == ()


@pytest.mark.parametrize("days", [[], [""], ["2024-01-01"], ["2024-01-01"] * 3])
def test_few_days(days: list[str]) -> None:
    held = collection(days)
    assert held.gaps == ()
    assert held.undated == days.count("")
    assert len(held.months) == len({day for day in days if day})


def test_a_wrong_date_makes_no_thousand_years_of_months() -> None:
    held = collection(["0001-01-01", "2024-01-31", "2024-03-01", "9999-12-31"])
    assert [month.month for month in held.months] == ["0001-01", "2024-01", "2024-03", "9999-12"]
    assert collection(["1924-02-01", "2024-01-01"]).months[-1].month == "2024-01"
    assert len(collection(["1924-02-01", "2024-01-01"]).months) == MAX_MONTHS


@given(
    st.lists(
        st.tuples(
            st.one_of(st.just(""), st.dates(date(1990, 1, 1), date(2030, 1, 1)).map(str)),
            st.sampled_from(["en", "fr", "zh-Hant"]),
        ),
        max_size=60,
    )
)
def test_months_and_gaps_of_any_collection(articles: list[tuple[str, str]]) -> None:
    days = [day for day, _ in articles]
    held = collection(days, [language for _, language in articles])
    assert sum(month.articles for month in held.months) + held.undated == len(articles)
    names = [month.month for month in held.months]
    assert names == sorted(set(names))
    if names:
        years = int(names[-1][:4]) - int(names[0][:4])
        assert len(names) == years * 12 + int(names[-1][5:]) - int(names[0][5:]) + 1
        assert held.months[0].articles and held.months[-1].articles
    assert len(held.gaps) <= 10
    assert [gap.days for gap in held.gaps] == sorted((g.days for g in held.gaps), reverse=True)
    for gap in held.gaps:
        assert not any(gap.since <= day <= gap.until for day in days)
        assert gap.days >= 14
        span = date.fromisoformat(gap.until) - date.fromisoformat(gap.since)
        assert span.days + 1 == gap.days


def report(*skipped: Skipped) -> BuildReport:
    return BuildReport("g", "bundled", 9, 30, 1, 2, 3, 4, 5, skipped, 6.7, False)


def test_a_report_is_kept(tmp_path: Path) -> None:
    skipped = (
        Skipped("a.jsonl", "no 'text'", 3),
        Skipped("\u202eb\ud800.txt", "\x1b[31m ünreadable"),
    )
    write_last_build(tmp_path, report(*skipped))
    kept = read_last_build(tmp_path)
    assert kept is not None
    assert (kept.added, kept.changed, kept.removed, kept.unchanged, kept.embedded) == (
        1,
        2,
        3,
        4,
        5,
    )
    assert (kept.seconds, kept.skipped, kept.skipped_count) == (6.7, skipped, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["last_build.json"]


def test_a_long_list_is_cut_and_counted(tmp_path: Path) -> None:
    many = [Skipped("𝄞" * 5_000, "𝄞" * 5_000, n) for n in range(1_000)]
    write_last_build(tmp_path, report(*many))
    kept = read_last_build(tmp_path)
    assert kept is not None
    assert (len(kept.skipped), kept.skipped_count) == (200, 1_000)
    assert {(len(one.path), len(one.reason)) for one in kept.skipped} == {(500, 500)}


GOOD = {
    "built": "2024-01-01T00:00:00Z",
    "seconds": 1.5,
    "added": 1,
    "changed": 0,
    "removed": 0,
    "unchanged": 0,
    "embedded": 0,
    "skipped": [],
    "skipped_count": 0,
}


@pytest.mark.parametrize(
    "change",
    [
        {"built": "<script>"},
        {"built": 5},
        {"built": "2024-01-01T00:00:00Z\n"},
        {"seconds": "1"},
        {"seconds": -1},
        {"seconds": float("nan")},
        {"seconds": float("inf")},
        {"added": -1},
        {"added": 1.0},
        {"added": True},
        {"added": 1 << 80},
        {"skipped": {}},
        {"skipped": [1]},
        {"skipped": [{"path": 1, "reason": "", "line": None}]},
        {"skipped": [{"path": "", "reason": "", "line": "1"}]},
        {"skipped_count": None},
    ],
    ids=str,
)
def test_what_others_wrote_there_is_not_believed(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "last_build.json"
    path.write_text(json.dumps(GOOD))
    assert read_last_build(tmp_path) is not None
    path.write_text(json.dumps(GOOD | change))
    assert read_last_build(tmp_path) is None


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", b"[]", b"null", b"{}", b'{"built"', b"[" * 100_000, b"\xff", b" " * 4_000_001],
)
def test_a_damaged_report_is_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "last_build.json").write_bytes(data)
    assert read_last_build(tmp_path) is None


def test_an_index_without_a_report_is_whole(tiny_index: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_index, tmp_path / "index")
    (tmp_path / "index" / "last_build.json").unlink()
    with Assistant(tmp_path / "index") as assistant:
        assert assistant.collection().last_build is None
    (tmp_path / "index" / "last_build.json").mkdir()
    with Assistant(tmp_path / "index") as assistant:
        assert assistant.collection().last_build is None


def test_a_report_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "last_build.json").mkdir()
    write_last_build(tmp_path, report())
    assert [path.name for path in tmp_path.iterdir()] == ["last_build.json"]


def test_headlines_are_the_newest_of_each_language(tiny: Assistant) -> None:
    found = tiny.headlines()
    # English has two articles, of which the later one is the headline.
    assert [(one.language, one.published and one.published[:7]) for one in found][:1] == [
        ("en", "2023-11")
    ]
    assert len({one.language for one in found}) == len(found) == len(tiny.info.languages)
    days = sorted(
        article.published or ""
        for article in (tiny.article(hit.article.id) for hit in tiny.retrieve("the", k=20))
        if article.language == "en"
    )
    assert found[0].published == days[-1]
    assert len(tiny.headlines(limit=2)) == 2
    with pytest.raises(SettingsError, match="limit"):
        tiny.headlines(limit=0)
