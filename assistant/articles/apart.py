"""Reads files in a process of its own, so that a parser that hangs or crashes costs one file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from assistant.articles.folder import relative_name
from assistant.articles.formats import Items
from assistant.limits import Limits
from assistant.processes import python_command
from assistant.types import Article, Skipped

_RUN = "assistant.articles.worker:run_here"

_STARTING_SECONDS = 60
"""So long may a new process take until it is ready to read."""

_LONGEST = 10
"""How many times as long as without a sign of life a file may take to its next article."""


class _Alarm:
    """Kills a process that says nothing for too long."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._changed = threading.Condition()
        self._seconds: float | None = None
        self._turn = 0
        self._over = False
        self.rang = False
        threading.Thread(target=self._watch, name="reading-alarm", daemon=True).start()

    def set(self, seconds: float | None) -> None:
        """Rings after `seconds` from now, or not at all."""
        with self._changed:
            waits = self._seconds is not None
            self._seconds = seconds
            self._turn += 1
            if not waits:
                self._changed.notify()

    def stop(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while not self._over:
                if self._seconds is None:
                    self._changed.wait()
                    continue
                turn = self._turn
                self._changed.wait(self._seconds)
                if not self._over and self._seconds is not None and self._turn == turn:
                    self.rang = True
                    self._process.kill()
                    return


class Worker:
    """One process that reads one file at a time, started when it is needed and again after a fall.

    To be used by one thread. Closed, it leaves no process behind.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._alarm: _Alarm | None = None

    def read(self, path: Path, root: Path) -> Items:
        """The articles of a file, and what of it could not be used. Never raises for its content.

        Where the process ends, or has to be ended, what it gave before stays.
        """
        name = relative_name(path, root)
        started = self._process is None
        process, alarm = self._started()
        whole = False
        try:
            assert process.stdin is not None and process.stdout is not None
            # The process stays in the folder in which it was started.
            told = {"path": str(path.absolute()), "root": str(root.absolute()), "name": name}
            alarm.set(_STARTING_SECONDS if started else self._limits.seconds)
            since = time.monotonic()
            try:
                process.stdin.write(json.dumps(told).encode() + b"\n")
                process.stdin.flush()
            except BrokenPipeError:
                yield self._fallen(name, process, alarm)
                return False
            while True:
                line = process.stdout.readline()
                alarm.set(None)
                if not line.endswith(b"\n"):
                    yield self._fallen(name, process, alarm)
                    return False
                values = json.loads(line)
                if "done" in values:
                    whole = True
                    return bool(values["settled"])
                if "ready" in values:
                    since = time.monotonic()
                    alarm.set(self._limits.seconds)
                    continue
                if "alive" in values:
                    left = since + _LONGEST * self._limits.seconds - time.monotonic()
                    alarm.set(max(0.0, min(self._limits.seconds, left)))
                    continue
                if "memory" in values:
                    most = self._limits.memory_bytes // 1_000_000
                    yield Skipped(name, f"reading it took more than {most:,} MB of memory")
                    return False
                yield _item(values)
                since = time.monotonic()
                alarm.set(self._limits.seconds)
        finally:
            alarm.set(None)
            if not whole:
                # It may be in the middle of the file: the next one needs another process.
                self.close()

    def close(self) -> None:
        """Ends the process, if there is one."""
        process, self._process = self._process, None
        alarm, self._alarm = self._alarm, None
        if alarm is not None:
            alarm.stop()
        if process is not None:
            process.kill()
            process.communicate()

    def _started(self) -> tuple[subprocess.Popen[bytes], _Alarm]:
        if self._process is None or self._alarm is None:
            # One thread each: the memory that more of them reserve counts against the limit.
            environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
            self._process = subprocess.Popen(  # noqa: S603 - no shell, and arguments, not options
                python_command(_RUN, json.dumps(self._limits.to_dict())),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
            self._alarm = _Alarm(self._process)
        return self._process, self._alarm

    def _fallen(self, name: str, process: subprocess.Popen[bytes], alarm: _Alarm) -> Skipped:
        status = process.wait()
        if alarm.rang:
            return Skipped(name, f"reading it took more than {self._limits.seconds} s")
        how = f"status {status}" if status >= 0 else _signal_name(-status)
        return Skipped(name, f"its reader crashed on it ({how})")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _item(values: dict[str, Any]) -> Article | Skipped:
    if "skipped" in values:
        return Skipped(**values["skipped"])
    article = values["article"]
    return Article(**{**article, "authors": tuple(article["authors"])})
