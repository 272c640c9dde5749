"""`assistant verify` of an index: everything that can be wrong with one is found, and said."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from helpers import COLLECTION, Story, snapshot, write_articles

from assistant.auditing import Audit, audit
from assistant.building import build
from assistant.cli import main
from assistant.embedding import StaticEmbedder, load_for_questions
from assistant.errors import IndexNotFound
from assistant.index import current_generation


@pytest.fixture(autouse=True)
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same vectors, without torch."""
    monkeypatch.setattr("assistant.pieces.load_for_passages", load_for_questions)


@pytest.fixture
def copy(tiny_index: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_index, tmp_path / "copy"))


@pytest.fixture(scope="module")
def _two(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    root = tmp_path_factory.mktemp("two")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assistant.pieces.load_for_passages", load_for_questions)
        write_articles(root / "articles", COLLECTION)
        build(root / "articles", index=root / "index", model=str(tiny_model))
        write_articles(root / "articles", [Story("owl", "The owl nests in the old mill.")])
        build(root / "articles", index=root / "index", model=str(tiny_model))
    return root / "index"


@pytest.fixture
def two(_two: Path, tmp_path: Path) -> Path:
    """An index with a generation before the one in use."""
    return Path(shutil.copytree(_two, tmp_path / "two"))


def generation(folder: Path) -> Path:
    return folder / current_generation(folder)


def forge(folder: Path, **fields: object) -> None:
    """Makes every file that is there pass for whole: what is left to find is in its contents."""
    where = generation(folder)
    path = where / "manifest.json"
    values: dict[str, Any] = json.loads(path.read_bytes()) | fields
    values["files"] = {
        name: {
            "bytes": (where / name).stat().st_size,
            "sha256": hashlib.sha256((where / name).read_bytes()).hexdigest(),
        }
        for name in values["files"]
    }
    path.write_text(json.dumps(values))
    pointer = json.loads((folder / "CURRENT").read_bytes())
    pointer["manifest_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "CURRENT").write_text(json.dumps(pointer))


def states(result: Audit) -> Mapping[str, str]:
    return {check.name: check.state for check in result.checks}


def wrong(result: Audit) -> dict[str, str]:
    return {check.name: check.detail for check in result.checks if check.state == "wrong"}


CHECKS = [
    "pointer",
    "manifest",
    "files",
    "other files",
    "format",
    "parts",
    "database",
    "columns",
    "counts",
    "articles",
    "passages",
    "vectors",
    "copies",
    "model",
    "sample",
]


def test_a_sound_index(tiny_index: Path) -> None:
    before = snapshot(tiny_index)
    told: dict[str, tuple[int, int]] = {}

    def progress(stage: str, done: int, total: int) -> None:
        told[stage] = (done, total)

    result = audit(tiny_index, progress=progress)
    assert wrong(result) == {}
    assert result.holds
    assert [check.name for check in result.checks] == CHECKS
    assert set(told) == {"files", "articles", "passages", "embedding"}
    assert all(done == total for done, total in told.values())
    assert snapshot(tiny_index) == before


def test_the_generation_before_is_reported_apart(two: Path) -> None:
    result = audit(two)
    assert result.holds
    assert result.previous is not None and result.previous != result.generation
    of_both = [(check.generation, check.name) for check in result.checks]
    assert of_both[-3:] == [
        (result.previous, "manifest"),
        (result.previous, "files"),
        (result.previous, "other files"),
    ]
    path = two / result.previous / "store.sqlite"
    path.write_bytes(path.read_bytes()[:-1])
    result = audit(two)
    assert not result.holds
    (check,) = [check for check in result.checks if check.state == "wrong"]
    assert (check.generation, check.name) == (result.previous, "files")
    assert check.detail == "store.sqlite is cut or grown"


def test_the_sample_is_what_was_asked_for(tiny_index: Path) -> None:
    for count, seen in ((0, 0), (2, 2), (10_000, 6)):
        last = audit(tiny_index, sample=count).checks[-1]
        assert last.detail.startswith(f"{seen} passages embedded again")


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x20
    path.write_bytes(data)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [_flip, _empty, Path.unlink, _replace_by_folder])
def test_damage_to_any_file_is_found(
    copy: Path, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    for number, name in enumerate(sorted(snapshot(generation(copy)))):
        folder = Path(shutil.copytree(copy, tmp_path / f"damaged{number}"))
        harm(generation(folder) / name)
        result = audit(folder)
        found = wrong(result)
        assert name in found["manifest" if name == "manifest.json" else "files"]
        # What rests on it is not looked at: libraries fall over damaged files.
        assert "parts" not in states(result)


def test_damage_to_a_file_of_numbers_is_found(copy: Path) -> None:
    _flip(generation(copy) / "words" / "tokens.npy")
    assert wrong(audit(copy)) == {"files": "words/tokens.npy is damaged: its checksum is wrong"}


@pytest.mark.parametrize("content", [b"", b"garbage", b"[]", b"[" * 100_000, b"\xff\x00"])
def test_a_pointer_of_no_use(two: Path, content: bytes) -> None:
    (two / "CURRENT").write_bytes(content)
    result = audit(two)
    assert "pointer" in wrong(result)
    assert result.generation is None
    # Each generation that is there is looked at all the same.
    files = [check for check in result.checks if check.name == "files"]
    assert [check.state for check in files] == ["ok", "ok"]


def test_no_index(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFound):
        audit(tmp_path)


@pytest.mark.parametrize("version", [0, 99, "x"])
def test_another_format(copy: Path, version: object) -> None:
    forge(copy, format=version)
    result = audit(copy)
    assert list(wrong(result)) == ["format"]
    assert states(result)["files"] == "ok"


def test_files_that_are_not_the_indexs(copy: Path) -> None:
    (generation(copy) / ".DS_Store").write_text("what a file manager leaves")
    assert audit(copy).holds
    (generation(copy) / "words" / "notes.txt").write_text("x")
    assert "words/notes.txt" in wrong(audit(copy))["other files"]


def test_counts_that_the_manifest_has_wrong(copy: Path) -> None:
    counts = json.loads((generation(copy) / "manifest.json").read_bytes())["counts"]
    for change in (
        {"languages": [["en", 6]]},
        {"sources": []},
        {"first_day": "1999-01-01"},
        {"last_day": None},
    ):
        forge(copy, counts=counts | change)
        assert list(wrong(audit(copy))) == ["counts"]
    forge(copy, counts=counts | {"articles": 7})
    assert list(wrong(audit(copy))) == ["parts"]


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE articles SET title = 'Other' WHERE number = 1", {"articles", "passages"}),
        ("UPDATE articles SET content_hash = 'x' WHERE number = 1", {"articles"}),
        ("UPDATE passages SET start = start + 1 WHERE row = 0", {"passages"}),
        ('UPDATE passages SET "end" = 100000 WHERE row = 0', {"passages"}),
        ('UPDATE passages SET start = -5, "end" = -2 WHERE row = 0', {"passages"}),
        ("UPDATE passages SET id = 'zzz' WHERE row = 0", {"passages"}),
        ("UPDATE passages SET article = 1", {"passages", "columns"}),
        ("UPDATE articles SET source = 'Other' WHERE number = 1", {"columns"}),
        ("UPDATE articles SET language = 'tlh' WHERE number = 1", {"columns"}),
        ("UPDATE articles SET published = NULL", {"columns"}),
        ("UPDATE passages SET row = 77 WHERE row = 5", {"database"}),
        ("DROP INDEX passages_by_article", set()),
    ],
)
def test_a_database_that_says_other_things(copy: Path, statement: str, found: set[str]) -> None:
    with closing(sqlite3.connect(generation(copy) / "store.sqlite")) as connection:
        connection.execute(statement)
        connection.commit()
    forge(copy)
    assert set(wrong(audit(copy))) >= found
    assert bool(wrong(audit(copy))) is bool(found)


def test_a_database_with_broken_pages(copy: Path) -> None:
    path = generation(copy) / "store.sqlite"
    data = bytearray(path.read_bytes())
    for page in range(1, len(data) // 4096):
        data[page * 4096 : page * 4096 + 8] = b"\xff" * 8
    path.write_bytes(data)
    forge(copy)
    assert not audit(copy).holds


def _vectors(folder: Path) -> np.ndarray[Any, Any]:
    index = faiss.read_index(str(generation(folder) / "vectors.faiss"))
    vectors: np.ndarray[Any, Any] = index.reconstruct_n(0, index.ntotal)
    return vectors


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda v: v * 1.1, {"vectors", "sample"}),
        (lambda v: np.where(np.arange(len(v))[:, None] == 2, np.nan, v), {"vectors", "sample"}),
        (lambda v: v[::-1].copy(), {"vectors", "sample"}),
        (lambda v: v, set()),
    ],
)
def test_vectors_of_other_passages(
    copy: Path, change: Callable[[Any], Any], found: set[str]
) -> None:
    vectors = change(_vectors(copy)).astype(np.float32)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    faiss.write_index(index, str(generation(copy) / "vectors.faiss"))
    forge(copy)
    assert set(wrong(audit(copy))) == found


def test_parts_of_other_passages(copy: Path) -> None:
    where = generation(copy)
    edges = np.load(where / "romanised" / "edges.npy")
    np.save(where / "romanised" / "edges.npy", np.append(edges[0], edges[1:] - 1))
    np.save(where / "copies" / "first.npy", np.array([0, 1, 2, 3, 4, 4])[::-1])
    forge(copy)
    found = wrong(audit(copy))
    assert set(found) == {"copies", "sample"}
    assert "romanised" in found["sample"]


def test_a_model_that_embeds_otherwise(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = StaticEmbedder.embed_passages
    monkeypatch.setattr(
        StaticEmbedder, "embed_passages", lambda self, texts: np.roll(real(self, texts), 1, axis=1)
    )
    result = audit(copy)
    assert "assistant build --full" in wrong(result)["model"]
    assert states(result)["sample"] == "not checked"


def test_a_build_that_comes_between(copy: Path) -> None:
    def progress(stage: str, done: int, total: int) -> None:
        if stage == "articles":
            pointer = json.loads((copy / "CURRENT").read_bytes())
            (copy / "CURRENT").write_text(json.dumps(pointer | {"generation": "another"}))

    assert "meanwhile" in wrong(audit(copy, progress=progress))


def test_the_command(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--index", str(copy)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert [line.split(":")[0].split("  ")[-1] for line in out.splitlines() if "  " in line]
    assert out.count("\n") == len(CHECKS) + 1
    assert main(["verify", "--index", str(copy), "--sample", "1", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert list(shown) == ["holds", "generation", "previous", "checks", "seconds"]
    assert shown["checks"][-1]["detail"].startswith("1 passages")
    _flip(generation(copy) / "vectors.faiss")
    assert main(["verify", "--index", str(copy)]) == 1
    out, err = capsys.readouterr()
    assert "\nwrong        files: vectors.faiss is damaged" in out
    assert "Traceback" not in out + err
    assert main(["verify", "--index", str(copy / "none")]) == 1
