"""The order of the layers (docs/architecture.md): each module imports from earlier ones only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from helpers import ROOT

import assistant

PACKAGE = ROOT / "assistant"
LAYERS = (
    ("errors", "markup"),
    ("types",),
    ("answers",),
    (
        "settings",
        "text",
        "files",
        "file_names",
        "limits",
        "memory",
        "processes",
        "references",
        "question_words",
        "number_words",
        "little_words",
        "follow_words",
        "ragged",
        "turns",
    ),
    ("language", "numerals", "dates", "names", "batches", "stages", "workers"),
    (
        "articles",
        "passages",
        "columns",
        "drafts",
        "embedding",
        "endpoint",
        "facts",
        "fetching",
        "following",
        "kept_pages",
        "last_build",
        "lexical",
        "vectors",
        "late",
        "romanised",
        "copies",
        "cues",
        "sample",
        "store",
        "table",
        "reranking",
        "saved",
        "times",
        "titles",
    ),
    ("vocabulary",),
    ("known_terms", "making"),
    ("searchable",),
    ("opened",),
    ("index", "answer_file", "checking", "editing", "feeds", "spool", "web_pages"),
    (
        "adding",
        "assembling",
        "collection",
        "gathering",
        "pieces",
        "planning",
        "ranking",
        "sentences",
        "preferring",
        "verifying",
        "auditing",
        "exporting",
        "health",
        "milvus",
    ),
    ("labour", "explaining", "selecting"),
    ("constructing", "retrieval", "writing"),
    ("building", "sharding", "answering", "rewriting"),
    ("apart", "on_ray", "remote", "watching", "api"),
    ("rebuilding",),
    ("chat", "evaluation", "terminal"),
    ("cli",),
    ("__main__",),
)
LAYER_OF = {name: number for number, names in enumerate(LAYERS) for name in names}
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 500


def imported(tree: ast.AST) -> Iterator[str]:
    """The dotted names that a module imports, anywhere in it; names from a package one by one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a name comes from"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def unit(path: Path) -> str:
    """A module, or the folder of modules that it is part of."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_a_module_imports_only_earlier_layers(path: Path) -> None:
    own = unit(path)
    if own == "__init__":
        return  # the test of the public names reads it
    assert own in LAYER_OF, f"give {own} a place in LAYERS"
    for name in imported(parse(path)):
        first, *rest = name.split(".")
        assert first not in ("training", "benchmarks", "tests", "conftest", "helpers"), name
        if first != "assistant" or rest[0] in ("__version__", own):
            continue
        assert rest[0] in LAYER_OF, f"{path.name} takes {name} by way of the package"
        assert LAYER_OF[rest[0]] < LAYER_OF[own], f"{own} must not import {rest[0]}"


def test_importing_the_package_imports_none_of_its_modules() -> None:
    for statement in parse(PACKAGE / "__init__.py").body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            assert not any(name.startswith("assistant") for name in imported(statement))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_no_module_is_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_public_names() -> None:
    assert list(assistant.__all__) == [
        "Answer",
        "Article",
        "Assistant",
        "AssistantError",
        "BuildReport",
        "Citation",
        "Filters",
        "Hit",
        "IndexInfo",
        "Passage",
        "Skipped",
        "__version__",
        "build",
        "retrieve",
    ]
    for name in assistant.__all__:
        value = getattr(assistant, name)
        if name != "__version__":
            # The name is at home where `_HOMES` says, and says so itself.
            assert getattr(import_module(value.__module__), name) is value
    assert dir(assistant) == sorted(assistant.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        assistant.nonsense  # noqa: B018


def test_every_error_has_the_one_root() -> None:
    errors = import_module("assistant.errors")
    classes = [c for c in vars(errors).values() if isinstance(c, type)]
    assert len(classes) > 10
    assert all(issubclass(c, assistant.AssistantError) and c.__doc__ for c in classes)
