"""Cross-encoders: what their scores hold to, and folders that are none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from cross_encoder import WORD, write_cross_encoder
from helpers import python

from assistant.errors import ModelNotFound
from assistant.reranking import CrossEncoderReranker, load_reranker

QUESTION = "Where do the ships wait?"
FILLER = "a word "
TEXTS = [f"{FILLER * n}{(WORD + ' ') * (n % 3)}" for n in (3, 0, 40, 1, 17, 8, 25, 2, 5, 11, 50)]
HOSTILE = (
    "",
    " \n\t ",
    "\0",
    f"\0{WORD}\0",
    "\ud800",
    f"{WORD} \udfff",
    "\u202e\u2066\u200b\u200d",
    "x" * 100_000,
    FILLER * 15_000,
    "漢" * 3_000,
    "\U0001f9ff",
    "[CLS] [SEP] [PAD] [MASK] [UNK]",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cross-encoder. Do not write to it."""
    folder = tmp_path_factory.mktemp("cross") / "encoder"
    write_cross_encoder(folder)
    return folder


@pytest.fixture(scope="module")
def reranker(folder: Path) -> CrossEncoderReranker:
    return load_reranker(str(folder))


def test_scores_are_in_the_order_of_the_texts(reranker: CrossEncoderReranker) -> None:
    scores = reranker.scores(QUESTION, TEXTS)
    assert scores.shape == (len(TEXTS),)
    assert scores.dtype == np.float32
    assert [score > 1 for score in scores] == [WORD in text for text in TEXTS]


def test_a_score_grows_with_the_share_of_the_word(reranker: CrossEncoderReranker) -> None:
    shares = [FILLER * 50, FILLER * 50 + WORD, FILLER * 10 + WORD, f"a {WORD}", WORD]
    for question in (QUESTION, WORD):
        scores = reranker.scores(question, shares)
        assert (np.diff(scores) > 0.05).all()
        assert scores[0] == pytest.approx(0, abs=1e-3)
        assert scores[1] > 2


def test_no_texts(reranker: CrossEncoderReranker) -> None:
    scores = reranker.scores(QUESTION, [])
    assert scores.shape == (0,)
    assert scores.dtype == np.float32


def test_the_same_call_gives_the_same_scores(reranker: CrossEncoderReranker, folder: Path) -> None:
    first = reranker.scores(QUESTION, TEXTS)
    np.testing.assert_array_equal(reranker.scores(QUESTION, TEXTS), first)
    np.testing.assert_array_equal(load_reranker(str(folder)).scores(QUESTION, TEXTS), first)


def test_a_score_does_not_depend_on_its_company(reranker: CrossEncoderReranker) -> None:
    together = reranker.scores(QUESTION, TEXTS)
    alone = np.concatenate([reranker.scores(QUESTION, [text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(reranker.scores(QUESTION, TEXTS[::-1])[::-1], together, atol=1e-5)


def test_many_threads_may_ask(reranker: CrossEncoderReranker) -> None:
    expected = reranker.scores(QUESTION, TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for scores in pool.map(lambda _: reranker.scores(QUESTION, TEXTS), range(16)):
            np.testing.assert_array_equal(scores, expected)


@pytest.mark.parametrize("question", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts(reranker: CrossEncoderReranker, question: str) -> None:
    scores = reranker.scores(question, HOSTILE)
    assert np.isfinite(scores).all()
    assert [score > 1 for score in scores] == [WORD in text for text in HOSTILE]


def test_the_longer_of_both_is_cut(reranker: CrossEncoderReranker) -> None:
    (unread,) = reranker.scores(QUESTION, [FILLER * 1_000 + WORD])
    (read,) = reranker.scores(FILLER * 1_000, [WORD])
    assert unread < 1 < 9 < read


def test_no_model_reads_more_than_512_tokens(tmp_path: Path) -> None:
    write_cross_encoder(tmp_path / "long", max_tokens=2_048)
    long = load_reranker(str(tmp_path / "long"))
    before, after = long.scores("Why?", [f"{'word ' * n}{WORD}{' word' * 700}" for n in (450, 550)])
    assert after == pytest.approx(0, abs=1e-3)
    assert before > 0.1


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        ([1.0, np.nan, -3.0, np.inf, -np.inf], [1.0, -3.0, -3.0, -3.0, -3.0]),
        ([np.nan, np.inf], [0.0, 0.0]),
    ],
)
def test_scores_that_are_no_numbers_come_last(
    folder: Path, monkeypatch: pytest.MonkeyPatch, predicted: list[float], expected: list[float]
) -> None:
    broken = load_reranker(str(folder))
    monkeypatch.setattr(broken._model, "predict", lambda *_, **__: np.array(predicted))
    scores = broken.scores(QUESTION, ["text"] * len(predicted))
    assert scores.tolist() == expected
    assert scores.dtype == np.float32


def test_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert load_reranker(folder.name).name == str(folder.resolve())


def test_a_model_that_sentence_transformers_saved(
    reranker: CrossEncoderReranker, folder: Path, tmp_path: Path
) -> None:
    from sentence_transformers import CrossEncoder

    saved = tmp_path / "saved"
    CrossEncoder(str(folder), device="cpu").save_pretrained(str(saved))
    assert (saved / "modules.json").exists()
    # What is saved with it, a sigmoid, is left out: the best texts must stay apart.
    np.testing.assert_array_equal(
        load_reranker(str(saved)).scores(QUESTION, TEXTS), reranker.scores(QUESTION, TEXTS)
    )


@pytest.mark.parametrize("name", ["nobody/no-such-model", "/no/such/folder", "no such model", ""])
def test_no_such_model(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelNotFound) as caught:
        load_reranker(name)
    assert f"the re-ranker {name!r} cannot be used (" in str(caught.value)
    assert "give the folder of a sentence-transformers cross-encoder" in str(caught.value)


def _remove_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def _cut_weights(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[:-100])


def _remove_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def _break_settings(folder: Path) -> None:
    (folder / "config.json").write_text("{")


@pytest.mark.parametrize(
    "damage", [_remove_weights, _cut_weights, _remove_tokenizer, _break_settings]
)
def test_a_damaged_model(folder: Path, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    damage(copy)
    with pytest.raises(ModelNotFound, match="cannot be used"):
        load_reranker(str(copy))


def test_a_model_without_a_head_is_no_cross_encoder(folder: Path, tmp_path: Path) -> None:
    """Sentence-transformers would give it a head of random weights."""
    from transformers import AutoModel

    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    AutoModel.from_pretrained(folder).save_pretrained(copy)
    with pytest.raises(ModelNotFound, match="it is no cross-encoder but BertModel"):
        load_reranker(str(copy))


def test_an_embedding_model_is_no_cross_encoder(tiny_model: Path) -> None:
    with pytest.raises(ModelNotFound, match="cannot be used"):
        load_reranker(str(tiny_model))


@pytest.mark.parametrize("labels", [2, 3])
def test_a_model_with_several_labels_is_refused(tmp_path: Path, labels: int) -> None:
    write_cross_encoder(tmp_path / "classes", labels=labels)
    with pytest.raises(ModelNotFound, match=f"it has {labels} labels"):
        load_reranker(str(tmp_path / "classes"))


def test_code_in_the_folder_is_not_run(folder: Path, tmp_path: Path) -> None:
    copy, ran = tmp_path / "copy", tmp_path / "ran"
    shutil.copytree(folder, copy)
    settings = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    settings["model_type"] = "own"
    settings["auto_map"] = {
        "AutoConfig": "own.Config",
        "AutoModelForSequenceClassification": "own.Model",
    }
    (copy / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    (copy / "own.py").write_text(f"open({str(ran)!r}, 'w')", encoding="utf-8")
    with pytest.raises(ModelNotFound, match="custom code"):
        load_reranker(str(copy))
    assert not ran.exists()


def test_nothing_is_printed(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load_reranker(str(folder)).scores(QUESTION, TEXTS)
    printed = capfd.readouterr()
    assert printed.out == ""
    # A bar of progress would be drawn here.
    assert "it/s" not in printed.err


def test_importing_it_loads_no_slow_library() -> None:
    code = (
        "import sys; import assistant.reranking; "
        "print([m for m in ('torch', 'transformers', 'sentence_transformers') if m in sys.modules])"
    )
    done = python("-c", code)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
