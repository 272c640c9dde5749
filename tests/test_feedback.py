"""What readers thought of answers: lines beside the index, and never a broken chat."""

from __future__ import annotations

import json
import logging
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from helpers import COLLECTION, ROOT, write_articles

from assistant.building import build
from assistant.chat import feedback
from assistant.chat.feedback import Feedback

ANSWER: dict[str, Any] = {
    "liked": True,
    "question": "Wo?\n\u2028",
    "completed": None,
    "generation": "g1",
    "citations": [("a\n", 0, 5), ("b", 7, 9)],
    "found": True,
    "confidence": 0.123456,
}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def test_a_line_for_each(tmp_path: Path) -> None:
    kept = Feedback(tmp_path)
    kept.record(**ANSWER)
    kept.record(**ANSWER | {"liked": None, "completed": "Where?", "found": False, "citations": []})
    first, second = lines(tmp_path / "feedback.jsonl")
    assert len(first.pop("time")) == 20
    assert first == {
        "liked": True,
        "question": "Wo?\n\u2028",
        "completed": None,
        "generation": "g1",
        "found": True,
        "confidence": 0.1235,
        "citations": [
            {"article": "a\n", "start": 0, "end": 5},
            {"article": "b", "start": 7, "end": 9},
        ],
    }
    assert (second["liked"], second["completed"], second["citations"]) == (None, "Where?", [])


def test_a_hostile_reader_writes_a_bounded_line(tmp_path: Path) -> None:
    text = "\U0001f4f0\ud800" * 100_000
    many = [("x", 0, 1)] * 10_000
    Feedback(tmp_path).record(**ANSWER | {"question": text, "completed": text, "citations": many})
    assert (tmp_path / "feedback.jsonl").stat().st_size < 60_000
    assert len(lines(tmp_path / "feedback.jsonl")) == 1


def test_many_threads_write_whole_lines(tmp_path: Path) -> None:
    kept = Feedback(tmp_path)
    threads = [
        threading.Thread(target=lambda: [kept.record(**ANSWER) for _ in range(20)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lines(tmp_path / "feedback.jsonl")) == 160


def test_the_size_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "MAX_BYTES", 1000)
    kept = Feedback(tmp_path)
    for number in range(50):
        kept.record(**ANSWER | {"generation": str(number)})
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["feedback.jsonl", "feedback.old.jsonl"]
    assert all((tmp_path / name).stat().st_size <= 1000 for name in files)
    kept_lines = lines(tmp_path / "feedback.old.jsonl") + lines(tmp_path / "feedback.jsonl")
    numbers = [int(line["generation"]) for line in kept_lines]
    assert numbers == list(range(numbers[0], 50))


def test_a_line_cut_short_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "feedback.jsonl"
    path.write_bytes(b'{"time": "20')
    Feedback(tmp_path).record(**ANSWER)
    broken, whole = path.read_text().splitlines()
    assert broken == '{"time": "20' and json.loads(whole)["found"] is True


def test_a_bad_disk_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    kept = Feedback(tmp_path / "none")
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            kept.record(**ANSWER)
    assert len(caplog.records) == 1 and "feedback cannot be kept" in caplog.text
    assert ANSWER["question"] not in caplog.text
    # It goes on where the disk is well again.
    (tmp_path / "none").mkdir()
    kept.record(**ANSWER)
    assert len(lines(tmp_path / "none" / "feedback.jsonl")) == 1


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.touch()
    (tmp_path / "feedback.jsonl").symlink_to(target)
    Feedback(tmp_path).record(**ANSWER)
    assert target.read_bytes() == b""


def test_builds_leave_it_alone(tmp_path: Path, tiny_model: Path) -> None:
    articles, index = tmp_path / "articles", tmp_path / "index"
    write_articles(articles, COLLECTION[:1])
    build(articles, index=index, model=str(tiny_model))
    Feedback(index).record(**ANSWER)
    for number in (2, 3, 4):
        write_articles(articles, COLLECTION[:number])
        build(articles, index=index, model=str(tiny_model))
    build(articles, index=index, model=str(tiny_model), full=True)
    assert len(lines(index / "feedback.jsonl")) == 1


def test_git_does_not_see_it() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    for name in (feedback.FILE, feedback.OLD_FILE):
        ignored = subprocess.run(
            ["git", "check-ignore", "-q", f"index/{name}"], cwd=ROOT, check=False
        )
        assert ignored.returncode == 0
