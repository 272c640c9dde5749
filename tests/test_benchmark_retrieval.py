"""The retrieval benchmark against figures worked out by hand, over words of a few numbers each."""

from __future__ import annotations

import gzip
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers

from assistant.embedding import StaticEmbedder, static_part
from benchmarks import _speed, retrieval
from benchmarks._dev_sets import Case, DevSet, read_set, set_names
from benchmarks._ranking import Pool, average_precision, encode, ndcg, ranks_of, recall
from benchmarks._speed import LIGHT, measure, medians, megabytes, texts_of

WORDS: dict[str, tuple[float, float]] = {
    "?": (0, 0),
    # Two languages, in one of which a word lies nearer to the wrong word of the other.
    "sun": (1, 0),
    "rain": (0, 1),
    "sonne": (0.8, 0.6),
    "regen": (0.9, 0.435889894),
    "long": (2, 0),
    "between": (5 / 13, 12 / 13),
    "stone": (-1, 0),
}
STATIC = "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding"
NORMALIZE = "sentence_transformers.base.modules.normalize.Normalize"


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("words") / "model"
    folder.mkdir()
    numbers = {word: number for number, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(numbers, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    table = np.array(list(WORDS.values()), np.float32)
    save_file({"embedding.weight": table}, str(folder / "model.safetensors"))
    kinds = [{"type": STATIC, "path": ""}, {"type": NORMALIZE, "path": "1_Normalize"}]
    (folder / "modules.json").write_text(json.dumps(kinds), encoding="utf-8")
    (folder / "config_sentence_transformers.json").write_text("{}", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def model(model_folder: Path) -> StaticEmbedder:
    loaded = static_part(str(model_folder))
    assert loaded is not None
    return loaded


def _write_set(
    folder: Path, name: str, articles: dict[str, str], cases: Sequence[tuple[str, str, str]]
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[dict[str, Any]]] = {
        "articles": [{"id": i, "language": name, "text": text} for i, text in articles.items()],
        "cases": [{"id": i, "question": q, "relevant": [r], "answers": []} for i, q, r in cases],
    }
    for kind, values in rows.items():
        with gzip.open(folder / f"{name}.{kind}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(value) + "\n" for value in values)


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dev")
    xquad, xquad_r = folder / "xquad", folder / "xquad_r"
    english = {"p1": "rain", "p0": "sun"}
    german = {"p0": "sonne", "p1": "regen"}
    _write_set(xquad, "en", english, [("a", "sun", "p0"), ("b", "rain", "p1")])
    _write_set(xquad, "de", german, [("a", "sonne", "p0"), ("b", "regen", "p1")])
    _write_set(xquad_r, "en", english, [("a", "sun", "p0"), ("b", "rain", "p1")])
    # The same question has its sentence under another number here.
    swapped = {"p0": "regen", "p1": "sonne"}
    _write_set(xquad_r, "de", swapped, [("a", "sonne", "p1"), ("b", "regen", "p0")])
    itn = folder / "itn_xling"
    _write_set(itn, "en-de", {"Q9": "sonne", "Q1": "regen"}, [("a", "sun", "Q1")])
    _write_set(itn, "de-en", {"Q9": "sun", "Q1": "rain"}, [("a", "regen", "Q1")])
    passages = {"p0": "sun ? ? ? rain rain rain", "p1": "sonne", "p2": "stone"}
    _write_set(folder / "pira", "en", passages, [("a", "sun", "p0")])
    return folder


def test_sets_are_ordered_by_id(dev: Path) -> None:
    assert set_names(dev / "xquad") == ["de", "en"]
    assert read_set(dev / "xquad", "en") == DevSet(
        ("p0", "p1"), ("sun", "rain"), (Case("a", "sun", ("p0",)), Case("b", "rain", ("p1",)))
    )


def test_measures_of_ranks() -> None:
    ranks = [np.array([1.0, 3.0]), np.array([12.0]), np.array([2.0]), np.array([np.inf])]
    assert recall(ranks, 1) == pytest.approx((0.5 + 0 + 0 + 0) / 4)
    assert recall(ranks, 2) == pytest.approx((0.5 + 0 + 1 + 0) / 4)
    two = (1 + 1 / math.log2(4)) / (1 + 1 / math.log2(3))
    assert ndcg(ranks, 10) == pytest.approx((two + 0 + 1 / math.log2(3) + 0) / 4)
    # More right passages than are looked at: the best possible sum is over those looked at.
    assert ndcg([np.array([1.0, 2.0, 3.0])], 2) == pytest.approx(1)
    assert average_precision(np.array([1.0, 3.0, 6.0])) == pytest.approx((1 + 2 / 3 + 3 / 6) / 3)
    assert average_precision(np.array([2.0])) == pytest.approx(1 / 2)


def test_ranks_are_those_of_the_right_rows() -> None:
    order = np.array([[2, 0, 1], [0, 1, 2]])
    first, second = ranks_of(order, [[1, 2], [2]])
    assert first.tolist() == [1, 3]
    assert second.tolist() == [3]


def test_late_interaction_is_the_formula_worked_out(model: StaticEmbedder) -> None:
    pool = Pool(model, [encode(model, ["long", "rain", "between"])])
    # Each word with 0.3 of its neighbour: (2, 0.3) and (0.6, 1).
    length_long, length_rain = math.hypot(2, 0.3), math.hypot(0.6, 1)
    long = [2 / length_long, 0.3 / length_long, (2 * 5 + 0.3 * 12) / 13 / length_long]
    rain = [0.6 / length_rain, 1 / length_rain, (0.6 * 5 + 12) / 13 / length_rain]
    assert [x > 0.6 for x in long + rain] == [True, False, False, False, True, True]
    weight_long = length_long * math.log(1 + 1 / (1 / 3 + 1 / 3))
    weight_rain = length_rain * math.log(1 + 1 / (2 / 3 + 1 / 3))
    late = [
        (
            weight_long * max(0, of_long - sum(long) / 3)
            + weight_rain * max(0, of_rain - sum(rain) / 3)
        )
        / (weight_long + weight_rain)
        for of_long, of_rain in zip(long, rain, strict=True)
    ]
    mean = sum(late) / 3
    deviation = math.sqrt(sum((x - mean) ** 2 for x in late) / 3)
    expected = [(x - mean) / deviation for x in late]
    asked = encode(model, ["long rain"])
    np.testing.assert_allclose(pool.late(asked.tokens), [expected], atol=1e-4)


def test_what_is_usual_is_so_within_a_language(model: StaticEmbedder) -> None:
    english, german = encode(model, ["sun", "rain"]), encode(model, ["sonne", "regen"])
    scores = Pool(model, [english, german]).late(encode(model, ["rain"]).tokens)
    # In each language one of two passages is above the mean, by whatever amount.
    np.testing.assert_allclose(scores, [[-1, 1, 1, -1]], atol=1e-3)


def test_only_the_first_are_re_ranked(model: StaticEmbedder) -> None:
    texts = ["stone", "sonne", "sun ? ? ? rain rain rain", "sonne"]
    pool, asked = Pool(model, [encode(model, texts)]), encode(model, ["sun"])
    assert pool.orders(asked).dense.tolist() == [[1, 3, 2, 0]]
    assert pool.orders(asked).re_ranked.tolist() == [[2, 1, 3, 0]]
    assert pool.orders(asked, depth=3).re_ranked.tolist() == [[2, 1, 3, 0]]
    assert pool.orders(asked, depth=2).re_ranked.tolist() == [[1, 3, 2, 0]]


def test_a_question_of_no_known_word_ranks_by_id(model: StaticEmbedder) -> None:
    orders = Pool(model, [encode(model, ["sun", "rain", "stone"])]).orders(encode(model, ["", "x"]))
    assert orders.dense.tolist() == orders.re_ranked.tolist() == [[0, 1, 2]] * 2


def test_every_task(
    dev: Path,
    model_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "result.json"
    command = ["retrieval", str(dev), "--model", str(model_folder), "--output", str(output)]
    monkeypatch.setattr(sys, "argv", command)
    retrieval.main()
    result = json.loads(capsys.readouterr().out)
    assert result == json.loads(output.read_text(encoding="utf-8"))
    assert str(tmp_path.parent) not in output.read_text(encoding="utf-8")
    assert result["model"] == "model"

    second = 1 / math.log2(3)
    for ranking in ("dense", "re-ranked"):
        xquad = result["xquad"][ranking]
        # "sun", "rain" and "regen" find the wrong one of two in the other language.
        assert xquad["matrix"]["recall@1"] == {"de": {"de": 1, "en": 0.5}, "en": {"de": 0, "en": 1}}
        assert xquad["matrix"]["ndcg@10"]["de"]["en"] == pytest.approx((1 + second) / 2, abs=1e-4)
        assert xquad["cross"]["recall@1"] == 0.25
        assert xquad["cross"]["ndcg@10"] == pytest.approx((1 + 3 * second) / 4, abs=1e-4)
        assert xquad["same"] == {"recall@1": 1, "ndcg@10": 1}
        assert xquad["worst_cross"] == {
            "question": "en",
            "passage": "de",
            "recall@1": 0,
            "ndcg@10": pytest.approx(second, abs=1e-4),
        }

    assert result["bm25"]["same"] == {"recall@1": 1, "ndcg@10": 1}
    assert result["bm25"]["cross"] == {"recall@1": 0, "ndcg@10": 0}

    # The right two of four at the ranks 1 and 3, but for "regen": 1 and 4.
    others, regen = (1 + 2 / 3) / 2, (1 + 2 / 4) / 2
    xquad_r = result["xquad_r"]
    assert xquad_r["sentences"] == 4
    assert xquad_r["dense"]["mAP"] == pytest.approx((3 * others + regen) / 4, abs=1e-4)
    assert xquad_r["dense"]["by_question_language"] == {
        "de": pytest.approx((others + regen) / 2, abs=1e-4),
        "en": pytest.approx(others, abs=1e-4),
    }
    assert xquad_r["dense"]["worst"]["question"] == "de"
    # "sonne" now finds "sun" before "regen", which is less than usual in its own language.
    expected = (others + others + 1 + regen) / 4
    assert xquad_r["re-ranked"]["mAP"] == pytest.approx(expected, abs=1e-4)

    assert result["itn_xling"]["dense"] == {
        "recall@1": 0.5,
        "worst": {"pair": "de-en", "recall@1": 0},
        "by_pair": {"de-en": 0, "en-de": 1},
    }

    # A mean of vectors loses the word; comparing words finds it.
    sets = {r: result["monolingual"][r]["by_set"] for r in ("dense", "re-ranked")}
    assert sets["dense"] == {"pira en": {"recall@1": 0, "ndcg@10": pytest.approx(second, abs=1e-4)}}
    assert sets["re-ranked"] == {"pira en": {"recall@1": 1, "ndcg@10": 1}}


def test_a_model_that_is_no_table_is_refused(
    dev: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["retrieval", str(dev), "--model", str(tmp_path)])
    with pytest.raises(SystemExit) as stopped:
        retrieval.main()
    assert stopped.value.code == 2
    assert "no folder of a static model" in capsys.readouterr().err


def test_speed_of_one_process(
    dev: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_speed, "_LEAST_SECONDS", 0.01)
    texts = texts_of(dev / "xquad")
    assert texts == {"english": ["sun", "rain"], "all languages": ["sonne", "regen", "sun", "rain"]}
    figures = measure(LIGHT, str(model_folder), {"some": ["sun rain", "stone"]})
    some = figures["some"]
    assert some["tokens"] == 3
    assert some["tokens_per_second"] / some["passages_per_second"] == pytest.approx(3 / 2)
    assert some["tokenising_share"] > 0
    assert figures["load"]["load_seconds"] > 0


def test_speeds_are_medians_and_ratios_are_within_a_turn(tmp_path: Path) -> None:
    turns = [
        {
            "light": {"load": {"load_seconds": light, "tokens": 5.0}},
            "beside": {"load": {"load_seconds": beside, "tokens": 4.0}},
        }
        for light, beside in ((1.0, 2.0), (2.0, 20.0), (9.0, 10.0))
    ]
    assert medians(turns) == {
        "light": {"load": {"load_seconds": 2.0, "tokens": 5.0}},
        "beside": {"load": {"load_seconds": 10.0, "tokens": 4.0}},
        "light to beside": {"load": {"load_seconds": 0.5}},
    }
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "file").write_bytes(b"x" * 1_250_000)
    assert megabytes(tmp_path) == 1.2
