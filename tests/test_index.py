"""An index on disk that is damaged, foreign, replaced while it is read, or left half-written."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from helpers import COLLECTION, Story, python, snapshot, write_articles

from assistant.api import Assistant
from assistant.building import build
from assistant.embedding import StaticEmbedder
from assistant.errors import (
    IndexCorrupt,
    IndexFormatUnsupported,
    IndexNotFound,
    ModelMismatch,
    ModelNotFound,
)
from assistant.index import Index, current_generation, writing
from assistant.types import Filters


@pytest.fixture
def copy(tiny_index: Path, tmp_path: Path) -> Path:
    """A copy of the tiny index, to do harm to."""
    folder = tmp_path / "copy"
    shutil.copytree(tiny_index, folder)
    return folder


def generation(folder: Path) -> Path:
    return folder / current_generation(folder)


def test_no_index(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none", tmp_path / "file" / "x"):
        with pytest.raises(IndexNotFound, match="build one: assistant build ARTICLES --index"):
            Index.open(folder)
    (tmp_path / "file").write_text("x")
    with pytest.raises(IndexNotFound):
        Index.open(tmp_path / "file")


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x20
    path.write_bytes(data)


def _truncate(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def _grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\0")


def _replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _names(folder: Path) -> list[str]:
    return sorted(name for name in snapshot(generation(folder)))


@pytest.mark.parametrize("harm", [_flip, _truncate, _grow, Path.unlink, _replace_by_folder])
def test_damage_to_any_file_is_noticed(
    copy: Path, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    names = _names(copy)
    assert {"manifest.json", "store.sqlite", "vectors.faiss", "words/tokens.npy"} <= set(names)
    assert any(name.startswith("lexical/") for name in names)
    for number, name in enumerate(names):
        folder = tmp_path / f"damaged{number}"
        shutil.copytree(copy, folder)
        harm(generation(folder) / name)
        with pytest.raises(IndexCorrupt, match=r"build again: assistant build --full --index"):
            Index.open(folder)


@pytest.mark.parametrize("name", ["manifest.json", "store.sqlite", "vectors.faiss"])
def test_a_build_repairs_a_damaged_index(
    copy: Path, tiny_articles: Path, tiny_model: Path, name: str
) -> None:
    _truncate(generation(copy) / name)
    report = build(tiny_articles, index=copy, model=str(tiny_model))
    assert report.embedded == report.passages
    with Assistant(copy) as assistant:
        assert assistant.retrieve("harbour")[0].article.id == "harbour"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b"5",
        b"{}",
        b'{"generation": "x"}',
        b'{"generation": "x", "manifest_sha256": "y"}',
        b'{"generation": "../copy", "manifest_sha256": "y"}',
        b'{"generation": "..", "manifest_sha256": "y"}',
        b'{"generation": "", "manifest_sha256": "y"}',
        b'{"generation": "\\u0000", "manifest_sha256": "y"}',
        b'{"generation": "\\ud800", "manifest_sha256": "y"}',
        b'{"generation": "' + b"x" * 5000 + b'", "manifest_sha256": "y"}',
        b"[" * 100_000,
    ],
    ids=lambda content: ascii(content)[2:40],
)
def test_a_pointer_that_is_garbage(
    copy: Path, tiny_articles: Path, tiny_model: Path, content: bytes
) -> None:
    (copy / "CURRENT").write_bytes(content)
    with pytest.raises(IndexCorrupt, match="--full"):
        Index.open(copy)
    build(tiny_articles, index=copy, model=str(tiny_model))
    assert len(Index.open(copy).store.contents()) == len(COLLECTION)


def test_a_pointer_that_is_a_folder(copy: Path) -> None:
    _replace_by_folder(copy / "CURRENT")
    with pytest.raises(IndexCorrupt):
        Index.open(copy)


def _forge(folder: Path, **fields: object) -> None:
    """Changes the manifest and what CURRENT says of it."""
    path = generation(folder) / "manifest.json"
    data = json.dumps(json.loads(path.read_bytes()) | fields).encode()
    path.write_bytes(data)
    pointer = {"generation": path.parent.name, "manifest_sha256": hashlib.sha256(data).hexdigest()}
    (folder / "CURRENT").write_text(json.dumps(pointer))


@pytest.mark.parametrize("version", [0, 99, "1", None])
def test_a_format_of_another_version(
    copy: Path, tiny_articles: Path, tiny_model: Path, version: object
) -> None:
    _forge(copy, format=version)
    with pytest.raises(IndexFormatUnsupported, match="assistant build --full --index"):
        Index.open(copy)
    if version == 99:
        # What a newer version wrote is not thrown away by the way.
        with pytest.raises(IndexFormatUnsupported, match="update the package"):
            build(tiny_articles, index=copy, model=str(tiny_model))
        with pytest.raises(IndexFormatUnsupported, match="update the package"):
            build(tiny_articles, index=copy, model=str(tiny_model), dry_run=True)
    build(tiny_articles, index=copy, model=str(tiny_model), full=version == 99)
    assert Index.open(copy).info.articles == len(COLLECTION)


def test_files_that_do_not_belong_together(copy: Path, tmp_path: Path, tiny_model: Path) -> None:
    """Files of two indexes, each whole: the checksums are forged too."""
    write_articles(tmp_path / "one", [Story("owl", "The owl nests.")])
    build(tmp_path / "one", index=tmp_path / "other", model=str(tiny_model))
    foreign = (generation(tmp_path / "other") / "vectors.faiss").read_bytes()
    (generation(copy) / "vectors.faiss").write_bytes(foreign)
    files = json.loads((generation(copy) / "manifest.json").read_bytes())["files"]
    files["vectors.faiss"] = {
        "bytes": len(foreign),
        "sha256": hashlib.sha256(foreign).hexdigest(),
    }
    _forge(copy, files=files)
    with pytest.raises(IndexCorrupt, match="build again"):
        Index.open(copy)


def test_another_model_than_the_one_of_the_index(tiny_index: Path, tiny_model: Path) -> None:
    with pytest.raises(ModelMismatch) as caught:
        Assistant(tiny_index, model="bundled")
    command = f"assistant build --full --index {tiny_index} --model bundled"
    assert command in str(caught.value)
    with Assistant(tiny_index, model=str(tiny_model)) as assistant:
        assert assistant.info.model == str(tiny_model.resolve())


def test_a_model_that_embeds_otherwise_than_it_did(
    tiny_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = StaticEmbedder.embed_passages
    monkeypatch.setattr(
        StaticEmbedder, "embed_passages", lambda self, texts: np.roll(real(self, texts), 1, axis=1)
    )
    with Assistant(tiny_index) as assistant, pytest.raises(ModelMismatch, match="no longer"):
        assistant.retrieve("harbour")


def test_a_model_that_is_gone(tiny_model: Path, tiny_articles: Path, tmp_path: Path) -> None:
    model, index = tmp_path / "model", tmp_path / "index"
    shutil.copytree(tiny_model, model)
    build(tiny_articles, index=index, model=str(model))
    shutil.rmtree(model)
    with pytest.raises(ModelNotFound), Assistant(index) as assistant:
        assistant.retrieve("harbour")


def test_filters_as_articles(tiny_index: Path) -> None:
    index = Index.open(tiny_index)
    assert index.allowed_articles(Filters()) is None
    assert index.languages_for(["ZH"]) == ("zh", "zh-Hant")
    assert index.languages_for(["zh-hant", "xx", "z"]) == ("zh-Hant",)

    def found(filters: Filters) -> set[str]:
        allowed = index.allowed_articles(filters)
        assert allowed is not None
        numbers = np.flatnonzero(allowed).tolist()
        return {article.id for article in index.store.articles(numbers).values()}

    assert found(Filters(languages=("zh",))) == {"tea", "tram"}
    assert found(Filters(sources=("The Courier",))) == {"harbour", "glacier"}
    assert found(Filters(since="2023-12-01")) == {"boulangerie", "tram", "storks"}
    assert found(Filters(until="2023-11-13")) == {"harbour", "glacier"}
    assert found(Filters(languages=("xx",))) == set()


def test_opening_and_asking_changes_nothing(copy: Path) -> None:
    before = snapshot(copy)
    with Assistant(copy) as assistant:
        assistant.answer("When did the harbour open?")
    assert snapshot(copy) == before


def test_a_reader_takes_up_a_new_generation(tmp_path: Path, tiny_model: Path) -> None:
    articles, index = tmp_path / "articles", tmp_path / "index"
    write_articles(articles, COLLECTION)
    first = build(articles, index=index, model=str(tiny_model))
    with Assistant(index) as assistant:
        assert assistant.info.generation == first.generation
        write_articles(articles, [Story("owl", "The owl nests in the old mill.")])
        second = build(articles, index=index, model=str(tiny_model))
        assert assistant.retrieve("owl mill", mode="lexical")[0].article.id == "owl"
        assert assistant.info.generation == second.generation
        # A damaged pointer is an error, not a crash, and what was whole is served again.
        pointer = (index / "CURRENT").read_bytes()
        (index / "CURRENT").write_bytes(b"garbage")
        with pytest.raises(IndexCorrupt):
            assistant.retrieve("owl")
        (index / "CURRENT").write_bytes(pointer)
        assert assistant.retrieve("owl")


def test_readers_answer_while_builds_replace_the_index(tmp_path: Path, tiny_model: Path) -> None:
    articles, index = tmp_path / "articles", tmp_path / "index"
    write_articles(articles, COLLECTION)
    build(articles, index=index, model=str(tiny_model))
    done = Event()

    def ask(assistant: Assistant) -> set[str]:
        seen = set()
        while not done.wait(0.01):
            answer = assistant.answer("When did the harbour of Fairhaven open?")
            seen.add(answer.index.generation)
            assert answer.hits[0].article.id == "harbour"
            for hit in answer.hits:
                assert hit.article.text[hit.passage.start : hit.passage.end] == hit.passage.text
        return seen

    generations = set()
    with Assistant(index) as assistant, ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(ask, assistant) for _ in range(3)]
        try:
            for number in range(4):
                write_articles(articles, [Story("owl", f"Owl number {number} nests in a mill.")])
                report = build(articles, index=index, model=str(tiny_model))
                generations.add(report.generation)
                # Each generation is asked at least once before the next one comes.
                assert assistant.info.generation == report.generation
        finally:
            done.set()
        seen = set().union(*(reader.result() for reader in readers))
    assert len(generations) == 4
    assert seen & generations


# Where a build dies: the function of index/writing.py at whose nth call the process is killed.
CRASHES = {
    "before the store": ("write_store", 1),
    "before the vectors": ("write_vectors", 1),
    "before the words": ("open_words", 1),
    "before the lexical index": ("write_parts", 1),
    "before anything is on the disk": ("committing.sync_file", 1),
    "before the manifest": ("committing.write_atomically", 1),
    "before the generation has its name": ("committing.sync_folder", 1),
    "before the pointer": ("committing.write_pointer", 1),
    "before the old generation is removed": ("keep_only", 1),
}
_CRASH = """
import json, os, signal, sys
from assistant import building, pieces
from assistant.embedding import load_for_questions
from assistant.index import writing

pieces.load_for_passages = load_for_questions  # the same vectors, without torch
model, articles, crashes = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])

def dying(function, call):
    calls = 0
    def run(*arguments, **keywords):
        nonlocal calls
        calls += 1
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **keywords)
    return run

ends = []
for folder, path, call in crashes:
    child = os.fork()
    if child == 0:
        *modules, name = path.split(".")
        home = getattr(writing, modules[0]) if modules else writing
        setattr(home, name, dying(getattr(home, name), call))
        building.build(articles, index=folder, model=model)
        os._exit(0)
    ends.append(os.waitpid(child, 0)[1])
print(json.dumps(ends))
"""


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> tuple[Path, Path]:
    """Articles, and a folder of indexes whose third build was killed, one for each crash."""
    root = tmp_path_factory.mktemp("crashed")
    articles = root / "articles"
    write_articles(articles, COLLECTION)
    whole = root / "whole"
    build(articles, index=whole, model=str(tiny_model))
    write_articles(articles, [Story("owl", "The owl nests in the old mill.")])
    build(articles, index=whole, model=str(tiny_model))
    write_articles(articles, [Story("fox", "The fox sleeps under the bridge.")])
    for name in CRASHES:
        shutil.copytree(whole, root / name)
    crashes = [(str(root / name), *crash) for name, crash in CRASHES.items()]
    done = python("-c", _CRASH, str(tiny_model), str(articles), json.dumps(crashes))
    assert json.loads(done.stdout) == [signal.SIGKILL] * len(CRASHES), done.stderr
    return articles, root


@pytest.mark.parametrize("name", CRASHES)
def test_a_build_that_is_killed_leaves_a_whole_index(
    crashed: tuple[Path, Path], tiny_model: Path, name: str
) -> None:
    articles, root = crashed
    folder = root / name
    replaced = name == "before the old generation is removed"
    with Assistant(folder) as assistant:
        assert assistant.retrieve("owl in a mill", mode="lexical")[0].article.id == "owl"
        found = [hit.article.id for hit in assistant.retrieve("fox bridge", mode="lexical")]
        assert ("fox" in found) is replaced
        assert assistant.answer("Where does the owl nest?").index.articles == 7 + replaced
    report = build(articles, index=folder, model=str(tiny_model))
    assert (report.added, report.unchanged) == ((0, 8) if replaced else (1, 7))
    with Assistant(folder) as assistant:
        assert assistant.retrieve("fox bridge", mode="lexical")[0].article.id == "fox"
    write_articles(root / f"{name} articles", [Story("last", "The last article.")])
    build(root / f"{name} articles", index=folder, model=str(tiny_model))
    # What the dead build left behind is gone.
    left = {path.name for path in folder.iterdir()} - {"CURRENT", ".lock", "last_build.json"}
    assert len(left) == 2
    assert all((folder / each / "manifest.json").is_file() for each in left)


def test_what_is_told_of_writing_is_a_mean_and_all_of_it_only_at_the_end() -> None:
    told: list[tuple[int, int]] = []
    progress = writing._Progress(10, lambda done, total: told.append((done, total)))
    rows = [("0" * 16, 0, 0, 1)] * 10
    assert list(progress.counted(rows)) == rows
    progress(writing._WITH_PIECES, 10)
    progress(writing._IN_LEXICAL, 5)
    progress(writing._IN_LEXICAL, 5)
    assert told == [(1, 10), (2, 10), (6, 10), (9, 10)]
