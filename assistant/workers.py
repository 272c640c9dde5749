"""Processes that do the work of a build which keeps a processor busy, one for each core.

They are told what to do in lines of JSON and answer in such lines; what is large goes by files. A
process ends when who started it does, so none outlives a build.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from assistant.errors import AssistantError, BuildInterrupted, SettingsError
from assistant.processes import cores, python_command

_log = logging.getLogger(__name__)

Request = Mapping[str, Any]
Answer = dict[str, Any]
Tell = Callable[[int], None]

_AHEAD = 2
"""Requests that wait for each process, so that none is idle."""

_MOST_PROCESSES = 256

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"}


def check_processes(processes: int | None) -> int:
    """How many may work at once. Raises SettingsError."""
    if processes is not None and not 1 <= processes <= _MOST_PROCESSES:
        raise SettingsError(f"processes must be 1 to {_MOST_PROCESSES}, not {processes}")
    return processes or min(cores(), _MOST_PROCESSES)


class _Worker:
    def __init__(self, function: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - no shell, and arguments, not options
            python_command("assistant.workers:serve", function),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_ONE_THREAD},
        )

    def ask(self, request: Request, tell: Tell | None) -> Answer:
        """Raises AssistantError with its message, and BuildInterrupted where the process ended."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            for line in process.stdout:
                answer: Answer = json.loads(line)
                if "told" in answer:
                    if tell is not None:
                        tell(answer["told"])
                elif "error" in answer:
                    raise AssistantError(answer["error"])
                elif "unexpected" in answer:
                    _log.error("a process of a build failed: %s", answer["unexpected"])
                    reason = answer["unexpected"].strip().splitlines()[-1]
                    raise BuildInterrupted(f"a process of the build failed ({reason})")
                else:
                    return answer
        except (BrokenPipeError, ValueError) as error:
            raise BuildInterrupted(self._ended()) from error
        raise BuildInterrupted(self._ended())

    def _ended(self) -> str:
        status = self._process.wait()
        return (
            f"a process of the build ended with status {status}, perhaps for want of memory; the "
            "index is as it was; build again, which goes on where this build ended, with fewer "
            "processes at once: assistant build --processes 1"
        )

    def kill(self) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except OSError:
                continue
        self._process.wait()


class Workers:
    """Processes that answer requests by a function, as in `package.module:name`. To be closed."""

    def __init__(self, function: str, *, count: int) -> None:
        """Starts a process when there is a request for it, `count` of them at most."""
        self._function = function
        self._count = count
        self._local = threading.local()
        self._lock = threading.Lock()
        self._workers: list[_Worker] = []
        self._closed = False

    def close(self) -> None:
        """Ends the processes, in the middle of whatever they do."""
        with self._lock:
            self._closed = True
            workers, self._workers = self._workers, []
        for worker in workers:
            worker.kill()

    def answers(self, requests: Iterable[Request], tell: Tell | None = None) -> Iterator[Answer]:
        """The answers, in the order of the requests; `tell` hears, in other threads, of numbers
        that are told meanwhile.

        Raises what the function raised, if it was an AssistantError, and BuildInterrupted where a
        process ended.
        """
        waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        with ThreadPoolExecutor(self._count, thread_name_prefix="worker") as pool:
            left = iter(requests)
            count = 0
            try:
                while True:
                    while count < self._count * _AHEAD and (one := next(left, None)) is not None:
                        waiting.put(pool.submit(self._ask, one, tell))
                        count += 1
                    if not count:
                        return
                    yield waiting.get().result()
                    count -= 1
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                if count:
                    # Somebody turned away, or one failed: nobody waits for the others.
                    self.close()

    def _ask(self, request: Request, tell: Tell | None) -> Answer:
        worker: _Worker | None = getattr(self._local, "worker", None)
        if worker is None:
            with self._lock:
                if self._closed:
                    raise BuildInterrupted("the build was ended")
                worker = self._local.worker = _Worker(self._function)
                self._workers.append(worker)
        return worker.ask(request, tell)


def serve(function: str) -> None:
    """What such a process does: it answers requests until nobody is left who asks."""
    from importlib import import_module

    # What libraries print must not come between the lines.
    lines = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin.buffer:
            requests.put(line)
        # In the middle of whatever is done, for nobody wants it any more.
        os._exit(1)

    module, name = function.split(":")
    answer: Callable[[Request, Tell], Answer] = getattr(import_module(module), name)

    def say(values: Mapping[str, Any]) -> None:
        print(json.dumps(values), file=lines, flush=True)

    threading.Thread(target=read, daemon=True).start()
    while True:
        request = json.loads(requests.get())
        try:
            say(answer(request, lambda told: say({"told": told})))
        except AssistantError as error:
            say({"error": str(error)})
        except MemoryError:
            os._exit(1)
        except Exception:
            say({"unexpected": traceback.format_exc()})
