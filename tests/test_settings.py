"""Defaults, environment, arguments; and what of a question is accepted."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from assistant.errors import QuestionError, SettingsError
from assistant.settings import (
    MAX_K,
    MAX_QUESTION_CHARACTERS,
    Settings,
    check_filters,
    check_k,
    check_mode,
    check_question,
)
from assistant.types import Filters


def test_defaults_then_environment_then_arguments() -> None:
    assert Settings.resolve(environment={}) == Settings(Path("seeds"), Path("index"), "bundled")
    environment = {"ASSISTANT_INDEX": "/i", "ASSISTANT_MODEL": "m", "ASSISTANT_ARTICLES": "a"}
    assert Settings.resolve(environment=environment) == Settings(Path("a"), Path("/i"), "m")
    chosen = Settings.resolve(index="j", model="n", environment=environment)
    assert chosen == Settings(Path("a"), Path("j"), "n")


@pytest.mark.parametrize("name", ["articles", "index", "model"])
def test_empty_settings_are_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=f"'{name}' is empty"):
        Settings.resolve(environment={f"ASSISTANT_{name.upper()}": " "})
    with pytest.raises(SettingsError, match=f"'{name}' is empty"):
        Settings.resolve(environment={}, **{name: ""})  # type: ignore[arg-type]


def test_questions() -> None:
    assert check_question("  Wer?\n") == "Wer?"
    assert check_question("a\ud800b") == "a?b"
    assert len(check_question("é" * MAX_QUESTION_CHARACTERS + "  ")) == MAX_QUESTION_CHARACTERS


@pytest.mark.parametrize(
    "question", ["", " \n\u3000", "x" * (MAX_QUESTION_CHARACTERS + 1), None, 5]
)
def test_questions_of_no_use(question: object) -> None:
    with pytest.raises(QuestionError):
        check_question(question)  # type: ignore[arg-type]


def test_k() -> None:
    assert [check_k(k) for k in (1, 8, MAX_K)] == [1, 8, MAX_K]
    for k in (0, -1, MAX_K + 1, True, 2.0, "3", None):
        with pytest.raises(SettingsError, match="from 1 to"):
            check_k(k)  # type: ignore[arg-type]


def test_modes() -> None:
    assert [check_mode(mode) for mode in ("hybrid", "dense", "lexical")]
    for mode in ("Hybrid", "", None, "bm25"):
        with pytest.raises(SettingsError, match="hybrid, dense, lexical"):
            check_mode(mode)  # type: ignore[arg-type]


def test_filters_in_canonical_form() -> None:
    assert check_filters() == Filters()
    assert not check_filters()
    filters = check_filters(
        languages="fr", sources=["A", "B", "A"], since=date(2023, 1, 2), until="20230102"
    )
    assert filters == Filters(("fr",), ("A", "B"), "2023-01-02", "2023-01-02")
    assert filters
    late = datetime(2023, 1, 2, 23, tzinfo=UTC)
    assert check_filters(since=late, until="2023-01-03T10:00:00").since == "2023-01-02"
    assert check_filters(since=date(99, 1, 2)).since == "0099-01-02"


@pytest.mark.parametrize(
    "wrong",
    [
        {"languages": []},
        {"languages": ""},
        {"languages": [1]},
        {"sources": 5},
        {"sources": ["A", ""]},
        {"since": "yesterday"},
        {"since": "2023-02-30"},
        {"since": "2023-11-12 and so on"},
        {"since": 20231112},
        {"until": ""},
        {"since": "2023-11-13", "until": "2023-11-12"},
    ],
    ids=repr,
)
def test_filters_of_no_use(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        check_filters(**wrong)  # type: ignore[arg-type]
