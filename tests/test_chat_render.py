"""What the page, the clipboard, the saved file and the reading page show of a chat."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args
from urllib.parse import parse_qs

import pytest
from chat_attacks import ATTACKS
from chat_fixtures import ARTICLES, FakeBackend, WritingBackend, with_time

from assistant.answer_file import read_answer, save_answer
from assistant.answers import Answer, Period, Searched, Sentence, State
from assistant.chat import conversation, links, reading, render, reply
from assistant.chat.about import about_panel
from assistant.chat.conversation import MAX_TURNS, STOPPED, UNEXPECTED, Choices, Turn, ask
from assistant.chat.export import answer_file, markdown, plain_text
from assistant.chat.filters import chips, without
from assistant.chat.render import marked
from assistant.chat.wording import TAGS, Wording, wording
from assistant.errors import IndexCorrupt
from assistant.settings import check_filters
from assistant.types import Article

QUESTION = "missiles décembre telescope harbour"
EN = wording("en")


def messages(turns: tuple[Turn, ...], words: Wording = EN) -> list[dict[str, str]]:
    return render.messages(turns, words)


def sources_panel(turns: tuple[Turn, ...], words: Wording = EN) -> str:
    return render.sources_panel(turns, words)


def article_page(article: Article, **span: int) -> str:
    return reading.article_page(article, EN, **span)


def message_page(message: str) -> str:
    return reading.message_page(message, EN)


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
    assert "No answer." in sources_panel(turns)
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
    reply, panel = messages(turns)[-1]["content"], sources_panel(turns)
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
    panel = sources_panel((replace(turns[-1], answer=shared),))
    assert panel.count('id="t1-s1"') == 1 and panel.count("<mark>") == 2
    assert "Cited (1)" in panel and "Also read (3)" in panel


def test_a_citation_outside_the_hits_still_has_a_card() -> None:
    turns = answered()
    answer = replace(answer_of(turns), hits=())
    panel = sources_panel((replace(turns[-1], answer=answer),))
    assert "Cited (2)" in panel and "Why this source" not in panel


def test_why_a_source_was_found() -> None:
    panel = sources_panel(answered())
    for part in ("Place by meaning", "Place by words", "0.500", "relative to the best hit"):
        assert part in panel
    lexical = replace(answer_of(answered()).hits[0], dense_rank=None, similarity=None, score=-1.0)
    answer = replace(answer_of(answered()), hits=(lexical,))
    panel = sources_panel((Turn(1, "q", answer=answer),))
    assert "Place by meaning" not in panel and "relative" not in panel


def test_not_found_says_what_was_searched() -> None:
    turns = ask_all("zzz", Choices(languages=("fr", "en"), since="2020-01-01"))[-1]
    reply = messages(turns)[-1]["content"]
    assert "Not found in these articles." in reply
    assert "Searched 3 of 4 articles (in French or English, from 2020-01-01 on) in " in reply
    assert "French (1) and English (2), published from 2022-07-20 to 2024-01-01." in reply
    assert "Fewer filters may help too." in reply
    assert "Nearest misses (3)" in sources_panel(turns)


def test_filters_are_named() -> None:
    answer = answer_of(answered())
    one = replace(answer, filters=check_filters(sources="A & B", until="2024-02-03"))
    searched = "Searched 4 of 4 articles (by A & B, until 2024-02-03) in 1 ms"
    assert searched in text_of(reply_to(one))


def test_what_was_searched_is_kept_short() -> None:
    several = Searched(30, tuple((f"x{n}", 1) for n in range(12)), "2024-01-02", "2024-01-02")
    said = reply.extent(several, EN)
    assert said.startswith("x0 (1), x1 (1), ")
    assert said.endswith("x7 (1), and 4 more languages, published on 2024-01-02")
    assert reply.extent(Searched(1, (("fr", 1200),), None, None), EN) == "French (1,200)"
    assert reply.extent(Searched(0, (), None, None), EN) == ""


def test_marks_survive_odd_spans() -> None:
    assert marked("abcdef", [(1, 3), (2, 5)]) == "a<mark>bc</mark><mark>de</mark>f"
    assert marked("abc", [(-5, 2)]) == "<mark>ab</mark>c"
    assert marked("abc", [(2, 99)]) == "ab<mark>c</mark>"
    assert marked("abc", [(5, 9), (2, 1)]) == "abc"


@pytest.mark.parametrize("words", [wording(tag) for tag in TAGS], ids=TAGS)
def test_everything_is_balanced_and_on_one_line(words: Wording) -> None:
    turns = ask_all("zzz", turns=answered())[-1]
    pieces = [about_panel(FakeBackend().info, words), sources_panel(turns, words)]
    pieces += [message["content"] for message in messages(turns, words)]
    assert sources_panel(()) == ""
    for piece in pieces:
        assert "\n" not in piece
        assert_balanced(piece)


def test_links_go_only_to_web_addresses() -> None:
    panel = sources_panel(answered())
    assert (
        'href="https://quotidien.example/alerte?a&#61;1&amp;b&#61;2"'.replace("&amp;", "&#38;")
        in panel
    )
    assert 'javascript:alert(1)"' not in panel.replace("&#34;", '"')
    assert "harbour.example" not in panel
    assert 'href="articles/ar%2Fsuez?' in sources_panel(answered("missiles."))


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


def test_a_source_says_why_it_was_found_and_where_else_it_ran() -> None:
    panel = sources_panel(answered())
    assert_balanced(panel)
    others = len(ARTICLES) - 1
    assert f"Also in {len(ARTICLES) + 20} articles, copies of this one" in panel
    assert panel.count('<li><a href="articles/') == others * panel.count('class="also"')
    assert "<li>and 21 more</li>" in panel
    assert "<span>· from the passage&#39;s meaning</span><span><bdi>+1.50</bdi></span>" in panel
    assert "<bdi>-0.25</bdi>" in panel and "+0.00" not in panel
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
    assert reply.count('class="edit"') == 1
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
    assert "These are quotes: <b>busy</b>" in text_of(reply)
    assert "Written by" not in reply and 'class="state' not in reply


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
        "in December. supported by 1 fr ",
        "by 2026. partly supported by 1 fr 2 en not there: 45, 2026 ",
        "in March. contradicted by 1 fr not there: March ",
        "the plan. not found in the passages The main",
        "wide. word for word in 2 en Written",
        "1 word for word, 1 supported, 1 partly supported, 1 contradicted, and 1 not found",
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
    assert 'title="Source 1, French"' in french and 'title="Source 2, English"' in english
    assert 'dir="auto" lang="fr"' in french and text_of(french).endswith("1 fr")
    assert 'dir="auto" lang="en"' in english and text_of(english).endswith("2 en")


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
    newer = "Newer: 4 2 en (2022-07-20), earlier: 10 1 fr (2023-11-13)"
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
    assert tags <= set("a b bdi button details div span summary".split())
    assert not re.search(r"[*_$`~|\\{}@]", re.sub(r"<[^>]*>", "", reply))
    refused = reply_to(replace(hostile, found=False, sentences=(), citations=(), updates=()))
    assert "\n" not in refused
    assert_balanced(refused)


def test_the_last_turn_can_be_asked_again_edited_and_undone() -> None:
    turns = ask_all("missiles", turns=answered())[-1]
    first, last = messages(turns)[1]["content"], messages(turns)[3]["content"]
    for command in ("retry", "edit", "undo"):
        assert f'do:{command}"' in last and f'do:{command}"' not in first
    for number, shown in ((1, first), (2, last)):
        assert f'do:good:{number}"' in shown and f'do:bad:{number}"' in shown
    waiting = ask_all("harbour", turns=turns)[0]
    assert 'do:stop"' in messages(waiting)[-1]["content"]
    assert 'do:retry"' not in messages(waiting)[-1]["content"]


def test_asking_again_takes_the_place_of_the_last_answer() -> None:
    backend = FakeBackend()
    turns = ask_all("missiles", turns=answered(), backend=backend)[-1]
    *_, again = conversation.ask_again(backend, turns, Choices(languages=("fr",)))
    assert [turn.number for turn in again] == [1, 2]
    assert again[-1].question == "missiles" and again[-1].choices.languages == ("fr",)
    # It is asked after the questions before it, not after itself.
    assert backend.asked[-1] == ("missiles", (QUESTION,), None)
    assert list(conversation.ask_again(backend, (), Choices())) == [()]


def test_a_turn_that_is_edited_gives_its_place_to_the_next_question() -> None:
    turns = conversation.to_be_replaced(answered(), replaced=True)
    reply = messages(turns)[-1]["content"]
    assert "takes the place of this one" in reply and 'do:keep"' in reply
    assert 'class="replaced"' in messages(turns)[0]["content"]
    asked = ask_all("missiles", turns=turns)[-1]
    assert [turn.question for turn in asked] == ["missiles"]
    assert conversation.to_be_replaced(turns, replaced=False) == answered_like(turns)
    assert conversation.to_be_replaced((), replaced=True) == ()


def answered_like(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    return (*turns[:-1], replace(turns[-1], replaced=False))


def test_a_stopped_answer_keeps_what_was_written() -> None:
    states = ask_all(backend=WritingBackend())
    waiting, growing = conversation.stopped(states[0]), conversation.stopped(states[3])
    assert waiting[-1].error == STOPPED and "Stopped." in messages(waiting)[-1]["content"]
    assert not growing[-1].growing and len(answer_of(growing).sentences) == 3
    assert conversation.stopped(()) == ()
    done = answered()
    assert conversation.stopped(done) == done


def test_a_reader_s_word_on_an_answer_is_shown_and_taken_back() -> None:
    turns, turn = conversation.judged(answered(), 1, True)
    assert turn is not None and turn.liked is True
    assert "thumb good pressed" in messages(turns)[-1]["content"]
    turns, turn = conversation.judged(turns, 1, False)
    assert turn is not None and turn.liked is False
    assert "thumb bad pressed" in messages(turns)[-1]["content"]
    turns, turn = conversation.judged(turns, 1, False)
    assert turn is not None and turn.liked is None
    assert conversation.judged(turns, 7, True) == (turns, None)


def test_a_link_restores_a_question_and_its_filters() -> None:
    chosen = Choices(
        k=5,
        mode="dense",
        languages=("fr", "same"),
        prefer_language="ar",
        sources=("A & B", "été"),
        since="2023-01-02",
        until="2024-01-02",
        as_of="2024-02-03",
    )
    address = links.address_of(Turn(1, "Why? & <b>", chosen))
    query = parse_qs(address.removeprefix("?"))
    assert query["q"] == ["Why? & <b>"]
    known = {"languages": ["same", "fr", "ar"], "sources": ["A & B", "été"]}
    assert links.choices_of(query, **known) == chosen
    assert links.choices_of({"lang": ["fr,ar"]}, **known).languages == ("fr", "ar")
    assert links.address_of(Turn(1, "q")) == "?q=q"


def test_what_a_link_names_that_cannot_be_used_is_left_out() -> None:
    odd = {
        "lang": ["xx", "<b>"],
        "outlet": ["gone"],
        "since": ["soon"],
        "until": ["2024-99-99"],
        "as_of": [""],
        "mode": ["magic"],
        "k": ["١٢", "999"],
        "prefer": ["xx"],
    }
    assert links.choices_of(odd, languages=["fr"], sources=["A"]) == Choices()
    assert links.choices_of({"k": ["9" * 5000]}, languages=[], sources=[]) == Choices()


def test_active_filters_are_chips_that_remove_them() -> None:
    chosen = Choices(
        k=5, mode="lexical", languages=("fr", "ar"), sources=("<b>",), until="2024-01-02"
    )
    shown = chips(chosen, EN)
    assert_balanced(shown)
    assert "\n" not in shown and "<b>" not in shown
    for what, label in (
        ("languages:0", "French ×"),
        ("languages:1", "Arabic ×"),
        ("sources:0", "<b> ×"),
        ("until", "until 2024-01-02 ×"),
        ("k", "5 sources at most ×"),
        ("mode", "by words ×"),
        ("all", "Clear all"),
    ):
        assert f'do:remove:{what}"' in shown and label in text_of(shown)
    assert without(chosen, "languages:0").languages == ("ar",)
    assert without(without(chosen, "languages:0"), "languages:0").languages is None
    assert without(chosen, "sources:0").sources is None
    assert without(chosen, "until").until is None and without(chosen, "mode").mode == "hybrid"
    assert without(chosen, "all") == Choices()
    for odd in ("", "languages", "languages:9", "languages:-1", "sources:x", "__class__", "k:1"):
        assert without(chosen, odd) == chosen
    assert chips(Choices(), EN) == ""
    assert "Clear all" not in chips(Choices(since="2024-01-02"), EN)


def test_the_chat_speaks_arabic_from_right_to_left() -> None:
    words = wording("ar")
    reply = messages(answered(), words)[-1]["content"]
    assert 'dir="rtl" lang="ar"' in reply and "Searched" not in reply
    page = reading.article_page(ARTICLES[0], words)
    assert page.startswith('<!DOCTYPE html>\n<html lang="ar" dir="rtl">')
