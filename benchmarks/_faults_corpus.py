"""A folder of hostile files with good ones among them, the same for the same seed."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks._faults_archives import archives
from benchmarks._faults_bombs import documents, markup, texts
from benchmarks._faults_formats import FORMATS, Item

CANARY = "The canary sleeps in the tower of Zembla."
"""What stands in a file outside the folder, and must not get into an index."""

_GOOD_OF_EACH = 3
_TRUNCATED, _FLIPPED = 4, 4


_NAMES = (
    *(b"new\nline.txt", b"return\r.txt", b"tab\t.txt", b"not-utf-8-\xff\xfe.txt", b" .txt"),
    *(b"esc\x1b[31m.txt", b"CON.txt", b"nul.txt", b"a:b.txt", b"-rf.txt", b"--help.txt"),
    *(b"<script>.txt", b"'quote\".txt", b"$(true).txt", b"%s%n.txt", b"trailing .txt"),
    *(b"no-suffix", b"two.txt.exe", b".hidden.txt", b"UPPER.TXT", b"\xed\xa0\x80.txt"),
    *("bidi-\u202egpj.txt".encode(), "zero\u200bwidth.txt".encode(), b"x" * 240 + b".txt"),
    *("e\u0301.txt".encode(), "\u00e9.txt".encode()),
)


@dataclass(frozen=True, slots=True)
class Corpus:
    """The folder; the good files and what each says; the names of all others."""

    folder: Path
    good: dict[str, Item]
    hostile: tuple[str, ...]


def write_corpus(root: Path, *, port: int, small: bool = False) -> Corpus:
    """Writes `root/articles`, and what it refers to outside of it.

    `port` is of a server on this machine that must get no request. `small` leaves out most of
    it, and all that is large.
    """
    folder, outside = root / "articles", root / "outside"
    folder.mkdir(parents=True)
    outside.mkdir()
    canary = outside / "canary.txt"
    canary.write_text(f"{CANARY} It has slept there for a hundred years.\n")
    good: dict[str, Item] = {}
    hostile: list[str] = []
    numbers = iter(range(1, 1_000_000))
    for suffix, make in FORMATS.items():
        for _ in range(1 if small else _GOOD_OF_EACH):
            item = Item(next(numbers))
            name = f"good/{item.number}{suffix}"
            _write(folder, name, make(item))
            good[name] = item
    chance = random.Random(5)
    for suffix, make in FORMATS.items():
        # Each from its own text: what one is made of must not be taken for a good one.
        for kind, data in _damaged(lambda make=make: make(Item(next(numbers))), chance):
            if not small or chance.random() < 0.2:
                hostile.append(_write(folder, f"damaged/{kind}{suffix}", data))
    sources = [texts(), markup(str(canary), port)]
    if not small:
        sources += [documents(), archives()]
    for source in sources:
        for name, data in source:
            if not small or (len(data) < 50_000 and chance.random() < 0.2):
                hostile.append(_write(folder, f"made/{name}", data))
    hostile += _strange_entries(folder, outside)
    return Corpus(folder, good, tuple(hostile))


def _write(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return name


def _damaged(make: object, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """A format's files cut, flipped, emptied, and under the name of it without being of it."""
    assert callable(make)
    for number in range(_TRUNCATED):
        data = make()
        share = (0.02, 0.3, 0.7, 0.98)[number]
        yield f"cut-{number}", data[: int(share * len(data))]
    for number in range(_FLIPPED):
        changed = bytearray(make())
        for _ in range(1 + 4 * number):
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        yield f"flipped-{number}", bytes(changed)
    yield "empty", b""
    yield "white", b" \n\t\r\n" * 200
    yield "noise", chance.randbytes(4000)
    yield "zeros", bytes(4000)
    yield "is-a-pdf", FORMATS[".pdf"](Item(800_001))
    yield "is-a-zip", FORMATS[".zip"](Item(800_002))
    yield "is-a-page", FORMATS[".html"](Item(800_003))
    yield "utf-16", make().decode("latin-1").encode("utf-16")


def _strange_entries(folder: Path, outside: Path) -> list[str]:
    """Links, pipes, sockets, and names that are hard to show or to hold."""
    strange = folder / "strange"
    strange.mkdir()
    words = b"Words that a harmless file may hold, whatever its name is."
    made: list[str] = []

    def link(name: str, target: object) -> None:
        (strange / name).symlink_to(str(target))
        made.append(f"strange/{name}")

    link("loop.txt", "loop.txt")
    link("ping.txt", "pong.txt")
    link("pong.txt", "ping.txt")
    link("nowhere.txt", "nothing-there.txt")
    link("outside.txt", outside / "canary.txt")
    link("outside.md", "../../outside/canary.txt")
    link("device.txt", "/dev/zero")
    link("terminal.txt", "/dev/tty")
    link("process.txt", "/proc/self/environ")
    (strange / "around").symlink_to("..")
    (strange / "folder").symlink_to(outside)
    os.mkfifo(strange / "pipe.txt")
    made.append("strange/pipe.txt")
    with socket.socket(socket.AF_UNIX) as server, suppress(OSError):
        here = os.open(strange, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{here}/socket.txt")
        os.close(here)
        made.append("strange/socket.txt")
    for number, name in enumerate(_NAMES):
        (strange / os.fsdecode(name)).write_bytes(words + b" %d" % number)
        if not name.startswith(b"."):
            made.append(f"strange/{os.fsdecode(name)}")
    unreadable = strange / "unreadable.txt"
    unreadable.write_bytes(words)
    unreadable.chmod(0)
    made.append("strange/unreadable.txt")
    deep = strange
    for level in range(60):
        deep /= f"level-{level}"
    deep.mkdir(parents=True)
    (deep / "deep.txt").write_bytes(words + b" deep")
    made.append((deep / "deep.txt").relative_to(folder).as_posix())
    return made
