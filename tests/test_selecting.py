"""Which sentences answer: what speaks for each, the choice, their order and what goes before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from candidates import make_hit, sentences_of
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.api import Assistant
from assistant.index import Index
from assistant.selecting import (
    _MARGIN,
    FEATURES,
    HITS_READ,
    MAX_SENTENCES,
    MOST_POINTS,
    Candidate,
    by_day,
    candidates,
    choose,
    features,
    with_context,
)
from assistant.settings import MODES
from assistant.types import Hit, Mode

QUESTION = "How many ships waited outside the breakwater of the harbour of Fairhaven?"
HARBOUR = (
    "The harbour of Fairhaven opened on Monday. It had been closed for 12 years. "
    "Anna Berg cut the ribbon. The harbour of Fairhaven opened on Monday, the paper said."
)


@pytest.fixture(scope="module")
def index(tiny_index: Path) -> Index:
    return Index.open(tiny_index)


def column(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]], name: str) -> list[float]:
    return [float(value) for value in values[:, FEATURES.index(name)]]


def quotes(chosen: Sequence[Candidate]) -> list[str]:
    return [one.quote for one in chosen]


def scored(*scores: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(scores, np.float32)


# --- candidates


def test_the_candidates_are_the_sentences_of_the_passages_in_order() -> None:
    hit = make_hit(HARBOUR)
    found = candidates([hit])
    assert [(one.start, one.end) for one in found] == [
        (one.start, one.end) for one in sentences_of(hit)
    ]
    assert quotes(found)[0] == "The harbour of Fairhaven opened on Monday."


def test_a_candidate_goes_as_far_as_its_passage() -> None:
    cut = HARBOUR.index("closed for")
    found = candidates([make_hit(HARBOUR, start=cut, end=HARBOUR.index("The harbour", cut) + 20)])
    assert quotes(found) == [
        "closed for 12 years.",
        "Anna Berg cut the ribbon.",
        "The harbour of Fairh",
    ]


def test_a_sentence_in_two_passages_is_a_candidate_once() -> None:
    middle = HARBOUR.index("Anna")
    first, second = make_hit(HARBOUR, end=middle + 26), make_hit(HARBOUR, start=middle)
    assert quotes(candidates([first, second])) == quotes(candidates([make_hit(HARBOUR)]))
    assert [one.hit.passage.start for one in candidates([first, second])] == [0, 0, 0, middle]


def test_fragments_are_no_candidates() -> None:
    assert quotes(candidates([make_hit("No. Why not? He said so twice.")])) == ["He said so twice."]
    assert candidates([]) == []


def test_only_the_first_passages_are_read() -> None:
    hits = [make_hit(f"Sentence number {n} of all.", name=f"a{n}") for n in range(HITS_READ + 3)]
    assert quotes(candidates(hits)) == [hit.article.text for hit in hits[:HITS_READ]]


@given(st.text(max_size=200), st.integers(0, 100), st.integers(0, 200))
@settings(max_examples=100, deadline=None)
def test_candidates_of_any_text_lie_in_their_passage(text: str, start: int, length: int) -> None:
    hit = make_hit(text, start=min(start, len(text)), end=min(start + length, len(text)))
    for one in candidates([hit]):
        assert hit.passage.start <= one.start < one.end <= hit.passage.end
        assert one.quote in hit.passage.text


# --- features


@pytest.mark.parametrize("mode", MODES)
def test_every_sentence_has_all_features(tiny: Assistant, index: Index, mode: Mode) -> None:
    sentences = candidates(tiny.retrieve(QUESTION, mode=mode))
    values = features(index, QUESTION, sentences, language="en", mode=mode)
    assert values.shape == (len(sentences), len(FEATURES)) and len(sentences) > 3
    assert values.dtype == np.float32 and np.isfinite(values).all()
    off = {"lexical": ("cosine", "late", "late beside"), "dense": ("lexical", "lexical beside")}
    for name in FEATURES:
        if name in off.get(mode, ()):
            assert not any(column(values, name))
    assert (np.array(column(values, "behind")) >= 0).all()
    assert 0.0 in column(values, "behind")
    for name in ("number", "date", "name", "lexical", "lexical beside"):
        assert all(0 <= value <= 1.0001 for value in column(values, name))
    assert features(index, QUESTION, [], language="en", mode=mode).shape == (0, len(FEATURES))


def test_the_lexical_share_is_of_the_words_that_a_sentence_holds(index: Index) -> None:
    sentences = list(sentences_of(make_hit("Forty ships waited. Nobody came. Ships came.")))
    lexical = column(
        features(index, "ships waited", sentences, language="en", mode="lexical"), "lexical"
    )
    assert lexical[0] == pytest.approx(1.0)
    assert lexical[1] == 0.0
    assert 0 < lexical[2] < 1


def test_the_sentence_beside_lends_what_it_shares_in_its_own_article_only(index: Index) -> None:
    first = list(sentences_of(make_hit("Nobody came. Ships waited. It was 40.", name="a")))
    other = list(sentences_of(make_hit("It was 12. It rained.", name="b")))
    values = features(index, "ships waited", [*first, *other], language="en", mode="lexical")
    assert column(values, "lexical") == pytest.approx([0, 1, 0, 0, 0])
    assert column(values, "lexical beside") == pytest.approx([1, 0, 1, 0, 0])


def test_late_interaction_is_of_the_sentence_and_of_those_beside(index: Index) -> None:
    question = "The cranes cost nine million crowns"
    said = f"Nobody came today. {question}. It rained all of the week."
    values = features(
        index, question, list(sentences_of(make_hit(said))), language="en", mode="hybrid"
    )
    late, beside = column(values, "late"), column(values, "late beside")
    assert max(late) == late[1] and max(column(values, "cosine")) == column(values, "cosine")[1]
    assert (beside[0], beside[2]) == (late[1], late[1])
    assert beside[1] == max(late[0], late[2])


def test_a_passage_is_behind_by_its_points_and_those_over_ten_do_not_count(index: Index) -> None:
    scores = (MOST_POINTS + 9, MOST_POINTS + 1, MOST_POINTS - 1, 2.0)
    sentences = [
        one
        for n, score in enumerate(scores)
        for one in sentences_of(make_hit("Ships waited there.", name=f"a{n}", score=score))
    ]
    values = features(index, QUESTION, sentences, language="en", mode="lexical")
    assert column(values, "behind") == [0.0, 0.0, 1.0, MOST_POINTS - 2]
    # What is over them is counted apart.
    assert column(values, "far behind") == [0.0, 8.0, 9.0, 9.0]


def test_late_interaction_counts_apart_within_the_questions_language(index: Index) -> None:
    english = list(sentences_of(make_hit("Ships waited there.", name="a")))
    chinese = list(sentences_of(make_hit("港口星期一开放。", name="b", language="zh-Hant")))
    both = [*english, *chinese]
    for language, own in (("en", [True, False]), ("zh-Hans", [False, True]), ("de", [False] * 2)):
        values = features(index, "ships 港口", both, language=language, mode="hybrid")
        late = column(values, "late")
        assert min(late) > 0
        assert column(values, "late in own") == [
            value if spoken else 0.0 for value, spoken in zip(late, own, strict=True)
        ]


@pytest.mark.parametrize(
    ("question", "name", "best"),
    [
        ("How many years was it closed?", "number", 1),
        ("When was it opened?", "date", 3),
        ("Who cut the ribbon?", "name", 2),
        ("Where was it cut?", "name", 2),
    ],
)
def test_a_sentence_has_what_the_question_asks_for(
    index: Index, question: str, name: str, best: int
) -> None:
    text = (
        "The harbour was opened. It had been closed for 12 years. "
        "The mayor, Anna Berg, cut the ribbon. It was in May of 1911."
    )
    sentences = list(sentences_of(make_hit(text)))
    values = features(index, question, sentences, language="en", mode="lexical")
    assert column(values, name)[best] == 1.0
    assert column(values, name)[0] == 0.0
    for other in {"number", "date", "name"} - {name}:
        assert not any(column(values, other))
    assert not features(index, "Why?", sentences, language="en", mode="lexical")[:, 4:7].any()


# --- choose


def several(*texts: str) -> list[Candidate]:
    return [Candidate(make_hit(text, name=f"a{n}"), 0, len(text)) for n, text in enumerate(texts)]


DIFFERENT = several(
    "The harbour opened on Monday.",
    "Bakers of the village sell bread.",
    "Storks nested upon a roof early.",
    "Glaciers shrank throughout summer.",
    "Farmers blame the long drought.",
    "Trams stop before the library.",
)


def test_the_best_come_first_and_equal_ones_in_their_order() -> None:
    chosen = choose(DIFFERENT[:4], scored(1.0, 3.0, 1.0, 2.0))
    assert chosen == [DIFFERENT[1], DIFFERENT[3], DIFFERENT[0], DIFFERENT[2]]


def test_there_are_never_more_than_allowed() -> None:
    assert len(choose(DIFFERENT, scored(*[1.0] * 6))) == MAX_SENTENCES == 4


def test_what_is_far_behind_the_best_is_left_out() -> None:
    scores = scored(9.0, 9.0 - _MARGIN + 0.1, 9.0 - _MARGIN - 0.1, -50.0)
    assert choose(DIFFERENT[:4], scores) == DIFFERENT[:2]
    # The best is there, however low.
    assert choose(DIFFERENT[:2], scored(-90.0, -99.0)) == DIFFERENT[:1]


def test_a_sentence_is_not_said_twice_but_with_another_figure_it_is() -> None:
    sentences = several(
        "Forty ships waited outside the breakwater of the harbour, 12 of them full.",
        "Outside the harbour's breakwater forty ships waited, 12 of them full.",
        "Forty ships waited outside the breakwater of the harbour, 15 of them full.",
        "Forty ships waited outside the breakwater of the harbour.",
        "The mayor spoke.",
    )
    chosen = choose(sentences, scored(5.0, 4.9, 4.8, 4.7, 4.6))
    assert chosen == [sentences[0], sentences[2], sentences[4]]


def test_a_repetition_does_not_take_the_place_of_another_sentence() -> None:
    twice = several(*[one.quote for one in DIFFERENT[:1] * 5], *quotes(DIFFERENT[1:4]))
    chosen = choose(twice, scored(*[3.0] * 5, 2.0, 1.9, 1.8))
    assert chosen == [twice[0], *twice[5:]]


def test_nothing_to_choose_from() -> None:
    assert choose([], scored()) == []


@given(st.lists(st.tuples(st.text(min_size=1, max_size=40), st.floats(-50, 50, width=32))))
@settings(max_examples=100, deadline=None)
def test_any_choice_is_of_the_sentences_near_the_best(pairs: list[tuple[str, float]]) -> None:
    sentences = several(*[text for text, _ in pairs])
    scores = scored(*[score for _, score in pairs])
    chosen = choose(sentences, scores)
    assert bool(chosen) == bool(pairs) and len(chosen) <= MAX_SENTENCES
    places = [sentences.index(one) for one in chosen]
    assert len(set(places)) == len(places)
    assert all(scores[place] >= scores.max() - _MARGIN for place in places)
    assert [scores[place] for place in places] == sorted(scores[places], reverse=True)


# --- by_day


def test_the_oldest_comes_first_and_an_article_keeps_its_order() -> None:
    days = {"new": "2024-05-01", "none": None, "old": "2023-01-01", "night": "2023-01-01T23:00:00Z"}
    sentences = {
        name: list(sentences_of(make_hit("It was one. It was two.", name=name, published=day)))
        for name, day in days.items()
    }
    mixed = [one for some in sentences.values() for one in reversed(some)]
    assert by_day(mixed) == [
        *sentences["old"],
        *sentences["night"],
        *sentences["new"],
        *sentences["none"],
    ]


# --- with_context


def story(text: str, name: str = "a", language: str = "en") -> list[Candidate]:
    return list(sentences_of(make_hit(text, name=name, language=language)))


def test_a_sentence_that_refers_back_brings_the_one_before_it() -> None:
    mayor, she, ships = story("The mayor spoke of it. She was proud of it. Ships waited there.")
    assert with_context([she, ships], [mayor, she, ships]) == [mayor, she, ships]
    assert with_context([ships], [mayor, she, ships]) == [ships]


def test_only_one_sentence_is_brought_however_far_back_it_refers() -> None:
    everything = story("The mayor spoke. She was proud. She smiled at all.")
    assert with_context(everything[2:], everything) == everything[1:]


def test_what_was_chosen_too_is_not_shown_twice() -> None:
    mayor, she = story("The mayor spoke of it. She was proud of it.")
    assert with_context([mayor, she], [mayor, she]) == [mayor, she]
    # The better one leans on the other one, which goes before it.
    assert with_context([she, mayor], [mayor, she]) == [mayor, she]


def test_two_that_refer_to_the_same_one_bring_it_once() -> None:
    mayor, she, it = story("The mayor spoke of it. She was proud of it. It was late by then.")
    assert with_context([she, it], [mayor, she, it]) == [mayor, she, it]
    # Each leans on the one before it.
    assert with_context([it, she], [mayor, she, it]) == [mayor, she, it]


def test_only_the_sentence_right_before_it_is_brought() -> None:
    mayor, _, she = story("The mayor spoke of it. Ships waited there. She was proud of it.")
    # The one between them is not among those of the passages.
    assert with_context([she], [mayor, she]) == [she]
    # Nor is one of another article before it.
    (other,) = story("The baker closed the shop.", name="b")
    assert with_context([she], [other, she]) == [she]


def test_paragraphs_do_not_part_what_belongs_together() -> None:
    mayor, she = story("The mayor spoke of it.\n\nShe was proud of it.")
    assert with_context([she], [mayor, she]) == [mayor, she]


def test_the_first_sentence_has_nothing_before_it() -> None:
    first, second = story("It was late by then. The mayor spoke of it.")
    assert with_context([first], [first, second]) == [first]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("港は月曜日に開いた。そのため船が待っていた。", "ja"),
        ("市长星期一发表讲话。他说港口将开放。", "zh"),
        ("Das Parlament stimmte ab. Es war spät am Abend.", "de"),
    ],
)
def test_context_is_brought_in_every_language(text: str, language: str) -> None:
    before, after = story(text, language=language)
    assert with_context([after], [before, after]) == [before, after]
    # Which words refer is known by the article's language.
    unknown = list(sentences_of(make_hit(text, language="und")))
    assert with_context(unknown[-1:], unknown) == unknown[-1:]


def test_the_last_ones_make_room() -> None:
    pairs = [story(f"The mayor of {n} spoke. She was proud.", name=f"a{n}") for n in range(4)]
    everything = [one for pair in pairs for one in pair]
    chosen = [pair[1] for pair in pairs]
    assert with_context(chosen, everything) == [*pairs[0], *pairs[1]]
    (alone,) = story("Ships waited there.", name="b")
    assert with_context([*chosen[:1], alone, *chosen[1:]], everything) == [*pairs[0], alone]


def hits_of(texts: Sequence[str]) -> list[Hit]:
    return [make_hit(text, name=f"a{n}") for n, text in enumerate(texts)]


@given(
    st.lists(
        st.lists(
            st.sampled_from(["It rained on.", "The mayor spoke.", "She went.", "Ships came in."]),
            min_size=1,
            max_size=5,
        ),
        min_size=1,
        max_size=4,
    ),
    st.data(),
)
@settings(max_examples=200, deadline=None)
def test_context_never_repeats_and_never_overflows(
    articles: list[list[str]], data: st.DataObject
) -> None:
    hits = hits_of([" ".join(sentences) for sentences in articles])
    everything = [one for hit in hits for one in sentences_of(hit)]
    count = data.draw(st.integers(1, min(MAX_SENTENCES, len(everything))))
    chosen = data.draw(st.permutations(everything))[:count]
    shown = with_context(chosen, everything)
    assert 1 <= len(shown) <= MAX_SENTENCES
    keys = [(one.hit.article.id, one.start) for one in shown]
    assert len(set(keys)) == len(keys)
    # The best is always there, and what was chosen and refers back stands after what it needs.
    assert chosen[0] in shown
    for place, one in enumerate(shown):
        before = [s for s in everything if s.hit.article.id == one.hit.article.id]
        needed = [s for s in before if s.end + 1 == one.start]
        if one in chosen and needed and one.quote.startswith(("It", "She")):
            assert needed[0] in shown[:place] or (place == 0 and len(shown) == MAX_SENTENCES)
