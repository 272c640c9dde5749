"""What the page shows of a collection, of a rebuild and of added files, however hostile."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Any

import pytest
from chat_attacks import ATTACKS
from chat_fixtures import FakeBackend

pytest.importorskip("gradio")

from test_chat_render import assert_balanced

from assistant.articles import READERS
from assistant.chat.adding_tab import NAMED_TYPES, added_list, drop_zone, waiting
from assistant.chat.holdings import collection_panel, found_list, rebuild_line, size
from assistant.chat.wording import TAGS, Wording, wording
from assistant.collection import Collection, Found, Month
from assistant.editing import Added, Summary
from assistant.rebuilding import RebuildStatus
from assistant.types import BuildReport, Skipped

EN = wording("en")


def text_of(page: str) -> str:
    """What a reader sees of a piece of the page, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def collection(**changed: Any) -> Collection:
    return replace(FakeBackend().collection(), **changed)


@pytest.mark.parametrize("words", [wording(tag) for tag in TAGS], ids=TAGS)
def test_a_collection_is_one_line_of_balanced_html(words: Wording) -> None:
    panel = collection_panel(collection(undated=3), words)
    assert "\n" not in panel
    assert_balanced(panel)
    assert "<script" not in panel and "<img" not in panel


def test_the_chart_is_as_high_as_its_highest_month() -> None:
    months = (
        Month("2024-01", (("fr", 1), ("en", 3))),
        Month("2024-02", ()),
        Month("2024-03", (("ar", 2), ("xx", 6))),
    )
    panel = collection_panel(collection(months=months), EN)
    chart = panel[panel.index('class="chart"') :]
    assert "Articles by month, 2024-01 to 2024-03; most in 2024-03: 8 articles" in html.unescape(
        chart
    )
    heights = re.findall(r'class="colour(\d)" style="height:([\d.]+)%"', chart)
    # The languages are those of the index, most frequent first; `xx` is none of them.
    assert heights == [("0", "12.50"), ("2", "37.50"), ("1", "25.00"), ("3", "75.00")]


def test_many_months_become_years() -> None:
    months = tuple(
        Month(f"{year}-{month:02}", (("fr", 1),))
        for year in range(1990, 2025)
        for month in range(1, 13)
    )
    panel = collection_panel(collection(months=months), EN)
    assert panel.count('class="period"') == 35
    assert "Articles by year, 1990 to 2024" in panel


def test_an_empty_collection_is_calm() -> None:
    empty = collection(months=(), gaps=(), last_build=None)
    said = text_of(collection_panel(empty, EN))
    assert "Nothing is kept of the last build." in said
    assert "Articles over time" not in said
    dense = collection(gaps=())
    assert "No long span without an article." in text_of(collection_panel(dense, EN))


def test_what_was_left_out_is_listed_to_a_limit() -> None:
    last = FakeBackend().collection().last_build
    assert last is not None
    many = tuple(Skipped(f"{number}.md", "it is empty") for number in range(200))
    panel = collection_panel(
        collection(last_build=replace(last, skipped=many, skipped_count=5_000)), EN
    )
    assert panel.count("it is empty") == 100 and "and 4,900 more" in panel
    none = collection_panel(collection(last_build=replace(last, skipped=(), skipped_count=0)), EN)
    assert "Nothing was left out." in none


@pytest.mark.parametrize("text", ATTACKS)
def test_no_part_of_the_tabs_is_markup(text: str) -> None:
    held = FakeBackend().collection()
    last = held.last_build
    assert last is not None
    info = replace(held.info, model=text, built=text, sources=((text, 3),), languages=((text, 2),))
    hostile = replace(
        held,
        info=info,
        months=(Month("2024-01", ((text, 2),)),),
        last_build=replace(last, built=text, skipped=(Skipped(text, text, 1),), skipped_count=1),
    )
    added = Added(text, text, text, (Summary(text, text, text),), (Skipped(text, text),), 1, 1)
    failed = RebuildStatus("failed", error=text)
    for page in (
        collection_panel(hostile, EN),
        found_list([Found(text, text, text, text, text)], EN, most=5),
        added_list([added], 1, EN),
        rebuild_line(failed, EN),
    ):
        assert "\n" not in page
        assert_balanced(page)
        tags = set(re.findall(r"</?([a-z0-9]+)", page))
        assert tags <= set("a b bdi button details div h3 li p section span summary ul".split())


def test_titles_that_were_found_are_links_to_a_limit() -> None:
    found = [Found(f"a/{n}", f"Title {n}", None, "2024-01-02", "fr") for n in range(6)]
    page = found_list(found, EN, most=5)
    assert page.count('class="read"') == 5 and "The first 5 are shown." in page
    assert 'href="articles/a%2F0?start=0&amp;end=0#sentence"' in page
    assert "first" not in found_list(found[:5], EN, most=5)
    assert "No title has these words." in found_list([], EN, most=5)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (None, "Questions are answered meanwhile."),
        (RebuildStatus(), "Questions are answered meanwhile."),
        (RebuildStatus("running", "reading"), "Starting…"),
        (RebuildStatus("running", "reading", 1, 1200), "Reading: 1 of 1,200 files"),
        (RebuildStatus("running", "embedding", 2, 4), "Embedding: 2 of 4 articles"),
        (RebuildStatus("running", "writing", 0, 0), "Writing the index"),
        (RebuildStatus("running", "unheard of", 2, 4), "Starting…"),
        (RebuildStatus("cancelled"), "Cancelled. The index is as it was."),
        (RebuildStatus("failed", error="a & b"), "Not done: a & b"),
    ],
)
def test_a_rebuild_says_where_it_is(status: RebuildStatus | None, said: str) -> None:
    line = rebuild_line(status, EN)
    assert_balanced(line)
    assert text_of(line).endswith(said)


def test_a_rebuild_says_what_came_of_it() -> None:
    report = BuildReport("g", "m", 5, 5, 1, 2, 3, 4, 1, (), 2.5, dry_run=False)
    done = RebuildStatus("done", "writing", 5, 5, 2.54, report)
    assert "Done in 2.5 s: 1 added, 2 changed, 3 removed" in rebuild_line(done, EN)
    same = replace(done, report=replace(report, added=0, changed=0, removed=0))
    assert "Done in 2.5 s: nothing had changed." in rebuild_line(same, EN)


def test_added_files_say_what_they_hold_and_what_waits() -> None:
    backend = FakeBackend()
    known = Summary(backend.articles[0].id, "Known", "fr")
    new = Summary("new", "New", "ar")
    problem = Skipped("two.jsonl", "not JSON", 4)
    added = Added("ab12", "two.jsonl", "added/two.jsonl", (known, new), (problem,), 2, 1)
    assert waiting([added], backend) == 1
    page = added_list([added], 1, EN)
    said = text_of(page)
    assert "1 article not in the index yet." in said and "Added (1)" in said
    assert "two.jsonl 2 articles Undo" in said and "not JSON" in said
    assert 'do:take-back:ab12"' in page and 'do:rebuild"' in page
    assert 'do:rebuild"' not in added_list([added], 0, EN)
    assert "and 70 more" in added_list([replace(added, article_count=72)], 0, EN)
    assert "Nothing was added yet." in added_list([], 0, EN)


def test_the_drop_zone_names_the_types_of_files() -> None:
    said = text_of(drop_zone(EN))
    assert set(NAMED_TYPES) < set(READERS)
    for part in (".md", ".jsonl", ".html", "up to 20 MB", "Choose files"):
        assert part in said


def test_sizes_are_easy_to_read() -> None:
    assert [size(n, EN) for n in (0, 999, 1_234, 98_765, 123_456_789, 5 * 10**15)] == [
        "0 B",
        "999 B",
        "1.2 kB",
        "98.8 kB",
        "123 MB",
        "5,000 TB",
    ]
    assert size(1_234, wording("de")) == "1,2 kB"
