"""An index that an earlier version wrote, upgraded without embedding anything."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT

from assistant import Assistant
from assistant.errors import IndexFormatUnsupported
from assistant.index import Index, upgrade

OLD = ROOT / "tests" / "data" / "index-format-3.zip"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """An index of three articles that format 3's version wrote, with the bundled model."""
    with zipfile.ZipFile(OLD) as packed:
        packed.extractall(tmp_path)
    (pointer,) = tmp_path.rglob("CURRENT")
    return pointer.parent


def test_format_3_is_upgraded_whole(old: Path) -> None:
    with pytest.raises(IndexFormatUnsupported, match=f"assistant upgrade --index {old}"):
        Index.open(old)
    (store,) = old.glob("*/store.sqlite")
    (vectors,) = old.glob("*/articles.npy")
    before = np.load(vectors)
    upgraded = upgrade(old)
    assert (upgraded.before, upgraded.now) == (3, 4)
    # What was there is as it was, and the generation before.
    assert store.is_file()
    index = Index.open(old)
    articles = list(index.store.all_articles())
    assert len(articles) == index.info.articles == 3
    assert np.array_equal(index.article_vectors, before)
    assert index.store.files() == {}
    index.close()
    with Assistant(old) as assistant:
        for article in articles:
            hits = assistant.retrieve(article.title, mode="lexical")
            assert hits[0].article == article
    assert upgrade(old).before == 4
