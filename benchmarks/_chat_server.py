"""A chat in a process of its own, and what the kernel (Linux) says of it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATIENCE = 120.0
"""Seconds that a chat has to start."""

_READY = "Chat ready at "
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Running:
    """A chat that answers: its address, its process, and when that was started."""

    address: str
    pid: int
    began: float

    def processor_seconds(self) -> float:
        """What the process has used of the processor, without its children."""
        # The name of the program, in brackets, may hold spaces.
        text = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
        fields = text.split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> dict[str, float]:
        """Megabytes: resident, its share of what is shared (Pss), and anonymous."""
        text = Path(f"/proc/{self.pid}/smaps_rollup").read_text(encoding="ascii")
        return memory_of(text)


def memory_of(rollup: str) -> dict[str, float]:
    """The figures of a `smaps_rollup`, in megabytes."""
    found = {}
    for line in rollup.splitlines():
        name, _, value = line.partition(":")
        if name in ("Rss", "Pss", "Anonymous"):
            found[name.lower()] = round(int(value.split()[0]) * 1024 / 1e6, 1)
    return found


def command(*arguments: str | Path) -> list[str]:
    """The command line of `assistant` with these arguments."""
    return [sys.executable, "-m", "assistant", *map(str, arguments)]


@contextmanager
def running_chat(index: Path, articles: Path, *options: str) -> Iterator[Running]:
    """Starts a chat on a free port; ends it. Raises RuntimeError where it does not start."""
    began = time.monotonic()
    process = subprocess.Popen(
        command(
            "chat", "--index", index, "--articles", articles, "--port", "0", "--rate", "0", *options
        ),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    said: list[str] = []
    ready = threading.Event()

    def listen() -> None:
        # Read to the end, or the chat waits once the pipe is full.
        for line in process.stderr or ():
            said.append(line)
            if line.startswith(_READY):
                ready.set()
        ready.set()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        ready.wait(PATIENCE)
        address = address_of(said)
        if address is None:
            raise RuntimeError(f"the chat did not start: {''.join(said)[-2000:]}")
        yield Running(address, process.pid, began)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        listener.join(5)


def address_of(lines: Sequence[str]) -> str | None:
    """The address that a chat printed, or None."""
    found = [line.removeprefix(_READY).strip() for line in lines if line.startswith(_READY)]
    return found[-1] if found else None
