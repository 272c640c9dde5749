"""The ablation adds parts one by one, and its picture shows what it measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from test_benchmark_product import PASSAGES, QUESTIONS, write_set

from benchmarks import ablation
from benchmarks._bars import Group, bars


@pytest.fixture
def dev(tmp_path: Path) -> Path:
    write_set(tmp_path)
    return tmp_path


def test_every_stage(
    dev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plot = tmp_path / "plot.svg"
    monkeypatch.setattr(
        sys, "argv", ["ablation", str(dev), "--questions", "3", "--plot", str(plot)]
    )
    ablation.main()
    result = json.loads(capsys.readouterr().out)
    stages = ["reciprocal rank fusion", *(name for name, _ in ablation.STAGES)]
    for kind in ("pool, same", "pool, cross", "pairs"):
        assert list(result["stages"][kind]) == stages
    last = result["stages"]["pool, same"][stages[-1]]
    assert last == {"recall@1": 1, "recall@5": 1}
    spent = result["milliseconds"]
    assert set(spent) == {*ablation.TIMED, "whole search"}
    assert all(0 < spent[name] < spent["whole search"] for name in ablation.TIMED)
    texts = "".join(ElementTree.parse(plot).getroot().itertext())
    assert all(stage in texts for stage in stages)


def test_the_last_stage_is_the_search(dev: Path, tmp_path: Path) -> None:
    from assistant.building import build
    from assistant.retrieval import search
    from assistant.types import Filters

    rows = [
        {"id": f"{n}{i}", "language": n, "text": t}
        for n, p in PASSAGES.items()
        for i, t in p.items()
    ]
    (tmp_path / "all.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    build(tmp_path / "all.jsonl", index=tmp_path / "index")
    collection = ablation.Collection(tmp_path / "index")
    for question in (q for questions in QUESTIONS.values() for q in questions.values()):
        hits = search(collection.index, question, k=8, mode="hybrid", filters=Filters())
        order = collection.orders(question)[ablation.STAGES[-1][0]]
        assert list(dict.fromkeys(hit.article.id for hit in hits)) == order


def test_timing_leaves_things_as_they_were() -> None:
    from assistant import ranking, retrieval

    before = (retrieval._dense, retrieval._lexical, ranking._late, ranking._romanised)
    with pytest.raises(ZeroDivisionError), ablation.timed({}):
        raise ZeroDivisionError
    assert before == (retrieval._dense, retrieval._lexical, ranking._late, ranking._romanised)


def test_bars_are_as_long_as_their_values() -> None:
    drawn = ElementTree.fromstring(bars("a < b", [Group("one & two", (("x", 50.0), ("y", 100.0)))]))
    widths = [float(r.attrib["width"]) for r in drawn.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert widths[0] / widths[1] == pytest.approx(0.5)
    texts = [t.text for t in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["a < b", "one & two", "x", "50.0", "y", "100.0"]
