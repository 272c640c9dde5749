"""What the page, the clipboard, the saved file and the reading page show of a chat."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import pytest
from chat_attacks import ATTACKS
from chat_fixtures import ARTICLES, FakeBackend, WritingBackend, with_time

from assistant.answer_file import read_answer, save_answer
from assistant.answers import Answer, Period, Searched, Sentence, State
from assistant.chat.about import about_panel
from assistant.chat.conversation import MAX_TURNS, UNEXPECTED, Choices, Turn, ask
from assistant.chat.export import answer_file, markdown, plain_text
from assistant.chat.languages import language_name
from assistant.chat.reading import article_page, message_page
from assistant.chat.render import marked, messages, sources_panel
from assistant.chat.wording import extent, searched_articles
from assistant.errors import IndexCorrupt
from assistant.settings import check_filters

QUESTION = "missiles décembre telescope harbour"


class _Balance(HTMLParser):
    """Fails where tags do not nest."""

    VOID = frozenset(("meta", "link"))

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def assert_balanced(page: str) -> None:
    reader = _Balance()
    reader.feed(page)
    reader.close()
    assert reader.open == []


def ask_all(
    question: str = QUESTION,
    choices: Choices | None = None,
    turns: tuple[Turn, ...] = (),
    backend: FakeBackend | None = None,
) -> list[tuple[Turn, ...]]:
    return list(ask(backend or FakeBackend(), turns, question, choices or Choices()))


def answered(question: str = QUESTION) -> tuple[Turn, ...]:
    return ask_all(question)[-1]


def answer_of(turns: tuple[Turn, ...]) -> Answer:
    answer = turns[-1].answer
    assert answer is not None
    return answer


def test_a_question_waits_and_is_then_answered() -> None:
    waiting, done = ask_all()
    assert [turn.waiting for turn in waiting] == [True]
    assert "Searching" in messages(waiting)[-1]["content"]
    assert not done[-1].waiting and answer_of(done).found and done[-1].seconds > 0


def test_a_blank_question_changes_nothing() -> None:
    turns = answered()
    assert ask_all(" \n ", turns=turns) == [turns]


def test_errors_are_calm_and_escaped() -> None:
    backend = FakeBackend()
    backend.fail = IndexCorrupt("the file <b>vectors</b> is damaged")
    turns = ask_all(backend=backend)[-1]
    reply = messages(turns)[-1]["content"]
    assert "&#60;b&#62;vectors" in reply and "<b>" not in reply
    assert "No answer." in sources_panel(turns, "")
    assert plain_text(turns) == markdown(turns) == ""


def test_unexpected_errors_say_nothing_and_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    backend = FakeBackend()
    backend.fail = RuntimeError("secret path /srv/index")
    turns = ask_all(backend=backend)[-1]
    assert turns[-1].error == UNEXPECTED
    assert "secret path" in caplog.text


def test_bad_choices_and_long_questions_become_messages() -> None:
    turns = ask_all(choices=Choices(since="soon"))[-1]
    assert "since must be a day" in (turns[-1].error or "")
    turns = ask_all("x" * 5000)[-1]
    assert "5000 characters" in (turns[-1].error or "")
    assert len(messages(turns)[0]["content"]) < 400


def test_old_turns_are_forgotten_and_numbers_go_on() -> None:
    turns: tuple[Turn, ...] = ()
    for _ in range(MAX_TURNS + 3):
        turns = ask_all(turns=turns)[-1]
    assert [turn.number for turn in turns] == list(range(4, MAX_TURNS + 4))


def test_each_sentence_has_a_citation_and_each_citation_a_card() -> None:
    turns = answered()
    reply, panel = messages(turns)[-1]["content"], sources_panel(turns, "")
    for citation in answer_of(turns).citations:
        assert f'href="#t1-s{citation.number}"' in reply
        assert panel.count(f'id="t1-s{citation.number}"') == 1
    assert "Cited (2)" in panel and "Also read (2)" in panel
    assert re.search(r"Searched 4 articles in [0-9,]+ ms", reply)
    assert panel.count("<mark>") == 2


def test_sentences_of_one_passage_share_a_card() -> None:
    turns = answered()
    answer = answer_of(turns)
    first = answer.citations[0]
    again = replace(first, start=100, end=120, quote=first.article.text[100:120])
    shared = replace(answer, citations=(first, again))
    panel = sources_panel((replace(turns[-1], answer=shared),), "")
    assert panel.count('id="t1-s1"') == 1 and panel.count("<mark>") == 2
    assert "Cited (1)" in panel and "Also read (3)" in panel


def test_a_citation_outside_the_hits_still_has_a_card() -> None:
    turns = answered()
    answer = replace(answer_of(turns), hits=())
    panel = sources_panel((replace(turns[-1], answer=answer),), "")
    assert "Cited (2)" in panel and "Why this source" not in panel


def test_why_a_source_was_found() -> None:
    panel = sources_panel(answered(), "")
    for part in ("Place by meaning", "Place by words", "0.500", "relative to the best hit"):
        assert part in panel
    lexical = replace(answer_of(answered()).hits[0], dense_rank=None, similarity=None, score=-1.0)
    answer = replace(answer_of(answered()), hits=(lexical,))
    panel = sources_panel((Turn(1, "q", answer=answer),), "")
    assert "Place by meaning" not in panel and "relative" not in panel


def test_not_found_says_what_was_searched() -> None:
    turns = ask_all("zzz", Choices(languages=("fr", "en"), since="2020-01-01"))[-1]
    reply = messages(turns)[-1]["content"]
    assert "Not found in these articles." in reply
    assert "Searched 3 of 4 articles (in French or English, from 2020-01-01 on) in " in reply
    assert "French (1) and English (2), published from 2022-07-20 to 2024-01-01." in reply
    assert "fewer filters." in reply
    assert "Nearest misses (3)" in sources_panel(turns, "")


def test_filters_are_named() -> None:
    answer = answer_of(answered())
    assert searched_articles(answer) == "4 articles"
    one = replace(answer, filters=check_filters(sources="A & B", until="2024-02-03"))
    assert searched_articles(one) == "4 of 4 articles (by A & B, until 2024-02-03)"


def test_what_was_searched_is_kept_short() -> None:
    several = Searched(30, tuple((f"x{n}", 1) for n in range(12)), "2024-01-02", "2024-01-02")
    assert extent(several).startswith("x0 (1), x1 (1), ")
    assert extent(several).endswith("x7 (1) and 4 more languages, published on 2024-01-02")
    assert extent(Searched(1, (("fr", 1200),), None, None)) == "French (1,200)"
    assert extent(Searched(0, (), None, None)) == ""


def test_marks_survive_odd_spans() -> None:
    assert marked("abcdef", [(1, 3), (2, 5)]) == "a<mark>bc</mark><mark>de</mark>f"
    assert marked("abc", [(-5, 2)]) == "<mark>ab</mark>c"
    assert marked("abc", [(2, 99)]) == "ab<mark>c</mark>"
    assert marked("abc", [(5, 9), (2, 1)]) == "abc"


def test_everything_is_balanced_and_on_one_line() -> None:
    turns = ask_all("zzz", turns=answered())[-1]
    about = about_panel(FakeBackend().info)
    pieces = [sources_panel((), about), sources_panel(turns, about)]
    pieces += [message["content"] for message in messages(turns)]
    for piece in pieces:
        assert "\n" not in piece
        assert_balanced(piece)


def test_links_go_only_to_web_addresses() -> None:
    panel = sources_panel(answered(), "")
    assert (
        'href="https://quotidien.example/alerte?a&#61;1&amp;b&#61;2"'.replace("&amp;", "&#38;")
        in panel
    )
    assert 'javascript:alert(1)"' not in panel.replace("&#34;", '"')
    assert "harbour.example" not in panel
    assert 'href="articles/ar%2Fsuez?' in sources_panel(answered("missiles."), "")


def test_the_copied_text_is_plain_and_cited() -> None:
    text = plain_text(answered())
    assert text.splitlines()[0] == QUESTION
    assert "décembre. [1]" in text
    assert "[1] Alertes aux missiles : Séoul" in text
    assert "https://quotidien.example/alerte?a=1&b=2" in text
    assert plain_text(answered("zzz")).splitlines()[-1] == "Not found in these articles."
    assert plain_text(()) == ""


def test_the_saved_markdown_holds_every_turn() -> None:
    turns = ask_all("zzz", turns=answered())[-1]
    text = markdown(turns)
    assert text.count("## ") == 2 and "> Les deux pays" in text and "Not found" in text
    assert "<script" not in markdown(answered("harbour"))


def test_the_reading_page_marks_the_sentence() -> None:
    article = ARTICLES[0]
    page = article_page(article, start=0, end=10)
    assert '<mark id="sentence">Les deux p</mark>' in page
    assert 'dir="auto"' in page and "Anne Dupont" in page and "\n\n" in page
    assert "<mark" not in article_page(article)
    assert "<mark" not in article_page(article, start=10_000, end=10_001)
    assert_balanced(page)


@pytest.mark.parametrize("text", ATTACKS)
def test_the_reading_page_holds_no_foreign_markup(text: str) -> None:
    article = replace(
        ARTICLES[0], title=text, text=text, source=text, url=text, authors=(text,), language=text
    )
    for page in (article_page(article, start=1, end=4), message_page(text)):
        assert_balanced(page)
        assert "<script" not in page.lower() and "<img" not in page.lower()


def test_language_names() -> None:
    assert language_name("fr") == "French"
    assert language_name("zh-Hant") == "Chinese (zh-Hant)"
    assert language_name("tlh") == "tlh"


def test_a_source_says_why_it_was_found_and_where_else_it_ran() -> None:
    panel = sources_panel(answered(), "about")
    assert_balanced(panel)
    others = len(ARTICLES) - 1
    assert f"Also in {len(ARTICLES) + 20} articles, a copy of this one" in panel
    assert panel.count('<li><a href="articles/') == others * panel.count('class="also"')
    assert "<li>and 21 more</li>" in panel
    assert "<span>· from the passage&#39;s meaning</span><span>+1.50</span>" in panel
    assert "<span>-0.25</span>" in panel and "+0.00" not in panel
    for label in ("Same words", "Alike in sound", "Near in meaning", "Nearest sentence"):
        assert f"<span>{label}</span>" in panel


def text_of(page: str) -> str:
    """What a reader sees of a piece of the page, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", page.replace("</div>", " "))).split())


def reply_to(answer: Answer) -> str:
    return messages((Turn(1, answer.question, answer=answer),))[-1]["content"]


def written(backend: WritingBackend | None = None) -> tuple[Turn, ...]:
    return ask_all(backend=backend or WritingBackend())[-1]


def test_a_question_that_goes_on_is_asked_after_those_before_it() -> None:
    backend = FakeBackend()
    turns = ask_all(backend=backend)[-1]
    turns = ask_all("And missiles?", turns=turns, backend=backend)[-1]
    turns = ask_all("And harbour?", Choices(as_of="2024-05-06"), turns, backend)[-1]
    completed = f"And missiles? ({QUESTION})"
    assert backend.asked == [
        (QUESTION, (), None),
        ("And missiles?", (QUESTION,), None),
        ("And harbour?", (QUESTION, completed), "2024-05-06"),
    ]
    reply = messages(turns)[3]["content"]
    assert f"Understood as: {completed} Edit" in text_of(reply)
    assert reply.count("<button") == 1
    assert "Understood as" not in messages(turns)[1]["content"]


def test_questions_without_an_answer_are_not_history() -> None:
    backend = FakeBackend()
    turns = (Turn(1, "x" * 5000, error="too long"), Turn(2, "and?"))
    ask_all(turns=turns, backend=backend)
    assert backend.asked == [(QUESTION, (), None)]


def test_an_answer_grows_by_a_sentence_at_a_time() -> None:
    states = ask_all(backend=WritingBackend())
    turns = [some[-1] for some in states]
    assert [turn.waiting for turn in turns] == [True] + [False] * 6
    assert [turn.growing for turn in turns] == [False] + [True] * 5 + [False]
    shown = [messages(some)[-1]["content"].count('class="sentence"') for some in states]
    assert shown == [0, 1, 2, 3, 4, 5, 5]
    assert all("Writing…" in messages(some)[-1]["content"] for some in states[1:-1])
    last = messages(states[-1])[-1]["content"]
    assert "Writing…" not in last
    assert "Written by tiny-writer-3b from the passages; each sentence was checked" in text_of(last)


def test_an_answer_of_quotes_comes_whole_and_says_why() -> None:
    class Unwilling(WritingBackend):
        def stream(self, question: str, **options: Any) -> Iterator[Answer]:
            first, *_ = super().stream(question, **options)
            yield first
            yield replace(self.answer(question, **options), note="These are quotes: <b>busy</b>")

    states = ask_all(backend=Unwilling())
    assert [some[-1].growing for some in states] == [False, True, False]
    reply = messages(states[-1])[-1]["content"]
    assert text_of(reply).endswith("These are quotes: <b>busy</b> Sources (4)")
    assert "Written by" not in reply and "word for word" not in reply


@pytest.mark.parametrize(
    ("error", "shown"),
    [(IndexCorrupt("the index is gone"), "the index is gone"), (OSError("secret"), UNEXPECTED)],
)
def test_an_error_in_the_middle_of_an_answer_is_the_turn_s(error: Exception, shown: str) -> None:
    backend = WritingBackend()
    backend.breaks = error
    *_, growing, last = ask_all(backend=backend)
    assert growing[-1].growing and answer_of(growing).sentences
    assert last[-1].answer is None and last[-1].error == shown
    assert answer_file(last) == ""


def test_each_sentence_of_a_language_model_says_what_its_check_found() -> None:
    turns = written()
    reply = messages(turns)[-1]["content"]
    read = text_of(reply)
    for part in (
        "in December. supported by Source 1 ",
        "by 2026. partly supported by Source 1 Source 2 not there: 45, 2026 ",
        "in March. contradicted by Source 1 not there: March ",
        "the plan. not found in the passages The main",
        "wide. word for word in Source 2 Written",
    ):
        assert part in read
    assert reply.count('<a class="pill"') == 5
    assert {s.state for s in answer_of(turns).sentences} == set(get_args(State))
    assert_balanced(reply)
    copied = plain_text(turns)
    assert "March. [1] (contradicted by the source)" in copied
    assert "the plan. (not found in the source)" in copied
    assert copied.endswith("Written by tiny-writer-3b from these passages.\n")


def test_a_foreign_quote_names_its_language() -> None:
    reply = messages(answered())[-1]["content"]
    french, english = re.findall(r'<div class="sentence".*?</div>', reply)
    assert 'dir="auto" lang="fr"' in french and text_of(french).endswith("Source 1 French")
    assert 'dir="auto" lang="en"' in english and text_of(english).endswith("Source 2")


def test_the_days_of_a_question_are_named() -> None:
    answer = answer_of(answered())
    about = "articles of these days come first"
    for since, until, named in (
        ("2023-11-06", "2023-11-12", "About 2023-11-06 to 2023-11-12"),
        ("2023-11-06", "2023-11-06", "About 2023-11-06"),
        ("2023-11-06", None, "About days from 2023-11-06"),
        (None, "2023-11-12", "About days until 2023-11-12"),
    ):
        asked = replace(answer, period=Period(since, until, 0, 3))
        assert f"{named} (as of 2023-11-20): {about}" in text_of(reply_to(asked))
    assert about not in reply_to(replace(answer, period=Period(None, None, 0, 3)))
    assert about not in reply_to(answer)


def test_a_newer_figure_is_set_against_the_earlier_one() -> None:
    reply = reply_to(with_time(answer_of(answered())))
    newer = "Newer: 4 Source 2 (2022-07-20), earlier: 10 Source 1 (2023-11-13)"
    assert newer in text_of(reply)
    assert reply.count('href="#t1-s1"') == reply.count('href="#t1-s2"') == 2


def test_a_sentence_may_cite_what_is_not_there() -> None:
    answer = answer_of(answered())
    odd = (Sentence("alone", "verbatim", ()), Sentence("lost", "verbatim", (9,)))
    reply = reply_to(replace(answer, sentences=odd))
    assert reply.count('lang="en"') >= 4 and "French" not in reply
    assert_balanced(reply)


def test_the_answer_file_can_be_read_again(tmp_path: Path) -> None:
    turns = ask_all("And missiles décembre?", turns=written())[-1]
    for some in (turns, written(), answered("zzz"), answered("harbour")):
        saved, wanted = tmp_path / "answer.json", tmp_path / "wanted.json"
        saved.write_text(answer_file(some), encoding="utf-8")
        save_answer(answer_of(some), wanted, fingerprint=None)
        assert saved.read_bytes() == wanted.read_bytes()
        assert read_answer(saved).question == some[-1].question
    assert answer_file(()) == ""
    answer = replace(answer_of(turns), note="lone \ud800")
    assert "lone ?" in answer_file((Turn(1, "q", answer=answer),))


@pytest.mark.parametrize("text", ATTACKS)
def test_no_part_of_a_written_answer_is_markup(text: str) -> None:
    answer = with_time(answer_of(answered()))
    cited = replace(
        answer.citations[0], article=replace(answer.citations[0].article, language=text)
    )
    hostile = replace(
        answer,
        completed=text,
        citations=(cited, *answer.citations[1:]),
        sentences=tuple(Sentence(text, state, (1,), (text,)) for state in get_args(State)),
        updates=(replace(answer.updates[0], was=text, now=text),),
        language=text,
        as_of=text,
        written_by=text,
        note=text,
    )
    reply = reply_to(hostile)
    assert "\n" not in reply
    assert_balanced(reply)
    tags = set(re.findall(r"</?([a-z0-9]+)", reply))
    assert tags <= {"a", "b", "bdi", "button", "div", "span"}
    assert not re.search(r"[*_$`~|\\{}@]", re.sub(r"<[^>]*>", "", reply))
    refused = reply_to(replace(hostile, found=False, sentences=(), citations=(), updates=()))
    assert "\n" not in refused
    assert_balanced(refused)
