"""The generation before, put back in use: what is checked, what is kept, what a build does then."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from helpers import COLLECTION, Story, snapshot, write_articles

from assistant.api import Assistant
from assistant.building import build
from assistant.cli import main
from assistant.embedding import load_for_questions
from assistant.errors import (
    IndexCorrupt,
    IndexFormatUnsupported,
    IndexLocked,
    IndexNotFound,
    NothingToRollBack,
)
from assistant.files import exclusive
from assistant.index import Index, current_generation, read_pointer, roll_back


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same vectors, without torch."""
    monkeypatch.setattr("assistant.pieces.load_for_passages", load_for_questions)


class Desk(NamedTuple):
    articles: Path
    index: Path
    model: Path
    first: str
    second: str

    def build(self) -> str:
        generation = build(self.articles, index=self.index, model=str(self.model)).generation
        assert generation is not None
        return generation

    def ids(self) -> set[str]:
        index = Index.open(self.index)
        try:
            return set(index.store.contents())
        finally:
            index.close()


@pytest.fixture(scope="module")
def _two(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Desk:
    root = tmp_path_factory.mktemp("two")
    desk = Desk(root / "articles", root / "index", tiny_model, "", "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assistant.pieces.load_for_passages", load_for_questions)
        write_articles(desk.articles, COLLECTION[:3])
        first = desk.build()
        write_articles(desk.articles, COLLECTION[3:])
        return desk._replace(first=first, second=desk.build())


@pytest.fixture
def desk(_two: Desk, tmp_path: Path) -> Desk:
    """Two generations: of three articles, and of all."""
    shutil.copytree(_two.articles, tmp_path / "articles")
    shutil.copytree(_two.index, tmp_path / "index")
    return _two._replace(articles=tmp_path / "articles", index=tmp_path / "index")


FEW = {story.name for story in COLLECTION[:3]}
ALL = {story.name for story in COLLECTION}


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x20
    path.write_bytes(data)


def _old_pointer(desk: Desk) -> None:
    """CURRENT as versions wrote it that named one generation only."""
    values = json.loads((desk.index / "CURRENT").read_bytes())
    del values["previous"]
    (desk.index / "CURRENT").write_text(json.dumps(values))


def test_back_and_forth(desk: Desk) -> None:
    before = snapshot(desk.index)
    with Assistant(desk.index) as assistant:
        assert assistant.info.articles == len(ALL)
        done = roll_back(desk.index)
        assert (done.generation, done.before) == (desk.first, desk.second)
        assert (done.articles, done.needs_upgrade) == (3, False)
        assert desk.ids() == FEW
        # A reader that is open takes it up like any other.
        assert assistant.info.articles == 3
        assert roll_back(desk.index).generation == desk.second
        assert assistant.info.articles == len(ALL)
    # Nothing but the pointer has changed, and that is as it was.
    assert snapshot(desk.index) == before


def test_a_build_after_it_starts_from_what_is_in_use(desk: Desk) -> None:
    roll_back(desk.index)
    report = build(desk.articles, index=desk.index, model=str(desk.model))
    assert (report.added, report.unchanged) == (3, 3)
    kept = {path.name for path in desk.index.iterdir() if (path / "manifest.json").is_file()}
    assert kept == {desk.first, report.generation}
    assert desk.ids() == ALL
    assert roll_back(desk.index).generation == desk.first


def test_a_build_with_nothing_new_keeps_both(desk: Desk) -> None:
    roll_back(desk.index)
    for story in COLLECTION[3:]:
        (desk.articles / f"{story.name}.md").unlink()
    assert desk.build() == desk.first
    assert roll_back(desk.index).generation == desk.second


def test_no_index(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(IndexNotFound, match="assistant build"):
            roll_back(folder)
    assert not (tmp_path / "none").exists()


def test_no_other_generation(desk: Desk) -> None:
    shutil.rmtree(desk.index / desk.first)
    with pytest.raises(NothingToRollBack, match="cannot be read"):
        roll_back(desk.index)
    _old_pointer(desk)
    with pytest.raises(NothingToRollBack, match="there is no other generation"):
        roll_back(desk.index)
    assert current_generation(desk.index) == desk.second


@pytest.mark.parametrize("old_pointer", [False, True])
def test_every_file_of_the_other_one_is_checked(desk: Desk, old_pointer: bool) -> None:
    if old_pointer:
        _old_pointer(desk)
    other = desk.index / desk.first
    names = [name for name in snapshot(other) if old_pointer is False or name != "manifest.json"]
    assert "store.sqlite" in names
    for name in names:
        whole = (other / name).read_bytes()
        _flip(other / name)
        with pytest.raises(NothingToRollBack, match="is damaged"):
            roll_back(desk.index)
        (other / name).write_bytes(whole)
    assert current_generation(desk.index) == desk.second
    assert roll_back(desk.index).generation == desk.first


def test_what_an_older_version_wrote_can_be_rolled_back(desk: Desk) -> None:
    _old_pointer(desk)
    assert read_pointer(desk.index).previous is None
    assert roll_back(desk.index).generation == desk.first
    # From now on there is a checksum for both.
    pointer = read_pointer(desk.index)
    assert pointer.previous is not None and pointer.previous.generation == desk.second
    data = (desk.index / desk.first / "manifest.json").read_bytes()
    assert pointer.current.manifest_sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("content", [None, b"", b"garbage", b'{"generation": "x"}'])
def test_a_pointer_that_is_lost(desk: Desk, content: bytes | None) -> None:
    """The newest whole generation takes its place."""
    path = desk.index / "CURRENT"
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
        with pytest.raises(IndexCorrupt, match=f"assistant rollback --index {desk.index}"):
            Index.open(desk.index)
    done = roll_back(desk.index)
    assert (done.generation, done.before) == (desk.second, None)
    assert desk.ids() == ALL


def test_a_build_over_a_lost_pointer_keeps_a_whole_one(desk: Desk) -> None:
    (desk.index / "CURRENT").write_bytes(b"garbage")
    third = desk.build()
    pointer = read_pointer(desk.index)
    assert pointer.current.generation == third
    assert pointer.previous is not None
    assert pointer.previous.generation == desk.second
    assert pointer.previous.manifest_sha256 is not None
    assert not (desk.index / desk.first).exists()


def test_damage_names_the_way_back_where_there_is_one(desk: Desk) -> None:
    for name in ("manifest.json", "store.sqlite", "vectors.faiss"):
        _flip(desk.index / desk.second / name)
        with pytest.raises(IndexCorrupt, match=f"; or .*: assistant rollback --index {desk.index}"):
            Index.open(desk.index)
    assert roll_back(desk.index).generation == desk.first
    assert desk.ids() == FEW
    with pytest.raises(NothingToRollBack, match=r"no other generation in .* is whole"):
        roll_back(desk.index)
    _flip(desk.index / desk.first / "store.sqlite")
    with pytest.raises(IndexCorrupt) as caught:
        Index.open(desk.index)
    assert "rollback" not in str(caught.value)


def test_a_build_over_damage_keeps_the_whole_one(desk: Desk) -> None:
    _flip(desk.index / desk.second / "store.sqlite")
    third = desk.build()
    assert desk.ids() == ALL
    kept = {path.name for path in desk.index.iterdir() if (path / "manifest.json").is_file()}
    assert kept == {desk.first, third}
    assert roll_back(desk.index).generation == desk.first


def test_a_previous_of_no_use_costs_nothing(desk: Desk) -> None:
    path = desk.index / "CURRENT"
    values = json.loads(path.read_bytes())
    for previous in (5, [], {}, {"generation": "../x", "manifest_sha256": "y"}, "x"):
        path.write_text(json.dumps(values | {"previous": previous}))
        assert desk.ids() == ALL
        assert read_pointer(desk.index).previous is None


def test_a_generation_of_another_format(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    path = desk.index / desk.first / "manifest.json"
    data = json.dumps(json.loads(path.read_bytes()) | {"format": 1}).encode()
    path.write_bytes(data)
    values = json.loads((desk.index / "CURRENT").read_bytes())
    values["previous"]["manifest_sha256"] = hashlib.sha256(data).hexdigest()
    (desk.index / "CURRENT").write_text(json.dumps(values))
    with pytest.raises(IndexFormatUnsupported, match="format 1"):
        roll_back(desk.index)
    # One that can be upgraded may come back: where the one in use is damaged, it is all there is.
    format_now = json.loads((desk.index / desk.second / "manifest.json").read_bytes())["format"]
    steps = {number: lambda old, new: None for number in range(1, format_now)}
    monkeypatch.setattr("assistant.index.migrations.STEPS", steps)
    assert roll_back(desk.index).needs_upgrade
    with pytest.raises(IndexFormatUnsupported, match="assistant upgrade --index"):
        Index.open(desk.index)
    assert roll_back(desk.index).generation == desk.second


def test_while_a_build_runs(desk: Desk) -> None:
    with exclusive(desk.index / ".lock"), pytest.raises(IndexLocked):
        roll_back(desk.index)
    assert current_generation(desk.index) == desk.second


def test_the_command(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollback", "--index", str(desk.index)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{desk.first} is in use: 3 articles as ")
    assert f"{desk.second} is kept" in err
    assert main(["rollback", "--index", str(desk.index), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["generation"] == desk.second
    shutil.rmtree(desk.index / desk.first)
    assert main(["rollback", "--index", str(desk.index)]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("error: no other generation in ")


def test_an_article_added_after_it(desk: Desk) -> None:
    """The numbering of generations does not matter: the second of two in a second is kept too."""
    roll_back(desk.index)
    write_articles(desk.articles, [Story("owl", "The owl nests in the old mill.")])
    third = desk.build()
    assert third not in (desk.first, desk.second)
    assert desk.ids() == ALL | {"owl"}
