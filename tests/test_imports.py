"""What a fresh process loads: nothing heavy before it is needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers import python

LIBRARIES = frozenset(
    "torch transformers sentence_transformers gradio pandas faiss tantivy langchain_core "
    "langchain_text_splitters numpy openai trafilatura lxml yaml py3langid dateparser babel".split()
)
SLOW = LIBRARIES & {
    "torch",
    "transformers",
    "sentence_transformers",
    "gradio",
    "openai",
    "pandas",
    "dateparser",
}
_RUN = """
import json, sys
from assistant.cli import main
try:
    status = main(sys.argv[1:])
except SystemExit as error:
    status = error.code
print("LOADED", json.dumps([status, sorted(sys.modules)]))
"""


def run(*arguments: str) -> tuple[int, frozenset[str], str]:
    """The exit status of a command, the modules it loaded, and what it said on stderr."""
    done = python("-c", _RUN, *arguments)
    status, modules = json.loads(done.stdout.rpartition("LOADED ")[2])
    return status, frozenset(modules), done.stderr


def test_importing_the_package_loads_no_library() -> None:
    done = python("-c", "import assistant, json, sys; print(json.dumps(list(sys.modules)))")
    modules = frozenset(json.loads(done.stdout))
    assert "assistant" in modules
    assert not LIBRARIES & modules


def test_a_type_of_the_package_costs_no_library() -> None:
    code = "import json, sys; from assistant import Article, AssistantError, Filters; "
    done = python("-c", code + "print(json.dumps(list(sys.modules)))")
    assert not LIBRARIES & frozenset(json.loads(done.stdout))


def test_help_loads_no_library() -> None:
    status, modules, _ = run("--help")
    assert status == 0
    assert not LIBRARIES & modules


@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_question_loads_no_slow_library(command: str, seed_index: Path) -> None:
    question = "When will the missile warning data be shared?"
    status, modules, notes = run(command, question, "--index", str(seed_index), "--json")
    assert status == 0, notes
    assert "assistant.retrieval" in modules
    assert not SLOW & modules


@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_command_that_fails_loads_no_slow_library(command: str, tmp_path: Path) -> None:
    status, modules, notes = run(command, "Why?", "--index", str(tmp_path / "none"))
    assert status == 1
    assert "there is no index" in notes
    assert not SLOW & modules


def test_a_build_that_reads_nothing_loads_no_slow_library(tmp_path: Path) -> None:
    status, modules, notes = run("build", str(tmp_path), "--index", str(tmp_path / "index"))
    assert status == 1
    assert "no article could be read" in notes
    assert not SLOW & modules
