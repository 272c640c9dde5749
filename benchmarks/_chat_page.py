"""The chat's page in a real browser: when it can be used, and when an answer is seen."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
)
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")

_BOX = "#question textarea"
_WATCH = """(card) => {
  window.seen = new Promise((resolve) => {
    document.querySelector("#question textarea").addEventListener("keydown", () => {
      const pressed = performance.now();
      const look = () => {
        const shown = document.querySelector(card)?.getClientRects().length;
        if (shown) resolve(performance.now() - pressed);
        else requestAnimationFrame(look);
      };
      look();
    }, { once: true, capture: true });
  });
}"""
"""Counts from the key to the first frame in which the card has a place."""


def browser_missing() -> str | None:
    """Why there is no browser to drive; None where there is one."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright is not installed"
    return None if CHROMIUM else "no chromium was found; name it in CHROMIUM"


@contextmanager
def new_browser() -> Iterator[Any]:
    """A Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def usable_page(browser: Any, address: str, **options: Any) -> Iterator[Any]:
    """The page with nothing in the browser's cache, once it takes a question and shows the index.

    `options` are those of a new context of the browser.
    """
    context = browser.new_context(**options)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("#about .index")
    page.fill(_BOX, "?")
    # What is typed before the page is ready is lost when it is.
    while page.input_value(_BOX) != "?":
        time.sleep(0.02)
        page.fill(_BOX, "?")
    page.fill(_BOX, "")
    yield page
    context.close()


def answers_seen(page: Any, questions: Sequence[str]) -> list[float]:
    """The milliseconds from Enter to the first card of each question, all asked in one chat."""
    taken = []
    for turn, question in enumerate(questions, 1):
        page.fill(_BOX, question)
        page.evaluate(_WATCH, f"#t{turn} .card")
        page.press(_BOX, "Enter")
        taken.append(float(page.evaluate("() => window.seen")))
        # The page takes no question until the event before has ended.
        page.wait_for_selector("#chat .acts .do\\:retry")
        page.wait_for_timeout(200)
    return taken
