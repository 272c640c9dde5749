"""An index searched by short codes: filters that leave little still find the best of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.api import Assistant
from assistant.batches import Pieces
from assistant.copies import Sketches, sketch
from assistant.embedding import load_for_questions
from assistant.index import PROBES, Contents, write_generation
from assistant.passages import SplitSettings
from assistant.ragged import Ragged, Rows
from assistant.romanised import keys_of
from assistant.settings import MODES
from assistant.table import Places, Table
from assistant.types import Article
from assistant.vectors import EXACT_UP_TO

ARTICLES, EACH = 5_000, 5
QUESTION = "harbour cranes"
RARE = ("harbour cranes cranes harbour", "cranes and a harbour", "the harbour", "a crane", "bread")
LANGUAGES = ("en", "fr", "zh-Hant")
FIRST = date(2000, 1, 1)


def article(number: int) -> Article:
    """Most talk of harbours and cranes, more than the few rare ones do."""
    rare = number % 1_000 == 7
    return Article(
        id=f"a{number:05}",
        text=RARE[number // 1_000] if rare else "harbour cranes " * (1 + number % 3),
        title="",
        language="ko" if rare else LANGUAGES[number % 3],
        published=(FIRST + timedelta(days=number)).isoformat(),
        source="Rare" if rare else f"Outlet {number % 50}",
    )


@dataclass(frozen=True, slots=True)
class InMemory:
    held: Pieces
    held_sketches: Sketches

    def pieces(self, places: Rows) -> Pieces:
        return self.held.take(places)

    def sketches(self, places: Rows) -> Sketches:
        return self.held_sketches[places]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Assistant:
    """Written without a build, whose embedding would take most of the time."""
    folder = tmp_path_factory.mktemp("large") / "index"
    folder.mkdir()
    model = load_for_questions(str(tiny_model))
    articles = [article(number) for number in range(ARTICLES)]
    chance = np.random.default_rng(0)
    texts = {a.text: model.embed_passages([a.text])[0] for a in articles}
    vectors, of_article = [], []
    for number, one in enumerate(articles):
        for part in range(EACH):
            noise = 0 if part == 0 else 0.05 * part * chance.standard_normal(model.dimension)
            vector = texts[one.text] + noise
            vectors.append(vector / np.linalg.norm(vector))
            of_article.append(number)
    keys = {text: keys_of(text) for text in texts}
    pieces = Pieces(
        np.array(vectors, np.float16),
        Ragged.of([keys[articles[number].text] for number in of_article], np.uint16),
        None,
        None,
    )
    count = len(of_article)
    write_generation(
        folder,
        Contents(
            articles=articles,
            table=Table(
                ids=np.arange(count, dtype=np.uint64),
                articles=np.array(of_article, np.int32),
                starts=np.zeros(count, np.int32),
                ends=np.array([len(articles[number].text) for number in of_article], np.int32),
                sizes=pieces.sizes(),
                where=Places(np.zeros(count, np.int32), np.arange(count)),
            ),
            of_articles=Places(np.zeros(ARTICLES, np.int32), np.arange(ARTICLES)),
            sources=[InMemory(pieces, np.stack([sketch("")] * ARTICLES))],
            untitled=(),
            model=model.name,
            fingerprint=model.fingerprint(),
            split=SplitSettings().to_dict(),
            probe_vectors=model.embed_passages(PROBES),
        ),
        tell=lambda done, total: None,
    )
    return Assistant(folder)


def test_it_is_large(large: Assistant) -> None:
    assert (large.info.articles, large.info.passages) == (ARTICLES, ARTICLES * EACH)
    assert ARTICLES * EACH > EXACT_UP_TO
    # Without filters the rare ones are nowhere near the first.
    hits = large.retrieve(QUESTION, k=20)
    assert "Rare" not in {hit.article.source for hit in hits}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("filters", [{"sources": "Rare"}, {"languages": "ko"}], ids=repr)
def test_a_filter_that_leaves_five_articles(
    large: Assistant, mode: str, filters: dict[str, Any]
) -> None:
    hits = large.retrieve(QUESTION, k=15, mode=mode, **filters)
    assert {hit.article.source for hit in hits} == {"Rare"}
    found = list(dict.fromkeys(hit.article.text for hit in hits))
    if mode == "lexical":
        # The words of the others are not asked for.
        assert found[:2] == list(RARE[:2]) and set(found) <= set(RARE[:4])
    else:
        assert len(hits) == 15 and set(found) == set(RARE)
    assert found[0] == RARE[0]


@pytest.mark.parametrize("mode", MODES)
def test_a_range_of_days(large: Assistant, mode: str) -> None:
    since, until = FIRST + timedelta(days=1_005), FIRST + timedelta(days=1_009)
    hits = large.retrieve(QUESTION, k=100, mode=mode, since=since, until=until)
    days = {hit.article.published for hit in hits}
    assert days == {(since + timedelta(days=n)).isoformat() for n in range(5)}
    both = large.retrieve(QUESTION, mode=mode, since=since, until=until, sources="Rare")
    assert {hit.article.text for hit in both} == {RARE[1]}


def test_nothing_is_left(large: Assistant) -> None:
    for mode in MODES:
        assert large.retrieve(QUESTION, mode=mode, sources="Rare", languages="fr") == []
