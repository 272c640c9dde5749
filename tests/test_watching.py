"""An index that follows its folder."""

from __future__ import annotations

import queue
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import COLLECTION, Story, write_articles

from assistant import Assistant
from assistant.errors import ArticlesNotFound, AssistantError
from assistant.types import BuildReport
from assistant.watching import watch

PATIENCE = 60


class Watched:
    """A watch in a thread, and what it tells."""

    def __init__(self, articles: Path, index: Path, model: Path, every: float = 300.0) -> None:
        self.told: queue.Queue[BuildReport | AssistantError] = queue.Queue()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=watch,
            args=[articles],
            kwargs={
                "index": index,
                "model": str(model),
                "every": every,
                "stop": self._stop,
                "tell": self.told.put,
            },
        )
        self._thread.start()

    def next(self) -> BuildReport:
        result = self.told.get(timeout=PATIENCE)
        assert isinstance(result, BuildReport), result
        return result

    def end(self) -> None:
        self._stop.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


@pytest.fixture
def watched(tmp_path: Path, tiny_model: Path) -> Iterator[Watched]:
    write_articles(tmp_path / "articles", COLLECTION[:3])
    it = Watched(tmp_path / "articles", tmp_path / "index", tiny_model)
    try:
        yield it
    finally:
        it.end()


def test_changes_are_followed_and_readers_take_them_up(watched: Watched, tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    assert watched.next().added == 3
    with Assistant(tmp_path / "index") as assistant:
        write_articles(articles, [Story("owl", "The owl nests in the old mill.")])
        assert watched.next().added == 1
        # It was open all the time.
        assert assistant.retrieve("owl in a mill", mode="lexical")[0].article.id == "owl"
        (articles / "owl.md").rename(articles / "bird.md")
        report = watched.next()
        assert (report.changed, report.embedded) == (1, 0)
        (articles / "bird.md").unlink()
        assert watched.next().removed == 1
    shutil.rmtree(articles)
    error = watched.told.get(timeout=PATIENCE)
    assert isinstance(error, AssistantError)
    # What was there is there, and the next change is followed again.
    with Assistant(tmp_path / "index") as assistant:
        assert assistant.info.articles == 3


def test_what_changes_nothing_is_not_told(watched: Watched, tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    watched.next()
    (articles / ".hidden.md").write_text("Not an article.")
    (articles / next(articles.glob("*.md")).name).touch()
    write_articles(articles, [Story("fox", "The fox sleeps under the bridge.")])
    assert watched.next().added == 1
    assert watched.told.empty()


def test_one_file_can_be_watched_also_when_it_is_replaced(tmp_path: Path, tiny_model: Path) -> None:
    file = tmp_path / "articles.jsonl"
    file.write_text('{"id": "a", "text": "The first of all articles."}\n')
    it = Watched(file, tmp_path / "index", tiny_model)
    try:
        assert it.next().added == 1
        other = tmp_path / "new"
        other.write_text(file.read_text() + '{"id": "b", "text": "The second one comes."}\n')
        other.replace(file)
        assert it.next().added == 1
    finally:
        it.end()


def test_no_such_folder(tmp_path: Path, tiny_model: Path) -> None:
    with pytest.raises(ArticlesNotFound):
        watch(tmp_path / "none", index=tmp_path / "index", tell=print)
