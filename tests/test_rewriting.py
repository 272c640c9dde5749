"""Answers in a model's words: checked, cited to the word, and the quotes where it fails."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from llm_server import (
    EVENTS,
    Asked,
    Script,
    answers,
    chunk,
    event,
    fails,
    is_cut_after,
    raw,
    says,
    serving,
)

from assistant import answering, api
from assistant.answers import Answer
from assistant.api import Assistant
from assistant.endpoint import Model
from assistant.errors import SettingsError
from assistant.rewriting import PASSAGES
from assistant.text import sentence_spans

KEY = "sk-Very-Secret-0123456789"
QUESTION = "When did the harbour of Fairhaven open, and what did the cranes cost?"
OPENED = "The harbour of Fairhaven opened on Monday."
COST = "The mayor said that the cranes had cost nine million crowns."


@pytest.fixture(autouse=True)
def any_evidence_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thresholds are for the bundled model, and not for a random one."""
    for mode, one in list(answering.CALIBRATION.items()):
        monkeypatch.setitem(answering.CALIBRATION, mode, replace(one, threshold=0.0))
    for name in ("URL", "MODEL", "KEY"):
        monkeypatch.delenv(f"ASSISTANT_LLM_{name}", raising=False)


@pytest.fixture
def quoted(tiny: Assistant) -> Answer:
    """What is answered without a model."""
    return tiny.answer(QUESTION, mode="lexical", as_of="2024-05-01")


def number_of(asked: Asked, name: str) -> int:
    """The number under which the passage that says `name` was given."""
    before = asked.content[: asked.content.index(name)]
    return int(before.rsplit(" passage ", 1)[1].split("\n", 1)[0])


def good(asked: Asked) -> str:
    number = number_of(asked, "crane")
    return (
        f"The harbour of Fairhaven opened on Monday [{number}]. "
        f"Its cranes had cost nine million crowns, said the mayor [{number}]. "
        f"They were painted by Picasso in 1923 [{number}]."
    )


def stream(
    folder: Path, script: Script, *, unsupported: str = "mark", question: str = QUESTION
) -> tuple[list[Answer], list[Asked]]:
    with (
        serving(script) as server,
        Assistant(
            folder, llm_url=server.url, llm_model="small", unsupported=unsupported
        ) as assistant,
    ):
        grown = list(assistant.stream(question, mode="lexical", as_of="2024-05-01"))
        return grown, server.asked


def written(folder: Path, script: Script, *, unsupported: str = "mark") -> Answer:
    return stream(folder, script, unsupported=unsupported)[0][-1]


def is_checked(answer: Answer) -> None:
    """What holds of any answer that a model wrote."""
    assert answer.found and answer.written_by == "small" and answer.note is None
    assert answer.citations and answer.updates == ()
    passages = {n: hit.passage for n, hit in enumerate(answer.hits[:PASSAGES], 1)}
    for citation in answer.citations:
        assert passages[citation.number] == citation.passage
        assert citation.article.text[citation.start : citation.end] == citation.quote
        assert citation.passage.start <= citation.start < citation.end <= citation.passage.end
        inside = sentence_spans(citation.passage.text, citation.article.language)
        assert citation.quote in [citation.passage.text[a:b] for a, b in inside]
    numbers = {citation.number for citation in answer.citations}
    for sentence in answer.sentences:
        assert set(sentence.citations) <= numbers
        if sentence.state == "verbatim":
            assert any(sentence.text in passages[n].text for n in sentence.citations)
    assert len(set(answer.citations)) == len(answer.citations)


# --- a good stream


def test_each_sentence_of_a_model_is_checked_and_cited_to_the_word(tiny_index: Path) -> None:
    answer = written(tiny_index, answers(good))
    is_checked(answer)
    first, second, third = answer.sentences
    assert (first.text, first.state) == (OPENED, "verbatim")
    assert second.state in ("supported", "partly")
    assert third.state in ("not found", "contradicted", "partly")
    assert {"Picasso", "1923"} <= set(third.missing)
    by_sentence = [citation.quote for citation in answer.citations]
    assert by_sentence[:2] == [OPENED, COST]
    assert answer.text.startswith(f"{OPENED} [")


def test_what_is_not_the_sentences_stays_as_it_was(tiny_index: Path, quoted: Answer) -> None:
    answer = written(tiny_index, answers(good))
    for field in ("question", "hits", "confidence", "searched", "as_of", "mode", "language"):
        assert getattr(answer, field) == getattr(quoted, field)
    assert quoted.written_by is None and quoted.note is None


def test_an_answer_grows_by_a_sentence_at_a_time(tiny_index: Path) -> None:
    grown, asked = stream(tiny_index, answers(good))
    assert [len(answer.sentences) for answer in grown] == [1, 2, 3]
    for shorter, longer in pairwise(grown):
        assert longer.sentences[: len(shorter.sentences)] == shorter.sentences
        assert longer.citations[: len(shorter.citations)] == shorter.citations
    for answer in grown:
        is_checked(answer)
    assert len(asked) == 1


def test_the_model_is_given_the_best_passages_and_the_question(
    tiny_index: Path, quoted: Answer
) -> None:
    _, (asked,) = stream(tiny_index, answers(good))
    assert QUESTION in asked.content
    assert asked.body["model"] == "small"
    for hit in quoted.hits[:PASSAGES]:
        assert hit.passage.text.strip() in asked.content
    assert asked.content.count(" passage ") >= len(quoted.hits[:PASSAGES])


def test_a_model_is_asked_the_completed_question(tiny_index: Path) -> None:
    with (
        serving(answers(good)) as server,
        Assistant(tiny_index, llm_url=server.url, llm_model="small") as assistant,
    ):
        answer = assistant.answer(
            "And its cranes?",
            mode="lexical",
            history=["When did the harbour of Fairhaven open?"],
        )
    assert answer.completed is not None
    assert answer.completed in server.asked[0].content
    is_checked(answer)


def test_without_a_model_there_is_one_answer_and_it_is_of_quotes(tiny: Assistant) -> None:
    (answer,) = tiny.stream(QUESTION, mode="lexical")
    assert {sentence.state for sentence in answer.sentences} == {"verbatim"}
    assert answer.written_by is None and answer.note is None


# --- failures


def not_found(asked: Asked) -> str:
    return "NOT FOUND"


FAILURES: dict[str, Script] = {
    "refused": fails(500),
    "no such model": fails(404),
    "the key is wrong": fails(401),
    "busy": fails(429),
    "too long": fails(413),
    "cut": is_cut_after("The harbour of Fair", "haven opened "),
    "cut after a sentence": is_cut_after("The harbour opened [1]. ", "Its cranes "),
    "not json": raw("data: {oops\n\n", "data: [DONE]\n\n"),
    "a page": raw("<html>hello</html>", kind="text/html"),
    "nothing": raw(""),
    "an error in the stream": raw(event(chunk("The harbour ")), event({"error": {"message": "x"}})),
    "not found": answers(not_found),
    "nothing cited": says("The harbour opened on Monday. ", "I am sure of it."),
    "cites what is not there": says("The harbour opened on Monday [99]."),
    "only marks": says("[1] [2] ... [1]"),
    "a long answer that is cut off": says("The harbour ", finish="length"),
}


@pytest.mark.parametrize("failure", sorted(FAILURES))
def test_where_a_model_fails_the_quotes_are_the_answer(
    tiny_index: Path, quoted: Answer, failure: str
) -> None:
    grown, asked = stream(tiny_index, FAILURES[failure])
    answer = grown[-1]
    assert asked
    assert answer.found and answer.written_by is None
    assert (answer.sentences, answer.citations) == (quoted.sentences, quoted.citations)
    assert answer.updates == quoted.updates
    assert answer.note is not None and "small" in answer.note
    assert answer.note.startswith("These are quotes, and not the words of small: ")
    assert "\n" not in answer.note and "Traceback" not in answer.note
    assert "These are quotes" in answer.markdown()
    assert answer.to_dict()["note"] == answer.note


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    def settings(url: str | None, model: str | None) -> Model:
        assert url is not None and model is not None
        return Model(url, model, timeout=0.6, first_byte=0.3)

    monkeypatch.setattr(api, "llm_settings", settings)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("script", [raw(20.0), raw(event(chunk("The harbour opened [1]. ")), 20.0)])
def test_a_slow_model_is_not_waited_for(tiny_index: Path, quoted: Answer, script: Script) -> None:
    answer = written(tiny_index, script)
    assert (answer.sentences, answer.written_by) == (quoted.sentences, None)
    assert answer.note is not None


def test_nobody_listens(tiny_index: Path, quoted: Answer) -> None:
    with serving(says("x")) as server:
        url = server.url
    with Assistant(tiny_index, llm_url=url, llm_model="small") as assistant:
        answer = assistant.answer(QUESTION, mode="lexical", as_of="2024-05-01")
    assert answer.sentences == quoted.sentences
    assert answer.note is not None and "127.0.0.1" in answer.note


# --- a refusal


@pytest.mark.parametrize("question", ["!!! ?", "\u0378\ue000", "…", "\ud800"])
def test_a_refusal_never_asks_the_model(tiny_index: Path, question: str) -> None:
    grown, asked = stream(tiny_index, answers(good), question=question)
    assert asked == []
    (answer,) = grown
    assert (answer.found, answer.written_by, answer.note) == (False, None, None)


def test_a_refusal_for_lack_of_evidence_never_asks_the_model(
    tiny_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = answering.CALIBRATION["lexical"]
    strict = replace(one, threshold=1.1)
    monkeypatch.setitem(answering.CALIBRATION, "lexical", strict)
    grown, asked = stream(tiny_index, answers(good))
    assert asked == [] and [answer.found for answer in grown] == [False]
    assert grown[0].hits and grown[0].note is None


# --- what is not supported


def test_what_the_passages_do_not_say_is_marked_or_left_out(tiny_index: Path) -> None:
    def reply(asked: Asked) -> str:
        number = number_of(asked, "crane")
        return f"{OPENED} [{number}] Zebras of Kenya sing opera nightly [{number}]."

    marked = written(tiny_index, answers(reply))
    assert [sentence.state for sentence in marked.sentences] == ["verbatim", "not found"]
    dropped = written(tiny_index, answers(reply), unsupported="drop")
    is_checked(dropped)
    assert [sentence.text for sentence in dropped.sentences] == [OPENED]


def test_where_all_is_left_out_the_quotes_are_the_answer(tiny_index: Path, quoted: Answer) -> None:
    answer = written(
        tiny_index, says("Zebras of Kenya sing opera nightly [1]."), unsupported="drop"
    )
    assert answer.sentences == quoted.sentences and answer.written_by is None
    assert answer.note is not None and "none of its sentences" in answer.note


def test_unsupported_is_one_of_two(tiny_index: Path) -> None:
    with pytest.raises(SettingsError, match="unsupported must be"):
        Assistant(tiny_index, unsupported="hide")


# --- settings


def test_the_environment_names_a_model(tiny_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answers(good)) as server:
        monkeypatch.setenv("ASSISTANT_LLM_URL", server.url)
        monkeypatch.setenv("ASSISTANT_LLM_MODEL", "from-outside")
        monkeypatch.setenv("ASSISTANT_LLM_KEY", KEY)
        with Assistant(tiny_index) as assistant:
            answer = assistant.answer(QUESTION, mode="lexical")
        with Assistant(tiny_index, llm_model="named") as assistant:
            named = assistant.answer(QUESTION, mode="lexical")
    assert (answer.written_by, named.written_by) == ("from-outside", "named")
    assert [asked.body["model"] for asked in server.asked] == ["from-outside", "named"]
    assert {asked.headers["authorization"] for asked in server.asked} == {f"Bearer {KEY}"}


def test_half_a_setting_is_an_error(tiny_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="without the model's name"):
        Assistant(tiny_index, llm_url="http://127.0.0.1:9/v1")
    with pytest.raises(SettingsError, match="without its URL"):
        Assistant(tiny_index, llm_model="small")
    monkeypatch.setenv("ASSISTANT_LLM_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(SettingsError, match="without the model's name"):
        Assistant(tiny_index)
    with pytest.raises(SettingsError, match="http"):
        Assistant(tiny_index, llm_url="ftp://example.org", llm_model="small")


def leaks_the_key(asked: Asked) -> str:
    number = number_of(asked, "crane")
    return f"{OPENED} [{number}] The key is {asked.headers['authorization']} [{number}]."


@pytest.mark.parametrize(
    "script",
    [answers(good), answers(leaks_the_key), fails(401, f"bad key {KEY}"), fails(500, KEY),
     raw(f"data: {KEY}\n\n"), raw(event({"error": {"message": KEY}}), kind=EVENTS)],
    ids=["good", "leaks", "401", "500", "not json", "error"],
)  # fmt: skip
def test_the_key_is_nowhere_in_the_answer(
    tiny_index: Path, monkeypatch: pytest.MonkeyPatch, script: Script
) -> None:
    monkeypatch.setenv("ASSISTANT_LLM_KEY", KEY)
    grown, asked = stream(tiny_index, script)
    assert asked and asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in asked[0].content
    for answer in grown:
        assert answer.found
        for shown in (repr(answer), answer.text, answer.markdown(), str(answer.to_dict())):
            assert KEY not in shown
