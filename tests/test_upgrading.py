"""Indexes of older formats: brought up to date, or refused with the command to run."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import ROOT, snapshot

from assistant.api import Assistant
from assistant.building import build
from assistant.cli import main
from assistant.embedding import load_for_questions
from assistant.errors import (
    IndexCorrupt,
    IndexFormatUnsupported,
    IndexLocked,
    IndexNotFound,
    IndexUnwritable,
)
from assistant.files import exclusive
from assistant.index import Index, current_generation, roll_back, upgrade
from assistant.index.layout import FORMAT

Step = Callable[[Path, Path], None]


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same vectors, without torch."""
    monkeypatch.setattr("assistant.pieces.load_for_passages", load_for_questions)


def link_all(old: Path, new: Path) -> None:
    """A step that changes nothing but the number of the format."""
    for path in old.rglob("*"):
        if path.is_dir():
            (new / path.relative_to(old)).mkdir(parents=True, exist_ok=True)
    for path in old.rglob("*"):
        if path.is_file() and path.name != "manifest.json":
            os.link(path, new / path.relative_to(old))


def newer(monkeypatch: pytest.MonkeyPatch, *steps: Step) -> None:
    """Makes this version one that reads a format as many numbers higher as there are steps."""
    table = dict(enumerate(steps, start=FORMAT))
    monkeypatch.setattr("assistant.index.migrations.STEPS", table)
    monkeypatch.setattr("assistant.index.upgrading.STEPS", table)
    for module in ("layout", "writing"):
        monkeypatch.setattr(f"assistant.index.{module}.FORMAT", FORMAT + len(steps))


@pytest.fixture
def copy(tiny_index: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_index, tmp_path / "copy"))


def manifest(folder: Path) -> dict[str, object]:
    values: dict[str, object] = json.loads(
        (folder / current_generation(folder) / "manifest.json").read_bytes()
    )
    return values


def test_an_index_of_this_format_is_left_alone(copy: Path) -> None:
    before = snapshot(copy)
    done = upgrade(copy)
    assert (done.before, done.now, done.generation) == (FORMAT, FORMAT, current_generation(copy))
    assert snapshot(copy) == before


def test_an_older_index_names_the_command(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newer(monkeypatch, link_all)
    with pytest.raises(IndexFormatUnsupported, match=f"assistant upgrade --index {copy}"):
        Index.open(copy)
    # Without a step there is one way only.
    monkeypatch.setattr("assistant.index.migrations.STEPS", {})
    for run in (Index.open, upgrade):
        with pytest.raises(IndexFormatUnsupported, match=f"assistant build --full --index {copy}"):
            run(copy)


@pytest.mark.parametrize("steps", [1, 3])
def test_an_older_index_is_upgraded(
    copy: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    old, before = manifest(copy), snapshot(copy)
    newer(monkeypatch, *[link_all] * steps)
    done = upgrade(copy)
    assert (done.before, done.now) == (FORMAT, FORMAT + steps)
    now = manifest(copy)
    assert now["format"] == FORMAT + steps
    assert (now["generation"], now["previous"]) == (done.generation, old["generation"])
    unchanged = ("built", "model", "split", "counts", "probes", "files")
    assert [now[key] for key in unchanged] == [old[key] for key in unchanged]
    with Assistant(copy) as assistant:
        assert assistant.retrieve("harbour of Fairhaven")[0].article.id == "harbour"
    # The old one is as it was; nothing else is left.
    after = snapshot(copy)
    assert {name: data for name, data in after.items() if name in before and "/" in name} == {
        name: data for name, data in before.items() if "/" in name
    }
    generations = {name.split("/")[0] for name in after if "/" in name}
    assert generations == {old["generation"], done.generation}
    assert roll_back(copy).needs_upgrade


def test_what_a_step_says_of_the_manifest_is_kept(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(old: Path, new: Path) -> None:
        link_all(old, new)
        (new / "extra.txt").write_text("new in this format")
        values = json.loads((old / "manifest.json").read_bytes())
        (new / "manifest.json").write_text(json.dumps(values | {"colour": "green"}))

    newer(monkeypatch, step)
    upgrade(copy)
    now = manifest(copy)
    assert (now["colour"], now["format"]) == ("green", FORMAT + 1)
    assert isinstance(now["files"], dict) and "extra.txt" in now["files"]
    assert "manifest.json" not in now["files"]


def _no_space(old: Path, new: Path) -> None:
    link_all(old, new)
    raise OSError(28, "No space left on device")


def _loses_a_file(old: Path, new: Path) -> None:
    link_all(old, new)
    (new / "articles.npy").unlink()


def _stopped(old: Path, new: Path) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (_no_space, IndexUnwritable),
        (_loses_a_file, IndexCorrupt),
        (_stopped, KeyboardInterrupt),
    ],
)
def test_a_step_that_fails_changes_nothing(
    copy: Path, monkeypatch: pytest.MonkeyPatch, step: Step, error: type[BaseException]
) -> None:
    before = snapshot(copy)
    newer(monkeypatch, link_all, step)
    with pytest.raises(error):
        upgrade(copy)
    assert snapshot(copy) == before


def test_damage_is_not_given_a_new_checksum(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newer(monkeypatch, link_all)
    path = copy / current_generation(copy) / "words" / "tokens.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(IndexCorrupt, match="is damaged"):
        upgrade(copy)


def test_while_a_build_runs_and_where_there_is_nothing(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer(monkeypatch, link_all)
    with exclusive(copy / ".lock"), pytest.raises(IndexLocked):
        upgrade(copy)
    with pytest.raises(IndexNotFound):
        upgrade(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_build_upgrades_first_and_embeds_nothing_again(
    copy: Path, tiny_articles: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer(monkeypatch, link_all)
    options = {"index": copy, "model": str(tiny_model)}
    with pytest.raises(IndexFormatUnsupported, match="assistant upgrade"):
        build(tiny_articles, dry_run=True, **options)  # type: ignore[arg-type]
    report = build(tiny_articles, **options)  # type: ignore[arg-type]
    assert (report.unchanged, report.embedded) == (6, 0)
    assert manifest(copy)["format"] == FORMAT + 1
    # A damaged one is built anew, as ever.
    newer(monkeypatch, link_all, link_all)
    path = copy / current_generation(copy) / "store.sqlite"
    path.write_bytes(path.read_bytes()[:-1])
    report = build(tiny_articles, **options)  # type: ignore[arg-type]
    assert report.embedded == report.passages
    assert manifest(copy)["format"] == FORMAT + 2


def test_a_full_build_needs_no_upgrade(
    copy: Path, tiny_articles: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer(monkeypatch, _no_space)
    report = build(tiny_articles, index=copy, model=str(tiny_model), full=True)
    assert report.embedded == report.passages


def test_the_command(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    newer(monkeypatch, link_all)
    assert main(["upgrade", "--index", str(copy)]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"upgraded the index in {copy} from format {FORMAT} to {FORMAT + 1}: ")
    assert main(["upgrade", "--index", str(copy), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["before"] == FORMAT + 1
    assert main(["upgrade", "--index", str(copy)]) == 0
    assert "nothing was done" in capsys.readouterr().out
    assert main(["upgrade", "--index", str(copy / "none")]) == 1


def test_an_index_that_version_3_wrote(tmp_path: Path) -> None:
    """Made by the code of format 3 with the bundled model, of three articles."""
    with zipfile.ZipFile(ROOT / "tests" / "data" / "index-format-3.zip") as file:
        file.extractall(tmp_path)
    index = tmp_path / "index"
    upgrade(index)
    with Assistant(index) as assistant:
        assert assistant.info.articles == 3
        answer = assistant.answer("How many plants of kelp did the divers count?")
        assert answer.citations[0].article.id == "kelp"
        assert assistant.retrieve("石桥镇 图书馆", mode="lexical")[0].article.id == "library"
    report = build(tmp_path / "articles", index=index)
    assert (report.unchanged, report.embedded) == (3, 0)
