"""A real browser for the chat's tests, and pages that are watched while they are used."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from chat_fixtures import WritingBackend

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser. Skips loudly where there is none, and fails where there must be one."""
    missing = None
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing = "playwright is not installed"
    if missing is None and CHROMIUM is None:
        missing = "no chromium was found; install it or name it in CHROMIUM"
    if missing is not None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(f"browser tests cannot run: {missing}")
        pytest.skip(f"BROWSER TESTS DID NOT RUN: {missing}")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield started
        started.close()


def reader(chromium: Any, *, language: str = "en-US") -> Any:
    """A browser's context; the tests share its cache, which makes their pages open faster."""
    context = chromium.new_context(
        locale=language, permissions=["clipboard-read", "clipboard-write"]
    )
    context.set_default_timeout(15_000)
    return context


@contextmanager
def watched_page(
    browser: Any,
    address: str,
    *,
    path: str = "/",
    size: tuple[int, int] = (1400, 900),
    colours: str = "light",
) -> Iterator[Any]:
    page = browser.new_page()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=colours, reduced_motion="reduce")
    wrong: list[str] = []

    def on_console(message: Any) -> None:
        if message.type in ("error", "warning") or "Content Security" in message.text:
            wrong.append(f"console: {message.text}")

    def on_request(request: Any) -> None:
        if not request.url.startswith((f"{address}/", "data:", "blob:")):
            wrong.append(f"request: {request.url}")

    def on_dialog(dialog: Any) -> None:
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("console", on_console)
    page.on("pageerror", lambda error: wrong.append(f"exception: {error}"))
    page.on("request", on_request)
    page.on("dialog", on_dialog)
    page.goto(address + path)
    page.wait_for_selector("#question textarea")
    page.wait_for_selector("#about .index")
    page.wrong = wrong
    yield page
    page.close()
    assert wrong == []


def ask(page: Any, question: str, turn: int = 1) -> None:
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#t{turn} .card, #chat .problem")


def eventually(holds: Callable[[], bool]) -> None:
    # The browser's own way of waiting for a condition needs `eval`, which the page forbids.
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.id"))


def begin_writing(page: Any, backend: WritingBackend, question: str) -> None:
    """Asks, and waits until the answer has its first sentence; the others wait for the gate."""
    backend.gate.clear()
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_selector("#chat .origin:has-text('Writing')")
