"""Readers in a process of their own: what a parser does there costs one file."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest

from assistant.articles import Items, Reading, apart, formats
from assistant.articles import reading as reading_module
from assistant.articles.formats import Format
from assistant.articles.plain import read_plain
from assistant.limits import Limits
from assistant.types import Article, Skipped

# What the process runs: a format whose parser does what the file says.
WILD = """
import json, os, sys, time
from pathlib import Path
from assistant.articles import formats
from assistant.articles.plain import read_plain

def read_wild(source):
    text = source.read().decode()
    if "first" in text:
        yield from read_plain(source)
    if "hang" in text:
        while True:
            pass
    if "segfault" in text:
        os.kill(os.getpid(), 11)
    if "memory" in text:
        held = bytearray(4_000_000_000)
    if "leave" in text:
        os._exit(3)
    if "fail" in text:
        raise KeyError("what nobody expected")
    if "print" in text:
        print("not JSON", flush=True)
    if "connect" in text:
        import socket
        socket.create_connection(("127.0.0.1", 9))
    if "program" in text:
        import subprocess
        subprocess.run(["true"])
    if "write" in text:
        Path("CANARY").write_text("x")
    if "pages" in text:
        for page in range(int(text.split()[1])):
            time.sleep(0.4)
            source.budget.tell()
    if "deep" in text:
        def down(n):
            return down(n + 1)
        down(0)
    yield from read_plain(source)

formats.READERS[".wild"] = formats.Format(read_wild)
from assistant.articles.worker import run_here
"""
SMALL = Limits(seconds=1, memory_bytes=1_000_000_000)


@pytest.fixture(autouse=True)
def wild(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("modules")
    (folder / "wild_readers.py").write_text(WILD)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(apart, "_RUN", "wild_readers:run_here")
    # Not one that other tests have used.
    monkeypatch.setattr("assistant.articles.reading.Worker", apart.Worker)
    monkeypatch.setattr(apart, "_STARTING_SECONDS", 20)
    monkeypatch.setitem(formats.READERS, ".wild", Format(read_plain))


def reasons(root: Path, limits: Limits = SMALL) -> dict[str, list[str]]:
    """By file, the texts of articles and, after a `!`, the reasons of what was skipped."""
    with Reading(root, limits=limits) as reading:
        return {
            read.path.name: [
                item.text if isinstance(item, Article) else f"!{item.reason}" for item in read
            ]
            for read in reading.read_all(sorted(root.iterdir()))
        }


def test_a_parser_that_misbehaves_costs_its_file(tmp_path: Path) -> None:
    for number, text in enumerate(
        ("good", "hang", "good", "segfault", "memory", "good", "leave", "fail", "print", "deep")
    ):
        (tmp_path / f"{number}.wild").write_text(f"{text} morning")
    (tmp_path / "a.txt").write_text("Plain text is read here.")
    found = reasons(tmp_path)
    good = ["good morning"]
    assert found["0.wild"] == found["2.wild"] == found["5.wild"] == good
    assert found["1.wild"] == ["!reading it took more than 1 s"]
    assert found["3.wild"] == ["!its reader crashed on it (SIGSEGV)"]
    assert found["4.wild"] == ["!reading it took more than 1,000 MB of memory"]
    assert found["6.wild"] == ["!its reader crashed on it (status 3)"]
    assert found["7.wild"] == ["!its reader failed on it (KeyError: 'what nobody expected')"]
    # What a parser prints does not come between the lines of what was read.
    assert found["8.wild"] == ["print morning"]
    assert found["9.wild"] == ["!it is nested too deeply"]
    assert found["a.txt"] == ["Plain text is read here."]


def test_a_sign_of_life_gives_more_time_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "_LONGEST", 4)
    (tmp_path / "a.wild").write_text("pages 5")
    (tmp_path / "b.wild").write_text("pages 60")
    found = reasons(tmp_path)
    assert found["a.wild"] == ["pages 5"]
    assert found["b.wild"] == ["!reading it took more than 1 s"]


def test_what_was_read_before_the_fall_stays(tmp_path: Path) -> None:
    (tmp_path / "a.wild").write_text("first, then segfault")
    assert reasons(tmp_path)["a.wild"] == [
        "first, then segfault",
        "!its reader crashed on it (SIGSEGV)",
    ]


@pytest.mark.parametrize(
    ("deed", "event"),
    [("connect", "socket.getaddrinfo"), ("program", "subprocess.Popen"), ("write", "open")],
)
def test_a_reader_opens_no_connection_starts_no_program_and_writes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deed: str, event: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.wild").write_text(deed)
    (reason,) = reasons(tmp_path)["a.wild"]
    assert reason.startswith("!the file cannot be read (a reader may not do this: " + event)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wild"]


def test_reading_that_ends_early_leaves_no_process(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number:02}.wild").write_text("hang" if number == 3 else "good")
    with Reading(tmp_path, limits=Limits(seconds=60)) as reading:
        results = reading.read_all(sorted(tmp_path.iterdir()))
        first = next(results)
        assert isinstance(next(iter(first)), Article)
        workers = list(reading._workers)
        processes = [worker._process for worker in workers]
        assert processes
        results.close()
    assert all(process is None or process.poll() is not None for process in processes)


def test_results_come_in_order_of_the_files_however_long_each_takes(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number:02}.{'wild' if number % 3 else 'txt'}").write_text(f"good {number}")
    with Reading(tmp_path, limits=SMALL) as reading:
        files = sorted(tmp_path.iterdir())
        assert [read.path for read in reading.read_all(files)] == files


def test_a_large_file_is_read_as_it_is_taken_and_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = json.dumps({"text": "A good long line. " * 200})
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text(f"{line}\n" * 1_000)
    read_of: Counter[str] = Counter()
    real = apart.Worker.read

    def counted(self: apart.Worker, path: Path, root: Path) -> Items:
        for item in real(self, path, root):
            read_of[path.name] += 1
            yield item
        return True

    monkeypatch.setattr(apart.Worker, "read", counted)
    with Reading(tmp_path) as reading:
        results = reading.read_all(sorted(tmp_path.iterdir()))
        first = next(results)
        assert sum(1 for _ in first) == 1_000 and first.settled
        second = next(results)
        next(iter(second))
        time.sleep(0.5)
        # It waits to be asked for the rest.
        assert 0 < read_of["b.jsonl"] <= reading_module._WAITING + 2
        processes = [worker._process for worker in reading._workers]
        results.close()
        assert not second.settled
    assert all(process is None or process.poll() is not None for process in processes)


def test_an_item_is_the_same_through_the_process(tmp_path: Path) -> None:
    text = "Ключ, مفتاح, 鍵: \u2028 first 😀 \u202e"
    (tmp_path / "a.wild").write_text(text)
    (tmp_path / "a.txt").write_text(text)
    with Reading(tmp_path, limits=SMALL) as reading:
        (apart_one, *_) = reading.read(tmp_path / "a.wild")
        (here,) = reading.read(tmp_path / "a.txt")
    assert isinstance(apart_one, Article) and isinstance(here, Article)
    assert (apart_one.text, apart_one.language) == (here.text, here.language)
    assert isinstance(apart_one.authors, tuple)
    assert not isinstance(apart_one, Skipped)


def test_of_many_things_of_no_use_the_first_are_told_and_the_others_counted(tmp_path: Path) -> None:
    lines = ["{}"] * 250 + ['{"text": "A good line at the end."}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    with Reading(tmp_path) as reading:
        ((*told, last),) = map(list, reading.read_all([tmp_path / "a.jsonl"]))
    assert [one.text for one in told if isinstance(one, Article)] == ["A good line at the end."]
    assert len(told) == 101
    assert str(last) == "a.jsonl: 150 more things in it could not be used"


@pytest.mark.parametrize("name", ["a.jsonl", "a.mbox", "a.zip"])
def test_a_file_that_gives_nothing_is_listed(tmp_path: Path, name: str) -> None:
    empty = b"PK\x05\x06" + bytes(18) if name == "a.zip" else b"\n\n\n"
    (tmp_path / name).write_bytes(empty)
    (told,) = reasons(tmp_path)[name]
    assert told.startswith("!")
