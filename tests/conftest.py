"""What all tests share: no network, one index of the seeds, one tiny model, one tiny index."""

from __future__ import annotations

import os
import runpy
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

# Before anything imports the libraries that read them. Compiling ranx's measures takes a minute.
# Threads of torch that wait for each other make a training of seconds one of minutes where other
# processes work too.
os.environ.update(HF_HUB_OFFLINE="1", NUMBA_DISABLE_JIT="1", TOKENIZERS_PARALLELISM="false")
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import hypothesis
import pytest
from chat_browsing import chromium, reader
from helpers import COLLECTION, GUARD, ROOT, write_articles
from tiny import write_tiny_model
from warm_readers import Warm

from assistant import embedding
from assistant.api import Assistant
from assistant.building import build
from assistant.settings import BUNDLED

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.load_profile("here")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two workers for all tests, and none for those of files that are named; `-n 0` is none too."""
    return 2 if config.args_source is config.ArgsSource.TESTPATHS else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browsers come last: their event loop runs in this thread, and no other one can meanwhile."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Refuses every connection that would leave this machine, and no settings from outside."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, getattr(socket.socket, name))
        patch.setattr(socket, "getaddrinfo", socket.getaddrinfo)
        for name in ("ARTICLES", "INDEX", "MODEL"):
            patch.delenv(f"ASSISTANT_{name}", raising=False)
        runpy.run_path(str(GUARD / "sitecustomize.py"))
        yield


def _bundled_once(load: Callable[[str], Any]) -> Callable[[str], Any]:
    once = cache(load)
    return lambda name: once(name) if name == BUNDLED else load(name)


@pytest.fixture(scope="session", autouse=True)
def no_waiting() -> Iterator[None]:
    """Indexes share one bundled model, whose files take longer to read than most indexes to
    build; files are read by processes that have read others; and nothing waits for the disk."""
    warm = Warm()
    with pytest.MonkeyPatch.context() as patch, closing(warm):
        patch.setattr("assistant.articles.reading.Worker", warm.lend)
        patch.setattr(os, "fsync", lambda descriptor: None)
        for name in ("load_for_passages", "static_part"):
            patch.setattr(f"assistant.pieces.{name}", _bundled_once(getattr(embedding, name)))
        once = _bundled_once(embedding.load_for_questions)
        patch.setattr("assistant.opened.load_for_questions", once)
        yield


@pytest.fixture(scope="session")
def seed_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of `seeds/`, built with the bundled model. Do not write to it."""
    folder = tmp_path_factory.mktemp("seeds") / "index"
    build(ROOT / "seeds", index=folder)
    return folder


@pytest.fixture(scope="session")
def seeds(seed_index: Path) -> Iterator[Assistant]:
    with Assistant(seed_index) as assistant:
        yield assistant


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A static sentence-transformers model of a few hundred kilobytes."""
    folder = tmp_path_factory.mktemp("model") / "tiny"
    write_tiny_model(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_articles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of COLLECTION's articles. Do not write to it."""
    folder = tmp_path_factory.mktemp("articles")
    write_articles(folder, COLLECTION)
    return folder


@pytest.fixture(scope="session")
def tiny_index(
    tmp_path_factory: pytest.TempPathFactory, tiny_articles: Path, tiny_model: Path
) -> Path:
    """The index of COLLECTION. Do not write to it."""
    folder = tmp_path_factory.mktemp("tiny") / "index"
    build(tiny_articles, index=folder, model=str(tiny_model))
    return folder


@pytest.fixture(scope="session")
def tiny(tiny_index: Path) -> Iterator[Assistant]:
    with Assistant(tiny_index) as assistant:
        yield assistant


@pytest.fixture(scope="session")
def browsers() -> Iterator[Any]:
    """A real browser, whose contexts are readers."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def browser(browsers: Any) -> Any:
    """A reader whose browser speaks English."""
    return reader(browsers)
