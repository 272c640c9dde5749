"""Brings an index up to date in the background, while questions are answered from the old one."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from assistant.apart import BuildProcess
from assistant.errors import AssistantError, BuildCancelled
from assistant.types import BuildReport

State = Literal["idle", "running", "done", "cancelled", "failed"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RebuildStatus:
    """How far the build is, or how the last one ended.

    `stage` is `reading`, in files, `embedding`, in articles, or `writing`, in passages; `done`
    of `total` of these are done. `seconds` are those since the start, or that the build took.
    `report` is there where the state is `done`, `error` where it is `failed`.
    """

    state: State = "idle"
    stage: str = ""
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    report: BuildReport | None = None
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "stage": self.stage,
            "done": self.done,
            "total": self.total,
            "seconds": round(self.seconds, 3),
            "report": None if self.report is None else self.report.to_dict(),
            "error": self.error,
        }


class Rebuild:
    """Builds one index, in one process at a time. One object serves many threads."""

    def __init__(self, *, articles: Path, index: Path, model: str | None = None) -> None:
        """`model` defaults to the one that the index was built with."""
        self._articles = articles
        self._index = index
        self._model = model
        self._lock = threading.Lock()
        self._status = RebuildStatus()
        self._began = 0.0
        self._process: BuildProcess | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> bool:
        """Begins a build; False, and nothing happens, while one of this object's runs."""
        with self._lock:
            if self._status.state == "running":
                return False
            self._began = time.monotonic()
            self._status = RebuildStatus("running", "reading")
            self._process = BuildProcess(
                articles=self._articles, index=self._index, model=self._model
            )
            self._thread = threading.Thread(
                target=self._run, args=[self._process], name="rebuild", daemon=True
            )
            self._thread.start()
            return True

    def cancel(self) -> None:
        """Ends the build that runs, if one does: soon, not at once. The old index stays."""
        with self._lock:
            process = self._process
        if process is not None:
            process.cancel()

    def status(self) -> RebuildStatus:
        with self._lock:
            if self._status.state != "running":
                return self._status
            return replace(self._status, seconds=time.monotonic() - self._began)

    def wait(self, timeout: float | None = None) -> bool:
        """Waits for the end of the build, `timeout` seconds at most; whether none runs now."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return self.status().state != "running"

    def _tell(self, stage: str, done: int, total: int) -> None:
        with self._lock:
            self._status = replace(self._status, stage=stage, done=done, total=total)

    def _run(self, process: BuildProcess) -> None:
        try:
            report = process.run(self._tell)
            self._end("done", report=report)
        except BuildCancelled:
            self._end("cancelled")
        except AssistantError as error:
            self._end("failed", error=str(error))
        except Exception:
            _log.exception("a rebuild of %s failed", self._index)
            self._end(
                "failed", error="the build failed unexpectedly; the log of this program says why"
            )

    def _end(
        self, state: State, *, report: BuildReport | None = None, error: str | None = None
    ) -> None:
        with self._lock:
            self._process = None
            self._status = replace(
                self._status,
                state=state,
                seconds=time.monotonic() - self._began,
                report=report,
                error=error,
            )
