"""The benchmark of answers, on a set of two languages whose figures can be worked out by hand."""

from __future__ import annotations

import gzip
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.answering import CALIBRATION
from assistant.api import Assistant
from benchmarks import answers
from benchmarks._dev_sets import Case, DevSet, read_sets
from benchmarks._product import Beside, Text, indexed, texts_of
from benchmarks._shown import (
    Asked,
    Asking,
    Citations,
    Seen,
    beside_best,
    bm25_first,
    questions_over,
)
from benchmarks.answers import Observed, abstention, added, cross, mean, of_a_pair, same

RIVERS = ("Alba", "Brenta", "Corno", "Dora", "Elsa", "Fiora", "Giona", "Hiva", "Isa", "Jona")
YEARS = tuple(range(1871, 1891, 2))
TEXTS = {
    "en": "The weather was fine. The old bridge over the {river} was closed in {year}.",
    "de": "Das Wetter war gut. Die alte Brücke über die {river} wurde {year} gesperrt.",
}
ASKED = {
    "en": "When was the old bridge over the {river} closed?",
    "de": "Wann wurde die alte Brücke über die {river} gesperrt?",
}


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten passages, two articles of five; of `p09` no answer is right."""
    folder = tmp_path_factory.mktemp("dev")
    (folder / "xquad").mkdir()
    for language, text in TEXTS.items():
        said = list(zip(RIVERS, YEARS, strict=True))
        articles = [
            {"id": f"p{n:02}", "text": text.format(river=river, year=year)}
            for n, (river, year) in enumerate(said)
        ]
        cases = [
            {
                "id": f"q{n:02}",
                "question": ASKED[language].format(river=river),
                "relevant": [f"p{n:02}"],
                "answers": ["never" if n == 9 else str(year)],
            }
            for n, (river, year) in enumerate(said)
        ]
        for name, rows in (("articles", articles), ("cases", cases)):
            path = folder / "xquad" / f"{language}.{name}.jsonl.gz"
            with gzip.open(path, "wt", encoding="utf-8") as file:
                file.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


def _seen(over: str, language: str, group: int, confidence: float, **values: float) -> Seen:
    kind: Any = "same" if over == language else "cross"
    asked = Asked(kind, language, over, Case("q", "?", ("p",), ()), group)
    return Seen(asked, values, confidence)


def test_same_is_the_mean_of_the_languages() -> None:
    seen = [_seen("en", "en", 0, 0.5, shown=value) for value in (1.0, 1.0, 0.0, 0.0)]
    seen.append(_seen("de", "de", 0, 0.5, shown=1.0))
    assert same(seen) == {
        "mean": {"shown": 0.75},
        "by_language": {"en": {"shown": 0.5}, "de": {"shown": 1.0}},
    }


def test_a_measure_that_some_lack_is_the_mean_of_the_others() -> None:
    assert mean([{"shown": 1.0, "beside": 0.5}, {"shown": 0.0}]) == {"shown": 0.5, "beside": 0.5}


def test_cross_is_the_mean_of_the_pairs() -> None:
    seen = [
        *(_seen("en", "de", 0, 0.5, shown=value) for value in (1.0, 1.0, 1.0, 0.0)),
        _seen("en", "fr", 0, 0.5, shown=0.0),
        _seen("de", "en", 0, 0.5, shown=1.0),
    ]
    assert cross(seen) == {
        "pairs": 3,
        "mean": {"shown": 0.5833},
        "by_passage_language": {"en": {"shown": 0.375}, "de": {"shown": 1.0}},
        "worst": {"pair": "fr to en", "shown": 0.0},
    }


def test_abstention_counts_articles_that_were_not_fitted_apart() -> None:
    seen = [
        _seen("en", "en", 0, 0.1),
        _seen("en", "en", 1, 0.9),
        _seen("en", "en", 1, 0.2),
        _seen("en", "de", 3, 0.8),
    ]
    observed = Observed(Citations(), seen, [0.7, 0.3, 0.1, 0.6], [0.25, 0.25])
    result: Any = abstention(observed)
    assert result["threshold"] == 0.25
    held, everything = result["held"], result["all"]
    assert held["same"]["questions"] == 2 and held["cross"]["questions"] == 1
    assert held["both"]["questions"] == 3 and everything["both"]["questions"] == 4
    # With its article 0.9 and 0.2, without 0.3 and 0.1: three of the four pairs are in order.
    assert held["same"]["auroc"] == 0.75
    assert held["same"]["answered when it is there"] == 0.5
    assert held["same"]["refused when it is not"] == 0.5
    # A tenth of the way from 0.2 to 0.9: 0.27.
    assert held["same"]["refused where 90 % are answered"] == 0.5
    assert held["cross"]["auroc"] == 1
    assert held["cross"]["refused when it is not"] == 0
    # 0.1, 0.9 and 0.2 are above 0.7, 0.3 and 0.1 in four of nine pairs; a tie counts half.
    assert everything["same"]["auroc"] == 0.5


def test_added_is_the_median_of_the_turns_by_question() -> None:
    retrieve = np.full((3, 2, 2), 0.01)
    answer = retrieve.copy()
    answer[..., 1] += [[0.002, 0.004], [0.003, 0.004], [0.900, 0.005]]
    answer[..., 0] = 5.0
    values = added({"answer": answer, "retrieve": retrieve})
    assert values["p50"] == pytest.approx(3.5)
    assert values["p99"] == pytest.approx(3.99)
    assert values["retrieve_p50"] == pytest.approx(10)
    assert values["to_retrieve"] == pytest.approx(1.4)


def _sets(languages: str, count: int) -> dict[str, DevSet]:
    ids = tuple(f"p{n:03}" for n in range(count))
    return {
        language: DevSet(
            ids,
            ids,
            tuple(Case(f"q{i}", f"{language} {i}", (i,), (f"{language} answer",)) for i in ids),
        )
        for language in languages
    }


def test_every_language_meets_the_same_questions() -> None:
    sets = _sets("abcd", 60)
    same_ids = {
        language: {one.case.id for one in questions_over(sets, language, "same", 7)}
        for language in sets
    }
    assert len(same_ids["a"]) == 7
    assert all(ids == same_ids["a"] for ids in same_ids.values())
    pairs = [one for over in sets for one in questions_over(sets, over, "cross", 5)]
    assert len(pairs) == 12 * 5
    for language in sets:
        of_passages = sorted(one.case.id for one in pairs if one.over == language)
        of_questions = sorted(one.case.id for one in pairs if one.language == language)
        assert len(set(of_passages)) == 15
        assert of_passages == of_questions
    for one in pairs:
        assert one.language != one.over
        assert one.case.question == f"{one.language} {one.case.relevant[0]}"
        assert one.case.answers == (f"{one.over} answer",)
        assert one.group == int(one.case.relevant[0][1:]) // 5
        assert one.held == (one.group % 2 == 1)


def test_a_pair_is_asked_a_tenth_of_the_questions_and_at_least_five() -> None:
    assert [of_a_pair(count) for count in (6, 50, 100, 1190)] == [5, 5, 10, 119]


def test_bm25_shows_the_first_sentence_of_the_best_passage() -> None:
    texts = [Text("a", "en", "It rained. The sun shone on Milltown."), Text("b", "en", "Snow.")]
    best = bm25_first(texts)
    assert best("Where did the sun shine, in Milltown?") == "It rained."
    assert best("Nothing of this") == ""


def test_another_model_shows_the_sentence_nearest_to_the_question(tiny_model: Path) -> None:
    texts = [
        Text("a", "en", "It rained. The sun shone on Milltown."),
        Text("b", "en", "Snow fell."),
    ]
    best = beside_best(Beside(tiny_model), texts)
    for sentence in ("It rained.", "The sun shone on Milltown.", "Snow fell."):
        assert best(sentence) == sentence


def test_what_is_seen_is_what_the_product_shows(dev: Path) -> None:
    passages = read_sets(dev / "xquad")["en"]
    texts = texts_of(passages, "en")
    question = ASKED["en"].format(river="Dora")
    citations = Citations()
    with indexed(texts, "bundled") as folder, Asking(folder, citations) as asking:
        with Assistant(folder) as assistant:
            answer = assistant.answer(question)
        assert answer.found and "1877" in answer.sentences[0].text
        right = Case("q", question, ("p03",), ("1877",))
        wrong = Case("q", question, ("p03",), ("1902",))
        plain = {"first": bm25_first(texts), "said": lambda question: f"{question} 1877"}
        one, other = (asking.see(Asked("same", "en", "en", c, 0), plain) for c in (right, wrong))
        assert asking.threshold == CALIBRATION["hybrid"].threshold
    assert one.confidence == other.confidence == answer.confidence
    ways = ("shown", "shown@1", "never_refused", "never_refused@1", "first", "said")
    assert [one.values[way] for way in ways] == [1, 1, 1, 1, 0, 1]
    assert [other.values[way] for way in ways] == [0, 0, 0, 0, 0, 0]
    assert one.values["answered"] == other.values["answered"] == 1
    assert citations.to_dict() == {"seen": 2 * len(answer.citations), "not_verbatim": 0}


def test_every_task_of_the_set(
    dev: Path,
    tmp_path: Path,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "result.json"
    options = ["--questions", "10", "--tasks", "same", "cross", "abstention"]
    command = ["answers", str(dev), *options, "--beside", str(tiny_model), "--output", str(output)]
    monkeypatch.setattr(sys, "argv", command)
    answers.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert result == json.loads(output.read_text(encoding="utf-8"))
    assert result["questions_of_a_pair"] == 5
    assert set(result["same"]["by_language"]) == {"de", "en"}
    for language in ("de", "en"):
        values = result["same"]["by_language"][language]
        # The river is named in one passage alone, and the year of one of ten is not asked for.
        assert values["never_refused"] == 0.9
        assert values["shown"] <= min(values["answered"], values["never_refused"])
        assert values["bm25_first"] == 0
        assert ("beside" in values) == (language == "en")
    beside = result["same"]["by_language"]["en"]["beside"]
    assert beside == result["same"]["mean"]["beside"]
    assert result["cross"]["pairs"] == 2
    assert set(result["cross"]["by_passage_language"]) == {"de", "en"}
    assert "beside" not in result["cross"]["mean"]
    shown = [v["shown"] for v in result["cross"]["by_passage_language"].values()]
    assert result["cross"]["worst"]["shown"] == min(shown)
    figures = result["abstention"]
    # Of ten questions of two languages, half are about the second article.
    assert figures["all"]["same"]["questions"] == 20
    assert figures["held"]["same"]["questions"] == 10
    assert figures["all"]["both"]["questions"] == 30
    assert figures["all"]["same"]["auroc"] > 0.5
    assert result["citations"]["seen"] > 0
    assert result["citations"]["not_verbatim"] == 0
    assert "added_ms" not in result


def test_an_article_is_not_in_the_index_that_lacks_it(dev: Path) -> None:
    sets = read_sets(dev / "xquad")
    observed = answers.observe(sets, 10, ["same"], abstention=True, beside=None)
    assert len(observed.seen) == len(observed.lacking) == 20
    passages = sets["en"]
    kept = [text for text in texts_of(passages, "en") if text.id >= "p05"]
    question = next(one for one in observed.seen if one.asked.over == "en" and not one.asked.held)
    lacking = observed.lacking[observed.seen.index(question)]
    with indexed(kept, "bundled") as folder, Assistant(folder) as assistant:
        answer = assistant.answer(question.asked.case.question)
    assert {hit.article.id for hit in answer.hits} <= {text.id for text in kept}
    assert lacking == answer.confidence
    assert lacking < question.confidence


def test_a_quote_that_its_article_does_not_say_is_counted(dev: Path) -> None:
    texts = texts_of(read_sets(dev / "xquad")["en"], "en")
    with indexed(texts, "bundled") as folder, Assistant(folder) as assistant:
        answer = assistant.answer(ASKED["en"].format(river="Alba"))
    cited = replace(answer.citations[0], start=answer.citations[0].start + 1)
    citations = Citations()
    citations.add(answer)
    citations.add(replace(answer, citations=(cited,)))
    assert citations.to_dict() == {"seen": len(answer.citations) + 1, "not_verbatim": 1}
