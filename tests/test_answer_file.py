"""Saving an answer, reading it back with distrust, and what a changed collection does to it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from answers import QUESTION, answer_with, written_answer
from helpers import COLLECTION, Story, write_articles
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.answer_file import MAX_BYTES, read_answer, save_answer, to_document
from assistant.answers import NOT_FOUND, Answer, Period, Searched, Sentence, State, Update
from assistant.api import Assistant
from assistant.building import build
from assistant.chat.conversation import Turn
from assistant.chat.export import markdown
from assistant.cli import main
from assistant.errors import AnswerFileError, SettingsError
from assistant.saved import SavedAnswer, SavedCitation
from assistant.types import Article, Citation, Filters, Hit, IndexInfo, Passage
from assistant.verifying import Verification, nearest

OPENED = "The harbour of Fairhaven opened on Monday."
SHIPS = "Forty ships waited outside the breakwater."
BAKERY = "La boulangerie du village a fermé ses portes en mars."
FINGERPRINT = "f" * 64

slow_disk = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def answer(tiny: Assistant) -> Answer:
    return written_answer(tiny)


# --- what is written -------------------------------------------------------------------------


def test_an_answer_comes_back_as_it_was_saved(answer: Answer, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    save_answer(answer, path, fingerprint=FINGERPRINT)
    assert read_answer(path) == SavedAnswer.of(answer, fingerprint=FINGERPRINT)


def test_a_refusal_comes_back_as_it_was_saved(tiny: Assistant, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    save_answer(answer_with(tiny), path, fingerprint=None)
    saved = read_answer(path)
    assert (saved.found, saved.citations, saved.index.fingerprint) == (False, (), None)
    assert len(saved.hits) == 5


def test_the_document_names_everything_that_the_answer_rests_on(answer: Answer) -> None:
    document = to_document(answer, fingerprint=FINGERPRINT)
    assert list(document) == [
        "format",
        "version",
        "question",
        "completed",
        "as_of",
        "period",
        "mode",
        "filters",
        "index",
        "searched",
        "found",
        "confidence",
        "sentences",
        "citations",
        "updates",
        "hits",
        "written_by",
        "note",
    ]
    assert (document["format"], document["version"]) == ("assistant-answer", 1)
    assert document["index"] == {
        "generation": answer.index.generation,
        "model": answer.index.model,
        "fingerprint": FINGERPRINT,
        "articles": 6,
        "passages": answer.index.passages,
    }
    assert document["confidence"] == 0.8765
    first = document["citations"][0]
    article = answer.citations[0].article
    assert first == {
        "number": 1,
        "article": {
            "id": "harbour",
            "title": "Fairhaven opens its harbour",
            "source": "The Courier",
            "published": "2023-11-12",
            "language": "en",
            "url": None,
            "path": "harbour.md",
            "content_hash": article.content_hash(),
        },
        "passage": {
            "id": answer.citations[0].passage.id,
            "start": answer.citations[0].passage.start,
            "end": answer.citations[0].passage.end,
        },
        "start": 0,
        "end": len(OPENED),
        "quote": OPENED,
        "quote_sha256": hashlib.sha256(OPENED.encode()).hexdigest(),
    }
    assert document["sentences"][2] == {
        "text": "It opened for 40 ships in May 1911.",
        "state": "partly",
        "citations": (1, 2),
        "missing": ("May", "1911"),
    }
    assert set(document["period"]) == {"since", "until", "start", "end"}
    assert set(document["filters"]) == {"languages", "sources", "since", "until"}
    assert set(document["searched"]) == {"articles", "languages", "first_day", "last_day"}
    assert set(document["updates"][0]) == {"older", "newer", "was", "now"}
    assert set(document["hits"][0]) == {"rank", "score", "article", "title", "passage"}


def test_the_same_answer_gives_the_same_bytes(answer: Answer, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.json", "b.json", "a.md", "b.md")]
    for path in paths:
        save_answer(answer, path, fingerprint=FINGERPRINT)
    contents = [path.read_bytes() for path in paths]
    assert contents[0] == contents[1] and contents[2] == contents[3]
    # Texts are readable in any editor, and a reader of this document writes the same one.
    assert "fermé" in contents[0].decode("utf-8")
    again = json.dumps(read_answer(paths[0]).to_dict(), ensure_ascii=False, indent=1) + "\n"
    assert again.encode() == contents[0]


def test_articles_are_not_copied_into_the_file(answer: Answer, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    save_answer(answer, path, fingerprint=FINGERPRINT)
    assert "Les habitants font maintenant" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["answer", "answer.txt", "answer.json.gz", ".json"])
def test_another_ending_is_refused_and_both_are_named(
    answer: Answer, tmp_path: Path, name: str
) -> None:
    with pytest.raises(SettingsError, match=r"\.json.*\.md"):
        save_answer(answer, tmp_path / name, fingerprint=None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["ANSWER.JSON", "answer.Md"])
def test_the_case_of_the_ending_does_not_matter(answer: Answer, tmp_path: Path, name: str) -> None:
    save_answer(answer, tmp_path / name, fingerprint=None)
    save_answer(answer, tmp_path / name, fingerprint=None)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["notes.json", "notes.md"])
@pytest.mark.parametrize("content", ["", "[]", '{"format": "other"}', "# My notes\n", "[" * 90_000])
def test_a_file_that_is_no_answer_is_not_replaced(
    answer: Answer, tmp_path: Path, name: str, content: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(AnswerFileError, match="is no answer file; choose another name"):
        save_answer(answer, path, fingerprint=None)
    assert path.read_text() == content
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_an_answer_is_replaced_by_another(tiny: Assistant, answer: Answer, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    save_answer(answer, path, fingerprint=None)
    save_answer(answer_with(tiny), path, fingerprint=None)
    assert read_answer(path).found is False


def test_a_folder_is_not_replaced(answer: Answer, tmp_path: Path) -> None:
    (tmp_path / "answer.json").mkdir()
    with pytest.raises(AnswerFileError, match="no answer file"):
        save_answer(answer, tmp_path / "answer.json", fingerprint=None)


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_answer(
    tiny: Assistant, answer: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(28, "no space left")

    path = tmp_path / "answer.json"
    save_answer(answer, path, fingerprint=None)
    before = path.read_bytes()
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(AnswerFileError, match=r"cannot be written \(no space left\)"):
        save_answer(answer_with(tiny), path, fingerprint=None)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["answer.json"]


@pytest.mark.parametrize("name", ["none/answer.json", "a\0b.json", "x" * 300 + ".json"])
def test_a_place_that_cannot_be_written_is_an_error_of_ours(
    answer: Answer, tmp_path: Path, name: str
) -> None:
    with pytest.raises(AnswerFileError, match="cannot be written"):
        save_answer(answer, tmp_path / name, fingerprint=None)


def test_an_answer_that_contradicts_itself_is_not_saved(answer: Answer, tmp_path: Path) -> None:
    wrong = replace(
        answer, citations=(replace(answer.citations[0], start=3), *answer.citations[1:])
    )
    with pytest.raises(AnswerFileError, match=r"cannot be saved.*do not span the quote"):
        save_answer(wrong, tmp_path / "a.json", fingerprint=None)
    lone = replace(answer, question="lone \ud800 surrogate")
    with pytest.raises(AnswerFileError, match="cannot be saved"):
        save_answer(lone, tmp_path / "a.json", fingerprint=None)
    assert list(tmp_path.iterdir()) == []


# --- any answer ------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
days = st.dates().map(lambda day: day.isoformat())
some_days = st.none() | days


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """An answer of any texts, whose parts fit each other."""
    citations = []
    for number in range(1, draw(st.integers(0, 3)) + 1):
        before, quote, after = draw(texts), draw(texts.filter(bool)), draw(texts)
        identity = f"{number}{draw(texts)}"
        source, url = draw(st.none() | texts), draw(st.none() | texts)
        text = before + quote + after
        article = Article(identity, text, draw(texts), draw(texts), draw(some_days), source, url)
        passage = Passage(f"p{number}", identity, 0, len(text), text)
        start = len(before)
        citations.append(Citation(number, article, passage, start, start + len(quote), quote))
    states = st.sampled_from(State.__args__)  # type: ignore[attr-defined]
    numbers = st.lists(st.sampled_from([c.number for c in citations] or [0]), unique=True)
    sentence = st.builds(
        Sentence, texts, states, numbers.map(tuple), st.lists(texts, max_size=2).map(tuple)
    )
    sentences = draw(st.lists(sentence, min_size=1, max_size=3)) if citations else []
    places = st.integers(0, max(0, len(citations) - 1))
    updates = st.lists(st.builds(Update, places, places, texts, texts), max_size=2)
    question = draw(texts)
    names = st.none() | st.lists(texts, max_size=2).map(tuple)
    counted = st.lists(st.tuples(texts, st.integers(0, 9)), max_size=2).map(tuple)
    return Answer(
        question=question,
        found=bool(citations),
        confidence=draw(st.floats(0, 1)),
        sentences=tuple(sentences),
        citations=tuple(citations),
        hits=(),
        mode=draw(st.sampled_from(["hybrid", "dense", "lexical"])),
        filters=Filters(draw(names), draw(names), draw(some_days), draw(some_days)),
        index=IndexInfo("g", draw(texts), 3, 4, draw(counted), (), None, None, "now"),
        searched=Searched(draw(st.integers(0, 99)), draw(counted), draw(some_days), None),
        as_of=draw(days),
        completed=draw(st.none() | texts),
        period=draw(st.none() | st.builds(Period, some_days, some_days, st.just(0), st.just(0))),
        updates=tuple(draw(updates)) if citations else (),
        written_by=draw(st.none() | texts),
        note=draw(st.none() | texts),
    )


@slow_disk
@given(made=answers(), fingerprint=st.none() | texts)
def test_any_answer_survives_the_file(
    made: Answer, fingerprint: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "answer.json"
    save_answer(made, path, fingerprint=fingerprint)
    first = path.read_bytes()
    saved = read_answer(path)
    assert saved == SavedAnswer.of(made, fingerprint=fingerprint)
    assert (saved.question, saved.sentences) == (made.question, made.sentences)
    save_answer(made, path, fingerprint=fingerprint)
    assert path.read_bytes() == first


# --- hostile files ---------------------------------------------------------------------------


def refused(path: Path, document: Any) -> str:
    """Why `read_answer` refuses a document, or bytes."""
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    path.write_bytes(data)
    with pytest.raises(AnswerFileError) as caught:
        read_answer(path)
    message = str(caught.value)
    assert path.name in message and len(message) < 700
    return message


def put(document: Any, place: Sequence[str | int], value: Any) -> Any:
    """A copy of the document with another value at a place."""
    copy = json.loads(json.dumps(document))
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return copy


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (["format"], "other", "not JSON of the format"),
        (["version"], 2, "written by a newer version"),
        (["version"], 10**400, "written by a newer version"),
        (["version"], 0, "version: Input should be 1"),
        (["version"], "1", "version"),
        (["version"], True, "version"),
        (["version"], None, "version"),
        (["question"], 5, "question: Input should be a valid string"),
        (["question"], None, "question"),
        (["unknown"], 1, "unknown"),
        (["index", "unknown"], 1, "index.unknown"),
        (["filters", "unknown"], 1, "filters.unknown"),
        (["index", "articles"], -1, "a count is below 0"),
        (["index", "articles"], "6", "index.articles"),
        (["index", "articles"], 6.0, "index.articles"),
        (["mode"], "magic", "mode"),
        (["confidence"], 1.5, "the confidence"),
        (["confidence"], float("nan"), "is no sound answer file"),
        (["confidence"], float("inf"), "is no sound answer file"),
        (["as_of"], "soon", "day"),
        (["as_of"], "2024-13-01", "month"),
        (["filters", "since"], "2024-1-1 x", "sound"),
        (["period", "end"], 5_000, "outside the question"),
        (["period", "start"], -1, "outside the question"),
        (["found"], False, "found without"),
        (["sentences"], [], "found without sentences"),
        (["sentences", 0, "state"], "true", "sentences.0.state"),
        (["sentences", 0, "citations"], [9], "sentences.0 cites a number"),
        (["sentences", 0, "citations"], [1, 1], "sentences.0 repeats"),
        (["sentences", 0, "missing"], "x", "sentences.0.missing"),
        (["citations"], {}, "citations"),
        (["citations", 0, "number"], 0, "number"),
        (["citations", 2, "number"], 1, "two passages have one number"),
        (["citations", 1, "number"], 3, "one passage has two numbers"),
        (["citations", 0, "start"], -1, "out of range"),
        (["citations", 0, "start"], 10**30, "out of range"),
        (["citations", 0, "start"], 5, "do not span the quote"),
        (["citations", 0, "end"], 10**30, "do not span the quote"),
        (["citations", 0, "passage", "end"], 0, "passage's offsets"),
        (["citations", 0, "passage", "start"], 10**9, "passage's offsets"),
        (["citations", 0, "quote"], OPENED[::-1], "does not have its SHA-256"),
        (["citations", 0, "quote_sha256"], "0" * 64, "does not have its SHA-256"),
        (["citations", 0, "article", "content_hash"], "0" * 63 + "G", "no SHA-256"),
        (["citations", 0, "article", "id"], ["x"], "citations.0.article.id"),
        (["updates", 0, "older"], 3, "updates.0"),
        (["updates", 0, "newer"], -1, "updates.0"),
        (["hits", 0, "rank"], 4, "order of their ranks"),
        (["hits", 0, "score"], "high", "hits.0.score"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_document_with_one_thing_wrong_is_refused(
    answer: Answer, tmp_path: Path, place: list[str | int], value: Any, reason: str
) -> None:
    document = to_document(answer, fingerprint=FINGERPRINT)
    assert reason in refused(tmp_path / "answer.json", put(document, place, value))


def test_a_quote_outside_its_passage_is_refused(answer: Answer, tmp_path: Path) -> None:
    document = to_document(answer, fingerprint=FINGERPRINT)
    far = put(document, ["citations", 0, "start"], 9_000)
    far = put(far, ["citations", 0, "end"], 9_000 + len(OPENED))
    assert "outside its passage" in refused(tmp_path / "answer.json", far)


def test_every_field_is_needed(answer: Answer, tmp_path: Path) -> None:
    document = json.loads(json.dumps(to_document(answer, fingerprint=FINGERPRINT)))
    for name in document:
        rest = {key: value for key, value in document.items() if key != name}
        refused(tmp_path / "answer.json", rest)
    for name in document["citations"][0]:
        some = put(document, ["citations", 0], dict(document["citations"][0]))
        del some["citations"][0][name]
        assert f"citations.0.{name}" in refused(tmp_path / "answer.json", some)


def test_too_many_citations_and_too_long_quotes_are_refused(answer: Answer, tmp_path: Path) -> None:
    document = json.loads(json.dumps(to_document(answer, fingerprint=FINGERPRINT)))
    many = put(document, ["citations"], document["citations"] * 50)
    assert "more than 100 citations" in refused(tmp_path / "answer.json", many)
    quote = "a" * 20_001
    long = put(document, ["citations", 0, "quote"], quote)
    long = put(long, ["citations", 0, "end"], len(quote))
    assert "the quote is too long" in refused(tmp_path / "answer.json", long)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"7",
        b'"assistant-answer"',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"format": "assistant-answer"' + b', "version": 1' * 10,
        b'{"format": "assistant-answer", "version": 1' + b"0" * 10_000 + b"}",
        b'{"format": "assistant-answer", "version": 1, "question": "\\ud800"}',
        b'{"format": ["assistant-answer"], "version": {}}',
        b'{"format": "assistant-answer", "version": 1, "' + b"k" * 100_000 + b'": 1}',
        b" " * (MAX_BYTES + 1),
    ],
    ids=lambda data: repr(data[:40]),
)
def test_bytes_that_are_no_answer_are_refused(data: bytes, tmp_path: Path) -> None:
    refused(tmp_path / "answer.json", data)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnswerFileError, match="cannot be read"):
        read_answer(tmp_path / "none.json")
    with pytest.raises(AnswerFileError, match="cannot be read"):
        read_answer(tmp_path / "nul\0.json")
    with pytest.raises(AnswerFileError, match="is no file"):
        read_answer(tmp_path)
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(AnswerFileError, match="is no file"):
        read_answer(tmp_path / "pipe.json")


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


def _places(document: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    inner: Any = ()
    if isinstance(document, dict):
        inner = document.items()
    elif isinstance(document, list):
        inner = enumerate(document)
    for key, value in inner:
        yield (*place, key)
        yield from _places(value, (*place, key))


@slow_disk
@given(data=st.data())
def test_any_value_in_any_place_is_read_or_refused(data: st.DataObject, tmp_path: Path) -> None:
    made = data.draw(answers())
    document = json.loads(json.dumps(to_document(made, fingerprint=None)))
    for place in data.draw(st.lists(st.sampled_from(list(_places(document))), max_size=3)):
        try:
            document = put(document, place, data.draw(any_json))
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(document))
    try:
        saved = read_answer(path)
    except AnswerFileError:
        return
    # What is read is sound: it can be written again as it is.
    assert json.loads(json.dumps(saved.to_dict())) == document


@slow_disk
@given(data=st.binary(max_size=200) | any_json.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_refused(data: bytes, tmp_path: Path) -> None:
    refused(tmp_path / "answer.json", data)


# --- verifying -------------------------------------------------------------------------------

Rebuilt = Callable[..., Verification]


@pytest.fixture
def rebuilt(tiny: Assistant, tiny_model: Path, tmp_path: Path) -> Rebuilt:
    """Saves an answer over COLLECTION and verifies it against an index of other articles."""

    def verify(*stories: Story, quotes: Sequence[str] = (OPENED,)) -> Verification:
        tiny.save(answer_with(tiny, *quotes), tmp_path / "answer.json")
        write_articles(tmp_path / "articles", stories)
        build(tmp_path / "articles", index=tmp_path / "index", model=str(tiny_model))
        with Assistant(tmp_path / "index") as assistant:
            result = assistant.verify(tmp_path / "answer.json")
            for checked in result.checked:
                if checked.article_id is not None:
                    text = assistant.article(checked.article_id).text
                    assert text[checked.start : checked.end] == checked.citation.quote
        return result

    return verify


HARBOUR, *OTHERS = COLLECTION


def test_nothing_changed(tiny: Assistant, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    tiny.save(answer_with(tiny, OPENED, SHIPS, BAKERY), path)
    result = tiny.verify(path)
    assert [c.verdict for c in result.checked] == ["unchanged"] * 3
    assert [c.citation.number for c in result.checked] == [1, 1, 2]
    assert [c.edited for c in result.checked] == [False] * 3
    assert (result.holds, result.same_generation, result.same_model) == (True, True, True)


def test_an_article_edited_elsewhere_keeps_its_quote(rebuilt: Rebuilt) -> None:
    longer = replace(HARBOUR, text=HARBOUR.text + " It rained.")
    result = rebuilt(longer, *OTHERS)
    (checked,) = result.checked
    assert (checked.verdict, checked.edited) == ("unchanged", True)
    assert (checked.start, checked.end) == (0, len(OPENED))
    assert (result.holds, result.same_generation, result.same_model) == (True, False, True)


def test_a_quote_that_stands_elsewhere_in_its_article_has_moved(rebuilt: Rebuilt) -> None:
    before = "A correction was made to this article. "
    (checked,) = rebuilt(replace(HARBOUR, text=before + HARBOUR.text), *OTHERS).checked
    assert (checked.verdict, checked.article_id, checked.edited) == ("moved", "harbour", True)
    assert (checked.start, checked.end) == (len(before), len(before) + len(OPENED))


def test_of_two_places_the_nearest_is_named(rebuilt: Rebuilt) -> None:
    text = f"{OPENED} A note in between. Another, rather longer note. X {SHIPS} And so: {SHIPS}"
    (checked,) = rebuilt(replace(HARBOUR, text=text), *OTHERS, quotes=[SHIPS]).checked
    assert (checked.verdict, checked.start) == ("moved", text.index(SHIPS))
    back = f"{SHIPS} {SHIPS[:-1]}; {'later ' * 60}{SHIPS}"
    (checked,) = rebuilt(replace(HARBOUR, text=back), *OTHERS, quotes=[SHIPS]).checked
    assert (checked.verdict, checked.start) == ("moved", 0)


def test_an_article_of_another_id_is_found_by_its_words(rebuilt: Rebuilt) -> None:
    result = rebuilt(replace(HARBOUR, name="port"), *OTHERS)
    (checked,) = result.checked
    assert (checked.verdict, checked.article_id) == ("moved", "port")
    assert (checked.start, checked.end, checked.edited) == (0, len(OPENED), None)
    assert result.holds


def test_a_quote_moved_to_an_article_of_another_language_is_found(rebuilt: Rebuilt) -> None:
    tea = next(story for story in COLLECTION if story.name == "tea")
    quote = "农民认为干旱是主要原因。"
    rest = [story for story in COLLECTION if story.name != "tea"]
    new = replace(tea, name="digest", text="去年的新闻摘要。" + quote)
    (checked,) = rebuilt(*rest, new, quotes=[quote]).checked
    assert (checked.verdict, checked.article_id, checked.start) == ("moved", "digest", 8)


def test_a_quote_that_was_reworded_has_changed(rebuilt: Rebuilt) -> None:
    other = replace(HARBOUR, text=HARBOUR.text.replace("Monday", "Tuesday"))
    # Another article's quoting it does not help: the one that was cited has been changed.
    echo = Story("echo", f"They wrote: {OPENED}")
    result = rebuilt(other, echo, *OTHERS)
    (checked,) = result.checked
    assert (checked.verdict, checked.article_id, checked.edited) == ("changed", None, True)
    assert not result.holds


def test_a_deleted_article_is_gone(rebuilt: Rebuilt) -> None:
    near = Story("near", OPENED.replace("Monday", "Tuesday"))
    result = rebuilt(near, *OTHERS, quotes=[OPENED, BAKERY])
    assert [c.verdict for c in result.checked] == ["gone", "unchanged"]
    assert result.checked[0].article_id is None and result.checked[0].edited is None
    assert not result.holds


def test_a_quote_without_words_is_gone_with_its_article(tiny: Assistant, tmp_path: Path) -> None:
    made = answer_with(tiny, OPENED)
    (old,) = made.citations
    article = replace(old.article, id="none", text="!? …")
    passage = replace(old.passage, article_id="none", start=0, end=4, text="!? …")
    citation = Citation(1, article, passage, 0, 4, "!? …")
    tiny.save(replace(made, citations=(citation,)), tmp_path / "answer.json")
    assert [c.verdict for c in tiny.verify(tmp_path / "answer.json").checked] == ["gone"]


def test_another_model_is_noticed(tiny: Assistant, tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    made = answer_with(tiny, OPENED)
    save_answer(made, path, fingerprint="0" * 64)
    assert tiny.verify(path).same_model is False
    # An answer of an index that is no longer there does not say what its model was.
    tiny.save(replace(made, index=replace(made.index, generation="old")), path)
    result = tiny.verify(path)
    assert (result.same_generation, result.same_model, result.holds) == (False, None, True)


def test_a_refusal_holds(tiny: Assistant, tmp_path: Path) -> None:
    tiny.save(answer_with(tiny), tmp_path / "answer.json")
    result = tiny.verify(tmp_path / "answer.json")
    assert (result.checked, result.holds) == ((), True)


def test_a_long_repetitive_text_is_searched(tiny: Assistant) -> None:
    made = answer_with(tiny, OPENED)
    quote = "a" * 9_999 + "b"
    end = 500_000 + len(quote)
    saved = SavedCitation.of(made.citations[0])
    citation = replace(saved, start=500_000, end=end, quote=quote)
    assert nearest("a" * 1_000_000, citation) is None
    assert nearest("a" * 100_000 + "b", citation) == 90_001


# --- the command line ------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    return (status, *capsys.readouterr())


def test_verify_prints_a_line_for_each_citation(
    tiny: Assistant, tiny_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "answer.json"
    tiny.save(answer_with(tiny, OPENED, SHIPS, BAKERY), path)
    assert run(capsys, "verify", path, "--index", tiny_index) == (
        0,
        "[1] unchanged: Fairhaven opens its harbour, harbour 0-42\n"
        "[1] unchanged: Fairhaven opens its harbour, harbour 43-85\n"
        "[2] unchanged: Une boulangerie ferme, boulangerie 0-53\n",
        "",
    )
    status, out, _ = run(capsys, "verify", path, "--index", tiny_index, "--json")
    shown = json.loads(out)
    assert status == 0
    assert list(shown) == ["holds", "same_generation", "same_model", "citations"]
    assert shown["citations"][0] == {
        "number": 1,
        "article": "harbour",
        "title": "Fairhaven opens its harbour",
        "start": 0,
        "end": 42,
        "quote": OPENED,
        "verdict": "unchanged",
        "now": {"article": "harbour", "start": 0, "end": 42},
        "edited": False,
    }


def test_verify_exits_with_1_where_a_quote_is_not_found(
    rebuilt: Rebuilt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = replace(HARBOUR, text="News. " + HARBOUR.text.replace("Forty", "Fifty"))
    rebuilt(moved, *OTHERS[:1], quotes=[OPENED, SHIPS, BAKERY])
    where = ("--index", tmp_path / "index")
    status, out, err = run(capsys, "verify", tmp_path / "answer.json", *where)
    assert status == 1
    assert out.splitlines() == [
        "[1] moved: Fairhaven opens its harbour, harbour 0-42, now harbour 6-48, edited elsewhere",
        "[1] changed: Fairhaven opens its harbour, harbour 43-85",
        "[2] gone: Une boulangerie ferme, boulangerie 0-53",
    ]
    assert err == "the index was built again, or is another one, since the answer was saved\n"
    status, out, _ = run(capsys, "verify", tmp_path / "answer.json", *where, "--json")
    assert status == 1
    assert json.loads(out)["holds"] is False


def test_verify_of_a_refusal_says_that_there_is_nothing(
    tiny: Assistant, tiny_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "answer.json"
    tiny.save(answer_with(tiny), path)
    assert run(capsys, "verify", path, "--index", tiny_index) == (
        0,
        "",
        "the answer quotes nothing; there is nothing to verify\n",
    )


def test_verify_says_in_a_line_what_it_cannot_use(
    tiny_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "notes.json"
    path.write_text('{"format": "assistant-answer", "version": 1, "\\u001b[2J": 0}')
    status, out, err = run(capsys, "verify", path, "--index", tiny_index)
    assert (status, out) == (1, "")
    assert err.startswith("error: ") and err.count("\n") == 1
    assert "\x1b" not in err
    status, out, err = run(capsys, "verify", path, "--index", tmp_path / "none")
    assert (status, out) == (1, "")
    assert "there is no index in" in err


def test_hostile_titles_do_not_steer_the_terminal(
    tiny: Assistant, tiny_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = answer_with(tiny, OPENED)
    article = replace(made.citations[0].article, title="\x1b[2J\u202etitle\nx", id="\x1bharbour")
    citation = replace(made.citations[0], article=article)
    tiny.save(replace(made, citations=(citation,)), tmp_path / "answer.json")
    _, out, _ = run(capsys, "verify", tmp_path / "answer.json", "--index", tiny_index)
    assert out == "[1] moved: [2J title x, harbour 0-42, now harbour 0-42\n"


def test_ask_saves_what_it_shows(
    tiny: Assistant,
    tiny_index: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = answer_with(tiny, OPENED)
    monkeypatch.setattr(Assistant, "answer", lambda *arguments, **options: made)
    ask = ("ask", QUESTION, "--index", tiny_index)
    for name in ("answer.json", "answer.md"):
        status, out, err = run(capsys, *ask, "--save", tmp_path / name)
        assert (status, err) == (0, "")
        assert OPENED in out
        assert OPENED in (tmp_path / name).read_text(encoding="utf-8")
    assert run(capsys, "verify", tmp_path / "answer.json", "--index", tiny_index)[0] == 0
    # The answer is shown although it cannot be saved.
    status, out, err = run(capsys, *ask, "--save", tmp_path / "answer.txt")
    assert (status, OPENED in out) == (1, True)
    assert err.startswith("error: ") and ".json" in err and ".md" in err


# --- Markdown --------------------------------------------------------------------------------


def test_the_markdown_of_an_answer(answer: Answer) -> None:
    foreign = replace(answer.citations[2].article, url="https://quotidien.example/a?b=1&c=2")
    cited = (*answer.citations[:2], replace(answer.citations[2], article=foreign))
    assert replace(answer, citations=cited).markdown() == (
        "## And when, last November?\n"
        "\n"
        "Understood as: When did the harbour of Fairhaven open, last November?\n"
        "\n"
        "Asked: as of 2024-05-01; about 2023-11-01 to 2023-11-30; only the languages en, fr; "
        "only the outlets The Courier, Le Quotidien; only of 2023-01-01 to 2023-12-31; "
        "written by a-model; The second sentence was replaced.\n"
        "\n"
        "> The harbour of Fairhaven opened on Monday. \\[1\\]\n"
        "\n"
        "> La boulangerie du village a fermé ses portes en mars. \\[2\\] (fr)\n"
        "\n"
        "It opened for 40 ships in May 1911. \\[1\\] \\[2\\] "
        "(only partly in the source; not there: May, 1911)\n"
        "\n"
        "Monday \\[1\\] is the older figure, forty \\[1\\] the newer one.\n"
        "\n"
        "Sources:\n"
        "\n"
        "- \\[1\\] Fairhaven opens its harbour, The Courier, 2023-11-12, en, article harbour, "
        "characters 0-42 and 43-85\n"
        "- \\[2\\] Une boulangerie ferme, Le Quotidien, 2023-12-01, fr, "
        "<https://quotidien.example/a?b=1&c=2>, article boulangerie, characters 0-53\n"
    )


HOSTILE = Article(
    id='x"><script>alert(3)</script>\n# id',
    text="Before. <img src=x onerror=alert(1)> ![p](http://t.example/p.png) \u202eend",
    title="<script>alert('title')</script> **bold** [x](javascript:alert(1))\n\n# big",
    language="en\n> <b>",
    published="2024-01-01T00:00:00Z",
    source="- `code` $x$ ~~gone~~ | table |",
    url="http://harbour.example/<script>",
)


def hostile_answer(*, url: str | None, found: bool) -> Answer:
    article = replace(HOSTILE, url=url)
    quote = article.text[8:]
    passage = Passage("p", article.id, 0, len(article.text), article.text)
    citation = Citation(1, article, passage, 8, len(article.text), quote)
    return Answer(
        question="# Who? <b>\n\n1. x #",
        found=found,
        confidence=0.5,
        sentences=(Sentence(quote, "verbatim", (1,)),) if found else (),
        citations=(citation,) if found else (),
        hits=(Hit(1, 1.0, article, passage), Hit(2, 0.5, article, passage)),
        mode="hybrid",
        filters=Filters(("<i>", "*"), None, None, "2024-02-01"),
        index=IndexInfo("g", "m", 1, 1, (), (), None, None, "now"),
        searched=Searched(1, (("<u>en</u>", 1),), "2024-01-01", "2024-01-01"),
        as_of="2024-05-01",
        note="[note](http://evil.example)",
    )


def test_the_markdown_of_a_refusal_with_hostile_texts() -> None:
    assert hostile_answer(url=None, found=False).markdown() == (
        "## \\# Who? &lt;b&gt; 1. x \\#\n"
        "\n"
        "Asked: as of 2024-05-01; only the languages &lt;i&gt;, \\*; "
        "only of days until 2024-02-01; \\[note\\](http&#58;//evil.example)\n"
        "\n"
        "Not found in these articles.\n"
        "\n"
        "Searched: 1 article; &lt;u&gt;en&lt;/u&gt;; of 2024-01-01\n"
        "\n"
        "Nearest:\n"
        "\n"
        "- &lt;script&gt;alert('title')&lt;/script&gt; \\*\\*bold\\*\\* "
        "\\[x\\](javascript&#58;alert(1)) # big\n"
    )


@pytest.mark.parametrize(
    ("url", "links"),
    [
        ("http://harbour.example/<script>", []),
        ("javascript:alert(1)", []),
        ("https://user@evil.example/", []),
        ("https://a.example/&#x202e;x", []),
        ("https://a.example/](javascript:alert(1))**x**", None),
        ("https://a.example/a_b_c?d=e&f=g", ["https://a.example/a_b_c?d=e&f=g"]),
    ],
)
def test_hostile_texts_make_no_elements(url: str, links: list[str] | None) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    renderer = markdown_it.MarkdownIt("commonmark", {"html": True}).enable(
        ["table", "strikethrough"]
    )
    tags: set[str] = set()
    targets: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.add(tag)
            targets.extend(value or "" for name, value in attrs if name in ("href", "src"))

    for found in (True, False):
        made = hostile_answer(url=url, found=found)
        if found:
            partly = Sentence(made.citations[0].quote, "partly", (1,), ("<b>", "**x**"))
            made = replace(
                made, sentences=(*made.sentences, partly), updates=(Update(0, 0, "<b>", "# x"),)
            )
        reader = Reader()
        reader.feed(renderer.render(made.markdown()))
        reader.close()
    assert tags - {"a"} == {"h2", "p", "blockquote", "ul", "li"}
    if links is None:
        assert all(target.startswith("https://a.example/") for target in targets)
        assert len(targets) == 1
    else:
        assert targets == links


def test_a_refusal_is_said_in_words(tiny: Assistant) -> None:
    text = answer_with(tiny).markdown()
    assert NOT_FOUND in text
    assert "Searched: 6 articles; en, de, fr, zh, zh-Hant; of 2023-11-12 to 2024-03-02" in text
    assert text.count("\n- ") == 3


def test_without_the_language_of_the_question_every_quote_is_marked(answer: Answer) -> None:
    shown = replace(answer, language="und").markdown()
    assert "Monday. \\[1\\] (en)" in shown
    assert "mars. \\[2\\] (fr)" in shown


@pytest.mark.parametrize(
    ("asked", "spoken", "foreign"),
    [
        ("no", "nb", []),
        ("nb", "nn", []),
        ("zh", "zh-Hant", []),
        ("en", "EN-gb", []),
        ("no", "da", ["da"]),
    ],
)
def test_a_language_has_one_name_whatever_its_tag(
    answer: Answer, asked: str, spoken: str, foreign: list[str]
) -> None:
    first = answer.citations[0]
    cited = replace(first, article=replace(first.article, language=spoken))
    one = replace(answer, language=asked, citations=(cited,))
    assert one.foreign(replace(answer.sentences[0], citations=(cited.number,))) == foreign


def test_a_saved_markdown_file_marks_only_what_is_foreign(tiny: Assistant, tmp_path: Path) -> None:
    path = tmp_path / "answer.md"
    tiny.save(answer_with(tiny, OPENED, BAKERY), path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!-- assistant-answer 1 -->\n\n## When did")
    assert "Monday. \\[1\\]\n" in text
    assert "mars. \\[2\\] (fr)\n" in text


def test_the_chat_saves_the_markdown_of_every_answered_turn(tiny: Assistant) -> None:
    found, refusal = answer_with(tiny, OPENED), answer_with(tiny, question="# zzz")
    turns = (
        Turn(1, QUESTION, answer=found),
        Turn(2, "?", error="no"),
        Turn(3, "# zzz", answer=refusal),
        Turn(4, "waits"),
    )
    assert markdown(turns) == found.markdown() + "\n" + refusal.markdown()
    assert markdown(()) == ""
