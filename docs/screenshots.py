"""Makes the pictures of the chat in `docs/images/`, by driving it over the seeds in a browser.

    python -m docs.screenshots [--out DIR] [NAME …]

Needs Playwright and a Chromium, and fonts for the scripts of the seeds.
"""

from __future__ import annotations

import argparse
import io
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from assistant.building import build
from benchmarks._chat_page import new_browser, usable_page
from benchmarks._chat_server import ROOT, running_chat

IMAGES = ROOT / "docs" / "images"

_COLOURS = 160
_WIDE = {"width": 1400, "height": 900}
_PHONE = {"width": 390, "height": 844}

_MIRROR = "Какого размера главное зеркало телескопа «Джеймс Уэбб»?"
_ENGLISH = "How many passengers escaped from the burning plane at Haneda airport?"
_ARABIC = "كم تراجعت إيرادات قناة السويس؟"
_CANAL = "Why is the Panama Canal short of water?"
_WIND_FARM = "In what year was Denmark’s pioneering Vindeby offshore wind farm dismantled?"
_UNANSWERED = "How much will the new metro line in Toronto cost?"


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: what is done on the page before it, and how the browser is set."""

    name: str
    do: Callable[[Any], None]
    path: str = "/"
    options: Mapping[str, Any] = field(default_factory=dict)


def ask(page: Any, question: str, turn: int = 1) -> None:
    """Asks, and waits for the sources."""
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")
    page.wait_for_selector(f"#t{turn} .card")
    page.wait_for_selector("#chat .do\\:retry")


def _first_run(page: Any) -> None:
    page.wait_for_selector("#chat .example")


def _answer(page: Any) -> None:
    ask(page, _CANAL)
    ask(page, _WIND_FARM, turn=2)
    page.click('#chat a[href="#t2-s1"] >> nth=0')


def _cross_language(page: Any) -> None:
    ask(page, _ENGLISH)
    page.click('#chat a[href="#t1-s1"] >> nth=0')


def _not_found(page: Any) -> None:
    ask(page, _UNANSWERED)


def _reading_pane(page: Any) -> None:
    ask(page, _WIND_FARM)
    page.click("#t1-s1 h4 a")
    page.wait_for_selector("dialog.reader mark")


def _arabic(page: Any) -> None:
    ask(page, _ARABIC)


def _dark(page: Any) -> None:
    page.click("#dark")
    ask(page, _MIRROR)
    page.click("#t1-s1 .why > summary")


def _phone(page: Any) -> None:
    ask(page, _ENGLISH)
    page.evaluate("scrollTo(0, 0)")


def _collection(page: Any) -> None:
    page.click("[role=tab] >> nth=1")
    page.wait_for_selector("#holdings .chart")


def _filters(page: Any) -> None:
    page.click("#show-filters")
    page.wait_for_selector("#filters.open")


def _adding(page: Any) -> None:
    page.click("[role=tab] >> nth=2")
    page.wait_for_selector("#drop .zone")
    page.click("#paste button")
    page.get_by_label("Title", exact=True).fill("A bridge opens in Fairhaven")
    page.get_by_label("Text", exact=True).fill(
        "The new bridge of Fairhaven opened on Monday. It cost 12 million crowns."
    )
    page.click("#add")
    page.wait_for_selector("#added .banner")


SHOTS = (
    Shot("first-run", _first_run),
    Shot("answer", _answer),
    Shot("cross-language", _cross_language),
    Shot("not-found", _not_found),
    Shot("reading-pane", _reading_pane),
    Shot("arabic", _arabic, options={"locale": "ar"}),
    Shot("dark", _dark),
    Shot("phone", _phone, options={"viewport": _PHONE}),
    Shot("collection", _collection),
    Shot("filters", _filters, path="/?lang=fr,de&since=2024-01-01"),
    Shot("adding", _adding),
)


def save(picture: bytes, path: Path) -> None:
    """Writes a picture with few colours: it is a third as large, and nobody sees it."""
    with Image.open(io.BytesIO(picture)) as image:
        few = image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        few.save(path, optimize=True)


def take(browser: Any, address: str, shot: Shot, folder: Path) -> Path:
    """Takes one picture. Returns its file."""
    options = {"viewport": _WIDE, "locale": "en", "reduced_motion": "reduce", **shot.options}
    with usable_page(browser, address + shot.path, **options) as page:
        shot.do(page)
        # Gradio fades things in.
        page.wait_for_timeout(600)
        path = folder / f"{shot.name}.png"
        save(page.screenshot(), path)
    return path


def warm(address: str) -> None:
    """Asks every question once, so that no picture shows how long the first time takes."""
    with httpx.Client(base_url=address, timeout=60) as client:
        for question in (_MIRROR, _ENGLISH, _ARABIC, _CANAL, _WIND_FARM, _UNANSWERED):
            client.post("/api/ask", json={"question": question, "explain": True})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these pictures")
    parser.add_argument("--out", type=Path, default=IMAGES, metavar="DIR")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        index, articles = Path(temporary) / "index", Path(temporary) / "articles"
        # What is added must not stay in the seeds.
        shutil.copytree(ROOT / "seeds", articles)
        build(articles, index=index)
        with (
            running_chat(index, articles, "--allow-edit") as running,
            new_browser() as browser,
        ):
            warm(running.address)
            for shot in SHOTS:
                if not arguments.names or shot.name in arguments.names:
                    path = take(browser, running.address, shot, arguments.out)
                    print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
