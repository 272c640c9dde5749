"""The tests of retrieval over the tiny collection, asked of an index on a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import test_retrieval
import test_search_options
from milvus_stores import lite_server, published
from test_retrieval import (
    test_a_question_without_a_known_token,
    test_arguments_of_no_use,
    test_articles_by_id,
    test_closing_twice,
    test_equal_scores_are_ordered_by_passage,
    test_filters,
    test_filters_apply_before_the_best_are_taken,
    test_hostile_questions,
    test_many_threads_get_what_one_gets,
    test_the_function_opens_an_index_once,
    test_the_shape_of_a_hit,
)
from test_search_options import (
    test_a_preferred_language_is_lifted,
    test_all_languages_and_the_same,
    test_anything_can_be_explained,
    test_copies_are_one_hit_that_names_the_others,
    test_copies_that_the_filters_forbid_are_not_named,
)

from assistant.api import Assistant

__all__ = [
    "test_a_preferred_language_is_lifted",
    "test_a_question_without_a_known_token",
    "test_all_languages_and_the_same",
    "test_anything_can_be_explained",
    "test_arguments_of_no_use",
    "test_articles_by_id",
    "test_closing_twice",
    "test_copies_are_one_hit_that_names_the_others",
    "test_copies_that_the_filters_forbid_are_not_named",
    "test_equal_scores_are_ordered_by_passage",
    "test_filters",
    "test_filters_apply_before_the_best_are_taken",
    "test_hostile_questions",
    "test_many_threads_get_what_one_gets",
    "test_the_function_opens_an_index_once",
    "test_the_shape_of_a_hit",
]

local_crowd, local_copied = test_retrieval.crowd, test_search_options.copied


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with lite_server(tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture(scope="module")
def tiny_index(server: str, tiny_index: Path) -> str:
    return published(tiny_index, f"{server}/tiny")


@pytest.fixture(scope="module")
def tiny(tiny_index: str) -> Iterator[Assistant]:
    with Assistant(tiny_index) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def seeds(tiny: Assistant) -> Assistant:
    """Where a test asks for any index at all."""
    return tiny


@pytest.fixture(scope="module")
def crowd(server: str, local_crowd: Assistant) -> Iterator[Assistant]:
    with local_crowd, Assistant(published(local_crowd._folder, f"{server}/crowd")) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def copied(server: str, local_copied: Path) -> str:
    return published(local_copied, f"{server}/copied")
