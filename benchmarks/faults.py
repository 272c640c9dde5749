"""What an index survives: killed builds, full disks, damaged files, hostile articles.

Every build and every reader is a forked child of this process; nothing outside of a temporary
folder is touched. A part that this system does not allow says NOT MEASURED. Ends with status 1
where anything failed.

    python -m benchmarks.faults [--only PART ...] [--small] [--output FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Before anything imports the libraries that read them: a process with threads cannot be forked.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")

from benchmarks._faults_damage import damages
from benchmarks._faults_hostile import MOST_BYTES, MOST_SECONDS, hostile
from benchmarks._faults_kills import kills
from benchmarks._faults_places import clocks, full_disks, read_only, second_writers
from benchmarks._faults_swaps import gone, swaps
from benchmarks._faults_world import Part, warm

RESULT = Path(__file__).parent / "results" / "faults.json"

PARTS: dict[str, Callable[[Path, str, bool], Part]] = {
    "kills": lambda root, model, small: kills(
        root, model, most=12 if small else None, random_times=6 if small else 60
    ),
    "full_disks": lambda root, model, small: full_disks(root, model, sizes=6 if small else 60),
    "read_only": lambda root, model, _: read_only(root, model),
    "second_writers": lambda root, model, _: second_writers(root, model),
    "swaps": lambda root, model, small: swaps(root, model, swaps=20 if small else 1_000),
    "gone": lambda root, model, _: gone(root, model),
    "clocks": lambda root, model, _: clocks(root, model),
    "damages": lambda root, model, small: damages(root, model, most=60 if small else 600),
    "hostile": lambda root, model, small: hostile(root, model, small=small),
}
"""What can be measured, by name."""


def measured(
    names: list[str], model: str, *, small: bool, folder: Path | None = None
) -> dict[str, Any]:
    """The figures of the parts `names`; `folder` is where they work (default: a temporary one)."""
    warm(model)
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        for name in names:
            clock = time.monotonic()
            root = Path(temporary).resolve() / name
            root.mkdir()
            results[name] = PARTS[name](root, model, small).to_dict()
            results[name]["seconds of this part"] = round(time.monotonic() - clock, 1)
            shutil.rmtree(root)
            print(name, json.dumps(results[name], indent=1), file=sys.stderr, flush=True)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--only", nargs="+", choices=list(PARTS), metavar="PART", default=None)
    parser.add_argument("--small", action="store_true", help="a few of each, as the tests do")
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--folder", type=Path, help="where to work; on a disk or in memory")
    parser.add_argument("--output", type=Path, default=RESULT)
    arguments = parser.parse_args()
    names = arguments.only or list(PARTS)
    results = measured(names, arguments.model, small=arguments.small, folder=arguments.folder)
    kept: dict[str, Any] = {}
    if arguments.only and arguments.output.exists():
        # Parts that are measured again take the place of the old figures, and leave the others.
        kept = json.loads(arguments.output.read_text(encoding="utf-8"))
    kept |= results
    kept["limits"] = {"seconds": MOST_SECONDS, "bytes": MOST_BYTES}
    arguments.output.write_text(
        json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    wrong = {name: result["failures"] for name, result in results.items() if result["failures"]}
    if wrong:
        sys.exit(f"failures: {wrong}")


if __name__ == "__main__":
    main()
