"""What a reader can do on the chat's page, in a real browser: filters, commands, tabs, languages.

As in `test_chat_browser`, every page fails its test on a request to elsewhere, an error in the
console, a breach of the content security policy, an uncaught exception or a dialog.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")

from chat_attacks import ATTACKS
from chat_browsing import ask, begin_writing, eventually, focused, reader, watched_page
from chat_fixtures import (
    HOSTILE_TEXT,
    HOSTILE_TITLE,
    FakeBackend,
    FakeEditing,
    FakeRebuilding,
    WritingBackend,
    start_server,
)

from assistant.chat.escaping import display_text
from assistant.chat.feedback import FILE, Feedback
from assistant.chat.wording import TAGS, wording
from assistant.editing import Added, Summary
from assistant.types import Article

pytestmark = pytest.mark.browser

QUESTION = "missiles décembre telescope harbour"
BACKEND = FakeBackend()
EDITING = FakeEditing()
REBUILDING = FakeRebuilding()
KEPT = Path(tempfile.mkdtemp(prefix="feedback"))
FEEDBACK = Feedback(KEPT)


def address() -> str:
    return start_server(BACKEND, editing=EDITING, rebuilding=REBUILDING, feedback=FEEDBACK)


@pytest.fixture(scope="module")
def open_page(browser: Any) -> Iterator[Any]:
    with watched_page(browser, address()) as page:
        yield page


@pytest.fixture
def page(open_page: Any) -> Iterator[Any]:
    """A new chat on a page that stays open, because opening one takes seconds."""
    open_page.click("#ask-tab-button")
    if open_page.locator("#sources .turn").count():
        open_page.click("#new")
    open_page.wait_for_selector("#chat .example")
    yield open_page
    wrong, open_page.wrong[:] = list(open_page.wrong), []
    assert wrong == []


def press(page: Any, button: str, until: str) -> None:
    """Presses a button of an answer until it does what it should: one that is about to be
    replaced, because its answer is, does nothing."""

    def done() -> bool:
        page.evaluate(
            """(name) => [...document.querySelectorAll("#chat .acts button")]
              .find((button) => button.textContent === name)?.click()""",
            button,
        )
        page.wait_for_timeout(400)
        return bool(page.locator(until).count())

    eventually(done)


def texts(page: Any, selector: str) -> list[str]:
    return [text.strip() for text in page.locator(selector).all_inner_texts()]


def questions(page: Any) -> list[str]:
    return texts(page, '#chat [data-testid="user"]')


# Filters and links


def test_filters_are_chips_and_a_click_removes_one_and_asks_again(browser: Any) -> None:
    path = "/?q=missiles&lang=fr,ar&since=2020-01-01&k=5&mode=lexical&outlet=nobody"
    with watched_page(browser, address(), path=path) as page:
        page.wait_for_selector("#active .chip >> nth=5")
        assert texts(page, "#active .chip") == [
            "French ×",
            "Arabic ×",
            "from 2020-01-01 on ×",
            "5 sources at most ×",
            "by words ×",
            "Clear all",
        ]
        eventually(lambda: page.input_value("#question textarea") == "missiles")
        page.focus("#question textarea")
        page.keyboard.press("Enter")
        page.wait_for_selector("#t1 .card")
        assert page.locator("#sources .card").count() == 2
        page.click("#active .chip:has-text('Arabic')")
        eventually(lambda: page.locator("#sources .card").count() == 1)
        assert "in French, from 2020-01-01 on" in page.inner_text("#chat")
        eventually(lambda: "Arabic ×" not in texts(page, "#active .chip"))
        page.click("#active .chip:has-text('Clear all')")
        eventually(lambda: page.locator("#sources .card").count() == 4)
        assert questions(page) == ["missiles"]
        eventually(lambda: not page.is_visible("#active .chip"))


def test_a_link_to_a_question_restores_it(browser: Any, page: Any) -> None:
    ask(page, "missiles & <b>telescope</b>")
    page.click("#chat .acts .link")
    page.wait_for_selector("#chat .acts .link:has-text('Copied')")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{address()}/?q=missiles")
    with watched_page(browser, address(), path=link.removeprefix(address())) as other:
        eventually(lambda: other.input_value("#question textarea") == "missiles & <b>telescope</b>")
        assert other.locator("#chat .sentence").count() == 0


def test_the_drawer_of_filters_opens_and_closes_by_key(page: Any) -> None:
    page.keyboard.press("Escape")
    assert not page.is_visible("#languages")
    page.keyboard.press("f")
    page.wait_for_selector("#languages", state="visible")
    assert page.get_attribute("#filters .toggle-button", "aria-label") == "Filters"
    page.keyboard.press("f")
    page.wait_for_selector("#languages", state="hidden")


def test_headlines_of_other_collections_are_examples_and_text(browser: Any) -> None:
    articles = [Article(str(n), text, text) for n, text in enumerate(ATTACKS[:6])]
    with watched_page(browser, start_server(FakeBackend(articles))) as page:
        page.wait_for_selector("#chat .example >> nth=5")
        shown = page.evaluate(
            "() => [...document.querySelectorAll('#chat .example')].map((e) => e.innerText.trim())"
        )
        assert shown == [display_text(text).strip() for text in ATTACKS[:6]]
        page.click("#chat .example >> nth=1")
        page.wait_for_selector("#t1 .card")
        assert questions(page) == [display_text(ATTACKS[1]).strip()]


# What can be done with an answer


def test_an_answer_is_asked_again_edited_kept_and_undone(page: Any) -> None:
    ask(page, "missiles")
    ask(page, "telescope", turn=2)
    page.click("#chat .acts >> text=Ask again")
    eventually(lambda: len(BACKEND.asked) > 2 and BACKEND.asked[-1][0] == "telescope")
    page.wait_for_selector("#t2 .card")
    assert questions(page) == ["missiles", "telescope"]
    press(page, "Edit", "#chat .acts >> text=Keep it")
    assert page.input_value("#question textarea") == "telescope"
    page.click("#chat .acts >> text=Keep it")
    page.wait_for_selector("#chat .acts >> text=Edit")
    eventually(lambda: page.input_value("#question textarea") == "")
    press(page, "Edit", "#chat .acts >> text=Keep it")
    page.fill("#question textarea", "harbour")
    page.focus("#question textarea")
    page.keyboard.press("Enter")
    eventually(lambda: questions(page) == ["missiles", "harbour"])
    page.wait_for_selector("#t2 .card")
    page.wait_for_selector("#chat .acts >> text=Edit")
    page.click("#chat .acts >> text=Undo")
    eventually(lambda: questions(page) == ["missiles"])
    assert page.input_value("#question textarea") == "harbour"
    assert page.locator("#sources .turn").count() == 1


def test_a_thumb_is_kept_and_taken_back(page: Any) -> None:
    file = KEPT / FILE
    file.unlink(missing_ok=True)
    ask(page, "missiles décembre")
    page.click("#chat .thumb.good")
    page.wait_for_selector("#chat .thumb.good[aria-pressed=true]")
    assert page.get_attribute("#chat .thumb.bad", "aria-label") == "Bad answer"
    page.click("#chat .thumb.good")
    page.wait_for_selector("#chat .thumb.good[aria-pressed=false]")
    page.click("#chat .thumb.bad")
    page.wait_for_selector("#chat .thumb.bad[aria-pressed=true]")
    kept = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [said["liked"] for said in kept] == [True, None, False]
    first = kept[0]
    assert first["question"] == "missiles décembre" and first["found"] is True
    assert first["citations"][0] == {"article": "fr-alerte", "start": 0, "end": 69}


def test_an_answer_that_is_written_can_be_stopped(browser: Any) -> None:
    backend = WritingBackend()
    with watched_page(browser, start_server(backend)) as page:
        begin_writing(page, backend, QUESTION)
        page.click("#chat .acts >> text=Stop")
        page.wait_for_selector("#chat .acts >> text=Ask again")
        backend.gate.set()
        assert page.locator("#chat .sentence").count() == 1
        assert "Writing" not in page.inner_text("#chat")


def test_the_check_of_sentences_is_visible_and_explains_itself(page: Any) -> None:
    ask(page, QUESTION)
    strip = page.locator("#chat .checked")
    assert "word for word in their sources: 2 of 2" in strip.inner_text()
    assert strip.locator(".segment.verbatim").count() == 2
    assert strip.locator("summary").is_visible()
    strip.locator("summary").focus()
    page.keyboard.press("Enter")
    eventually(lambda: "character by character" in strip.inner_text())


def test_the_keys_are_shown_and_open_an_article(page: Any) -> None:
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_selector("dialog.help:has-text('next and previous source')")
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    eventually(lambda: page.locator("dialog").count() == 0)
    ask(page, QUESTION)
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    eventually(lambda: focused(page) == "t1-s2")
    page.keyboard.press("o")
    page.wait_for_selector("dialog.reader mark")
    page.click("dialog.reader .close")
    eventually(lambda: page.locator("dialog").count() == 0)
    eventually(lambda: page.evaluate("document.activeElement.closest('#t1-s2') !== null"))


def test_the_numbers_of_the_index_make_room_and_come_back(page: Any) -> None:
    about = page.locator("#about details.about")
    assert about.get_attribute("open") is not None
    ask(page, QUESTION)
    eventually(lambda: about.get_attribute("open") is None)
    page.click("#new")
    eventually(lambda: about.get_attribute("open") is not None)


def test_a_hostile_article_is_text_in_the_reading_pane(page: Any) -> None:
    ask(page, "harbour")
    page.click("#t1-s1 h4 a")
    pane = page.locator("dialog.reader")
    pane.locator(".text").wait_for()
    assert pane.locator("h2").inner_text() == HOSTILE_TITLE
    assert pane.locator(".text").inner_text() == HOSTILE_TEXT
    assert pane.locator("img, form, script, input").count() == 0
    page.keyboard.press("Escape")


def test_an_article_that_is_gone_is_said_to_be(page: Any) -> None:
    ask(page, QUESTION)
    page.evaluate("document.querySelector('#t1-s1 h4 a').href = 'articles/gone?start=0&end=1'")
    page.click("#t1-s1 h4 a")
    page.wait_for_selector("dialog.reader [role=alert]:has-text('could not be loaded')")
    page.keyboard.press("Escape")
    # The browser itself reports the answer 404.
    page.wrong[:] = [line for line in page.wrong if "404" not in line]


# The collection


def test_the_collection_is_described(page: Any) -> None:
    page.click("#collection-tab-button")
    page.wait_for_selector("#holdings .holdings")
    said = page.inner_text("#holdings")
    for part in ("12.3 kB", "2022-07-21 to 2023-11-12: 480 days", "Left out (3)", "and 2 more"):
        assert part in said
    assert f"{HOSTILE_TITLE}, line 7" in said
    chart = page.locator("#holdings .chart")
    assert chart.get_attribute("aria-label") == (
        "Articles by month, 2022-07 to 2022-08; most in 2022-07: 1 article"
    )
    bar = chart.locator(".period >> nth=0").locator("span")
    assert bar.evaluate("e => e.getBoundingClientRect().height") > 50
    assert page.locator("#holdings img, #holdings script").count() == 0


def test_an_article_is_found_by_its_title_and_read(page: Any) -> None:
    page.click("#collection-tab-button")
    # Gradio takes what is typed in the first milliseconds of a tab for what was there before.
    page.wait_for_selector("#holdings .holdings")
    page.wait_for_timeout(200)
    page.fill("#find textarea, #find input", "telescope")
    page.wait_for_selector("#found a.read")
    assert texts(page, "#found a.read") == ["The telescope’s first pictures"]
    page.click("#found a.read")
    page.wait_for_selector("dialog.reader .text:has-text('eighteen segments')")
    page.keyboard.press("Escape")
    page.fill("#find textarea, #find input", "<script>")
    page.wait_for_selector("#found a.read:has-text('alert')")
    page.fill("#find textarea, #find input", "no such title")
    page.wait_for_selector("#found:has-text('No title has these words')")
    page.fill("#find textarea, #find input", "")
    eventually(lambda: page.locator("#found li").count() == 0)


def test_the_index_is_built_again_while_questions_are_answered(page: Any) -> None:
    REBUILDING.gate.clear()
    page.click("#collection-tab-button")
    page.wait_for_selector("#status:has-text('Questions are answered meanwhile')")
    page.click("#start")
    page.wait_for_selector("#status:has-text('Embedding: 3 of 4 articles')")
    page.click("#ask-tab-button")
    ask(page, QUESTION)
    page.click("#collection-tab-button")
    page.click("#cancel")
    eventually(lambda: REBUILDING.now.state == "cancelled")
    # At once, while the page still follows the build that was cancelled.
    page.click("#start")
    eventually(lambda: REBUILDING.now.state == "running")
    page.click("#cancel")
    page.wait_for_selector("#status:has-text('Cancelled. The index is as it was.')")
    page.click("#start")
    page.wait_for_selector("#status:has-text('Embedding')")
    REBUILDING.gate.set()
    page.wait_for_selector("#status:has-text('Done in 2.5 s: 1 added')")


def test_without_leave_nothing_is_rebuilt_or_added(browser: Any) -> None:
    with watched_page(browser, start_server(FakeBackend())) as page:
        assert page.locator("#add-tab-button, #start, #drop").count() == 0
        page.click("#collection-tab-button")
        page.wait_for_selector("#holdings .holdings")
        assert page.locator("#start").count() == 0


# Adding articles


def test_files_are_dropped_listed_and_taken_back(page: Any, tmp_path: Path) -> None:
    name = "a <img src=x onerror=alert(1)> b.md"
    good, empty = tmp_path / name, tmp_path / "empty.txt"
    good.write_text("The lighthouse was lit again.", encoding="utf-8")
    empty.write_text("", encoding="utf-8")
    page.click("#add-tab-button")
    page.wait_for_selector("#drop .zone")
    assert ".md" in page.inner_text("#drop") and "20 MB" in page.inner_text("#drop")
    with page.expect_file_chooser() as chooser:
        page.click("#drop .choose")
    chooser.value.set_files([str(good), str(empty)])
    page.wait_for_selector("#drop .problem:has-text('is empty; choose another file')")
    page.wait_for_selector(f"#added li b:has-text('{name}')")
    # The browser itself reports the answer 400.
    page.wrong[:] = [line for line in page.wrong if "400" not in line]
    assert "1 article not in the index yet." in page.inner_text("#added .banner")
    assert "no date was found" in page.inner_text("#added")
    assert page.locator("#added img").count() == 0
    page.click("#added >> text=Undo")
    page.wait_for_selector("#said:has-text('It was taken back.')")
    assert EDITING.added() == ()


def test_hostile_file_names_and_titles_are_text(browser: Any) -> None:
    editing, backend = FakeEditing(), FakeBackend()
    strings = [text.encode("utf-8", "replace").decode() for text in ATTACKS]
    with watched_page(browser, start_server(backend, editing=editing)) as page:
        for some in (strings[:32], strings[32:]):
            editing.kept = {
                str(n): Added(str(n), text, text, (Summary(text, text, text),), (), 1, 0)
                for n, text in enumerate(some)
            }
            page.click("#ask-tab-button")
            page.click("#add-tab-button")
            last = display_text(some[0])
            eventually(lambda last=last: texts(page, "#added b bdi")[-1:] == [last.strip()])
            for selector in ("#added b bdi", "#added li li"):
                shown = page.evaluate(
                    "(s) => [...document.querySelectorAll(s)].map((e) => e.textContent)", selector
                )
                assert shown == [display_text(text) for text in reversed(some)]
            tags = page.evaluate(
                "() => [...new Set([...document.querySelectorAll('#added .prose *')]"
                ".map((e) => e.tagName))]"
            )
            assert set(tags) <= {"B", "BDI", "BUTTON", "DIV", "H3", "LI", "UL", "SPAN"}


def test_a_text_is_pasted_and_the_index_brought_up_to_date(page: Any) -> None:
    page.click("#add-tab-button")
    page.wait_for_selector("#drop .zone")
    page.click("#paste > button, #paste .label-wrap")
    page.fill("#paste textarea >> nth=0", "A lamp")
    page.fill("#paste textarea >> nth=1", "The lighthouse was lit again.")
    page.click("#add")
    page.wait_for_selector("#said:has-text('A lamp.md was added.')")
    assert page.input_value("#paste textarea >> nth=1") == ""
    before = REBUILDING.started
    REBUILDING.gate.set()
    page.click("#added .banner >> text=Bring up to date")
    eventually(lambda: REBUILDING.started == before + 1)
    page.wait_for_selector("#status:has-text('Done in')")
    EDITING.undo(EDITING.added()[0].key)


# Languages, accessibility


@pytest.mark.parametrize("tag", TAGS[1:])
def test_the_page_speaks_the_reader_s_language(browsers: Any, tag: str) -> None:
    words = wording(tag)
    context = reader(browsers, language="zh-CN" if tag == "zh" else tag)
    with watched_page(context, address()) as page:
        page.wait_for_selector(f"html[lang={tag}][dir={words.direction}]")
        assert page.inner_text("#new") == words.say("new_chat")
        assert page.inner_text("#ask-tab-button") == words.say("ask_tab")
        assert words.say("the_articles") in page.inner_text("#about")
        assert words.say("introduction") in page.inner_text("#chat")
        placeholder = page.get_attribute("#question textarea", "placeholder")
        assert placeholder == words.say("placeholder")
        ask(page, QUESTION)
        strip = page.inner_text("#chat .checked summary")
        total = words.number(2)
        assert words.say("checked_quotes", n=total, total=total) in strip
        assert words.say("cited", n=total) in page.inner_text("#sources")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if tag == "ar":
            sides = [page.locator(s).bounding_box()["x"] for s in ("#left", "#right")]
            assert sides[0] > sides[1]
    context.close()


def axe() -> str:
    """The source of axe-core, which `.ci/run` fetches from npm."""
    path = os.environ.get("AXE_CORE")
    if path is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("AXE_CORE must name axe.min.js of the npm package axe-core")
        pytest.skip("ACCESSIBILITY WAS NOT CHECKED: AXE_CORE names no axe.min.js (npm: axe-core)")
    return Path(path).read_text(encoding="utf-8")


def breaches(page: Any, source: str) -> list[str]:
    """What axe-core finds wrong with the page as it is, in the standard WCAG 2.2 AA."""
    page.evaluate(source)
    found = page.evaluate(
        """async () => (await axe.run(document, {
          runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
        })).violations.map((v) => [v.id, v.nodes.map((n) => n.target.join(" "))])"""
    )
    return [f"{rule}: {', '.join(targets[:5])}" for rule, targets in found]


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_page_is_accessible(browser: Any, colours: str) -> None:
    source = axe()
    with watched_page(browser, address(), colours=colours) as page:
        wrong = {"first": breaches(page, source)}
        ask(page, QUESTION)
        page.click("#chat .checked summary")
        page.click("#t1-s1 .why summary")
        wrong["answer"] = breaches(page, source)
        page.click("#show-filters")
        page.wait_for_selector("#languages", state="visible")
        wrong["filters"] = breaches(page, source)
        page.click("#filters .toggle-button")
        page.click("#t1-s1 h4 a")
        page.wait_for_selector("dialog.reader mark")
        wrong["pane"] = breaches(page, source)
        page.keyboard.press("Escape")
        page.click("#collection-tab-button")
        page.wait_for_selector("#holdings .holdings")
        wrong["collection"] = breaches(page, source)
        page.click("#add-tab-button")
        page.wait_for_selector("#drop .zone")
        wrong["adding"] = breaches(page, source)
    assert [f"{place}: {breach}" for place, found in wrong.items() for breach in found] == []


def test_everything_is_reached_by_the_keyboard(page: Any) -> None:
    ask(page, QUESTION)
    page.focus("#question textarea")
    reached = set()
    for _ in range(90):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                """() => {
                  const e = document.activeElement;
                  return e.id || [...e.classList].find((name) => /^do:/.test(name)) ||
                    e.closest(".card, .checked, [id]")?.id + " " + e.tagName;
                }"""
            )
        )
    for wanted in ("do:retry", "do:edit", "do:undo", "do:good:1", "new", "copy", "show-filters"):
        assert wanted in reached, (wanted, sorted(reached))
    assert any(re.fullmatch(r"t1-s\d A", place) for place in reached), sorted(reached)
