"""Shards made by Ray: with a stand-in for Ray here, which has no server and no cluster."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from helpers import COLLECTION, write_articles
from test_incremental import contents

from assistant import on_ray
from assistant.building import build
from assistant.cli import main
from assistant.errors import SettingsError, ShardError
from assistant.on_ray import build_on_ray

Rows = list[dict[str, Any]]


class Dataset:
    """Of Ray Data what is used of it."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def map(self, function: Callable[[dict[str, Any]], dict[str, Any]]) -> Dataset:
        return Dataset([function(row) for row in reversed(self.rows)])

    def iter_rows(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of Ray."""
    asked: list[str] = []
    module, data = ModuleType("ray"), ModuleType("ray.data")
    module.init = lambda **options: asked.append(f"init {options['address']}")  # type: ignore[attr-defined]
    module.shutdown = lambda: asked.append("shutdown")  # type: ignore[attr-defined]
    data.from_items = lambda rows, override_num_blocks: Dataset(rows)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ray", module)
    monkeypatch.setitem(sys.modules, "ray.data", data)
    monkeypatch.setattr(on_ray, "find_spec", lambda name: object())
    return asked


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    write_articles(tmp_path / "articles", COLLECTION)
    return tmp_path / "articles"


def test_it_equals_a_build(
    ray: list[str], articles: Path, tiny_model: Path, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    report = build_on_ray(
        articles,
        address="local",
        shards=3,
        out=tmp_path / "shards",
        index=tmp_path / "merged",
        model=str(tiny_model),
        progress=lambda *told_of: told.append(told_of),
    )
    build(articles, index=tmp_path / "whole", model=str(tiny_model))
    assert contents(tmp_path / "merged") == contents(tmp_path / "whole")
    assert (report.articles, report.embedded) == (6, 0)
    assert ray == ["init local", "shutdown"]
    assert [one for one in told if one[0] == "shards"] == [("shards", n, 3) for n in (1, 2, 3)]


def test_a_shard_that_fails_is_named(
    ray: list[str], articles: Path, tiny_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / "000002-of-000003").write_text("in the way")
    with pytest.raises(ShardError, match="shard 2/3 failed: the shard in"):
        build_on_ray(
            articles,
            address="ray://10.0.0.1:10001",
            shards=3,
            out=tmp_path / "shards",
            index=tmp_path / "merged",
            model=str(tiny_model),
        )
    assert ray == ["init ray://10.0.0.1:10001", "shutdown"]
    assert not (tmp_path / "merged").exists()


def test_without_ray(
    articles: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(on_ray, "find_spec", lambda name: None)
    command = ["build", str(articles), "--ray", "--out", str(tmp_path / "out")]
    assert main(command) == 1
    assert "pip install 'assistant[ray]'" in capsys.readouterr().err
    monkeypatch.setattr(on_ray, "find_spec", lambda name: object())
    with pytest.raises(SettingsError, match="1 shard or more"):
        build_on_ray(articles, address="local", shards=0, out=tmp_path / "out")
