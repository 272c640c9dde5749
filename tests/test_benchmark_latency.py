"""The latency benchmark over a few dozen passages of a training folder that is made here."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.text import is_spaceless
from benchmarks import _recombined, latency
from benchmarks._recombined import (
    COLLECTION,
    QUESTIONS,
    cut,
    read_pools,
    read_questions,
    write_collection,
)
from benchmarks.latency import EXACT, apart, figures, take_turns
from training.corpus import Group, write_groups

PLACES = ("Fairhaven", "Milltown", "Kingsbridge", "Oakfield", "Westport")
COSTS = tuple(range(3, 40, 3))


def _said(pattern: str) -> list[str]:
    return [pattern.format(place=place, cost=cost) for place, cost in product(PLACES, COSTS)]


ENGLISH = _said("The mayor of {place} said that the new bridge had cost {cost} million crowns.")
GERMAN = _said("Die neue Brücke habe {cost} Millionen Kronen gekostet, sagte man in {place}.")
FRENCH = _said("Le nouveau pont a coûté {cost} millions de couronnes, dit le maire de {place}.")
JAPANESE = _said("{place}の市長は、新しい橋の建設に{cost}億円かかったと記者会見で述べた。")
THAI = _said("นายกเทศมนตรีเมือง {place} กล่าวว่าสะพานใหม่ใช้งบประมาณ {cost} ล้านบาท")


@pytest.fixture(scope="module")
def train(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("train")
    german, french = zip(ENGLISH, GERMAN, strict=True), zip(ENGLISH, FRENCH, strict=True)
    write_groups(
        [
            Group("parallel", "some", "de", (*german, ("Too short.", "Zu kurz."))),
            Group("parallel", "some", "fr", tuple(french)),
            Group("headline", "some", "ja", (("橋", "".join(JAPANESE)),)),
            Group("question", "some", "th", (("สะพาน", "\n\n".join(THAI)),)),
            Group("parallel", "pydocs-3", "it", ((ENGLISH[0], "Un manuale " * 9),)),
            Group("lexicon", "some", "es", ((ENGLISH[0], "Una palabra " * 9),)),
        ],
        folder,
    )
    return folder


@pytest.fixture(scope="module")
def written(train: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    articles, languages = write_collection(train, folder, 200)
    assert (articles, languages) == (20, 5)
    return folder


def _articles(folder: Path) -> list[dict[str, str]]:
    lines = (folder / COLLECTION).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_pools_are_sentences_and_what_they_are_in_english(train: Path) -> None:
    pools = read_pools(train)
    assert set(pools) == {"de", "en", "fr", "ja", "th"}
    assert pools["de"] == dict(zip(GERMAN, ENGLISH, strict=True))
    assert pools["en"] == dict(zip(ENGLISH, ENGLISH, strict=True))
    assert pools["ja"] == dict.fromkeys(JAPANESE)
    assert pools["th"] == dict.fromkeys(THAI)


def test_articles_are_runs_of_sentences_of_one_language(train: Path, written: Path) -> None:
    pools = read_pools(train)
    articles = _articles(written)
    assert len({article["language"] for article in articles}) >= 4
    for article in articles:
        texts = list(pools[article["language"]])
        rest = article["text"].replace("\n\n", "" if article["language"] == "ja" else " ")
        runs = 0
        while rest:
            (place,) = (i for i, text in enumerate(texts) if rest.startswith(text))
            for text in texts[place : place + 3]:
                rest = rest.removeprefix(text).lstrip(" ")
            runs += 1
        assert runs > 5
        assert any(text.startswith(article["title"]) for text in texts)


def test_the_same_data_give_the_same_text(train: Path, written: Path, tmp_path: Path) -> None:
    write_collection(train, tmp_path, 200)
    for name in (COLLECTION, QUESTIONS):
        assert (tmp_path / name).read_bytes() == (written / name).read_bytes()


def test_questions_are_drawn_from_articles(train: Path, written: Path) -> None:
    pools = read_pools(train)
    articles = {article["id"]: article for article in _articles(written)}
    questions = read_questions(written, 1_000)
    kinds = [question.kind for question in questions]
    assert kinds == sorted(kinds, key=["written", "same", "other"].index)
    assert kinds.count("same") == len(articles) > kinds.count("other") > 0
    for question in questions:
        if question.article is None:
            continue
        article = articles[question.article]
        if is_spaceless(question.text):
            assert 16 <= len(question.text) <= 24
        else:
            assert 8 <= len(question.text.split()) <= 12
        in_article = any(question.text in text for text in (article["title"], article["text"]))
        assert in_article == (question.kind == "same")
        if question.kind == "other":
            others = [
                t for name in ("de", "en", "fr") if name != article["language"] for t in pools[name]
            ]
            assert any(text.startswith(question.text) for text in others)
    assert [q.kind for q in read_questions(written, 4)[-5:]] == ["written"] + ["same"] * 2 + [
        "other"
    ] * 2


def test_cutting_words() -> None:
    assert cut("one two  three four", 3) == "one two three"
    assert cut("橋の建設に三億円かかった", 3) == "橋の建設に三"


def test_milliseconds_and_ratios_within_a_turn() -> None:
    wall = np.arange(1, 101).reshape(4, 25) / 1_000
    seconds = {
        "hybrid": np.stack([3 * wall, wall], axis=-1),
        EXACT: np.stack([wall, wall / 2], axis=-1),
    }
    measured = figures(seconds)
    assert measured["hybrid"] == {
        "p50_ms": 151.5,
        "p99_ms": pytest.approx(3 * 99.01),
        "processor_p50_ms": 50.5,
        "processor_p99_ms": pytest.approx(99.01),
        "to_exact": 3,
    }
    assert measured[EXACT]["to_exact"] == 1


def test_ways_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "_AT_ONCE", 2)
    asked: list[tuple[str, str]] = []

    def way(name: str) -> Callable[[str], None]:
        return lambda question: asked.append((name, question))

    seconds = take_turns({"x": way("x"), "y": way("y")}, ["1", "2", "3"], 2)
    assert ["".join(pair) for pair in asked] == "x1 x2 y1 y2 x3 y3".split() * 2
    assert seconds["y"].shape == (2, 3, 2) and (seconds["y"] >= 0).all()


def test_work_apart_starts_with_this_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert apart(os.getenv, "OMP_NUM_THREADS") == "7"
    assert apart(os.getpid) != os.getpid()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_command(
    train: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def here(work: Callable[..., Any], /, *arguments: Any, **options: Any) -> Any:
        return work(*arguments, **options)

    questions = tmp_path / "questions"
    questions.mkdir()
    (questions / "some.jsonl").write_text(
        '{"question": "Who paid for it?"}\n' * 5, encoding="utf-8"
    )
    monkeypatch.setattr(_recombined, "_WRITTEN", questions)
    monkeypatch.setattr(latency, "apart", here)
    for name in latency.THREADS:
        monkeypatch.setenv(name, os.environ.get(name, "1"))
    command = ["latency", str(train), "--passages", "30", "--questions", "4", "--turns", "1"]
    command += ["--index", str(tmp_path / "kept")]
    monkeypatch.setattr(sys, "argv", [*command, "--profile"])
    latency.main()
    printed = capsys.readouterr()
    result = json.loads(printed.out)
    assert result["threads"] == 1
    assert result["questions"] == 5 + 4
    index = result["index"]
    assert index["articles"] == 3
    assert 3 * 6 <= index["passages"] <= 3 * 16
    assert index["megabytes_on_disk"] > 0 and index["build_peak_megabytes"] > 0
    assert set(result["ways"]) == {"hybrid", "dense", "lexical", EXACT}
    for values in result["ways"].values():
        assert 0 < values["p50_ms"] <= values["p99_ms"]
    assert result["found"]["lexical"]["same"] == 1
    assert min(result["anonymous_megabytes"].values()) > 0
    profile = printed.err[printed.err.index("share of hybrid") :].splitlines()[1:]
    assert len(profile) == 15
    assert profile[0].split()[2:] == ["api.py", "retrieve"]

    monkeypatch.setattr(sys, "argv", command)
    monkeypatch.setattr(latency, "make_index", None)
    latency.main()
    again = json.loads(capsys.readouterr().out)
    assert again["index"] == index
    assert again["found"] == result["found"]
