"""Fuzzes the readers of articles: whatever a file holds, reading it ends in articles and reasons.

    pip install atheris
    python -m benchmarks.fuzz [--seconds 300] [--only md pdf …] [--at-once 2] [--keep DIR]

Each reader is fuzzed in a process of its own by atheris (libFuzzer, guided by the coverage of the
Python code that it runs through). Inputs are of two kinds: the bytes of the file, and, where the
format is a container, what lies within it, packed soundly: or else most inputs would fail at a
checksum. A finding is an exception that leaves the reader, an article or a reason that no index
can hold, an input that takes over 20 s or 3 GB, and a crash of the process. Its input is kept in
DIR. Prints a line for each reader and writes all to `benchmarks/results/fuzz.json`; the status
is 1 where there was a finding.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import io
import json
import lzma
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from assistant.articles.formats import READERS, read_source
from assistant.articles.source import Budget, Source
from assistant.limits import Limits
from assistant.types import Article
from benchmarks._faults_formats import (
    FORMATS,
    Item,
    docx_members,
    epub_members,
    odt_members,
    zipped,
)

RESULT = Path(__file__).parent / "results" / "fuzz.json"

_SLOWEST_SECONDS = 20
_MOST_MEGABYTES = 3_000
_LONGEST_INPUT = 60_000
_LIMITS = Limits(file_bytes=2_000_000, unpacked_bytes=20_000_000, members=200, pages=50)
_DAY = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?")
_ITEM = Item(7)


def _within(members: dict[str, bytes], name: str) -> Callable[[bytes], bytes]:
    return lambda data: zipped({**members, name: data})


def _tar(data: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("inner.html")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


_DOCX, _EPUB, _ODT = docx_members(_ITEM), epub_members(_ITEM), odt_members(_ITEM)
_CHAPTER = next(name for name in _EPUB if name.endswith(("html", "xhtml")))
_PAGE = FORMATS[".html"](_ITEM)

PACKED: dict[str, tuple[Callable[[bytes], bytes], bytes]] = {
    "docx": (_within(_DOCX, "word/document.xml"), _DOCX["word/document.xml"]),
    "epub": (_within(_EPUB, _CHAPTER), _EPUB[_CHAPTER]),
    "odt": (_within(_ODT, "content.xml"), _ODT["content.xml"]),
    "zip": (lambda data: zipped({"inner.html": data}), _PAGE),
    "tar": (_tar, _PAGE),
    "gz": (gzip.compress, FORMATS[".warc"](_ITEM)),
    "bz2": (bz2.compress, _PAGE),
    "xz": (lzma.compress, _PAGE),
}
"""How a container is made of what lies within it, and a sound one."""

_RAW: dict[str, bytes] = {
    "tar": _tar(_PAGE),
    "gz": gzip.compress(FORMATS[".warc"](_ITEM), mtime=0),
    "bz2": bz2.compress(_PAGE),
    "xz": lzma.compress(_PAGE),
    "fodt": _ODT["content.xml"],
}
_NAMES = {"gz": "a.warc.gz", "bz2": "a.html.bz2", "xz": "a.html.xz"}


def readers() -> list[str]:
    """A type of file for each reader, by its suffix without the dot."""
    found: dict[object, str] = {}
    for suffix, known in READERS.items():
        name = suffix.removeprefix(".")
        if suffix in FORMATS or name in _RAW:
            found.setdefault((known.read, name in PACKED), name)
    # One reader of what is packed in three ways.
    return sorted({*found.values(), "gz", "bz2", "xz"} & {s.removeprefix(".") for s in READERS})


def _seeds(name: str) -> Iterator[bytes]:
    yield b"\0" + (_RAW[name] if name in _RAW else FORMATS[f".{name}"](_ITEM))
    if name in PACKED:
        yield b"\1" + PACKED[name][1]


def file_of(name: str, data: bytes) -> bytes:
    """The file that an input of the fuzzer stands for."""
    kind, body = data[:1], data[1:]
    return PACKED[name][0](body) if name in PACKED and kind and kind[0] % 2 else body


def read(name: str, data: bytes) -> int:
    """Reads a file and returns how many articles it gave. Raises for whatever is a finding."""
    source = Source(
        _NAMES.get(name, f"a.{name}"), lambda: io.BytesIO(data), _LIMITS, Budget(_LIMITS)
    )
    articles = 0
    for item in read_source(source):
        if not isinstance(item, Article):
            if not item.reason.strip() or len(item.reason) > 2_000:
                raise AssertionError(f"a reason of no use: {item.reason[:200]!r}")
            (item.reason + item.path).encode()
            continue
        articles += 1
        fields = [item.id, item.title, item.text, item.language, item.path, *item.authors]
        json.dumps([*fields, item.source, item.url], ensure_ascii=False).encode()
        if "\0" in "".join(fields) or not any(c.isalnum() for c in item.text):
            raise AssertionError("an article that says nothing, or holds a NUL")
        if item.published is not None and not _DAY.fullmatch(item.published):
            raise AssertionError(f"no day and no time in UTC: {item.published!r}")
    return articles


def fuzz_here(name: str, arguments: list[str]) -> None:
    """What a process does: it fuzzes one reader until its time is up or something is found."""
    import atheris

    with atheris.instrument_imports(include=["assistant.articles", "feedparser", "pypdf", "email"]):
        for module in [one for one in sys.modules if one.startswith("assistant.articles")]:
            del sys.modules[module]
        from assistant.articles import formats, source

    # The instrumented modules have classes of their own.
    globals().update(read_source=formats.read_source, Source=source.Source, Budget=source.Budget)
    atheris.Setup([sys.argv[0], *arguments], lambda data: read(name, file_of(name, data)))
    atheris.Fuzz()


def _fuzzed(name: str, seconds: int, keep: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as temporary:
        corpus = Path(temporary)
        for number, seed in enumerate(_seeds(name)):
            (corpus / str(number)).write_bytes(seed)
            if not read(name, file_of(name, seed)):
                raise SystemExit(f"the sound file of the type {name} gives no article")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "benchmarks.fuzz", "--child", name),
                f"-max_total_time={seconds}",
                f"-timeout={_SLOWEST_SECONDS}",
                f"-rss_limit_mb={_MOST_MEGABYTES}",
                f"-max_len={_LONGEST_INPUT}",
                f"-artifact_prefix={keep}/{name}-",
                "-print_final_stats=1",
                "-seed=1",
                str(corpus),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            text=True,
            errors="replace",
        )
    runs = re.search(r"stat::number_of_executed_units:\s+(\d+)", done.stderr)
    slowest = re.search(r"stat::slowest_unit_time_sec:\s+(\d+)", done.stderr)
    covered = re.findall(r"cov: (\d+)", done.stderr)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return {
        "runs": int(runs[1]) if runs else None,
        "slowest_seconds": int(slowest[1]) if slowest else None,
        "edges": [int(covered[0]), int(covered[-1])] if covered else None,
        "finding": None if done.returncode == 0 else "\n".join(lines[-25:]),
    }


def main() -> int:
    if sys.argv[1:2] == ["--child"]:
        fuzz_here(sys.argv[2], sys.argv[3:])
        return 0
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seconds", type=int, default=300, help="for each reader (default: 300)")
    parser.add_argument("--only", nargs="+", choices=readers(), default=readers(), metavar="TYPE")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--keep", type=Path, default=Path("findings"), help="folder for inputs")
    parser.add_argument("--output", type=Path, default=RESULT)
    arguments = parser.parse_args()
    arguments.keep.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {}
    if arguments.output.exists():
        results = json.loads(arguments.output.read_text(encoding="utf-8"))["readers"]
    with ThreadPoolExecutor(arguments.at_once) as pool:
        futures = {
            name: pool.submit(_fuzzed, name, arguments.seconds, arguments.keep)
            for name in arguments.only
        }
        for name, future in futures.items():
            results[name] = {"seconds": arguments.seconds, **future.result()}
            print(name, json.dumps(results[name]), flush=True)
    whole = {"readers": dict(sorted(results.items()))}
    arguments.output.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    return 1 if any(results[name]["finding"] for name in arguments.only) else 0


if __name__ == "__main__":
    sys.exit(main())
