"""Copies are found in every script, and nothing else is, whatever the collection holds."""

from __future__ import annotations

import gzip
import json
import random
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT, python
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.copies import (
    FEWEST_SHINGLES,
    PERMUTATIONS,
    CopyGroups,
    Sketches,
    copy_groups,
    sketch,
)
from benchmarks.copies import (
    COPIES,
    NO_COPIES,
    Pairs,
    Text,
    copies_found,
    count_pairs,
    cut,
    edited,
    headed,
    neighbours,
    read_collection,
    taken_for_copies,
    time_taken,
)

SEEDS = read_collection(ROOT / "seeds")
LANGUAGES = sorted({text.language for text in SEEDS})


def sketches_of(*texts: str) -> Sketches:
    return np.array([sketch(text) for text in texts])


def groups_of(*texts: str) -> list[int]:
    return copy_groups(sketches_of(*texts)).tolist()


def prose(start: int, end: int) -> str:
    """Words that are all different: two such texts share the shingles of the words they share."""
    return " ".join(f"w{number}" for number in range(start, end))


def test_a_sketch_is_a_size_and_minima() -> None:
    one, two = sketches_of(prose(0, 602), prose(300, 902))
    assert one.shape == (1 + PERMUTATIONS,) and one.dtype == np.uint32 and one.nbytes == 1024
    assert one[0] == two[0] == 600
    # A third is shared; the standard deviation of its estimate is 0.03.
    assert (one[1:] == two[1:]).mean() == pytest.approx(1 / 3, abs=0.12)


def test_a_sketch_is_the_same_in_every_process() -> None:
    code = (
        "from assistant.copies import sketch\n"
        "for end in 20, 700: print(sketch(' '.join(f'w{n}' for n in range(end))).tobytes().hex())"
    )
    expected = "".join(f"{sketch(prose(0, end)).tobytes().hex()}\n" for end in (20, 700))
    for seed in "0", "7":
        done = python("-c", code, environment={"PYTHONHASHSEED": seed})
        assert done.stdout == expected, done.stderr


def test_a_sketch_is_the_same_in_every_version() -> None:
    # An index keeps the sketches of earlier builds. Where this fails, they can no longer be
    # compared with new ones, and the format of the index must change.
    for text, values in (
        (prose(0, 700), [698, 2772598, 184957, 3320358]),
        ("Зерно 小麦の輸出 ข้าวสาลี 밀 " + prose(0, 40), [53, 131258449, 64344747, 7140985]),
        ("short", [1, 3755361903, 68699844, 548769727]),
    ):
        assert sketch(text)[[0, 1, 2, 255]].tolist() == values


def test_importing_loads_no_slow_library() -> None:
    done = python("-c", "import sys, assistant.copies; print(*sys.modules)")
    assert "assistant.copies" in done.stdout.split()
    assert not {"datasketch", "scipy"} & set(done.stdout.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_copies_are_found_in_every_language(language: str) -> None:
    original, other = [text for text in SEEDS if text.language == language][:2]
    chance = random.Random(language)
    kinds = ["cut to 75 %", "cut to 50 %", "headline", "5 % edited"]
    made = [COPIES[kind](original, other, chance) for kind in kinds]
    assert groups_of(other.text, *made, original.text) == [0, 1, 1, 1, 1, 1]


def test_languages_cover_the_scripts() -> None:
    assert {"en", "ru", "ar", "hi", "ko", "ja", "zh", "th"} <= set(LANGUAGES)


def test_the_seed_articles_are_no_copies() -> None:
    assert groups_of(*(text.text for text in SEEDS)) == list(range(len(SEEDS)))


def test_a_group_is_its_smallest_number() -> None:
    a, b = prose(0, 100), prose(1000, 1100)
    assert groups_of(b, a, b, a, a, prose(2000, 2100)) == [0, 1, 0, 1, 1, 5]
    assert copy_groups(np.zeros((0, 1 + PERMUTATIONS), np.uint32)).tolist() == []


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Straße İstanbul", "straße i\u0307stanbul"),
        ("ﬁne １２ ｶﾀｶﾅ", "fine 12 カタカナ"),
        ("co\u00adop\u200cer\u2060ation", "cooperation"),
        ("“Yes”, he said – at last.", "Yes he said at last"),
        ("東京　で\n会談", "東京で会談"),
    ],
)
def test_print_makes_no_difference(one: str, two: str) -> None:
    assert sketch(one).tolist() == sketch(two).tolist()


def test_texts_without_words_are_no_copies() -> None:
    assert groups_of("", "", " \n", "!!! …", "\u200b", "🙂🙂") == [0, 1, 2, 3, 4, 5]


def test_short_texts_are_copies_only_if_their_terms_are_equal() -> None:
    short = prose(0, FEWEST_SHINGLES + 1)
    assert sketch(short)[0] == FEWEST_SHINGLES - 1
    changed = short.replace("w3 ", "x3 ")
    assert groups_of(short, changed, short.upper(), prose(0, 60), "w1", "w2", "W2.") == [
        *(0, 1, 0, 3),
        *(4, 5, 5),
    ]
    # Long, but the same again and again: so few shingles say nothing.
    assert groups_of("ha " * 50, "ha " * 5000, "ho " * 50) == [0, 1, 2]


def test_many_equal_articles() -> None:
    row = sketch(prose(0, 300))
    other = sketch(prose(500, 800))
    rows = np.array([other, *[row] * 3000, other])
    assert copy_groups(rows).tolist() == [0, *[1] * 3000, 0]


def test_many_nearly_equal_articles() -> None:
    texts = [f"{prose(0, 200)} {prose(number, number + 5)}" for number in range(1000, 2000, 5)]
    assert set(groups_of(*texts)) == {0}


def test_many_articles_with_a_common_footer() -> None:
    footer = prose(0, 60)
    texts = [f"{prose(start, start + 140)} {footer}" for start in range(1000, 41_000, 200)]
    assert groups_of(*texts) == list(range(len(texts)))
    # A copy is found all the same.
    assert groups_of(*texts, prose(1000, 1140))[-1] == 0


def test_a_round_up_does_not_make_its_parts_copies() -> None:
    one, two = prose(0, 200), prose(1000, 1200)
    groups = groups_of(one, two, f"{one} {two}")
    assert groups[0] != groups[1] and groups[2] in groups[:2]


def test_a_quotation_does_not_make_those_who_quote_copies() -> None:
    quoted = prose(0, 100)
    one, two = (f"{quoted} {prose(start, start + 300)}" for start in (1000, 2000))
    groups = groups_of(one, two, quoted)
    assert groups[0] != groups[1]


def test_a_chain_does_not_become_one_group() -> None:
    starts = range(0, 6000, 100)
    texts = [prose(start, start + 500) for start in starts]
    groups = groups_of(*texts)
    members = defaultdict(list)
    for start, group in zip(starts, groups, strict=True):
        members[group].append(start)
    assert len(members) > 10
    # The first and the last of a group still share something.
    assert all(group[-1] - group[0] < 500 for group in members.values())


POOL = sketches_of(
    *(prose(start, start + 400) for start in range(0, 1000, 100)),
    *(prose(0, end) for end in (100, 200, 300)),
    f"{prose(0, 300)} {prose(5000, 5300)}",
    f"{prose(6000, 6100)} {prose(0, 80)}",
    prose(6000, 6100),
    *("", "", "short text", "Short text!"),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, len(POOL) - 1), max_size=40), st.randoms())
def test_the_order_of_articles_decides_nothing(chosen: list[int], chance: random.Random) -> None:
    order = list(range(len(chosen)))
    chance.shuffle(order)
    groups = copy_groups(POOL[chosen])
    shuffled = copy_groups(POOL[[chosen[place] for place in order]])
    together = groups[order][:, None] == groups[order][None]
    assert (together == (shuffled[:, None] == shuffled[None])).all()
    for numbers in groups, shuffled:
        assert (numbers <= np.arange(len(numbers))).all()
        assert (numbers[numbers] == numbers).all()


def test_pairs_are_counted() -> None:
    pairs = count_pairs([0, 0, 0, 3, 4], ["a", "a", "b", "b", "b"])
    assert pairs == Pairs(true=1 + 3, found=3, right=1)
    assert (pairs.recall, pairs.precision) == (1 / 4, 1 / 3)
    assert (Pairs(0, 0, 0).recall, Pairs(0, 0, 0).precision) == (1, 1)


def test_a_neighbour_is_of_the_same_language() -> None:
    texts = [Text(language, str(n), "") for n, language in enumerate("xyxyx")]
    assert [text.story for text in neighbours(texts, 1)] == ["2", "3", "4", "1", "0"]
    assert [text.story for text in neighbours(texts, 2)] == ["4", "1", "0", "3", "2"]


def test_cuts_end_with_a_sentence() -> None:
    assert cut("One two. Three four. Five.", 21) == "One two. Three four."
    assert cut("One two. Three four. Five.", 3) == "One two."
    assert cut("", 3) == ""


def test_as_many_words_are_edited_as_said() -> None:
    text = prose(0, 4000)
    words = edited(text, 0.2, "new", random.Random(3)).split()
    kept = set(words) & set(text.split())
    # Replaced or left out: three quarters of a fifth. New ones: replacing or following.
    assert len(kept) / 4000 == pytest.approx(0.85, abs=0.02)
    assert words.count("new") / 4000 == pytest.approx(0.15, abs=0.02)
    assert edited("", 0.2, "", random.Random(3)) == ""


def test_a_head_leaves_the_text_as_it_is() -> None:
    made = headed("The text.", "other words", random.Random(3))
    assert "— The text.\n\n©" in made and made.splitlines()[0]


def test_pairs_that_are_no_copies() -> None:
    texts = [
        Text("en", str(start), ". ".join(f"W{n}" for n in range(start, start + 400)) + ".")
        for start in (1000, 2000, 3000)
    ]
    made = {kind: make(*texts) for kind, make in NO_COPIES.items()}
    words = {kind: [set(text.split()) for text in pair] for kind, pair in made.items()}
    assert "".join(made["halves"]) == texts[0].text
    for kind, share in (("a fifth shared", 0.2), ("a half shared", 0.5)):
        one, two = words[kind]
        assert len(one & two) / len(one) == pytest.approx(share, abs=0.03)
    assert words["in one round-up"][2] == words["in one round-up"][0] | words["in one round-up"][1]


def test_the_benchmark_reads_articles_and_development_sets(tmp_path: Path) -> None:
    assert len(SEEDS) == 48 and all(text.text and text.story for text in SEEDS)
    for language in "de", "en":
        rows = [{"id": f"{n:02}", "text": f"{language} {n}"} for n in range(10)]
        with gzip.open(tmp_path / f"{language}.articles.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
        with gzip.open(tmp_path / f"{language}.cases.jsonl.gz", "wt"):
            pass
    texts = read_collection(tmp_path)
    assert [(text.language, text.story) for text in texts] == [
        *(("de", "0"), ("de", "5")),
        *(("en", "0"), ("en", "5")),
    ]
    assert texts[3].text == "\n\n".join(f"en {n}" for n in range(5, 10))


def test_the_benchmark_measures_a_small_collection() -> None:
    texts = [text for text in SEEDS if text.language in ("en", "ja")]
    found = copies_found(texts)
    assert set(found) == {*COPIES, "all kinds", "all kinds, en", "all kinds, ja"}
    assert found["5 % edited"] == {"pairs": len(texts), "recall": 1, "precision": 1}
    wrong = taken_for_copies(texts)
    assert wrong["halves"] == {"pairs": len(texts), "grouped": 0}
    assert wrong["in another language"] == {"pairs": 0, "grouped": 0}
    taken = time_taken(texts, 30)
    assert (taken["articles"], taken["pairs"], taken["precision"]) == (30, 3, 1)


@given(st.lists(st.integers(0, 5), max_size=40))
def test_the_group_of_an_article(groups: list[int]) -> None:
    first = np.array([groups.index(group) for group in groups], np.int64)
    found = CopyGroups(first)
    for number in range(len(groups)):
        assert found.of(number).tolist() == np.flatnonzero(first == first[number]).tolist()
