"""The command line: a module for each kind of command, and what becomes of their errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from assistant.cli.parsing import parser
from assistant.errors import AssistantError, NothingReadable
from assistant.terminal import note

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command. Returns 0, or 1 after an error that was shown; usage errors exit with 2.

    `verify` returns 1, too, where a quote is no longer found.
    """
    parsed = parser().parse_args(arguments)
    # The products of a question are small: threads that wait for each other take five times as
    # long for them. Read when numpy is first imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that cannot show a script shows a mark in its place.
            stream.reconfigure(errors="replace")
    try:
        status: int = parsed.run(parsed)
        sys.stdout.flush()
        return status
    except NothingReadable as error:
        for reason in error.reasons:
            note(f"skipped: {reason}")
        note(f"error: {error}")
    except AssistantError as error:
        note(f"error: {error}")
    except KeyboardInterrupt:
        note("stopped")
        return 130
    except BrokenPipeError:
        # The reader of the pipe has seen enough; the flush at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 1
