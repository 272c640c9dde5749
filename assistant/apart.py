"""A build in a process of its own: it competes with no question for this one's interpreter.

The process runs at a lower priority and tells of itself in lines of JSON on its standard output.
It cancels the build when its standard input ends, so it does not outlive who started it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from assistant.building import build
from assistant.errors import AssistantError, BuildCancelled, NothingReadable
from assistant.index import Index
from assistant.processes import python_command
from assistant.types import BuildReport, Skipped

_NICE = 2
"""Enough to give way to a question; at 10, a build beside other busy programs hardly goes on."""

_TOLD_EVERY = 0.05
"""Seconds between two lines about one stage."""

_PATIENCE = 3.0
"""Seconds that a cancelled process has to end by itself: it may be loading a model."""

_MOST_REASONS = 3


class BuildProcess:
    """One build. `run` and `cancel` may be called from different threads."""

    def __init__(self, *, articles: Path, index: Path, model: str | None = None) -> None:
        """`model` defaults to the one that the index was built with."""
        self._arguments = [str(articles), str(index), *([] if model is None else [model])]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._cancelled = False
        self._at_the_end = False

    def run(self, progress: Callable[[str, int, int], None]) -> BuildReport:
        """Builds, and tells of it as `build` does.

        Raises BuildCancelled, AssistantError with the message of the error that ended the
        build, and RuntimeError where it ended in another way, with what is known of it.
        """
        process = subprocess.Popen(  # noqa: S603 - no shell, and arguments, not options
            python_command("assistant.apart:run_here", *self._arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            creationflags=getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
        )
        with self._lock:
            self._process = process
            if self._cancelled:
                self._stop(process)
        assert process.stdout is not None
        last: dict[str, Any] = {}
        with process:
            for line in process.stdout:
                if not line.endswith(b"\n"):
                    break  # it was killed
                last = json.loads(line)
                if "stage" in last:
                    self._at_the_end = last["stage"] == "writing" and last["done"] == last["total"]
                    progress(last["stage"], last["done"], last["total"])
        if "report" in last:
            return _report(last["report"])
        if "error" in last:
            raise AssistantError(last["error"])
        if self._cancelled or "cancelled" in last:
            raise BuildCancelled("the build was cancelled; an index that was there is unchanged")
        trace = last.get("unexpected", "it said nothing")
        raise RuntimeError(f"a build ended with status {process.returncode}: {trace}")

    def cancel(self) -> None:
        """Ends the build, at once if it does not end by itself, unless it is at its last step."""
        with self._lock:
            if not self._cancelled:
                self._cancelled = True
                if self._process is not None:
                    self._stop(self._process)

    def _stop(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        process.stdin.close()
        killing = threading.Timer(_PATIENCE, self._kill, [process])
        killing.daemon = True
        killing.start()

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        # A build that dies leaves the old index; only what it tells of itself would be lost.
        if not self._at_the_end and process.poll() is None:
            process.kill()


def _report(values: Mapping[str, Any]) -> BuildReport:
    skipped = tuple(Skipped(one["path"], one["reason"], one["line"]) for one in values["skipped"])
    stages = tuple(values["stages"].items())
    return BuildReport(**{**values, "skipped": skipped, "stages": stages})


def _model_of(index: Path) -> str | None:
    try:
        opened = Index.open(index)
    except AssistantError:
        return None
    opened.close()
    return opened.info.model


def run_here(articles: str, index: str, model: str | None = None) -> None:
    """What the other process does: it builds, tells of it, and ends."""
    # What libraries print must not come between the lines.
    lines = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if hasattr(os, "nice"):
        os.nice(_NICE)
    stopped = threading.Event()

    at_the_end = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.buffer.read()
        stopped.set()
        time.sleep(_PATIENCE)
        # Nobody may be left who would end a process that is loading a model.
        if not at_the_end.is_set():
            os._exit(1)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    told: dict[str, float] = {}

    def tell(stage: str, done: int, total: int) -> None:
        if stage == "writing" and done == total:
            at_the_end.set()
        now = time.monotonic()
        if done == total or now - told.get(stage, 0.0) >= _TOLD_EVERY:
            told[stage] = now
            say({"stage": stage, "done": done, "total": total})

    def say(values: Mapping[str, Any]) -> None:
        print(json.dumps(values), file=lines, flush=True)

    try:
        report = build(
            articles,
            index=index,
            model=_model_of(Path(index)) if model is None else model,
            progress=tell,
            cancelled=stopped.is_set,
        )
        say({"report": report.to_dict()})
    except (BuildCancelled, KeyboardInterrupt):
        say({"cancelled": True})
    except NothingReadable as error:
        reasons = "; ".join(error.reasons[:_MOST_REASONS])
        say({"error": f"{error}: {reasons}" if reasons else str(error)})
    except AssistantError as error:
        say({"error": str(error)})
    except Exception:
        say({"unexpected": traceback.format_exc()})
    sys.stderr.flush()
    # Nothing is left to be done, and torch takes seconds to be taken down.
    os._exit(0)
