"""What readers thought of answers, kept beside the index: a line of JSON for each.

A line holds what is needed to answer the question again and to see what was shown; it holds
nothing of who asked.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

FILE = "feedback.jsonl"
OLD_FILE = "feedback.old.jsonl"
MAX_BYTES = 10_000_000

_LONGEST = 2_000
_MOST_CITATIONS = 100
_log = logging.getLogger(__name__)


class Feedback:
    """Appends to `feedback.jsonl` in the folder of an index. One object serves many threads.

    A file of 10 MB becomes `feedback.old.jsonl`, in place of the one before. A disk that does not
    take a line never breaks the chat: the first failure is logged.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._failed = False

    def record(
        self,
        *,
        liked: bool | None,
        question: str,
        completed: str | None,
        generation: str,
        citations: Sequence[tuple[str, int, int]],
        found: bool,
        confidence: float,
    ) -> None:
        """Keeps that an answer was liked, was not, or (None) that the mark was taken back.

        `citations` are the article, the start and the end of each quote; `generation` is the one
        of the index that answered. Raises nothing.
        """
        line = json.dumps(
            {
                "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "liked": liked,
                "question": question[:_LONGEST],
                "completed": None if completed is None else completed[:_LONGEST],
                "generation": generation,
                "found": found,
                "confidence": round(confidence, 4),
                "citations": [
                    {"article": article, "start": start, "end": end}
                    for article, start, end in citations[:_MOST_CITATIONS]
                ],
            }
        )
        with self._lock:
            try:
                self._append(f"{line}\n".encode())
            except OSError as error:
                if not self._failed:
                    _log.error("feedback cannot be kept in %s: %s", self._path, error)
                self._failed = True

    def _append(self, line: bytes) -> None:
        if self._path.is_symlink():
            raise OSError("it is a link to elsewhere")
        if self._path.exists() and self._path.stat().st_size + len(line) > MAX_BYTES:
            self._path.replace(self._path.with_name(OLD_FILE))
        with self._path.open("ab") as file:
            # A line that was cut short by a full disk must not run into this one.
            if file.tell() and not _ends_with_newline(self._path):
                line = b"\n" + line
            file.write(line)


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"
