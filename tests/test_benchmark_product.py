"""The product's benchmark, on a collection whose right answers are plain to see."""

from __future__ import annotations

import gzip
import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import _product, retrieval
from benchmarks._dev_sets import Case, read_set
from benchmarks._product import Beside, Bm25Words, Run, Text, ranks_by, success

PASSAGES = {
    "en": {
        "p1": "The old bridge over the river was closed after the flood in March.",
        "p2": "The museum shows paintings that were stolen during the war.",
        "p3": "Farmers expect the best wheat harvest in twenty years.",
    },
    "de": {
        "p1": "Die alte Brücke über den Fluss wurde nach der Flut im März gesperrt.",
        "p2": "Das Museum zeigt Gemälde, die während des Krieges gestohlen wurden.",
        "p3": "Die Bauern erwarten die beste Weizenernte seit zwanzig Jahren.",
    },
}
QUESTIONS = {
    "en": {
        "p1": "Why was the bridge over the river closed?",
        "p2": "Which museum shows stolen paintings?",
        "p3": "What wheat harvest do farmers expect?",
    },
    "de": {
        "p1": "Warum wurde die Brücke über den Fluss gesperrt?",
        "p2": "Welches Museum zeigt gestohlene Gemälde?",
        "p3": "Welche Weizenernte erwarten die Bauern?",
    },
}


def write_set(folder: Path) -> None:
    """Writes the passages and questions as a development set of two languages."""
    folder.mkdir(exist_ok=True)
    for language, texts in PASSAGES.items():
        rows = {
            "articles": [{"id": i, "text": text} for i, text in texts.items()],
            "cases": [
                {"id": f"q-{i}", "question": question, "relevant": [i]}
                for i, question in QUESTIONS[language].items()
            ],
        }
        for name, values in rows.items():
            with gzip.open(folder / f"{language}.{name}.jsonl.gz", "wt", encoding="utf-8") as file:
                file.writelines(json.dumps(value) + "\n" for value in values)


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dev")
    for kind in ("xquad", "xquad_r", "korquad1_dev"):
        write_set(folder / kind)
    return folder


def test_bm25_is_the_formula_worked_out() -> None:
    texts = [Text("a", "en", "Sun sun rain"), Text("b", "en", "rain"), Text("c", "en", "wind")]
    found = Bm25Words(texts)
    assert found.search("SUN, or rain?") == ["a", "b"]
    assert found.search("rain") == ["b", "a"]
    assert found.search("snow") == []
    # One passage of three holds "wind", one word where the mean is five thirds.
    norm = 1.2 * (0.25 + 0.75 * 1 / (5 / 3))
    expected = math.log(1 + 2.5 / 1.5) * 2.2 / (1 + norm)
    assert found.scores("wind").tolist() == pytest.approx([0, 0, expected])


def test_ranks_and_success() -> None:
    cases = [Case("1", "x", ("a", "b")), Case("2", "y", ("c",)), Case("3", "z", ("a",))]
    order = {"x": ["c", "b", "a"], "y": ["a"], "z": ["a"]}
    ranks = ranks_by(order.__getitem__, cases)
    assert [r.tolist() for r in ranks] == [[2, 3], [math.inf], [1]]
    assert success(ranks, 1) == pytest.approx(1 / 3)
    assert success(ranks, 2) == pytest.approx(2 / 3)


def test_every_task(
    dev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "result.json"
    command = ["retrieval", str(dev), "--mode", "hybrid", "--output", str(output)]
    monkeypatch.setattr(sys, "argv", command)
    retrieval.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert result == json.loads(output.read_text(encoding="utf-8"))
    same, cross = result["same_and_cross"]["same"], result["same_and_cross"]["cross"]
    assert "beside" not in result and "beside" not in same
    for way in ("hybrid", "lexical", "bm25_words"):
        assert same[way]["mean"] == {"recall@1": 1, "ndcg@10": 1}, way
        assert result["sentences"][way]["by_set"]["de"]["recall@1"] == 1
        assert set(result["native"][way]["by_set"]) == {"korquad1_dev de", "korquad1_dev en"}
    assert set(cross["hybrid"]["by_set"]) == {"de to en", "en to de"}
    assert cross["bm25_words"]["mean"]["recall@1"] < cross["hybrid"]["mean"]["recall@1"]
    assert cross["worst_of_hybrid"]["pair"] in {"de to en", "en to de"}
    recalls = {way: cross[way]["by_set"] for way in ("hybrid", "dense", "re-ranked")}
    for way in ("dense", "re-ranked"):
        assert cross["hybrid_below"][way] == [
            pair
            for pair in ("de to en", "en to de")
            if recalls["hybrid"][pair]["recall@1"] < recalls[way][pair]["recall@1"]
        ]
    pooled = result["pooled"]["hybrid"]["by_set"]
    assert pooled["en"]["success@1"] == pooled["de"]["success@1"] == 1
    assert pooled["en"]["any_ndcg@10"] == 1
    assert 0.5 < pooled["en"]["ndcg@10"] <= 1


def test_questions_are_drawn_alike_in_every_language(dev: Path) -> None:
    asked: list[str] = []
    result = _product.same_and_cross(dev / "xquad", Run("bundled", 1, asked.append))
    assert asked == ["passages in de", "passages in en"]
    mean = result["same"]["hybrid"]["mean"]  # type: ignore[index]
    assert mean["recall@1"] in (0, 1)


def test_another_model_ranks_by_cosine(tiny_model: Path) -> None:
    texts = [Text(i, "en", text) for i, text in PASSAGES["en"].items()]
    twice = [Text("a-copy", "en", texts[2].text), *texts]
    search = Beside(tiny_model).over(twice)
    for text in texts[:2]:
        assert search(text.text)[0] == text.id
    assert search(texts[2].text)[:2] == ["a-copy", "p3"]
    assert len(search("Which museum?")) == len(twice)


def test_another_model_beside_where_all_is_english(
    dev: Path,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tasks = ["same_and_cross", "sentences", "native"]
    options = ["--mode", "hybrid", "--tasks", *tasks, "--beside", str(tiny_model)]
    monkeypatch.setattr(sys, "argv", ["retrieval", str(dev), *options])
    retrieval.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert result["beside"] == tiny_model.name
    cases = read_set(dev / "xquad", "en").cases
    search = Beside(tiny_model).over([Text(i, "en", text) for i, text in PASSAGES["en"].items()])
    recall = success(ranks_by(search, cases), 1)
    same, cross = result["same_and_cross"]["same"], result["same_and_cross"]["cross"]
    for measured, name in (
        (same, "en"),
        (result["sentences"], "en"),
        (result["native"], "korquad1_dev en"),
    ):
        assert measured["beside"]["mean"] == measured["beside"]["by_set"][name]
        assert set(measured["beside"]["by_set"]) == {name}
        assert measured["beside"]["mean"]["recall@1"] == pytest.approx(recall, abs=1e-4)
        assert len(measured["hybrid"]["by_set"]) == 2
    assert "beside" not in cross


@pytest.mark.parametrize(
    "options", [["--mode", "hybrid", "--tasks", "xquad"], ["--tasks", "pooled"]]
)
def test_a_task_of_the_other_mode_is_refused(
    dev: Path,
    options: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["retrieval", str(dev), *options])
    with pytest.raises(SystemExit) as stopped:
        retrieval.main()
    assert stopped.value.code == 2
    assert "the tasks of --mode" in capsys.readouterr().err
