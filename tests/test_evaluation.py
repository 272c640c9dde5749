"""The measures against ranx, the reading of cases, and the shape of the result."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from assistant.api import Assistant
from assistant.errors import CasesUnreadable
from assistant.evaluation import (
    Case,
    contains_answer,
    evaluate,
    ndcg,
    read_cases,
    recall,
    reciprocal_rank,
)

KEYS = [
    "questions",
    "recall@1",
    "recall@5",
    "ndcg@10",
    "mrr@10",
    "answer_contains",
    "queries_per_second",
    "intervals",
    "by_language",
]


def test_the_measures_are_those_of_ranx() -> None:
    ranx = pytest.importorskip("ranx")
    random = np.random.default_rng(2)
    names = [f"d{i}" for i in range(40)]
    relevant: dict[str, dict[str, int]] = {}
    runs: dict[str, dict[str, float]] = {}
    ours: dict[str, list[float]] = {"recall@1": [], "recall@5": [], "ndcg@10": [], "mrr@10": []}
    for number in range(80):
        query = f"q{number:02}"
        wanted = random.choice(names, random.integers(1, 13), replace=False).tolist()
        ranked = random.choice(names, random.integers(1, 30), replace=False).tolist()
        relevant[query] = dict.fromkeys(wanted, 1)
        runs[query] = {name: float(-rank) for rank, name in enumerate(ranked)}
        ours["recall@1"].append(recall(ranked, wanted, 1))
        ours["recall@5"].append(recall(ranked, wanted, 5))
        ours["ndcg@10"].append(ndcg(ranked, wanted, 10))
        ours["mrr@10"].append(reciprocal_rank(ranked, wanted, 10))
    theirs = ranx.evaluate(
        ranx.Qrels(relevant), ranx.Run(runs), list(ours), return_mean=False, threads=1
    )
    for name, values in ours.items():
        np.testing.assert_allclose(values, theirs[name], atol=1e-9)
        assert 0 < sum(values) < len(values)


def test_measures_by_hand() -> None:
    assert recall(["a", "b"], ["b", "c"], 1) == 0
    assert recall(["a", "b"], ["b", "c"], 2) == 0.5
    assert reciprocal_rank(["a", "b"], ["b"], 10) == 0.5
    assert reciprocal_rank(["a", "b"], ["b"], 1) == 0
    assert ndcg(["b"], ["b"], 10) == 1
    assert recall([], ["a"], 5) == ndcg([], ["a"], 10) == reciprocal_rank([], ["a"], 10) == 0


@pytest.mark.parametrize(
    ("shown", "answers", "held"),
    [
        ("It opened on MONDAY.", ["monday"], True),
        ("１２ ships", ["12 ships"], True),
        ("in  two\nlines", ["two lines"], True),
        ("Straße", ["STRASSE"], True),
        ("It opened.", ["closed", "open"], True),
        ("It opened.", ["closed"], False),
        ("It opened.", ["", " "], False),
        ("", ["x"], False),
    ],
)
def test_answers_that_are_contained(shown: str, answers: list[str], held: bool) -> None:
    assert contains_answer(shown, answers) is held


def cases_file(folder: Path, *lines: str | bytes) -> Path:
    path = folder / "cases.jsonl"
    path.write_bytes(b"\n".join(x if isinstance(x, bytes) else x.encode() for x in lines))
    return path


def test_reading_cases(tmp_path: Path) -> None:
    path = cases_file(
        tmp_path,
        b"\xef\xbb\xbf" + b'{"question": "A?", "relevant": ["a", "a", "b"]}\r',
        "",
        '{"question": "B\u2028\u0085?", "relevant": ["b"], "answers": ["x"], "language": "fr"}',
        '{"question": "C?", "relevant": ["c"], "note": {"more": [1]}}',
        "",
    )
    assert read_cases(path) == [
        Case("A?", ("a", "b"), (), "und"),
        Case("B\u2028\u0085?", ("b",), ("x",), "fr"),
        Case("C?", ("c",), (), "und"),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"question": ', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "an object with a 'question'"),
        ('{"relevant": ["a"]}', "an object with a 'question'"),
        ('{"question": 1, "relevant": ["a"]}', "an object with a 'question'"),
        ('{"question": "A?"}', "at least one article id"),
        ('{"question": "A?", "relevant": []}', "at least one article id"),
        ('{"question": "A?", "relevant": "a"}', "'relevant' must be a list of strings"),
        ('{"question": "A?", "relevant": [1]}', "'relevant' must be a list of strings"),
        ('{"question": "A?", "relevant": ["a"], "answers": "x"}', "'answers' must be a list"),
        ('{"question": "A?", "relevant": ["a"], "language": 5}', "'language' must be a string"),
    ],
    ids=lambda value: value[:30],
)
def test_errors_name_the_line(tmp_path: Path, line: str, reason: str) -> None:
    good = '{"question": "A?", "relevant": ["a"]}'
    path = cases_file(tmp_path, good, "", line, good)
    with pytest.raises(CasesUnreadable) as caught:
        read_cases(path)
    assert f"{path}, line 3: " in str(caught.value)
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("content", [None, b"", b"\n \n", b"\xff\xfe"])
def test_files_without_cases(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "cases.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CasesUnreadable, match=r"cases\.jsonl"):
        read_cases(path)


CASES = (
    Case("When did the harbour of Fairhaven open?", ("harbour",), ("Monday",), "en"),
    Case("How much did the cranes cost?", ("harbour", "gone"), ("a fortune",), "en"),
    Case("glacier ice", ("glacier",), (), "de"),
    Case("xyzzy", ("gone",), (), "de"),
)


def test_an_evaluation(tiny: Assistant) -> None:
    told: list[tuple[str, int, int]] = []
    result = evaluate(tiny, CASES, mode="lexical", progress=lambda *stage: told.append(stage))
    found = tiny.answer(CASES[0].question, mode="lexical").found
    shown = json.loads(json.dumps(result.to_dict()))
    assert list(shown) == KEYS
    assert shown["questions"] == 4
    assert shown["recall@1"] == pytest.approx((1 + 0.5 + 1 + 0) / 4, abs=1e-4)
    assert shown["mrr@10"] == pytest.approx(3 / 4, abs=1e-4)
    # Of the two questions that have answers, the second one's is wrong.
    assert shown["answer_contains"] == (0.5 if found else 0)
    assert shown["queries_per_second"] > 0
    for name in KEYS[1:6]:
        low, high = shown["intervals"][name]
        assert 0 <= low <= shown[name] <= high <= 1
    assert list(shown["intervals"]) == KEYS[1:6]
    assert list(shown["by_language"]) == ["de", "en"]
    german, english = shown["by_language"].values()
    assert list(german) == KEYS[:6]
    assert (german["questions"], german["recall@1"], german["answer_contains"]) == (2, 0.5, None)
    assert (english["questions"], english["answer_contains"]) == (2, shown["answer_contains"])
    assert result.unknown == ("gone",)
    assert (told[0], told[-1]) == (("asking", 0, 4), ("asking", 4, 4))


def test_nothing_measured_is_null(tiny: Assistant) -> None:
    shown = evaluate(tiny, CASES[2:]).to_dict()
    assert shown["answer_contains"] is None
    assert shown["intervals"]["answer_contains"] is None
    assert shown["recall@1"] is not None


def test_an_article_counts_once_at_its_best_passage(seeds: Assistant) -> None:
    """Three passages of one article must not push the next article from rank 2 to rank 4."""
    question = "missile warning data shared in real time"
    ranked = list(
        dict.fromkeys(hit.article.id for hit in seeds.retrieve(question, k=40, mode="hybrid"))
    )
    shown = evaluate(seeds, [Case(question, (ranked[1],), (), "en")]).to_dict()
    assert shown["mrr@10"] == 0.5


def test_an_evaluation_repeats_itself(tiny: Assistant) -> None:
    results = [evaluate(tiny, CASES).to_dict() for _ in range(2)]
    for result in results:
        del result["queries_per_second"]
    assert results[0] == results[1]
