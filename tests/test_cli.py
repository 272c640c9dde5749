"""The command line: statuses, streams, JSON, hostile text, closed pipes."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from helpers import COLLECTION, HIT_FIELDS, ROOT, Story, python, write_articles

import assistant
from assistant.answers import NOT_FOUND
from assistant.cli import main
from assistant.cli.parsing import parser

QUESTION = "When did the harbour of Fairhaven open?"


class Run(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command in this process."""

    def command(*arguments: str | Path) -> Run:
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            status = int(stop.code or 0)
        return Run(status, *capsys.readouterr())

    return command


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    path = tmp_path / "cases.jsonl"
    rows = [
        {"question": QUESTION, "relevant": ["harbour"], "answers": ["Monday"], "language": "en"},
        {"question": "茶叶产量", "relevant": ["tea", "gone"], "language": "zh"},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_build(run: Any, tiny_articles: Path, tiny_model: Path, tmp_path: Path) -> None:
    build = ("build", tiny_articles, "--index", tmp_path / "index", "--model", tiny_model)
    plan = run(*build, "--dry-run")
    *changes, last = plan.out.splitlines()
    assert len(changes) == 6
    assert changes[1] == "added: glacier.md: A glacier shrinks"
    assert last.startswith("would index 6 articles as ")
    assert not (tmp_path / "index").exists()
    done = run(*build)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("indexed 6 articles as ")
    assert done.out.endswith("; 0 warnings\n")
    assert done.out.count("\n") == 1
    again = json.loads(run(*build, "--json").out)
    assert list(again) == [
        "generation",
        "model",
        "articles",
        "passages",
        "added",
        "changed",
        "removed",
        "unchanged",
        "embedded",
        "skipped",
        "seconds",
        "dry_run",
        "stages",
    ]
    assert (again["unchanged"], again["embedded"], again["skipped"]) == (6, 0, [])
    assert json.loads(run(*build, "--full", "--json").out)["embedded"] == again["passages"]


def test_warnings_go_to_stderr(run: Any, tiny_model: Path, tmp_path: Path) -> None:
    write_articles(tmp_path / "a", COLLECTION[:1])
    (tmp_path / "a" / "empty.md").touch()
    done = run("build", tmp_path / "a", "--index", tmp_path / "i", "--model", tiny_model)
    assert done.status == 0
    assert done.err == "skipped: empty.md: the file is empty\n"
    assert done.out.endswith("; 1 warning\n")


def test_nothing_readable(run: Any, tmp_path: Path) -> None:
    (tmp_path / "empty.md").touch()
    done = run("build", tmp_path, "--index", tmp_path / "i")
    assert (done.status, done.out) == (1, "")
    first, second = done.err.splitlines()
    assert first == "skipped: empty.md: the file is empty"
    assert second.startswith("error: no article could be read in ")


def test_search_as_json(run: Any, tiny_index: Path) -> None:
    done = run("search", QUESTION, "-k", "2", "--mode", "hybrid", "--json", "--index", tiny_index)
    assert (done.status, done.err) == (0, "")
    shown = json.loads(done.out)
    assert list(shown) == ["question", "mode", "hits", "index"]
    assert (shown["question"], shown["mode"], len(shown["hits"])) == (QUESTION, "hybrid", 2)
    hit = shown["hits"][0]
    assert list(hit) == HIT_FIELDS
    assert list(hit["article"]) == [
        "id",
        "title",
        "language",
        "published",
        "source",
        "url",
        "path",
    ]
    assert list(hit["passage"]) == ["id", "start", "end", "text"]
    assert list(shown["index"]) == ["generation", "model", "articles", "passages"]
    assert hit["article"]["id"] == "harbour"


def test_search_as_text(run: Any, tiny_index: Path) -> None:
    done = run("search", QUESTION, "--index", tiny_index, "--mode", "lexical")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("1. [en] Fairhaven opens its harbour\n")
    assert "The Courier, 2023-11-12, harbour.md (dense -, lexical 1, romanised -)" in done.out
    nothing = run("search", "xyzzy", "--index", tiny_index, "--mode", "lexical")
    assert nothing == (0, "", "no passage was found\n")


def test_filters(run: Any, tiny_index: Path) -> None:
    def found(*options: str) -> set[str]:
        done = run("search", "harbour 茶", "--json", "--index", tiny_index, *options)
        return {hit["article"]["id"] for hit in json.loads(done.out)["hits"]}

    assert found("--languages", "zh") == {"tea", "tram"}
    assert found("--languages", "fr,de") == {"boulangerie", "storks"}
    assert found("--languages", "fr", "--languages", " de") == {"boulangerie", "storks"}
    assert found("--sources", "Le Quotidien", "--sources", "城市報") == {"boulangerie", "tram"}
    assert found("--since", "2023-11-13", "--until", "2023-11-13") == {"glacier"}


def test_ask(run: Any, tiny_index: Path) -> None:
    done = run("ask", QUESTION, "--index", tiny_index)
    assert (done.status, done.err) == (0, "")
    assert "The harbour of Fairhaven opened on Monday. [1]\n" in done.out
    assert "\n[1] [en] Fairhaven opens its harbour (The Courier, 2023-11-12" in done.out
    shown = json.loads(run("ask", QUESTION, "--index", tiny_index, "--json").out)
    assert shown["found"] is True
    assert shown["citations"][0]["article"]["id"] == "harbour"


def test_ask_what_no_article_answers(run: Any, seed_index: Path) -> None:
    done = run("ask", "xyzzy plugh", "--index", seed_index)
    assert (done.status, done.out) == (0, NOT_FOUND + "\n")
    assert "articles in " in done.err
    shown = json.loads(run("ask", "xyzzy plugh", "--index", seed_index, "--json").out)
    assert (shown["found"], shown["citations"]) == (False, [])


def test_eval(run: Any, tiny_index: Path, cases: Path) -> None:
    done = run("eval", cases, "--index", tiny_index, "--json")
    assert done.status == 0
    assert done.err == "1 relevant ids are not in the index and count as misses: gone\n"
    shown = json.loads(done.out)
    assert shown["questions"] == 2
    assert shown["recall@5"] == 0.75
    table = run("eval", cases, "--index", tiny_index, "--mode", "lexical", "-k", "3")
    assert table.out.startswith("2 questions, ")
    assert "recall@1 " in table.out
    assert "\nzh " in table.out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["search"],
        ["ask"],
        ["eval"],
        ["search", "q", "-k", "0"],
        ["search", "q", "-k", "101"],
        ["search", "q", "-k", "two"],
        ["ask", "q", "--mode", "magic"],
        ["build", "a", "b"],
        ["chat", "--port", "70000"],
        ["chat", "--host", "0.0.0.0"],
        ["chat", "--host", "news.example"],
        ["chat", "--auth", "desk", "--no-auth"],
        ["chat", "--rate", "-1"],
        ["chat", "--rate", "nan"],
        ["chat", "--rate", "many"],
        ["search", "q", "--no-such-option"],
    ],
    ids=" ".join,
)
def test_usage_errors(run: Any, arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("usage: assistant")


def test_chat(run: Any, tiny_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[dict[str, Any]] = []
    monkeypatch.setattr("assistant.chat.server.serve", lambda **options: served.append(options))
    monkeypatch.setenv("ASSISTANT_PASSWORD", "long enough")
    assert run("chat", "--index", tiny_index).status == 0
    options = ("--host", "::", "--auth", "desk", "--rate", "0.5", "--allow-edit", "--port", "0")
    assert run("chat", "--index", tiny_index, "--articles", "a", *options).status == 0
    plain, other = served
    assert (plain["host"], plain["auth"], plain["no_auth"]) == ("127.0.0.1", None, False)
    assert (plain["rate"], plain["allow_edit"], plain["mcp"]) == (10.0, False, False)
    assert (other["host"], other["auth"], other["rate"]) == ("::", "desk", 0.5)
    assert (other["articles"], other["allow_edit"], other["port"]) == (Path("a"), True, 0)


def test_the_default_rate_is_the_servers() -> None:
    from assistant.chat.rates import DEFAULT_RATE

    assert parser().parse_args(["chat"]).rate == DEFAULT_RATE


def test_a_password_that_is_missing_is_said_before_anything_is_built(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for password, said in ((None, "set the environment variable"), ("short", "shorter than 8")):
        if password is None:
            monkeypatch.delenv("ASSISTANT_PASSWORD", raising=False)
        else:
            monkeypatch.setenv("ASSISTANT_PASSWORD", password)
        done = run("chat", "--auth", "desk", "--index", tmp_path / "i", "--articles", tmp_path)
        assert (done.status, done.err.count("\n")) == (1, 1)
        assert said in done.err


def test_the_starter_passes_its_arguments_on() -> None:
    done = python(str(ROOT / "app.py"), "--host", "0.0.0.0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--no-auth" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["build", "--help"], ["--version"]])
def test_help_and_version(run: Any, arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(("usage: assistant", f"assistant {assistant.__version__}"))


@pytest.mark.parametrize("command", ["search", "ask", "eval"])
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("none", "there is no index in"),
        ("pointer", "CURRENT cannot be read"),
        ("manifest", "its checksum is wrong"),
        ("missing", "is missing"),
    ],
)
def test_an_index_of_no_use(
    run: Any, tiny_index: Path, tmp_path: Path, cases: Path, command: str, damage: str, message: str
) -> None:
    folder = tmp_path / "index"
    if damage != "none":
        folder.mkdir()
        for path in tiny_index.rglob("*"):
            target = folder / path.relative_to(tiny_index)
            if path.is_dir():
                target.mkdir()
            else:
                target.write_bytes(path.read_bytes())
        (manifest,) = folder.glob("*/manifest.json")
        if damage == "pointer":
            (folder / "CURRENT").write_bytes(b"\xff{")
        elif damage == "manifest":
            manifest.write_bytes(manifest.read_bytes() + b" ")
        else:
            (manifest.parent / "vectors.faiss").unlink()
    subject = cases if command == "eval" else QUESTION
    done = run(command, subject, "--index", folder, "--json")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("error: ")
    assert message in done.err
    assert "assistant build" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["search", ""],
        ["search", "x" * 3000],
        ["ask", "q", "--since", "soon"],
        ["ask", "q", "--since", "2024-01-02", "--until", "2024-01-01"],
        ["ask", "q", "--languages", ""],
        ["build", "/no/such/folder"],
        ["eval", "/no/such/file"],
    ],
    ids=lambda arguments: " ".join(arguments)[:40],
)
def test_values_of_no_use(run: Any, tiny_index: Path, arguments: list[str]) -> None:
    done = run(*arguments, "--index", tiny_index)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1


def test_the_environment_names_the_index(
    run: Any, tiny_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSISTANT_INDEX", str(tiny_index))
    assert run("search", QUESTION, "--json").status == 0
    monkeypatch.setenv("ASSISTANT_INDEX", " ")
    assert run("search", QUESTION).err.startswith("error: the setting 'index' is empty")


HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp\u2066\r\b\0"


def _steering(text: str) -> list[str]:
    return [
        ascii(c)
        for c in text
        if (unicodedata.category(c) in ("Cc", "Cs") and c != "\n")
        or c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    ]


def test_hostile_text_does_not_steer_the_terminal(
    run: Any, tiny_model: Path, tmp_path: Path
) -> None:
    articles, index = tmp_path / "articles", tmp_path / "index"
    text = f"The harbour {HOSTILE.replace(chr(0), '')} of Fairhaven opened on Monday."
    row = {"text": text, "title": f"Harbour {HOSTILE}", "source": HOSTILE, "language": "en"}
    articles.mkdir()
    (articles / "a.jsonl").write_text(json.dumps(row | {"published": HOSTILE + "x"}))
    (articles / f"b{HOSTILE[:-1]}\n.jsonl").write_text(json.dumps(row | {"id": "b"}))
    (articles / f"c{HOSTILE[:-1]}\n.md").write_text(f"---\nlanguage: '{HOSTILE[:-1]}'\n---\n{text}")
    (articles / f"d{HOSTILE[:-1]}.md").touch()
    done = run("build", articles, "--index", index, "--model", tiny_model)
    assert done.status == 0
    assert done.err.count("skipped: ") == done.err.count("\n") >= 2
    shown = [done, run("search", QUESTION, "--index", index)]
    shown += [run("ask", QUESTION, "--index", index), run("ask", "zzz", "--index", index)]
    shown += [run("build", articles / f"none{HOSTILE[:-1]}", "--index", index)]
    assert "harbour" in shown[1].out
    for each in shown:
        assert _steering(each.out + each.err) == []
    # In JSON they are escaped or plain data; a reader gets them back.
    found = json.loads(run("search", QUESTION, "--index", index, "--json").out)
    assert any("\x1b" in hit["passage"]["text"] for hit in found["hits"])


def test_an_argument_that_is_not_utf_8(run: Any, tiny_index: Path) -> None:
    odd = os.fsdecode(b"harbour \xff\xfe")
    for command in ("search", "ask"):
        for options in ([], ["--json"]):
            assert run(command, odd, "--index", tiny_index, *options).status == 0
    assert run("build", os.fsdecode(b"/none/\xff"), "--index", tiny_index).status == 1


class _Terminal:
    """A stream that says it is a terminal, and keeps what it is told."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal_only(
    run: Any,
    monkeypatch: pytest.MonkeyPatch,
    tiny_articles: Path,
    tiny_model: Path,
    tmp_path: Path,
) -> None:
    terminal = _Terminal()
    # Here and not in a fixture: between the two, capsys puts its own stream back.
    monkeypatch.setattr(sys, "stderr", terminal)
    done = run("build", tiny_articles, "--index", tmp_path / "i", "--model", tiny_model)
    assert done.status == 0
    assert "reading" in terminal.text
    assert "embedding" in terminal.text
    # Stdout is data, whatever stderr is; without a terminal test_build sees no bar.
    assert done.out.startswith("indexed 6 articles")
    assert "\r" not in done.out


def test_stopped_by_the_user(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("assistant.building.build", interrupt)
    assert run("build") == (130, "", "stopped\n")


def test_the_module_is_the_command(tiny_index: Path) -> None:
    done = python("-m", "assistant", "--version")
    assert (done.returncode, done.stdout) == (0, f"assistant {assistant.__version__}\n")
    missing = python("-m", "assistant", "ask", "Why?", "--index", "/no/such/index")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.startswith("error: there is no index in /no/such/index; build one")


def test_a_stream_that_cannot_show_a_script(tiny_index: Path) -> None:
    environment = {"PYTHONIOENCODING": "ascii"}
    arguments = ("-m", "assistant", "search", "電車", "--index", str(tiny_index))
    done = python(*arguments, environment=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "?" in done.stdout


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_reader_that_has_seen_enough(
    options: list[str], tiny_model: Path, tiny_index: Path
) -> None:
    """As in `assistant search … | head -1`: no noise, and no failure."""
    process = subprocess.Popen(
        [sys.executable, "-m", "assistant", "search", QUESTION, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "ASSISTANT_INDEX": str(tiny_index)},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    notes = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), notes) == (0, b"")


def options_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield f"assistant {name}"
                yield from options_of(command)
        elif not isinstance(action, argparse._HelpAction):
            yield from action.option_strings


def test_every_command_and_option_is_in_the_readme() -> None:
    readme = ROOT / "README.md"
    if not readme.exists():
        pytest.skip("there is no README")
    text = readme.read_text(encoding="utf-8")
    missing = sorted({option for option in options_of(parser()) if f"{option}" not in text})
    assert missing == []


def test_every_option_of_every_command_has_help() -> None:
    commands = [a for a in parser()._actions if isinstance(a, argparse._SubParsersAction)]
    for name, command in commands[0].choices.items():
        for action in command._actions:
            told = action.help or action.metavar or action.dest == "question"
            assert told, f"{name} {action.dest}"


def test_stories_are_written_as_they_are_read(tmp_path: Path) -> None:
    """The tests' own articles hold what they say, or half of this suite tests nothing."""
    from helpers import read

    write_articles(tmp_path, [Story("a", "Text.", "fr", "2023-01-02", "S: “x”", "T: 1")])
    ((article,), ()) = read(tmp_path / "a.md")
    assert (article.id, article.text, article.language) == ("a", "Text.", "fr")
    assert (article.published, article.source, article.title) == ("2023-01-02", "S: “x”", "T: 1")
