"""An index that replaces another one takes over its model; memory is given back after it."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers import COLLECTION, write_articles
from tiny import write_tiny_model

from assistant import api
from assistant.api import Assistant
from assistant.building import build
from assistant.index import Index


def test_a_model_is_kept_as_long_as_it_is_the_same(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back: list[bool] = []
    monkeypatch.setattr(api, "give_memory_back", lambda: given_back.append(True))
    model, articles, index = tmp_path / "model", tmp_path / "articles", tmp_path / "index"
    shutil.copytree(tiny_model, model)
    articles.mkdir()
    write_articles(articles, COLLECTION)
    build(articles, index=index, model=str(model))
    with Assistant(index) as assistant:
        first = assistant._current()
        loaded = first.embedder
        (articles / "new.md").write_text(
            "A harbour\n\nThe harbour was opened on Monday.\n", "utf-8"
        )
        build(articles, index=index, model=str(model))
        assert assistant.retrieve("harbour")[0].article.title == "A harbour"
        second = assistant._current()
        assert second is not first and second.embedder is loaded
        assistant.retrieve("harbour")
        assert not given_back
        del first
        for _ in range(2):
            assistant.retrieve("harbour")
        assert given_back == [True]
        shutil.rmtree(model)
        write_tiny_model(model, seed=1)
        build(articles, index=index, model=str(model))
        third = assistant._current()
        assert third is not second and third.embedder is not loaded
        assert third.embedder.fingerprint() == third.fingerprint


def test_a_model_that_was_not_loaded_or_gives_other_vectors_is_not_taken(tiny_index: Path) -> None:
    old, new = Index.open(tiny_index), Index.open(tiny_index)
    new.use_model_of(old)
    assert new._embedder is None
    loaded = old.embedder
    probes = -np.frombuffer(base64.b64decode(old._manifest["probes"]), "<f4")
    turned = {**new._manifest, "probes": base64.b64encode(probes.tobytes())}
    model = {**new._manifest, "model": {**new._manifest["model"], "fingerprint": "another"}}
    others = [Index(new.folder, new.generation, manifest) for manifest in (turned, model)]
    for other in others:
        other.use_model_of(old)
        assert other._embedder is None
    new.use_model_of(old)
    assert new.embedder is loaded
    for index in (old, new, *others):
        index.close()
