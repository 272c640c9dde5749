"""What a new user does: clone, make a virtual environment, run the README's two commands.

The commands are read out of README.md. The network is there while pip installs; from then
on every connection beyond this machine is refused, and HF_HUB_OFFLINE=1 is set. Prints the
seconds of each step and the first answer, got through the HTTP API of the running chat.

    python -m benchmarks.first_run [--skip-tests]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent
QUESTION = "How many passengers escaped from the burning plane at Haneda airport?"
PATIENCE = 300


def readme_commands(readme: str) -> list[list[str]]:
    """The commands of the README's first two shell blocks that begin with pip, split at `&&`."""
    found = re.findall(r"^(pip install .+ && .+)$", readme, flags=re.MULTILINE)
    return [[part.strip() for part in line.split("&&")] for line in found[:2]]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ask(port: int, server: subprocess.Popen[bytes]) -> dict[str, object]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/ask",
        json.dumps({"question": QUESTION}).encode(),
        {"Content-Type": "application/json"},
    )
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if server.poll() is not None:
            sys.exit(f"the chat ended with status {server.returncode}")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                answer: dict[str, object] = json.load(response)
                return answer
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    sys.exit(f"the chat did not answer within {PATIENCE} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--skip-tests", action="store_true", help="only the first command")
    arguments = parser.parse_args()
    result: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as temporary:
        clone, venv = Path(temporary) / "clone", Path(temporary) / "venv"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        first, second = readme_commands((clone / "README.md").read_text(encoding="utf-8"))
        online = {**os.environ, "PATH": f"{venv / 'bin'}:{os.environ['PATH']}"}
        online.pop("PYTHONPATH", None)
        guard = str(clone / "benchmarks" / "guard")
        offline = {**online, "PYTHONPATH": guard, "HF_HUB_OFFLINE": "1"}

        clock = time.monotonic()
        subprocess.run(first[0], shell=True, check=True, cwd=clone, env=online, stdout=2)
        result["install_seconds"] = round(time.monotonic() - clock, 1)
        clock = time.monotonic()
        port = _free_port()
        chat = subprocess.Popen(
            f"exec {first[1]} --port {port}", shell=True, cwd=clone, env=offline, stdout=2
        )
        try:
            answer = _ask(port, chat)
        finally:
            chat.terminate()
            chat.wait(30)
        result["chat_to_first_answer_seconds"] = round(time.monotonic() - clock, 1)
        result["question"] = QUESTION
        result["found"] = answer["found"]
        result["answer"] = answer["answer"]
        if not arguments.skip_tests:
            subprocess.run(second[0], shell=True, check=True, cwd=clone, env=online, stdout=2)
            clock = time.monotonic()
            tests = subprocess.run(second[1], shell=True, cwd=clone, env=offline, stdout=2)
            result["tests_status"] = tests.returncode
            result["tests_seconds"] = round(time.monotonic() - clock, 1)
    print(json.dumps(result, ensure_ascii=False, indent=1))
    if not answer["found"] or result.get("tests_status"):
        sys.exit(1)


if __name__ == "__main__":
    main()
