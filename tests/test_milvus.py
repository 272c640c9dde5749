"""An index on a server: addresses, weights, agreement, generations, edits in place, errors."""

from __future__ import annotations

import builtins
import json
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import COLLECTION, ROOT, Story, write_articles
from hypothesis import given, settings
from hypothesis import strategies as st
from milvus_stores import lite_server, published

import assistant
from assistant.api import Assistant
from assistant.building import build
from assistant.cli import main
from assistant.errors import (
    ArticleNotFound,
    AssistantError,
    IndexCorrupt,
    IndexNotFound,
    IndexUnreachable,
    ModelMismatch,
    NothingToRollBack,
    SettingsError,
)
from assistant.index import Index
from assistant.lexical import LexicalEntry, LexicalIndex, write_lexical
from assistant.milvus import Address, MilvusIndex, Server, roll_back
from assistant.milvus.layout import condition_of, passage_id_of, row_of
from assistant.milvus.weighing import (
    document_side,
    inverse_frequency,
    question_side,
    rounded_length,
)
from assistant.remote import delete, upsert
from assistant.text import lexical_terms
from assistant.types import Article, Filters, Hit

HOSTILE = 'x" or 1 == 1 or "\\\' \u202e\U0001f600'
SECRET = "bob:hunter2"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with lite_server(tmp_path_factory.mktemp("server")) as address:
        yield address


def found(hits: list[Hit]) -> list[str]:
    return [hit.passage.id for hit in hits]


@pytest.mark.parametrize(
    ("text", "uri", "database", "name"),
    [
        ("milvus://localhost/news", "http://localhost:19530", "", "news"),
        ("milvus://10.0.0.7:1234/news", "http://10.0.0.7:1234", "", "news"),
        ("milvus://[::1]:1234/_n2", "http://[::1]:1234", "", "_n2"),
        ("milvus+tls://a.example/db/news", "https://a.example:19530", "db", "news"),
        ("milvus:///a b/c.db/news", "/a b/c.db", "", "news"),
    ],
)
def test_addresses(text: str, uri: str, database: str, name: str) -> None:
    address = Address.parse(text, environment={"ASSISTANT_MILVUS_TOKEN": SECRET})
    assert (address.uri, address.database, address.name) == (uri, database, name)
    assert address.token == ("" if address.file else SECRET)
    assert SECRET not in repr(address)


@pytest.mark.parametrize(
    "text",
    [
        "milvus://",
        "milvus://host",
        "milvus://host:0/news",
        "milvus://host:99999/news",
        "milvus://host/new-s",
        "milvus://host/news; drop",
        "milvus://host/a/b/c",
        "milvus://ho st/news",
        "milvus:/host/news",
        "milvus:///folder/news",
        "milvus+tls:///a.db/news",
        "milvus://host/n\u00e9ws",
    ],
)
def test_addresses_of_no_use(text: str) -> None:
    with pytest.raises(SettingsError, match="milvus://HOST:PORT/COLLECTION"):
        Assistant(text)


def test_a_password_in_an_address_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError, match="ASSISTANT_MILVUS_TOKEN") as error:
        Assistant(f"milvus://{SECRET}@host/news")
    assert "hunter2" not in str(error.value)


def test_rows_are_in_the_order_of_passage_ids() -> None:
    ids = ["0000000000000000", "00000000000000ff", "7fffffffffffffff", "8000000000000000", "f" * 16]
    rows = [row_of(identity) for identity in ids]
    assert rows == sorted(rows)
    assert [passage_id_of(row) for row in rows] == ids
    assert rows[0] >= -(2**63) and rows[-1] < 2**63


def test_lengths_are_rounded_as_lucene_rounds_them() -> None:
    # From 40 on, every second length; from 56 every fourth; from 88 every eighth; and so on.
    expected = {0: 0, 39: 39, 40: 40, 41: 40, 55: 54, 57: 56, 63: 60, 87: 84, 89: 88, 1000: 984}
    assert {length: rounded_length(length) for length in expected} == expected


@settings(max_examples=10)
@given(
    st.lists(
        st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=150), min_size=1, max_size=12
    ),
    st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=5),
)
def test_the_inner_product_is_tantivys_score(
    tmp_path_factory: pytest.TempPathFactory, texts: list[list[str]], asked: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("lexical")
    entries = [LexicalEntry(n, " ".join(text), "en", None, None) for n, text in enumerate(texts)]
    write_lexical(folder, entries)
    question = " ".join(asked)
    matches = LexicalIndex(folder).search(question, k=100)
    documents = [lexical_terms(entry.text) for entry in entries]
    mean = sum(map(len, documents)) / len(documents)
    counts = Counter(lexical_terms(question))
    holding = Counter(term for terms in documents for term in set(terms))
    idf = {term: inverse_frequency(len(documents), holding[term]) for term in counts}
    weights = question_side(counts, idf)
    sides = [document_side(terms, mean) for terms in documents]
    scores = [sum(weights.get(place, 0) * value for place, value in s.items()) for s in sides]
    expected = {row: score for row, score in enumerate(scores) if score > 0}
    assert set(matches.rows.tolist()) == set(expected)
    for row, score in zip(matches.rows.tolist(), matches.scores.tolist(), strict=True):
        assert score == pytest.approx(expected[row], rel=1e-5)


def test_no_text_becomes_part_of_an_expression() -> None:
    filters = Filters((HOSTILE,), (HOSTILE, "\0", "a' or '"), "2020-01-01", "2021-01-01")
    condition = condition_of(filters, (HOSTILE,))
    assert set(condition) <= set("languagesourcedayindor ><=![],-0123456789")
    assert condition_of(Filters(), None) == ""


def test_both_stores_agree_on_the_seeds(seed_index: Path, tmp_path: Path) -> None:
    """All fields of ten hits for questions in many languages, from a file of Milvus Lite."""
    folder = ROOT / "benchmarks" / "questions"
    lines = [
        line
        for name in ("same_language", "cross_language", "unanswerable")
        for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    questions = [json.loads(line)["question"] for line in lines[::8]]
    assert len(questions) >= 25
    address = published(seed_index, f"milvus://{tmp_path}/seeds.db/seeds")
    with Assistant(seed_index) as local, Assistant(address) as remote:
        assert remote.info == local.info
        for question in questions:
            expected, hits = local.retrieve(question, k=10), remote.retrieve(question, k=10)
            assert found(hits) == found(expected), question
            for hit, other in zip(hits, expected, strict=True):
                assert hit.score == pytest.approx(other.score, abs=1e-4)
                assert hit.coverage == pytest.approx(other.coverage, abs=1e-5)
                rounded = {"score": other.score, "coverage": other.coverage}
                assert replace(hit, **rounded, similarity=other.similarity) == other
        asked = "What did the ministers say about Korea?"
        filters: dict[str, Any] = {"since": "2023-06-01", "languages": ["en", "ko"]}
        ours, theirs = (one.answer(asked, **filters, as_of="2025-12-01") for one in (remote, local))
        assert ours.confidence == pytest.approx(theirs.confidence, abs=1e-4)
        same = {"confidence": ours.confidence, "index": ours.index, "hits": ours.hits}
        assert ours == replace(theirs, **same)
        assert remote.headlines() == local.headlines()
        assert remote.find_articles("a") == local.find_articles("a")
        held = replace(remote.collection(), size=0, last_build=None)
        assert held == replace(local.collection(), size=0, last_build=None)


class World:
    """A folder of articles, an index of it in a folder, and one on a server."""

    def __init__(self, root: Path, model: Path, address: str) -> None:
        self.articles, self.work, self.model = root / "articles", root / "work", str(model)
        self.address = address
        self.place = Address.parse(address)
        write_articles(self.articles, COLLECTION)

    def build(self, **options: Any) -> Any:
        return build(self.articles, index=self.address, model=self.model, work=self.work, **options)

    def collections(self) -> list[str]:
        server = Server(self.place)
        names = [n for n in server.client.list_collections() if n.startswith(self.place.name)]
        server.close()
        return sorted(names)


@pytest.fixture
def world(tmp_path: Path, tiny_model: Path, server: str, request: Any) -> World:
    name = "".join(c if c.isalnum() else "_" for c in request.node.name)
    return World(tmp_path, tiny_model, f"{server}/{name}")


def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers ask whether their generation is the one in use with each question."""
    monkeypatch.setattr("assistant.milvus.reading._SECONDS_CURRENT", 0.0)


def test_a_build_that_changes_something_is_a_new_generation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch)
    first = world.build()
    reader = Assistant(world.address)
    assert reader.article("storks").language == "de"
    oldest = world.collections()
    assert len(oldest) == 4
    # Nothing changed: nothing is sent.
    monkeypatch.setattr("assistant.milvus.publishing._write", None)
    assert world.build().generation == first.generation
    monkeypatch.undo()
    at_once(monkeypatch)
    (world.articles / "storks.md").unlink()
    second = world.build()
    assert reader.info.generation == second.generation != first.generation
    with pytest.raises(ArticleNotFound):
        reader.article("storks")
    assert len(world.collections()) == 8
    # Back and forth.
    assert roll_back(world.place).generation == first.generation
    assert reader.article("storks").language == "de"
    assert roll_back(world.place).generation == second.generation
    write_articles(world.articles, [Story("new", "The new station opened.")])
    third = world.build()
    assert reader.info.generation == third.generation
    # The one in use and the one before it; no more.
    assert len(world.collections()) == 8
    assert not set(oldest) & set(world.collections())


def test_a_build_that_fails_leaves_the_old_generation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch)
    world.build()
    reader = Assistant(world.address)
    expected = reader.retrieve("harbour", k=5)
    before = world.collections()
    write_articles(world.articles, [Story("new", "The new harbour opened.")])
    call = Server.call
    seen: list[str] = []

    def failing(self: Server, name: str, *arguments: Any, **options: Any) -> Any:
        if name in ("insert", "upsert"):
            # Whatever was written so far, readers have the old generation.
            seen.append(name)
            assert reader.retrieve("harbour", k=5) == expected
            if len(seen) == 4:
                raise IndexUnreachable("gone")
        return call(self, name, *arguments, **options)

    monkeypatch.setattr(Server, "call", failing)
    with pytest.raises(IndexUnreachable, match="gone"):
        world.build()
    monkeypatch.undo()
    at_once(monkeypatch)
    assert world.collections() == before
    assert reader.retrieve("harbour", k=5) == expected
    assert world.build().articles == 7
    assert "new" in {hit.article.id for hit in reader.retrieve("harbour", k=5)}


def test_what_the_server_lost_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    call = Server.call

    def losing(self: Server, name: str, *arguments: Any, **options: Any) -> Any:
        if name == "insert" and not arguments[0].endswith(("_articles", "_terms")):
            arguments = (arguments[0], arguments[1][:-1])
        return call(self, name, *arguments, **options)

    monkeypatch.setattr(Server, "call", losing)
    with pytest.raises(IndexCorrupt, match="was sent"):
        world.build()
    assert world.collections() == []


def state(address: str) -> tuple[Any, ...]:
    """All that an index on a server holds, but its version and time."""
    index = MilvusIndex(Address.parse(address))
    server, names = index._server, index.names
    rows = [
        sorted(
            (json.dumps({k: str(v) for k, v in row.items()}, sort_keys=True))
            for row in server.where(name, "id != 0", fields)
        )
        for name, fields in (
            (names.passages, ["article", "language", "day", "sounds"]),
            (names.articles, ["piece", "content", "source"]),
        )
    ]
    terms = {
        (int(row["id"]), place): count
        for row in server.where(names.terms, "id >= 0", ["places", "counts"])
        for place, count in _counts(row).items()
        if count
    }
    about = index._about
    kept = about.passages, about.articles, about.languages, about.sources, about.sample
    index.close()
    return (*rows, terms, kept)


def _counts(row: dict[str, Any]) -> dict[int, int]:
    from assistant.milvus.layout import frequencies_of

    return frequencies_of(row)


def test_articles_are_changed_in_place(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(monkeypatch)
    world.build()
    before = state(world.address)
    reader = Assistant(world.address)
    text = "The ferry to Fairhaven was delayed. " * 900
    new = Article("ferry", text, "The ferry", "en", "2025-01-02", HOSTILE)
    changed = Article("storks", "Les cigognes sont parties.", "Cigognes", "fr", "2024-03-02")
    info = upsert([new, changed], index=world.address)
    assert reader.info == info
    assert info.articles == 7 and info.last_day == "2025-01-02"
    assert dict(info.languages) == {"en": 3, "zh": 1, "zh-Hant": 1, "fr": 2}
    # More text than a field holds comes back whole.
    assert reader.article("ferry").text.strip() == text.strip()
    hits = reader.retrieve("harbour ferry", sources=[HOSTILE])
    assert {hit.article.id for hit in hits} == {"ferry"}
    assert reader.retrieve("cigognes", mode="lexical")[0].article.language == "fr"
    assert not any("Störche" in h.passage.text for h in reader.retrieve("Störche", k=20))
    for source in ('"', "\\", "\0", "' or 1==1", "']", "{x}", "\ud800"):
        assert reader.retrieve("harbour", sources=[source]) == []
    old = Index.open(world.work)
    storks = old.article("storks")
    old.close()
    assert storks is not None
    upsert([storks], index=world.address)
    assert delete(["ferry", "no such article"], index=world.address).articles == 6
    with pytest.raises(ArticleNotFound):
        reader.article("ferry")
    assert state(world.address) == before


def test_an_article_that_cannot_be_indexed_changes_nothing(world: World) -> None:
    world.build()
    before = state(world.address)
    with pytest.raises(AssistantError):
        upsert([Article("good", "A good text.", "A"), Article("bad", " ", "")], index=world.address)
    assert upsert([], index=world.address).articles == 6
    assert state(world.address) == before


def test_an_index_that_is_not_there(server: str, tmp_path: Path) -> None:
    with pytest.raises(IndexNotFound, match="assistant build --index milvus://"):
        Assistant(f"{server}/none")
    with pytest.raises(IndexUnreachable, match="no folder"):
        Assistant(f"milvus://{tmp_path}/none/a.db/news")


def test_a_server_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ASSISTANT_MILVUS_TOKEN", SECRET)
    monkeypatch.setattr("assistant.milvus.server._SECONDS_TO_CONNECT", 0.5)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(IndexUnreachable, match="cannot be reached") as error:
            Assistant(f"milvus://127.0.0.1:{taken.getsockname()[1]}/news")
    assert "hunter2" not in str(error.value) and error.value.__cause__ is None
    assert "hunter2" not in caplog.text


def test_what_a_server_says_is_shown_without_the_token(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSISTANT_MILVUS_TOKEN", SECRET)
    opened = Server(Address.parse(f"{server}/news"))

    def says(**_: Any) -> None:
        raise RuntimeError(f"token {SECRET} \x1b[31m is wrong for bob")

    monkeypatch.setattr(opened.client, "list_collections", says)
    with pytest.raises(IndexUnreachable, match="is wrong") as error:
        opened.call("list_collections")
    assert "hunter2" not in str(error.value) and "\x1b" not in str(error.value)


def test_without_pymilvus(monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def missing(name: str, *rest: Any, **options: Any) -> Any:
        if name == "pymilvus":
            raise ImportError(name)
        return imported(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(SettingsError, match=r"pip install 'assistant\[milvus\]'"):
        Assistant("milvus://localhost/news")


def test_another_model(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.build()
    with pytest.raises(ModelMismatch, match="--model other"):
        Assistant(world.address, model="other")
    monkeypatch.setattr("assistant.embedding.StaticEmbedder.fingerprint", lambda self: "other")
    with pytest.raises(ModelMismatch, match="is no longer the one that the index in milvus"):
        assistant.retrieve("harbour", index=world.address)


def test_a_damaged_index(world: World) -> None:
    world.build()
    with pytest.raises(NothingToRollBack):
        roll_back(world.place)
    index = MilvusIndex(world.place)
    row = index.nearest(np.ones(32, np.float32), k=1, filters=Filters())[0]
    server, names = index._server, index.names
    number = int(index.article_numbers(row)[0])
    server.call("delete", names.articles, ids=[number])
    reader = Assistant(world.address)
    with pytest.raises(IndexCorrupt, match="build it again"):
        reader.retrieve("harbour", mode="dense", k=20)
    server.call("delete", names.about, ids=[1])
    with pytest.raises(IndexCorrupt, match="cannot be read"):
        Assistant(world.address)
    # A build does not need what is broken.
    assert world.build().articles == 6
    assert len(assistant.retrieve("harbour", index=world.address)) > 0


def test_the_command_line(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    build_it = ["build", str(world.articles), "--index", world.address]
    assert main([*build_it, "--model", world.model, "--work", str(world.work)]) == 0
    assert "6 articles" in capsys.readouterr().out
    ask = ["ask", "When did the harbour of Fairhaven open?", "--index", world.address]
    assert main([*ask, "--mode", "lexical", "--explain"]) == 0
    assert "Fairhaven opened on Monday" in capsys.readouterr().out
    monkeypatch.setenv("ASSISTANT_INDEX", world.address)
    assert main(["search", "glacier", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["index"]["articles"] == 6
    for command in (["doctor"], ["export"], ["upgrade"], ["verify"], ["watch"]):
        assert main(command) == 1
        assert "an index in a folder" in capsys.readouterr().err
    assert main(["rollback"]) == 1
    assert "no other generation" in capsys.readouterr().err
    assert main(["chat", "--allow-edit"]) == 1
    assert "leave out --allow-edit" in capsys.readouterr().err


def test_only_an_index_on_a_server_is_changed_in_place(tiny_index: Path) -> None:
    with pytest.raises(SettingsError, match="assistant build"):
        delete(["harbour"], index=str(tiny_index))


def test_a_work_folder_in_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folders = {Address.parse(f"milvus://{h}/news").work_folder() for h in ("a", "b")}
    assert len(folders) == 2
    assert all(folder.is_relative_to(tmp_path) for folder in folders)
