"""The chat's page in a real browser: citations, keys, hostile articles, phone, dark.

Every page fails its test on a request to elsewhere, an error in the console, a breach of the
content security policy, an uncaught exception or a dialog.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from typing import Any, get_args

import pytest

pytest.importorskip("gradio")

from chat_attacks import ATTACKS, fuzzed
from chat_browsing import ask, begin_writing, eventually, focused, watched_page
from chat_fixtures import (
    HOSTILE_TITLE,
    FakeBackend,
    WritingBackend,
    shared_backend,
    start_server,
)

from assistant.answer_file import read_answer
from assistant.answers import Answer, Sentence, State, Update
from assistant.chat.escaping import display_text, web_link
from assistant.types import Article, Citation, Hit, IndexInfo, Passage

pytestmark = pytest.mark.browser

QUESTION = "missiles décembre telescope harbour"

# What the page itself is made of, in the places that show foreign text.
TAGS = set("A B BDI BLOCKQUOTE BUTTON DETAILS DIV H3 H4 LI MARK SPAN SUMMARY UL".split())


OWN_WORDS = " ".join(text for text in ATTACKS if len(text) < 200 and text.isprintable())


class SlowBackend(FakeBackend):
    """Takes its time to say what the index holds, once the page is served."""

    def __init__(self) -> None:
        super().__init__()
        self.delay = 0.0

    @property
    def info(self) -> IndexInfo:
        time.sleep(self.delay)
        return super().info


class AttackBackend(FakeBackend):
    """Cites every one of its articles, whatever is asked, and says hostile things of its own."""

    def retrieve(self, question: str, **options: Any) -> list[Hit]:
        return [
            Hit(
                rank=rank,
                score=1.0,
                article=article,
                passage=Passage(str(rank), article.id, 0, len(article.text), article.text),
            )
            for rank, article in enumerate(self.articles, 1)
        ]

    def answer(self, question: str, **options: Any) -> Answer:
        answer = super().answer(question)
        hits = self.retrieve(question)
        citations = tuple(
            Citation(
                hit.rank,
                hit.article,
                hit.passage,
                7,
                len(hit.article.text) - 6,
                hit.article.text[7:-6],
            )
            for hit in hits
        )
        return replace(
            answer,
            question=question,
            found=True,
            confidence=1.0,
            sentences=tuple(
                Sentence(c.quote, state, (c.number,), (c.quote,))
                for c, state in zip(citations, cycle(get_args(State)), strict=False)
            ),
            citations=citations,
            hits=tuple(hits),
            completed=OWN_WORDS,
            updates=(Update(0, 1, OWN_WORDS, OWN_WORDS),),
            written_by=OWN_WORDS,
            note=OWN_WORDS,
        )


@pytest.fixture(scope="module")
def open_page(browser: Any) -> Iterator[Any]:
    with watched_page(browser, start_server(shared_backend())) as page:
        yield page


@pytest.fixture
def page(open_page: Any) -> Iterator[Any]:
    """A new chat on a page that stays open, because opening one takes seconds."""
    if open_page.locator("#sources .turn").count():
        open_page.click("#new")
    # Only then is the old chat gone: what is asked before could be emptied with it.
    open_page.wait_for_selector("#chat .example")
    yield open_page
    wrong, open_page.wrong[:] = list(open_page.wrong), []
    assert wrong == []


def test_a_citation_leads_to_its_source(page: Any) -> None:
    ask(page, QUESTION)
    page.click('#chat a[href="#t1-s2"]')
    page.wait_for_selector("#t1-s2.chosen")
    assert focused(page) == "t1-s2"
    assert page.locator("#t1-s2 mark").count() == 1
    assert page.locator(".card.chosen").count() == 1
    ask(page, "telescope beryllium. missiles", turn=2)
    assert page.locator("details.turn[open]").count() == 1
    page.click('#chat a[href="#t1-s1"]')
    page.wait_for_selector("#t1[open] #t1-s1.chosen")
    assert focused(page) == "t1-s1"
    assert page.input_value("#question textarea") == ""


def test_keys(page: Any) -> None:
    ask(page, QUESTION)
    page.keyboard.press("Escape")
    for key, card in (
        ("2", "t1-s2"),
        ("j", "t1-s3"),
        ("k", "t1-s2"),
        ("1", "t1-s1"),
        ("k", "t1-s1"),
    ):
        page.keyboard.press(key)
        page.wait_for_selector(f"#{card}.chosen")
        assert focused(page) == card
    page.keyboard.press("9")
    assert focused(page) == "t1-s1"
    dark = "document.body.classList.contains('dark')"
    before = page.evaluate(dark)
    page.keyboard.press("d")
    assert page.evaluate(dark) is not before
    page.keyboard.press("/")
    page.keyboard.type("1 j d n")
    assert page.input_value("#question textarea") == "1 j d n"
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.wait_for_selector("#chat .example")
    assert page.locator("#sources .card").count() == 0


def test_copying_and_saving(page: Any) -> None:
    page.click("#copy")
    page.wait_for_selector("#copy:has-text('Nothing here yet')")
    ask(page, QUESTION)
    page.wait_for_selector("#copy:has-text('Copy with citations')")
    page.click("#copy")
    page.wait_for_selector("#copy:has-text('Copied')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"{QUESTION}\n") and "décembre. [1]" in copied
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename == "answers.md"
    saved = download.value.path().read_text("utf-8")
    assert saved.startswith("## missiles") and "Alertes aux missiles" in saved


def test_an_example_is_asked(page: Any) -> None:
    assert page.locator("#chat .example").count() == 6
    page.click("#chat .example >> nth=0")
    page.wait_for_selector("#chat .sentence, #chat .refusal")


def test_not_found_is_calm(page: Any) -> None:
    ask(page, "zzz")
    assert "Not found in these articles." in page.inner_text("#chat")
    assert "Nearest misses (4)" in page.inner_text("#sources")


def test_a_question_in_the_address_waits_and_filters_hold(browser: Any) -> None:
    address = start_server(shared_backend())
    with watched_page(browser, address, path="/?q=missiles.%20%3Cb%3E") as page:
        eventually(lambda: page.input_value("#question textarea") == "missiles. <b>")
        assert page.locator("#chat .message").count() == 0
        page.click("#show-filters")
        page.click("#languages input[role=combobox], #languages input")
        page.click("[role=option]:has-text('Arabic')")
        page.keyboard.press("Escape")
        page.fill("#since input.time", "2020-02-03")
        page.keyboard.press("Enter")
        page.wait_for_selector("#active .chip:has-text('from 2020-02-03 on')")
        page.click("#show-filters", force=True)
        page.focus("#question textarea")
        page.keyboard.press("Enter")
        page.wait_for_selector("#t1 .card")
        assert "Arabic, from 2020-02-03 on" in page.inner_text("#chat")
        assert page.locator("#sources .card").count() == 1


def test_a_reader_may_be_faster_than_the_page(browser: Any) -> None:
    backend = SlowBackend()
    address = start_server(backend)
    backend.delay = 1.0
    with watched_page(browser, address) as page:
        page.fill("#question textarea", QUESTION)
        page.wait_for_timeout(2_000)
        assert page.input_value("#question textarea") == QUESTION
        page.keyboard.press("Enter")
        page.wait_for_selector("#t1 .card")


def test_the_article_opens_at_the_sentence(page: Any) -> None:
    ask(page, "missiles décembre")
    page.click("#t1-s1 h4 a")
    pane = page.locator("dialog.reader")
    pane.locator("mark#sentence").wait_for()
    assert pane.locator("mark").inner_text().startswith("Les deux pays mettront")
    assert "Les préparatifs" in pane.locator(".text").inner_text()
    assert "Le Quotidien · 2023-11-13 · French" in pane.locator(".facts >> nth=0").inner_text()
    assert pane.locator(".text").get_attribute("lang") == "fr"
    page.keyboard.press("Escape")
    eventually(lambda: page.locator("dialog").count() == 0)
    assert page.evaluate("document.activeElement.closest('.card').id") == "t1-s1"


def test_the_article_opens_in_a_tab_of_its_own(page: Any) -> None:
    ask(page, "missiles décembre")
    with page.context.expect_page() as opened:
        page.click("#t1-s1 h4 a", modifiers=["Control"])
    article = opened.value
    article.wait_for_load_state()
    assert article.inner_text("mark#sentence").startswith("Les deux pays mettront")
    assert "Les préparatifs" in article.inner_text("article")
    assert article.evaluate("document.querySelectorAll('script').length") == 0
    assert article.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") != "none"
    article.close()


def test_directions_and_languages(page: Any) -> None:
    ask(page, "missiles. قناة السويس تراجعت")
    card = page.locator("#sources .card", has=page.locator("blockquote:lang(ar)"))
    assert card.locator("blockquote").evaluate("e => getComputedStyle(e).direction") == "rtl"
    sentence = page.locator("#chat .sentence:lang(ar)").first
    assert sentence.evaluate("e => getComputedStyle(e).direction") == "rtl"
    assert page.evaluate("document.documentElement.lang") == "en"


def test_a_hostile_article_is_text(page: Any) -> None:
    ask(page, "harbour")
    card = page.locator("#t1-s1")
    assert card.locator("h4 a").inner_text() == HOSTILE_TITLE
    assert "<img src=x onerror=alert(1)>" in page.inner_text("#chat")
    assert page.locator("#sources img, #sources form, #chat .message img").count() == 0


def hostile_articles() -> list[Article]:
    # A store of articles holds no lone surrogates, because nothing can encode them.
    strings = [
        text.encode("utf-8", "replace").decode() for text in [*ATTACKS, *fuzzed(150, seed=11)]
    ]
    return [
        Article(
            id=f"{number}-{text}",
            title=text,
            text=f"before {text} after",
            language=text if number % 3 else "en",
            published=text,
            source=text,
            url=text if number % 2 else f"https://example.org/{text}",
        )
        for number, text in enumerate(strings)
    ]


def test_attacks_and_random_markup_are_shown_as_they_are(browser: Any) -> None:
    articles = hostile_articles()
    address = start_server(AttackBackend(articles))
    with watched_page(browser, address) as page:
        ask(page, ATTACKS[0])
        page.wait_for_selector(f"#t1-s{len(articles)}")
        shown = page.evaluate(
            """() => {
              const texts = (selector) =>
                [...document.querySelectorAll(selector)].map((e) => e.textContent);
              return {
                questions: texts('#chat [data-testid="user"]'),
                sentences: [...document.querySelectorAll("#chat .sentence")]
                  .map((e) => e.firstChild.textContent),
                titles: texts("#sources .card h4 a"),
                passages: texts("#sources .card blockquote"),
                marks: texts("#sources .card mark"),
                outlets: texts("#sources .card .facts > bdi:first-child"),
                tags: [...new Set([...document.querySelectorAll(
                  "#sources .panel *, #chat .message .prose *")].map((e) => e.tagName))],
                ids: [...document.querySelectorAll("#sources .panel [id]")].map((e) => e.id),
                links: [...document.querySelectorAll("#sources .panel a, #chat .message a")]
                  .map((e) => e.getAttribute("href")),
                own: texts("#chat .completed, #chat .update b, #chat .origin"),
                styles: [...document.querySelectorAll(
                  "#sources .panel [style], #chat .message .prose [style]")]
                  .map((e) => e.getAttribute("style")),
              };
            }"""
        )
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")

    def same(kind: str, wanted: list[str]) -> None:
        got = [re.sub(r"\s+", " ", text).strip() for text in shown[kind]]
        assert got == [re.sub(r"\s+", " ", display_text(text)).strip() for text in wanted], kind

    texts = [article.title for article in articles]
    same("questions", [ATTACKS[0]])
    same("sentences", texts)
    same("titles", texts)
    same("passages", [article.text for article in articles])
    same("marks", [text for text in texts if display_text(text)])
    same("outlets", texts)
    written = f"Written by {OWN_WORDS} from the passages; each sentence was checked"
    same("own", [OWN_WORDS, OWN_WORDS, OWN_WORDS, written, OWN_WORDS])
    assert set(shown["tags"]) <= TAGS
    assert shown["ids"] == ["t1", *(f"t1-s{n}" for n in range(1, len(articles) + 1))]
    allowed = {web_link(article.url) for article in articles}
    for link in shown["links"]:
        assert link in allowed or re.fullmatch(
            r"#t1(-s\d+)?|articles/[\w.~%-]+\?start=7&end=\d+#sentence|\?q=[\w.~%+-]*", link
        ), link
    assert all(re.fullmatch(r"width:\s*\d+%;?", style) for style in shown["styles"])
    assert overflow <= 0


def test_hostile_questions_are_text(page: Any) -> None:
    asked = [ATTACKS[3], *(text for text in ATTACKS if "form action" in text or "```m" in text)]
    for turn, question in enumerate(asked, 1):
        ask(page, question, turn=turn)
    shown = page.locator('#chat [data-testid="user"]').all_inner_texts()
    assert [text.strip() for text in shown] == [display_text(text).strip() for text in asked]


def test_a_phone_has_one_column(browser: Any) -> None:
    address = start_server(shared_backend())
    with watched_page(browser, address, size=(390, 844)) as page:
        fits = "document.documentElement.scrollWidth <= innerWidth"
        assert page.evaluate(fits)
        ask(page, QUESTION)
        page.wait_for_selector("#chat .jump a")
        assert page.evaluate(fits)
        left, right = (page.locator(s).bounding_box() for s in ("#left", "#right"))
        assert left["width"] >= 350 and right["y"] >= left["y"] + left["height"]
        page.click("#chat .jump a")
        eventually(lambda: page.evaluate("document.activeElement.parentElement.id") == "t1")
        eventually(lambda: page.locator("#t1").bounding_box()["y"] < 800)
        page.click("#t1-s1 h4 a")
        page.wait_for_selector("dialog.reader mark")
        pane = page.locator("dialog.reader").bounding_box()
        assert pane["x"] == 0 and pane["width"] == 390


def test_dark_follows_the_system_and_chats_are_apart(browser: Any, page: Any) -> None:
    ask(page, "harbour")
    address = start_server(shared_backend())
    with watched_page(browser, address, colours="dark") as dark:
        ask(dark, QUESTION)
        assert dark.locator("details.turn").count() == 1
        colours = dark.evaluate(
            """() => ["#chat .sentence", "#sources blockquote", "#sources mark"].map((selector) => {
              const element = document.querySelector(selector);
              return getComputedStyle(element).color;
            })"""
        )
        background = dark.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", background)[:3])) < 60
    for colour in colours:
        assert min(map(int, re.findall(r"\d+", colour)[:3])) > 180


def test_a_question_that_goes_on_can_be_edited(page: Any) -> None:
    ask(page, "missiles décembre")
    ask(page, "And <b>missiles?</b>", turn=2)
    understood = "And <b>missiles?</b> (missiles décembre)"
    assert page.locator("#chat .understood").count() == 1
    assert page.inner_text("#chat .completed") == understood
    # Reached and pressed by the keyboard alone.
    page.keyboard.press("Escape")
    page.locator("#chat .edit").focus()
    page.keyboard.press("Enter")
    assert page.input_value("#question textarea") == understood
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.type("!")
    page.keyboard.press("Enter")
    page.wait_for_selector("#t3 .card")
    assert page.locator("#t3 > summary").inner_text() == f"{understood}!"


def test_a_written_answer_grows_while_the_next_question_is_typed(browser: Any) -> None:
    backend = WritingBackend()
    with watched_page(browser, start_server(backend)) as page:
        begin_writing(page, backend, QUESTION)
        assert page.locator("#chat .sentence").count() == 1
        page.fill("#question textarea", "and then")
        backend.gate.set()
        page.wait_for_selector("#chat .origin:has-text('Written by tiny-writer-3b')")
        assert page.locator("#chat .sentence").count() == 5
        assert page.input_value("#question textarea") == "and then"
        states = page.locator("#chat .state").all_inner_texts()
        assert len(set(states)) == 5 and "not found in the passages" in states
        page.click("#chat .backing a >> nth=1")
        page.wait_for_selector("#t1-s1.chosen")


def test_a_new_chat_ends_an_answer_that_grows(browser: Any) -> None:
    backend = WritingBackend()
    with watched_page(browser, start_server(backend)) as page:
        begin_writing(page, backend, QUESTION)
        page.click("#new")
        page.wait_for_selector("#chat .example")
        backend.gate.set()
        page.fill("#question textarea", "zzz")

        def asked() -> bool:
            # The page takes no question until the server has let go of the one before.
            page.press("#question textarea", "Enter")
            return bool(page.locator("#sources details.turn").count())

        eventually(asked)
        page.wait_for_selector("#chat .refusal")
        # A slow machine may take the same question twice; nothing is left of the one before.
        assert QUESTION not in page.inner_text("#chat")
        assert page.locator("#chat .sentence").count() == 0


def test_an_answer_is_saved_as_a_file_that_can_be_read_again(browser: Any, tmp_path: Any) -> None:
    hostile = [article for article in hostile_articles() if article.title][:60]
    address = start_server(AttackBackend(hostile))
    with watched_page(browser, address) as page:
        page.click("#save-json")
        page.wait_for_selector("#save-json:has-text('Nothing here yet')")
        ask(page, "missiles")
        page.wait_for_selector("#save-json:has-text('Save JSON')")
        with page.expect_download() as download:
            page.click("#save-json")
        assert download.value.suggested_filename == "answer.json"
        path = tmp_path / "answer.json"
        download.value.save_as(path)
    saved = read_answer(path)
    assert saved.question == "missiles"
    assert [citation.quote for citation in saved.citations] == [
        article.text[7:-6] for article in hostile
    ]


def test_a_day_to_count_from_is_chosen(browser: Any) -> None:
    backend = FakeBackend()
    with watched_page(browser, start_server(backend), size=(1024, 768)) as page:
        page.click("#show-filters")
        page.fill("#as-of input.time", "2023-11-20")
        page.keyboard.press("Enter")
        page.wait_for_selector("#as-of button")
        page.wait_for_selector("#active .chip:has-text('as of 2023-11-20')")
        ask(page, "missiles")
        assert backend.asked[-1] == ("missiles", (), "2023-11-20")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
