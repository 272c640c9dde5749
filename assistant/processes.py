"""Other processes of this Python, and how one is kept from doing harm."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

_START = """
import json, sys
from importlib import import_module
sys.path[:] = json.loads(sys.argv[1])
module, name = sys.argv[2].split(":")
getattr(import_module(module), name)(*sys.argv[3:])
"""
"""What the process runs: it finds the same modules, wherever this one found them."""

_REFUSED = frozenset(
    "os.exec os.fork os.forkpty os.posix_spawn os.spawn os.system pty.spawn subprocess.Popen "
    "socket.bind socket.connect socket.getaddrinfo socket.gethostbyname socket.sendto "
    "os.link os.mkdir os.remove os.rename os.rmdir os.symlink os.truncate".split()
)
"""Events of Python's audit hooks (docs.python.org/3/library/audit_events.html)."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def python_command(function: str, *arguments: str) -> list[str]:
    """The command of a process that calls `function`, as in `package.module:name`, with texts."""
    paths = json.dumps([*map(str, sys.path)])
    return [sys.executable, "-P", "-c", _START, paths, function, *arguments]


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES
    if event in _REFUSED or (writes and arguments[0] != os.devnull):
        raise PermissionError(f"a reader may not do this: {event}")


def confine(*, memory_bytes: int) -> None:
    """From now on this process opens no connection, starts no program and writes no file.

    It may take `memory_bytes`. What the system cannot bound is left as it is; native code is held
    by the system's bounds alone.
    """
    if sys.platform != "win32":
        import resource

        for kind, most in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_AS, memory_bytes),
        ):
            _, hard = resource.getrlimit(kind)
            allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
            try:
                resource.setrlimit(kind, (allowed, hard))
            except (OSError, ValueError):
                continue
    sys.addaudithook(_refuse)


def cores() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
