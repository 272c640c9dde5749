"""An index that an earlier version wrote, upgraded without embedding anything."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT

from assistant import Assistant
from assistant.columns import Columns
from assistant.errors import IndexFormatUnsupported
from assistant.index import Index, upgrade
from assistant.index.layout import MANIFEST, Named, Pointer, write_pointer

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
    assert (upgraded.before, upgraded.now) == (3, 5)
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
    assert upgrade(old).before == 5


def _parts(columns: Columns) -> list[object]:
    names = [
        (names.distinct, names.of_article.tolist())
        for names in (columns.languages, columns.sources)
    ]
    return [columns.article_of_row.tolist(), *names, columns.days.tolist()]


def test_format_4_gets_its_columns_from_the_database(tiny_index: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_index, tmp_path / "copy"))
    index = Index.open(folder)
    expected, generation = _parts(index.columns), index.generation
    index.close()
    shutil.rmtree(generation / "columns")
    manifest = json.loads((generation / MANIFEST).read_bytes())
    files = {name: one for name, one in manifest["files"].items() if "columns/" not in name}
    data = json.dumps({**manifest, "format": 4, "files": files}).encode()
    (generation / MANIFEST).write_bytes(data)
    # What tantivy leaves where its reader could make no folder of links.
    (generation / "lexical" / ".tantivy-meta.lock").touch()
    named = Named(generation.name, hashlib.sha256(data).hexdigest())
    write_pointer(folder, Pointer(named, None))
    upgraded = upgrade(folder)
    assert (upgraded.before, upgraded.now) == (4, 5)
    index = Index.open(folder)
    assert _parts(index.columns) == expected
    index.close()
    assert not (generation / "columns").exists()
