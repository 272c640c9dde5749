"""The chat's page behind a password, and over its rate, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("gradio")

from chat_fixtures import FakeBackend, shared_backend, start_server

from assistant.chat.login import Login

pytestmark = pytest.mark.browser

NAME, PASSWORD = "desk", "a long pässword"


def ask(page: Any, address: str) -> None:
    page.goto(address)
    page.fill("#question textarea", "missiles décembre")
    page.press("#question textarea", "Enter")


def test_the_page_behind_a_password(browsers: Any) -> None:
    address = start_server(shared_backend(), auth=Login(NAME, PASSWORD))
    credentials = {"username": NAME, "password": PASSWORD}
    context = browsers.new_context(http_credentials=credentials)
    page = context.new_page()
    wrong: list[str] = []
    page.on("response", lambda r: r.status >= 400 and wrong.append(f"{r.status} {r.url}"))
    page.on("console", lambda m: m.type in ("error", "warning") and wrong.append(m.text))
    ask(page, address)
    page.wait_for_selector("#sources .card")
    page.click("#sources .card a")
    assert wrong == []
    context.close()


def test_too_many_questions_are_said_plainly(browsers: Any) -> None:
    # The opening of the page takes the only request that this rate allows.
    address = start_server(FakeBackend(), rate=0.01)
    context = browsers.new_context()
    page = context.new_page()
    ask(page, address)
    page.get_by_text("Too many requests came from this address").wait_for()
    context.close()
