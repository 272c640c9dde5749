"""The chat's page behind a password, and over its rate, in a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("gradio")

from chat_fixtures import FakeBackend, shared_backend, start_server

from assistant.chat.login import Login

pytestmark = pytest.mark.browser

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
NAME, PASSWORD = "desk", "a long pässword"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def ask(page: Any, address: str) -> None:
    page.goto(address)
    page.fill("#question textarea", "missiles décembre")
    page.press("#question textarea", "Enter")


def test_the_page_behind_a_password(browser: Any) -> None:
    address = start_server(shared_backend(), auth=Login(NAME, PASSWORD))
    credentials = {"username": NAME, "password": PASSWORD}
    context = browser.new_context(http_credentials=credentials)
    page = context.new_page()
    wrong: list[str] = []
    page.on("response", lambda r: r.status >= 400 and wrong.append(f"{r.status} {r.url}"))
    page.on("console", lambda m: m.type in ("error", "warning") and wrong.append(m.text))
    ask(page, address)
    page.wait_for_selector("#sources .card")
    page.click("#sources .card a")
    assert wrong == []
    context.close()


def test_too_many_questions_are_said_plainly(browser: Any) -> None:
    # The opening of the page takes the only request that this rate allows.
    address = start_server(FakeBackend(), rate=0.01)
    context = browser.new_context()
    page = context.new_page()
    ask(page, address)
    page.get_by_text("Too many requests came from this address").wait_for()
    context.close()
