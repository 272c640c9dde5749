"""Starts the chat over the articles in `seeds`; see `assistant chat --help`."""

from __future__ import annotations

import sys
from pathlib import Path

from assistant.cli import main

HERE = Path(__file__).resolve().parent

if __name__ == "__main__":
    sys.exit(
        main(
            [
                "chat",
                "--index",
                str(HERE / "index"),
                "--articles",
                str(HERE / "seeds"),
                *sys.argv[1:],
            ]
        )
    )
