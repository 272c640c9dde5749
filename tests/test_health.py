"""`assistant doctor`: what it finds odd, what it says to do, and that nothing stops it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers import COLLECTION, ROOT, Story, read, snapshot, write_articles
from tiny import write_tiny_model

from assistant.building import build
from assistant.cli import main
from assistant.embedding import StaticEmbedder, load_for_questions
from assistant.files import exclusive
from assistant.health import Finding, Health, examine
from assistant.index import WORK, current_generation
from assistant.vectors import VectorKind


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same vectors, without torch."""
    monkeypatch.setattr("assistant.pieces.load_for_passages", load_for_questions)


@pytest.fixture
def copy(tiny_index: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_index, tmp_path / "copy"))


def by_name(health: Health) -> Mapping[str, Finding]:
    assert len({finding.name for finding in health.findings}) == len(health.findings)
    return {finding.name: finding for finding in health.findings}


NAMES = [
    "index",
    "format",
    "generation",
    "vectors",
    "languages",
    "undetermined languages",
    "dates",
    "titles",
    "outlets",
    "addresses",
    "short articles",
    "copies",
    "lost characters",
    "wrong encoding",
    "model",
    "truncated passages",
    "last build",
    "articles",
    "disk",
    "lock",
    "left-overs",
    "permissions",
    "room on disk",
    "memory",
]


def test_a_sound_index(tiny_index: Path, tiny_articles: Path) -> None:
    before = snapshot(tiny_index)
    told: dict[str, tuple[int, int]] = {}

    def progress(stage: str, done: int, total: int) -> None:
        told[stage] = (done, total)

    health = examine(tiny_index, articles=tiny_articles, progress=progress)
    assert [finding.name for finding in health.findings] == NAMES
    assert health.usable
    assert told == {"articles": (6, 6), "tokens": (6, 6)}
    assert snapshot(tiny_index) == before
    found = by_name(health)
    assert found["dates"].message.endswith(": 1")
    assert found["dates"].places == ("tea.md",)
    assert found["outlets"].places == ("storks.md",)
    assert found["languages"].message == "en 2, de 1, fr 1, zh 1, zh-Hant 1"
    assert "is the one that is installed" in found["model"].message
    assert found["vectors"].message == "Flat, finds 100.0% of the 10 best of exact search"
    for finding in health.findings:
        assert finding.level in ("ok", "note")
        # What is not as it should be says what to do.
        assert finding.level == "ok" or finding.advice


def _with_manifest(folder: Path, **changes: object) -> None:
    """Forges the manifest of the generation in use, with its checksum."""
    pointer = json.loads((folder / "CURRENT").read_bytes())
    path = folder / pointer["generation"] / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | changes))
    pointer["manifest_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "CURRENT").write_text(json.dumps(pointer))


def test_how_vectors_are_searched(tiny_index: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_index, tmp_path / "copy"))
    kind = VectorKind("PQ8x4fs,Refine(SQfp16)", 10, 0, 0.9984, 0.9876)
    _with_manifest(folder, vectors=kind.to_dict())
    found = by_name(examine(folder))["vectors"]
    assert found.message == (
        "PQ8x4fs,Refine(SQfp16), finds 99.8% of the 10 best of exact search, 98.8% of the 100 best"
    )
    # What an older version wrote was not measured.
    _with_manifest(folder, vectors=None)
    found = by_name(examine(folder))["vectors"]
    assert found.level == "note" and found.advice is not None
    assert found.advice.endswith(f"assistant build --full --index {folder}")


def test_the_seeds_look_right(seed_index: Path) -> None:
    """Texts in 16 languages: none of them is taken for one in a wrong encoding."""
    found = by_name(examine(seed_index))
    for name in ("wrong encoding", "lost characters", "undetermined languages", "dates", "titles"):
        assert found[name].level == "ok", found[name]
    assert "none of 2" in found["truncated passages"].message


def test_odd_articles(tmp_path: Path, tiny_model: Path) -> None:
    articles, index = tmp_path / "articles", tmp_path / "index"
    write_articles(articles, COLLECTION)
    long = "Der Hafen von Fairhaven öffnete am Montag, und vierzig Schiffe warteten draußen. " * 4
    russian = "Гавань открылась в понедельник, и сорок кораблей ждали снаружи. " * 4
    write_articles(
        articles,
        [
            Story("one", long, "de"),
            Story("same", long, "de"),
            Story("latin", long.encode().decode("latin-1"), "de"),
            Story("windows", russian.encode().decode("cp1252", "replace"), "ru"),
            Story("cyrillic", russian.encode().decode("cp1251", "replace"), "ru"),
            Story("lost", long.replace("ö", "\ufffd"), "de"),
            Story("quotes", "It’s said that “all is well”.".encode().decode("cp1252", "replace")),
        ],
    )
    (articles / "nothing known.txt").write_text("1234 5678")
    (articles / "empty.md").touch()
    build(articles, index=index, model=str(tiny_model))
    found = by_name(examine(index))
    misread = {"latin.md", "windows.md", "cyrillic.md", "quotes.md"}
    assert set(found["wrong encoding"].places) == misread
    assert found["wrong encoding"].level == "warning"
    assert {"lost.md"} <= set(found["lost characters"].places) <= {"lost.md", *misread}
    assert found["undetermined languages"].places == ("nothing known.txt",)
    assert found["titles"].count >= 1
    assert "nothing known.txt" in found["titles"].places
    assert "nothing known.txt" in found["short articles"].places
    assert "one.md" not in found["short articles"].places
    assert "very text of another: 1;" in found["copies"].message
    assert found["last build"].places == ("empty.md: the file is empty",)
    assert found["last build"].level == "warning"


def test_passages_that_a_model_cuts(tiny_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not believed: a model that reads less than the passages hold is found out."""
    real = StaticEmbedder.__init__

    def reads_little(self: StaticEmbedder, folder: Path, *, name: str) -> None:
        real(self, folder, name=name)
        self.max_tokens = 5  # type: ignore[assignment]

    monkeypatch.setattr(StaticEmbedder, "__init__", reads_little)
    found = by_name(examine(tiny_index))["truncated passages"]
    assert (found.level, found.count) == ("warning", 6)
    assert found.advice == f"embed everything again: assistant build --full --index {tiny_index}"


def test_no_index(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in (tmp_path, tmp_path / "none", ROOT / "README.md"):
        health = examine(folder)
        assert not health.usable
        assert health.findings[0].level == "error"
        assert "assistant build ARTICLES --index" in health.findings[0].message
    assert main(["doctor", "--index", str(tmp_path / "none")]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("error    index: there is no index in ")
    assert err == ""


@pytest.mark.parametrize("name", ["CURRENT", "manifest.json", "store.sqlite", "vectors.faiss"])
@pytest.mark.parametrize("content", [b"", b"garbage", b"[" * 100_000])
def test_a_damaged_index_is_a_finding(copy: Path, name: str, content: bytes) -> None:
    folder = copy if name == "CURRENT" else copy / current_generation(copy)
    (folder / name).write_bytes(content)
    found = by_name(examine(copy))
    assert found["index"].level == "error"
    assert found["index"].advice == f"to see what is damaged: assistant verify --index {copy}"
    assert "disk" in found and "last build" in found


def test_damage_that_opening_does_not_see(copy: Path) -> None:
    """A database with a broken page and the checksum of it, as a faulty disk could give a build."""
    generation = copy / current_generation(copy)
    path = generation / "store.sqlite"
    data = bytearray(path.read_bytes())
    place = data.index(b"The harbour of Fairhaven") // 4096 * 4096
    data[place : place + 64] = b"\xff" * 64
    path.write_bytes(data)
    manifest = json.loads((generation / "manifest.json").read_bytes())
    manifest["files"]["store.sqlite"]["sha256"] = hashlib.sha256(data).hexdigest()
    (generation / "manifest.json").write_text(json.dumps(manifest))
    pointer = json.loads((copy / "CURRENT").read_bytes())
    checksum = hashlib.sha256((generation / "manifest.json").read_bytes()).hexdigest()
    (copy / "CURRENT").write_text(json.dumps(pointer | {"manifest_sha256": checksum}))
    found = [finding for finding in examine(copy).findings if finding.level == "error"]
    assert found and all("damaged" in (one.advice or "") for one in found)


def test_a_model_that_is_another_or_gone(tmp_path: Path, tiny_articles: Path) -> None:
    model, index = tmp_path / "model", tmp_path / "index"
    write_tiny_model(model)
    build(tiny_articles, index=index, model=str(model))
    shutil.rmtree(model)
    write_tiny_model(model, seed=1)
    found = by_name(examine(index))
    assert found["model"].level == "error"
    assert "assistant build --full" in found["model"].message
    assert "not counted" in found["truncated passages"].message
    shutil.rmtree(model)
    assert by_name(examine(index))["model"].level == "error"


def test_articles_that_have_changed(copy: Path, tmp_path: Path, tiny_articles: Path) -> None:
    articles = tmp_path / "articles"
    shutil.copytree(tiny_articles, articles)
    assert by_name(examine(copy, articles=articles))["articles"].level == "ok"
    write_articles(articles, [Story("owl", "The owl nests in the old mill.")])
    os.utime(articles / "owl.md", (1, 1))
    os.utime(articles / "tea.md", (4e9, 4e9))
    finding = by_name(examine(copy, articles=articles))["articles"]
    assert (finding.level, finding.places) == ("note", ("owl.md", "tea.md"))
    assert finding.advice is not None and f"assistant build {articles}" in finding.advice
    gone = by_name(examine(copy, articles=tmp_path / "none"))["articles"]
    assert gone.level == "warning"


def test_what_is_in_the_folder(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (copy / ".partial-20200101T000000Z-x").mkdir()
    (copy / ".CURRENT.77.partial").touch()
    found = by_name(examine(copy))
    assert (found["left-overs"].level, found["left-overs"].count) == ("note", 2)
    with exclusive(copy / ".lock"):
        found = by_name(examine(copy))
        assert found["lock"].level == "note"
        # They are of the build that runs.
        assert "left-overs" not in found
    assert by_name(examine(copy))["lock"].level == "ok"
    (copy / ".lock").unlink()
    assert by_name(examine(copy))["lock"].level == "ok"
    assert not (copy / ".lock").exists()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert by_name(examine(copy))["permissions"].level == "warning"


def test_no_room(tiny_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    monkeypatch.setattr("assistant.health.folders._available_memory", lambda: 10)
    found = by_name(examine(tiny_index))
    assert found["room on disk"].level == found["memory"].level == "warning"
    monkeypatch.setattr("assistant.health.folders._available_memory", lambda: None)
    assert by_name(examine(tiny_index))["memory"].level == "ok"


def test_the_command(
    tiny_index: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--index", str(tiny_index)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "ok       index: 6 articles as 6 passages\n" in out
    assert "\n         to do: give it in their files (`url`)\n" in out
    assert "\n           and 1 more\n" in out
    assert "articles:" not in out.replace("short articles:", "")
    assert main(["doctor", "--index", str(tiny_index), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert list(shown) == ["usable", "index", "findings"]
    assert list(shown["findings"][0]) == [
        "level",
        "name",
        "message",
        "advice",
        "places",
        "count",
    ]


def test_hostile_names_do_not_steer_the_terminal(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    articles, index = tmp_path / "articles", tmp_path / "index"
    articles.mkdir()
    (articles / "a\x1b[2J\n\u202eb.txt").write_text("A text without anything else.")
    ((article,), _) = read(articles / "a\x1b[2J\n\u202eb.txt")
    assert "\x1b" in article.path
    build(articles, index=index, model=str(tiny_model))
    assert main(["doctor", str(articles), "--index", str(index)]) == 0
    out, _ = capsys.readouterr()
    assert "\x1b" not in out and "\u202e" not in out


def test_what_an_unfinished_build_has_made(copy: Path) -> None:
    assert "unfinished" not in by_name(examine(copy))
    (copy / WORK).mkdir()
    (copy / WORK / "0.npz").write_bytes(bytes(3_000_000))
    finding = by_name(examine(copy))["unfinished"]
    assert finding.level == "note" and "3.0 MB" in finding.message
