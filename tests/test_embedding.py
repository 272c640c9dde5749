"""The light path against sentence-transformers, and models that are not what they should be."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT, python
from tiny import DIMENSION, write_tiny_model

from assistant import embedding as module
from assistant.embedding import (
    BUNDLED_FOLDER,
    Embedder,
    SentenceTransformersEmbedder,
    StaticEmbedder,
    canonical_name,
    folder_fingerprint,
    load_for_passages,
    load_for_questions,
    model_folder,
    static_part,
)
from assistant.errors import ModelNotFound
from assistant.settings import BUNDLED
from assistant.text import sentence_spans

ODD = (
    "",
    " \n\t ",
    "\u0378\ue000\U0001f9ff",
    "𓀀𓁐",
    "\0",
    "a",
    "x" * 20_000,
    "漢" * 3_000,
    "ＦＵＬＬ　ＷＩＤＴＨ",
    "ﷺ ½ ① İ ß",
    "cafe\u0301 café",
    "word " * 3_000,
    "\u202e\u200b\u200d",
    "https://example.org/?q=1&r=2#x",
)


def texts() -> list[str]:
    """Sentences of all seeds, as short and long as they are, and odd ones."""
    found = list(ODD)
    for path in sorted((ROOT / "seeds").glob("*.md")):
        text = path.read_text(encoding="utf-8").split("---\n", 2)[-1]
        found += [text[start:end] for start, end in sentence_spans(text)[:4]]
    assert len(found) >= 200
    return found


@pytest.fixture(scope="module")
def light() -> StaticEmbedder:
    part = static_part(BUNDLED)
    assert part is not None
    return part


@pytest.fixture(scope="module")
def whole() -> Embedder:
    return load_for_passages(BUNDLED)


def test_the_light_path_gives_the_vectors_of_sentence_transformers(
    light: StaticEmbedder, whole: Embedder
) -> None:
    assert isinstance(whole, SentenceTransformersEmbedder)
    samples = texts()
    ours, theirs = light.embed_passages(samples), whole.embed_passages(samples)
    assert ours.shape == theirs.shape == (len(samples), light.dimension)
    assert ours.dtype == theirs.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    for text in samples[:3] + samples[-3:]:
        np.testing.assert_allclose(
            light.embed_question(text), whole.embed_question(text), atol=1e-6
        )


def test_both_paths_agree_on_everything_else(light: StaticEmbedder, whole: Embedder) -> None:
    samples = texts()
    assert light.count_tokens(samples) == whole.count_tokens(samples)
    assert light.dimension == whole.dimension
    assert light.fingerprint() == whole.fingerprint()
    assert light.max_tokens is None is whole.max_tokens
    assert light.name == whole.name == BUNDLED


@pytest.mark.parametrize("path", ["light", "whole"])
def test_vectors_are_units_or_zero(path: str, request: pytest.FixtureRequest) -> None:
    embedder: Embedder = request.getfixturevalue(path)
    vectors = embedder.embed_passages(["", "Hello.", "안녕"])
    lengths = np.linalg.norm(vectors, axis=1)
    assert lengths.tolist() == pytest.approx([0, 1, 1], abs=1e-5)
    assert embedder.embed_passages([]).shape == (0, embedder.dimension)
    assert embedder.count_tokens([]) == []
    assert embedder.embed_question("Hello.").shape == (embedder.dimension,)


def test_single_precision_of_every_finite_number() -> None:
    bits = np.arange(2**16, dtype=np.uint16).view(np.float16)
    finite = bits[np.isfinite(bits)].reshape(-1, 512)
    single = module._single(finite)
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single.view(np.uint32), finite.astype(np.float32).view(np.uint32))
    np.testing.assert_array_equal(module._single(finite.astype(np.float64)), single)


def test_a_vector_does_not_depend_on_its_batch(light: StaticEmbedder) -> None:
    samples = texts()[:40]
    together = light.embed_passages(samples)
    alone = np.stack([light.embed_passages([text])[0] for text in samples])
    np.testing.assert_array_equal(together, alone)


def test_a_question_takes_the_light_path() -> None:
    assert isinstance(load_for_questions(BUNDLED), StaticEmbedder)


def test_token_vectors_are_what_passages_are_means_of(light: StaticEmbedder) -> None:
    (ids,) = light.token_ids(["Warning data are shared."])
    mean = light.token_vectors(np.array(ids, np.int64)).mean(axis=0)
    vector = light.embed_passages(["Warning data are shared."])[0]
    np.testing.assert_allclose(mean / np.linalg.norm(mean), vector, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Die Warschauer, l'Univers!", ["die", "warschauer", ",", "l", "'", "univers", "!"]),
        ("где   находится", ["где", "находится"]),
        ("서울에서 열린 회의", ["서울에서", "열린", "회의"]),
        ("", []),
        ("  ", []),
    ],
)
def test_words_are_marked_in_tokens(light: StaticEmbedder, text: str, words: list[str]) -> None:
    (marked,) = light.word_tokens([text])
    (ids,) = light.token_ids([text])
    assert np.where(marked < 0, ~marked, marked).tolist() == ids
    starts = [*np.flatnonzero(marked >= 0), len(ids)]
    for word, (start, end) in zip(words, pairwise(starts), strict=True):
        assert light.token_ids([word]) == [ids[start:end]]


@pytest.mark.parametrize("text", ["北京的人口是多少", "การเดินทางของเขา", "東京で開かれた会議"])
def test_every_token_is_a_word_where_there_are_no_spaces(light: StaticEmbedder, text: str) -> None:
    (marked,) = light.word_tokens([text])
    assert marked.tolist() == light.token_ids([text])[0]
    assert len(marked) > 2


def test_names(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny_model.parent)
    assert canonical_name(tiny_model.name) == str(tiny_model.resolve())
    assert canonical_name(BUNDLED) == BUNDLED
    assert canonical_name("owner/name") == "owner/name"
    assert model_folder(BUNDLED) == BUNDLED_FOLDER
    assert model_folder("owner/name") is None
    # A folder called like the bundled model does not take its place.
    (tmp_path / BUNDLED).mkdir()
    monkeypatch.chdir(tmp_path)
    assert model_folder(BUNDLED) == BUNDLED_FOLDER


def test_a_model_of_the_user(tiny_model: Path) -> None:
    light, whole = load_for_questions(str(tiny_model)), load_for_passages(str(tiny_model))
    assert isinstance(light, StaticEmbedder)
    assert light.dimension == whole.dimension == DIMENSION
    assert light.name == whole.name == str(tiny_model.resolve())
    samples = texts()[10:60]
    np.testing.assert_allclose(
        light.embed_passages(samples), whole.embed_passages(samples), atol=1e-6
    )


def test_prompts_are_used(tiny_model: Path, tmp_path: Path) -> None:
    """A model with prompts is not taken by the light path, which would leave them out."""
    folder = tmp_path / "prompted"
    write_tiny_model(folder, prompts={"query": "query: ", "document": "passage: "})
    assert static_part(str(folder)) is None
    prompted, plain = load_for_questions(str(folder)), load_for_questions(str(tiny_model))
    assert isinstance(prompted, SentenceTransformersEmbedder)
    text = "the harbour"
    np.testing.assert_allclose(
        prompted.embed_question(text), plain.embed_question("query: the harbour"), atol=1e-6
    )
    np.testing.assert_allclose(
        prompted.embed_passages([text]), plain.embed_passages(["passage: the harbour"]), atol=1e-6
    )


def _touch(folder: Path) -> None:
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(data)


def _rename(folder: Path) -> None:
    (folder / "tokenizer.json").rename(folder / "tokens.json")


def _prompt(folder: Path) -> None:
    (folder / "config_sentence_transformers.json").write_text('{"prompts": {"query": "q"}}')


def _add(folder: Path) -> None:
    (folder / "1_Normalize" / "config.json").write_text("{}")


@pytest.mark.parametrize("change", [_touch, _rename, _prompt, _add])
def test_the_fingerprint_is_of_all_files(
    tiny_model: Path, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny_model, copy)
    before = folder_fingerprint(copy)
    assert before == folder_fingerprint(tiny_model)
    (copy / "README.md").write_text("A card decides no vector.")
    assert folder_fingerprint(copy) == before
    change(copy)
    assert folder_fingerprint(copy) != before


@pytest.mark.parametrize("name", ["nobody/no-such-model", "/no/such/folder", "no such model"])
def test_no_such_model(name: str) -> None:
    for load in (load_for_passages, load_for_questions):
        with pytest.raises(ModelNotFound, match="give the folder of a sentence-transformers model"):
            load(name)


def test_an_empty_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound):
        load_for_passages(str(tmp_path))


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"\x00garbage" * 50])
def test_a_broken_model(tiny_model: Path, tmp_path: Path, file: str, content: bytes | None) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(tiny_model, broken)
    (broken / file).unlink()
    if content is not None:
        (broken / file).write_bytes(content)
    with pytest.raises(ModelNotFound, match=str(broken)):
        load_for_questions(str(broken))


def test_the_bundled_model_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.embedding.BUNDLED_FOLDER", tmp_path)
    for load in (load_for_passages, load_for_questions):
        with pytest.raises(ModelNotFound, match="reinstall the package"):
            load(BUNDLED)


def test_sentence_transformers_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.embedding.find_spec", lambda name: None)
    with pytest.raises(ModelNotFound, match="sentence-transformers is not installed"):
        load_for_passages("owner/name")
    # Questions to the bundled model do without it.
    assert load_for_questions(BUNDLED).embed_question("Why?").any()


def test_the_light_path_loads_neither_torch_nor_sentence_transformers() -> None:
    code = (
        "import sys; from assistant.embedding import load_for_questions; "
        "load_for_questions('bundled').embed_question('Why?'); "
        "print([m for m in ('torch', 'transformers', 'sentence_transformers') if m in sys.modules])"
    )
    done = python("-c", code)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
