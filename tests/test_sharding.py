"""Builds in shards: merged they are the index that one build makes, whatever ended on the way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import COLLECTION, Story, snapshot, write_articles
from test_incremental import contents

from assistant.api import Assistant
from assistant.building import build
from assistant.cli import main
from assistant.errors import BuildCancelled, IndexLocked, SettingsError, ShardError
from assistant.files import exclusive
from assistant.sharding import ARTICLES, BATCHES, SHARD, Shard, build_shard, merge

SHARDS = 3


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    write_articles(folder, COLLECTION)
    write_articles(
        folder, [Story(f"owl{number}", f"Owl number {number} nests.") for number in range(9)]
    )
    # Two files of one article, one that says what another one says, and one of no use.
    (folder / "zz.jsonl").write_text(
        json.dumps({"id": "harbour", "title": "Again", "text": "Another harbour."}) + "\n"
    )
    shutil.copyfile(folder / "tea.md", folder / "tee.md")
    (folder / "empty.txt").touch()
    return folder


def shards(articles: Path, model: Path, root: Path, of: int = SHARDS) -> list[Path]:
    for number in range(1, of + 1):
        build_shard(articles, shard=f"{number}/{of}", out=root / str(number), model=str(model))
    return [root / str(number) for number in range(1, of + 1)]


def test_merged_is_built_at_once(articles: Path, tiny_model: Path, tmp_path: Path) -> None:
    whole = build(articles, index=tmp_path / "whole", model=str(tiny_model))
    folders = shards(articles, tiny_model, tmp_path)
    merged = merge([folders[2], *folders[:2]], index=tmp_path / "merged")
    assert contents(tmp_path / "merged") == contents(tmp_path / "whole")
    assert sorted(map(str, merged.skipped)) == sorted(map(str, whole.skipped))
    assert any("is taken" in str(one) for one in merged.skipped)
    assert (merged.articles, merged.passages, merged.embedded) == (
        whole.articles,
        whole.passages,
        0,
    )
    # A build of the folder finds nothing left to do.
    again = build(articles, index=tmp_path / "merged", model=str(tiny_model))
    assert again.generation == merged.generation
    with Assistant(tmp_path / "merged") as assistant:
        assert assistant.retrieve("harbour")[0].article.title != "Again"


def test_a_shard_goes_on_where_it_ended(
    articles: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.constructing.ARTICLES_AT_ONCE", 2)
    make = {"shard": "1/1", "model": str(tiny_model)}
    at_once = build_shard(articles, out=tmp_path / "a", **make)  # type: ignore[arg-type]
    told: list[int] = []

    def tell(stage: str, done: int, total: int) -> None:
        if stage == "embedding":
            told.append(done)

    with pytest.raises(BuildCancelled):
        build_shard(
            articles,
            out=tmp_path / "b",
            progress=tell,
            cancelled=lambda: max(told, default=0) >= 6,
            **make,  # type: ignore[arg-type]
        )
    with pytest.raises(ShardError, match="no shard that is done"):
        merge([tmp_path / "b"], index=tmp_path / "index")
    # What a process wrote that died, and what another model made.
    (tmp_path / "b" / BATCHES / "7.made").write_bytes(b"half")
    (tmp_path / "b" / BATCHES / "0123.npz").write_bytes(b"PK")
    rest = build_shard(articles, out=tmp_path / "b", **make)  # type: ignore[arg-type]
    assert 0 < rest.embedded < at_once.embedded
    one, other = snapshot(tmp_path / "a"), snapshot(tmp_path / "b")
    assert one.keys() == other.keys()
    assert {name for name in one if one[name] != other[name]} == set()


def test_every_file_is_in_one_shard() -> None:
    names = [f"folder/article-{number}.md" for number in range(2_000)]
    of = [[shard for shard in range(1, 9) if Shard(shard, 8).has(name)] for name in names]
    assert all(len(one) == 1 for one in of)
    counts = [sum(one == [shard] for one in of) for shard in range(1, 9)]
    assert min(counts) > 200


def _lose(folders: list[Path]) -> None:
    shutil.rmtree(folders.pop())


def _twice(folders: list[Path]) -> None:
    folders[2] = folders[1]


def _not_done(folders: list[Path]) -> None:
    (folders[1] / SHARD).unlink()


def _garbage(folders: list[Path]) -> None:
    (folders[1] / SHARD).write_text('{"shard": []}')


def _no_articles(folders: list[Path]) -> None:
    (folders[1] / ARTICLES).write_bytes(b"garbage" * 1_000)


def _another_model(folders: list[Path]) -> None:
    said = json.loads((folders[1] / SHARD).read_text())
    (folders[1] / SHARD).write_text(json.dumps(said | {"made_with": "another"}))


def _another_folder(folders: list[Path]) -> None:
    said = json.loads((folders[1] / SHARD).read_text())
    (folders[1] / SHARD).write_text(json.dumps(said | {"listing": "another"}))


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (_lose, "missing: 3"),
        (_twice, "missing: 3"),
        (_not_done, "no shard that is done"),
        (_garbage, "make the shard again"),
        (_no_articles, "cannot be read"),
        (_another_model, "not of one build"),
        (_another_folder, "the folder of articles has changed"),
    ],
    ids=lambda value: getattr(value, "__name__", "")[1:],
)
def test_shards_that_do_not_belong_together(
    articles: Path,
    tiny_model: Path,
    tmp_path: Path,
    harm: Callable[[list[Path]], None],
    message: str,
) -> None:
    folders = shards(articles, tiny_model, tmp_path)
    build(articles / "tea.md", index=tmp_path / "index", model=str(tiny_model))
    before = snapshot(tmp_path / "index")
    harm(folders)
    with pytest.raises(ShardError, match=message):
        merge(folders, index=tmp_path / "index")
    assert snapshot(tmp_path / "index") == before


def test_batches_that_are_lost_are_made_again(
    articles: Path, tiny_model: Path, tmp_path: Path
) -> None:
    folders = shards(articles, tiny_model, tmp_path)
    for path in (folders[0] / BATCHES).iterdir():
        path.write_bytes(path.read_bytes()[:-100])
    merged = merge(folders, index=tmp_path / "index")
    assert merged.embedded > 0
    build(articles, index=tmp_path / "whole", model=str(tiny_model))
    assert contents(tmp_path / "index") == contents(tmp_path / "whole")


@pytest.mark.parametrize(
    "text", ["", "0/3", "4/3", "1", "1/0", "-1/3", "a/b", "1/2/3", "1/9999999"]
)
def test_what_names_no_shard(articles: Path, tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="as in 2/8"):
        build_shard(articles, shard=text, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_one_process_makes_a_shard(articles: Path, tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with exclusive(tmp_path / "out" / ".lock"), pytest.raises(IndexLocked):
        build_shard(articles, shard="1/2", out=tmp_path / "out", model=str(tiny_model))


def test_the_commands(
    articles: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2):
        command = ["build", str(articles), "--shard", f"{number}/2", "--model", str(tiny_model)]
        assert main([*command, "--out", str(tmp_path / str(number))]) == 0
        assert capsys.readouterr().out.startswith(f"made shard {number}/2: ")
    folders = [str(tmp_path / "1"), str(tmp_path / "2")]
    assert main(["merge", *folders, "--index", str(tmp_path / "index"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["embedded"], report["articles"]) == (0, 15)
    assert main(["merge", folders[0], "--index", str(tmp_path / "index")]) == 1
    assert "missing: 2" in capsys.readouterr().err
    for wrong in (["--shard", "1/2"], ["--shard", "1/2", "--out", "x", "--full"], ["--ray"]):
        with pytest.raises(SystemExit) as ended:
            main(["build", str(articles), *wrong])
        assert ended.value.code == 2
