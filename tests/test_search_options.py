"""Copies, languages, preference, reranker and explanations: what a search can be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cross_encoder import write_cross_encoder
from helpers import COLLECTION, Story, write_articles

import assistant
from assistant.api import Assistant
from assistant.building import build
from assistant.errors import ModelNotFound, SettingsError
from assistant.index import Index
from assistant.retrieval import RERANKED, _take, search
from assistant.settings import MODES
from assistant.types import Filters, Hit

REPORT = " ".join(
    f"On day {number} the {thing} of Fairhaven was {state} by the {who} near the old {place}."
    for number, (thing, state, who, place) in enumerate(
        [
            ("harbour", "opened", "mayor", "lighthouse"),
            ("crane", "painted", "engineer", "market"),
            ("bridge", "closed", "council", "station"),
            ("ferry", "delayed", "captain", "breakwater"),
            ("library", "rebuilt", "architect", "park"),
            ("school", "visited", "minister", "river"),
            ("theatre", "sold", "owner", "cathedral"),
        ]
    )
)
WIRE = (
    Story("wire", REPORT, published="2024-01-01", source="Agency", title="A week in Fairhaven"),
    Story("reprint", REPORT, published="2024-01-02", source="Herald", title="Fairhaven's week"),
    Story("cut", REPORT.rsplit(" On", 2)[0], published="2024-01-03", source="Sun", title="Week"),
    Story("edited", REPORT.replace("old", "ancient", 2), source="Mirror", title="In Fairhaven"),
)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """COLLECTION and one report in four papers."""
    root = tmp_path_factory.mktemp("copied")
    write_articles(root / "articles", [*COLLECTION, *WIRE])
    build(root / "articles", index=root / "index", model=str(tiny_model))
    return root / "index"


@pytest.mark.parametrize("mode", MODES)
def test_copies_are_one_hit_that_names_the_others(copied: Path, mode: str) -> None:
    with Assistant(copied) as door:
        hits = door.retrieve("Who opened the harbour of Fairhaven?", k=8, mode=mode)
        few = door.retrieve("Who opened the harbour of Fairhaven?", k=2, mode=mode)
    names = {story.name for story in WIRE}
    of_report = [hit for hit in hits if hit.article.id in names]
    for hit in of_report:
        assert hit.copies == 3
        others = [article.id for article in hit.also_in]
        assert {hit.article.id, *others} == names
        # By day; an article without one comes last.
        assert others == sorted(others, key=["wire", "reprint", "cut", "edited"].index)
    assert all(hit.copies == 0 and hit.also_in == () for hit in hits if hit not in of_report)
    # Without folding the first sentence would be there four times.
    assert sum("the mayor near" in hit.passage.text for hit in hits) == 1
    # They are folded before the best are taken.
    assert [hit.passage.id for hit in few] == [hit.passage.id for hit in hits[:2]]


def test_copies_that_the_filters_forbid_are_not_named(copied: Path) -> None:
    with Assistant(copied) as door:
        hits = door.retrieve("harbour of Fairhaven", sources=["Herald", "Sun"])
    for hit in hits:
        assert {hit.article.source, *(a.source for a in hit.also_in)} == {"Herald", "Sun"}
        assert hit.copies == 1


def test_what_only_one_of_the_copies_says_is_a_hit_of_its_own(
    tmp_path: Path, tiny_model: Path
) -> None:
    added = " ".join(f"The zebra of the zoo drank cup {n} of tea." for n in range(30))
    longer = replace(WIRE[1], text=f"{REPORT} {REPORT.replace('Fairhaven', 'Ostia')} {added}")
    first = replace(WIRE[0], text=f"{REPORT} {REPORT.replace('Fairhaven', 'Ostia')}")
    write_articles(tmp_path / "articles", [first, longer])
    build(tmp_path / "articles", index=tmp_path / "index", model=str(tiny_model))
    index = Index.open(tmp_path / "index")
    assert index.copies.tolist() == [0, 0]
    numbers = index.store.article_numbers()
    rows = {
        name: [row for row, _, _ in index.store.spans_of(numbers[name])]
        for name in ("wire", "reprint")
    }
    last = rows["reprint"][-1]
    # What both say is taken once, whichever comes first; what one alone says is taken too.
    assert _take(index, [rows["wire"][0], rows["reprint"][0], last], 8) == [rows["wire"][0], last]
    assert _take(index, [rows["reprint"][0], rows["wire"][0], last], 8) == [
        rows["reprint"][0],
        last,
    ]
    assert _take(index, [last, rows["wire"][0]], 8) == [last]


def test_an_index_built_in_steps_knows_the_same_copies(
    tmp_path: Path, tiny_model: Path, copied: Path
) -> None:
    write_articles(tmp_path / "articles", [*COLLECTION, *WIRE[:2]])
    build(tmp_path / "articles", index=tmp_path / "index", model=str(tiny_model))
    write_articles(tmp_path / "articles", WIRE[2:])
    report = build(tmp_path / "articles", index=tmp_path / "index", model=str(tiny_model))
    assert (report.added, report.unchanged) == (2, 8)
    once, steps = Index.open(copied), Index.open(tmp_path / "index")
    assert np.array_equal(once.copies, steps.copies)
    assert np.array_equal(once.sketches, steps.sketches)
    assert all(
        np.array_equal(once.romanised[r], steps.romanised[r]) for r in range(len(once.romanised))
    )


def languages_of(hits: Sequence[Hit]) -> set[str]:
    return {hit.article.language for hit in hits}


def test_all_languages_and_the_same(tiny: Assistant) -> None:
    question = "茶叶产量为什么下降了？"
    everything = tiny.retrieve(question)
    assert tiny.retrieve(question, languages="all") == everything
    assert tiny.retrieve(question, languages=["all"]) == everything
    assert languages_of(tiny.retrieve(question, languages="same")) == {"zh", "zh-Hant"}
    assert languages_of(tiny.retrieve(question, languages=["same", "fr"])) == {
        "zh",
        "zh-Hant",
        "fr",
    }
    answer = tiny.answer(question, languages="same")
    # The answer says what was searched, not how that was asked for.
    assert answer.filters.languages == ("zh", "zh-Hant")
    with pytest.raises(SettingsError, match="'all' or a list"):
        tiny.retrieve(question, languages=["all", "fr"])


@pytest.mark.parametrize("mode", MODES)
def test_a_preferred_language_is_lifted(tiny: Assistant, mode: str) -> None:
    question = "the harbour and the glacier, the boulangerie of the village"
    plain = tiny.retrieve(question, mode=mode, explain=True)
    lifted = tiny.retrieve(question, mode=mode, prefer_language="fr", explain=True)
    assert {h.passage.id for h in plain} == {h.passage.id for h in lifted}
    before = {h.passage.id: h for h in plain}
    for hit in lifted:
        assert hit.explanation is not None
        points = dict(hit.explanation.points)
        gain = hit.score - before[hit.passage.id].score
        assert gain == pytest.approx(points["preference"], abs=1e-4)
        assert (gain > 0) == (hit.article.language == "fr")
    same = tiny.retrieve(question, mode=mode, prefer_language="same")
    assert same == tiny.retrieve(question, mode=mode, prefer_language="en")
    assert tiny.retrieve(question, mode=mode, prefer_language="xx") != []


@pytest.mark.parametrize("value", ["", " ", 3, ["fr"]])
def test_a_preferred_language_of_no_use(tiny: Assistant, value: Any) -> None:
    with pytest.raises(SettingsError, match="prefer_language"):
        tiny.retrieve("harbour", prefer_language=value)


@pytest.mark.parametrize("mode", MODES)
def test_an_explanation_is_about_its_passage(seeds: Assistant, mode: str) -> None:
    question = "Who is Minoru Kihara, and what did 대한민국 and Япония share?"
    hits = seeds.retrieve(question, mode=mode, explain=True)
    assert [replace(hit, explanation=None) for hit in hits] == seeds.retrieve(question, mode=mode)
    for hit in hits:
        why = hit.explanation
        assert why is not None
        assert sum(points for _, points in why.points) == pytest.approx(hit.score, abs=1e-3)
        assert hit.passage.start <= why.start < why.end <= hit.passage.end
        said = f"{hit.article.title}\n{hit.passage.text}"
        assert all(term in said.lower() and term in question.lower() for term in why.terms)
        for match in why.words:
            assert match.question in question and match.passage in said
            assert 0 < match.similarity <= 1.001
        kinds = {match.kind for match in why.words}
        assert (
            kinds <= {"hybrid": {"meaning", "sound"}, "dense": {"meaning"}, "lexical": set()}[mode]
        )
        assert mode != "dense" or why.terms == ()
        shown = hit.to_dict()["explanation"]
        assert list(shown) == ["points", "terms", "words", "start", "end"]
        assert list(shown["points"]) == [name for name, _ in why.points]


def test_an_explanation_names_what_met(seeds: Assistant) -> None:
    (hit, *_) = seeds.retrieve("누가 노벨 문학상을 받았나요?", explain=True)
    assert hit.explanation is not None
    pairs = {(m.question, m.passage, m.kind) for m in hit.explanation.words}
    assert ("노벨", "Nobel", "sound") in pairs
    (hit, *_) = seeds.retrieve("Warum sank der Wasserstand des Panamakanals?", explain=True)
    assert hit.explanation is not None
    assert any(m.kind == "meaning" and m.similarity > 0.5 for m in hit.explanation.words)


@pytest.mark.parametrize("question", ["!!!", "\ud800", "𓀀", "漢" * 2000, "<b>harbour</b>"])
def test_anything_can_be_explained(tiny: Assistant, question: str) -> None:
    for mode in MODES:
        for hit in tiny.retrieve(question, mode=mode, explain=True):
            assert hit.explanation is not None
            assert hit.explanation.start < hit.explanation.end


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose score grows with the share of the word "harbour"."""
    folder = tmp_path_factory.mktemp("cross") / "encoder"
    write_cross_encoder(folder)
    return folder


def test_a_reranker_orders_the_first_passages(tiny_index: Path, cross_encoder: Path) -> None:
    question = "How much ice did the glacier lose?"
    with Assistant(tiny_index) as door:
        plain = door.retrieve(question)
    assert plain[0].article.id == "glacier"
    with Assistant(tiny_index, reranker=str(cross_encoder)) as door:
        hits = door.retrieve(question)
        answer = door.answer(question)
    assert hits[0].article.id == "harbour"
    scores = [hit.reranker_score for hit in hits]
    assert None not in scores and scores == sorted(scores, reverse=True)
    assert {hit.passage.id for hit in hits} == {hit.passage.id for hit in plain}
    # The score stays what it was: how sure an answer is depends on it.
    assert {h.passage.id: h.score for h in hits} == {h.passage.id: h.score for h in plain}
    assert [hit.passage.id for hit in answer.hits] == [hit.passage.id for hit in hits]
    assert hits == assistant.retrieve(question, index=tiny_index, reranker=str(cross_encoder))
    assert plain == assistant.retrieve(question, index=tiny_index)


class Backwards:
    """Likes longer texts less, and says how many it was given."""

    def __init__(self) -> None:
        self.given: list[int] = []

    def scores(self, question: str, texts: Sequence[str]) -> Any:
        self.given.append(len(texts))
        return np.array([-len(text) for text in texts], np.float32)


def test_a_reranker_reads_the_first_only(tmp_path: Path, tiny_model: Path) -> None:
    stories = [
        Story(f"s{n:02}", f"The harbour number {n} opened in {1900 + n}.", title=f"Port {'x' * n}")
        for n in range(RERANKED + 12)
    ]
    write_articles(tmp_path / "articles", stories)
    build(tmp_path / "articles", index=tmp_path / "index", model=str(tiny_model))
    index = Index.open(tmp_path / "index")
    options: dict[str, Any] = {"k": 40, "mode": "hybrid", "filters": Filters()}
    plain = search(index, "Which harbour opened in 1905?", **options)
    backwards = Backwards()
    hits = search(index, "Which harbour opened in 1905?", reranker=backwards, **options)
    assert backwards.given == [RERANKED]
    first = {hit.passage.id for hit in plain[:RERANKED]}
    assert {hit.passage.id for hit in hits[:RERANKED]} == first
    lengths = [len(hit.article.title) + len(hit.passage.text) for hit in hits[:RERANKED]]
    assert lengths == sorted(lengths)
    assert [h.passage.id for h in hits[RERANKED:]] == [h.passage.id for h in plain[RERANKED:]]
    assert all(hit.reranker_score is None for hit in hits[RERANKED:])
    nothing = search(index, "𓀀", reranker=backwards, k=8, mode="lexical", filters=Filters())
    assert nothing == [] and len(backwards.given) == 1


def test_a_reranker_that_is_not_there(tiny_index: Path, tmp_path: Path) -> None:
    with Assistant(tiny_index, reranker=str(tmp_path / "none")) as door:
        with pytest.raises(ModelNotFound, match="re-ranker"):
            door.retrieve("harbour")
        # Nothing else needs it.
        assert door.info.articles == 6
