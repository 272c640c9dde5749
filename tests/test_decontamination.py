"""No sentence of an evaluation set among the training pairs."""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import regex

from training import decontamination
from training.corpus import Group, Kind
from training.decontamination import Count, Forbidden, clean, read_forbidden, read_sets

PASSAGE = (
    "The Panthers' defense gave up just 308 points, ranking sixth in the league, while also "
    "leading the NFL in interceptions with 24."
)
QUESTION = "Who led the sacks?"
CHINESE = "黑豹队的防守只丢了 308分，在联赛中排名第六，同时也以 24 次拦截领先国家橄榄球联盟。"
THAI = "ทีมรับของแพนเธอร์สถอดใจที่คะแนนสามร้อยแปดได้อันดับที่หกของลีกในปีนั้น"
FORBIDDEN = Forbidden.of([PASSAGE, QUESTION, CHINESE, THAI])


@pytest.mark.parametrize(
    "text",
    [
        QUESTION,
        "who led the sacks",
        "  WHO  led — the “sacks”?! ",
        "Ｗｈｏ　ｌｅｄ　ｔｈｅ　ｓａｃｋｓ？",
        "Who led the sa\u00adcks?",
        "Who led\nthe sacks?",
        PASSAGE.upper().replace("'", "’"),
        CHINESE.replace(" ", "").replace("，", ","),
        THAI[:20] + "\u200b" + THAI[20:],
    ],
)
def test_a_text_is_found_whatever_its_case_width_and_punctuation(text: str) -> None:
    assert FORBIDDEN.holds(text) == "exact"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?!",
        "Who led the attack?",
        "The Panthers",
        "He asked: who led the sacks? Nobody knew.",
        "Who led the sacks? Who led the sacks?",
    ],
)
def test_other_texts_are_kept(text: str) -> None:
    assert FORBIDDEN.holds(text) is None


def test_eight_words_in_a_row_are_found_in_a_longer_text_and_seven_are_not() -> None:
    eight = "gave up just 308 points, ranking sixth in"
    seven = "gave up just 308 points, ranking sixth"
    assert FORBIDDEN.holds(f"Last year another team {eight} its group.") == "overlap"
    assert FORBIDDEN.holds(f"LAST YEAR ANOTHER TEAM {eight.upper()} ITS GROUP!") == "overlap"
    assert FORBIDDEN.holds(f"Last year another team {seven} of all.") is None
    assert FORBIDDEN.holds(eight) == "overlap"


def test_a_run_needs_the_words_in_order_and_without_gaps() -> None:
    assert FORBIDDEN.holds("gave just up 308 points ranking sixth in the group") is None
    assert FORBIDDEN.holds("gave up just 308 points or so ranking sixth in the group") is None


def test_sixteen_han_in_a_row_are_found_and_fifteen_are_not() -> None:
    text = "在联赛中排名第六同时也以领先国家橄榄球联盟"
    forbidden = Forbidden.of([f"队的防守，{text}的成绩。"])
    assert forbidden.holds(f"他们{text[3:19]}吗") == "overlap"
    assert forbidden.holds(f"他们{text[3:18]}吗") is None


def test_numbers_and_latin_words_count_in_a_chinese_run() -> None:
    assert FORBIDDEN.holds("去年只丢了308分,在联赛中排名第六,同时很好") == "overlap"
    assert FORBIDDEN.holds("去年只丢了309分,在联赛中排名第六,同时很好") is None


def test_forty_letters_of_thai_in_a_row_are_found_and_thirty_nine_are_not() -> None:
    # Thai may be spaced anywhere.
    assert FORBIDDEN.holds(f"เมื่อ{THAI[10:30]} {THAI[30:50]}กัน") == "overlap"
    assert FORBIDDEN.holds(f"เมื่อ{THAI[10:49]}กัน") is None


def test_short_texts_are_no_contamination() -> None:
    short = Forbidden.of(["Yes.", "Super Bowl 50", "谁是教皇?", "ใช่", "Paris", ""])
    for text in ("yes", "Super Bowl 50", "谁是教皇", "ใช่", "Paris", ""):
        assert short.holds(text) is None
    long = Forbidden.of(
        ["Wer gewann den Pokal?", "谁是第一位住在国外的教皇?", "Umweltgesetzgebung?"]
    )
    for text in ("wer gewann den pokal", "谁是第一位住在国外的教皇", "Umweltgesetzgebung"):
        assert long.holds(text) == "exact"


def test_runs_do_not_reach_from_one_text_into_the_next() -> None:
    halves = Forbidden.of(["one two three four", "five six seven eight"])
    assert halves.holds("one two three four five six seven eight nine") is None
    whole = Forbidden.of(["one two three four five six seven eight nine"])
    assert whole.matches(["zero one two three four", "five six seven eight ten"]) == [None, None]


def test_a_run_is_found_deep_in_a_text_that_is_longer_than_a_batch() -> None:
    filler = " ".join(f"word{n}" for n in range(100_000))
    assert len(filler) > decontamination._BATCH
    run = "gave up just 308 points ranking sixth in"
    texts = ["short", f"{filler} {run} {filler}", filler, QUESTION]
    assert FORBIDDEN.matches(texts) == [None, "overlap", None, "exact"]


def _units(text: str) -> list[tuple[str, int]]:
    return [
        (part, 6 if part == "ก" else 15 if part in "字ナ" else 30)
        for part in regex.findall(r"[字ナก]|[ab2]+", text.casefold())
    ]


def _runs(text: str) -> set[str]:
    units = _units(text)
    runs = set()
    for start in range(len(units)):
        weight = 0
        for end in range(start, len(units)):
            weight += units[end][1]
            if weight >= 240:
                runs.add("".join(unit for unit, _ in units[start : end + 1]))
                break
    return runs


def test_overlap_is_what_a_plain_search_finds() -> None:
    chance = random.Random(0)
    counts = Counter[str]()
    for _ in range(300):
        base = chance.choices([" a ", " B, ", " b2\n", "字", "ナ", "ก"], k=80)
        start, size = chance.randrange(40), chance.randrange(40)
        forbidden, stretch = "".join(base[:70]), "".join(base[start : start + size])
        texts = [stretch, f"2{stretch} 2", f"2 {stretch} ab {stretch} ba", "".join(base[60:])]
        expected = [bool(_runs(forbidden) & _runs(text)) for text in texts]
        found = Forbidden.of([forbidden, "b a"]).matches(texts)
        assert [match is not None for match in found] == expected
        counts.update(map(str, found))
    assert min(counts["overlap"], counts["None"]) > 300


def _group(kind: Kind, source: str, *pairs: tuple[str, str]) -> Group:
    return Group(kind, source, "de", pairs)


def test_pairs_with_a_forbidden_side_are_dropped_and_counted_by_source() -> None:
    overlap = f"They said: {PASSAGE[:70]}."
    groups = [
        _group("parallel", "a", ("Hello.", "Hallo."), (QUESTION, "Wer?"), ("Was?", overlap)),
        _group("question", "a", ("Why?", "Because."), (QUESTION, overlap)),
        _group("parallel", "b", ("Yes.", "Ja.")),
        _group("headline", "c", ("What they said", overlap)),
        _group("lexicon", "d", (QUESTION, overlap)),
    ]
    kept, counts = clean(groups, FORBIDDEN)
    assert kept == [
        _group("parallel", "a", ("Hello.", "Hallo.")),
        _group("question", "a", ("Why?", "Because.")),
        groups[2],
        groups[4],
    ]
    assert counts == {
        "a": Count(pairs=5, exact=2, overlap=1),
        "b": Count(pairs=1),
        "c": Count(pairs=1, overlap=1),
        "d": Count(pairs=1),
    }
    assert clean(kept, FORBIDDEN)[0] == kept


def _write(path: Path, *rows: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def dev(tmp_path: Path) -> Path:
    article = "It rained. The mayor opened the bridge. Then all of them walked home."
    title = "A very long title of this article"
    _write(tmp_path / "dev/one/en.articles.jsonl.gz", {"id": "1", "text": article, "title": title})
    _write(tmp_path / "dev/one/en.cases.jsonl.gz", {"id": "2", "question": QUESTION})
    _write(tmp_path / "dev/two/en-fr.cases.jsonl.gz", {"id": "3", "question": PASSAGE})
    _write(tmp_path / "dev/qa.de.jsonl.gz", {"question": "Is this pair of no set?"})
    return tmp_path / "dev"


def test_whole_articles_their_sentences_and_questions_are_forbidden(dev: Path) -> None:
    forbidden = read_forbidden(dev)
    assert forbidden.holds("the mayor opened the bridge") == "exact"
    assert forbidden.holds("it rained the mayor opened the bridge then") == "overlap"
    assert forbidden.holds(QUESTION) == "exact"
    assert forbidden.holds(PASSAGE) == "exact"
    assert forbidden.holds("It rained.") is None
    assert forbidden.holds("A very long title of this article") is None
    assert sorted(read_sets(dev)) == ["one", "two"]
    assert read_sets(dev / "two") == {"two": [PASSAGE, PASSAGE]}


def test_the_command_counts_by_set_and_by_source(
    dev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"news\tsentence number {n}\tSatz Nummer {n}" for n in range(150)]
    rows += [f"bad\tsentence {n}\tSatz {n}" for n in range(98)]
    rows += [f"bad\t{QUESTION}\tWer?", f"bad\tHe said: {PASSAGE}\tEr sagte"]
    (tmp_path / "data").mkdir()
    with gzip.open(tmp_path / "data/parallel.de.tsv.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(rows) + "\n")
    monkeypatch.setattr(sys, "argv", ["decontamination", str(tmp_path / "data"), str(dev)])
    decontamination.main()
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "total": {"pairs": 250, "exact": 1, "overlap": 1},
        "sets": {"one": {"exact": 1, "overlap": 0}, "two": {"exact": 0, "overlap": 1}},
        "sources": {"bad": {"pairs": 100, "exact": 1, "overlap": 1}},
    }
    assert "2/2" in err


def test_a_folder_without_sets_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["decontamination", str(tmp_path), str(tmp_path)])
    with pytest.raises(SystemExit):
        decontamination.main()
    assert "no development set" in capsys.readouterr().err


def test_every_code_point_is_classified() -> None:
    weights = decontamination._weights()
    assert len(weights) == sys.maxunicode + 1
    for text, weight in (
        ("aя1ع한", 30),
        ("漢ひカー", 15),
        ("กั", 6),
        (" ,。\n", 0),
        ("\u200d\u00ad", 255),
    ):
        assert set(weights[np.array([ord(c) for c in text])].tolist()) == {weight}
