"""Zip, tar and what is compressed by itself: whole, damaged, hostile."""

from __future__ import annotations

import bz2
import io
import json
import lzma
import random
import struct
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import FULL, SECOND, TEXT, fields, mutated, read_apart, read_bytes, source_of, survives
from records import csv_file, gz_file, json_file, tar_file, zip_file

from assistant.articles.packed import read_packed
from assistant.articles.source import Source
from assistant.articles.tars import read_tar
from assistant.articles.zips import read_zip
from assistant.errors import ArticleUnreadable
from assistant.limits import Limits

LINES = b"".join(json.dumps(row).encode() + b"\n" for row in (FULL, SECOND))
NOISE = random.Random(3).randbytes(40_000).hex().encode()
MEMBERS = {
    "b/deep/two.txt": b"The second text.",
    "a.txt": TEXT.encode(),
    "list.jsonl": LINES,
    "README.md": b"Not an article",
    ".hidden/x.txt": b"Hidden words",
    "__MACOSX/._a.txt": b"\0\1",
    "picture.png": b"\x89PNG",
    "inner.zip": zip_file({"c.txt": b"The third text."}),
}


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz", "tgz", "tar.bz2", "txz"])
def test_the_members_of_an_archive(tmp_path: Path, suffix: str) -> None:
    data = zip_file(MEMBERS) if suffix == "zip" else tar_file(MEMBERS)
    if suffix in ("tar.gz", "tgz"):
        data = gz_file(data)
    elif suffix == "tar.bz2":
        data = bz2.compress(data)
    elif suffix == "txz":
        data = lzma.compress(data)
    for articles, skipped in (
        read_bytes(f"x.{suffix}", data),
        read_apart(tmp_path, f"x.{suffix}", data),
    ):
        inner = {"tar.gz": "/x.tar", "tgz": "/x.tar", "tar.bz2": "/x.tar", "txz": "/x.tar"}
        top = f"x.{suffix}{inner.get(suffix, '')}"
        assert {article.path.removeprefix(top): article.text for article in articles[:]} == {
            "/a.txt": TEXT,
            "/b/deep/two.txt": "The second text.",
            "/inner.zip/c.txt": "The third text.",
            "/list.jsonl": SECOND["text"],
        }
        assert len(articles) == 5
        assert [(one.path, one.reason[:31]) for one in skipped] == [
            (f"{top}/picture.png", "files of the type .png are not ")
        ]


def test_members_come_in_the_order_of_their_names() -> None:
    articles, _ = read_bytes("x.zip", zip_file({f"{n}.txt": b"Words" for n in (3, 1, 2)}))
    assert [article.path for article in articles] == ["x.zip/1.txt", "x.zip/2.txt", "x.zip/3.txt"]


@pytest.mark.parametrize(
    ("suffix", "pack"), [("gz", gz_file), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
def test_a_compressed_file(suffix: str, pack: object) -> None:
    assert callable(pack)
    for name, data in (("a.jsonl", LINES), ("a.json", json_file([FULL, SECOND]))):
        for packed in (pack(data), pack(data[:100]) + pack(data[100:])):
            articles, skipped = read_bytes(f"{name}.{suffix}", packed)
            assert [fields(article) for article in articles] == [FULL, SECOND]
            assert skipped == []
            assert articles[0].path == f"{name}.{suffix}/{name}"
    _, (skipped_one,) = read_bytes(f"a.txt.{suffix}", b"plain text")
    assert "it is no " in skipped_one.reason
    _, (skipped_one,) = read_bytes(f"a.txt.{suffix}", pack(b""))
    assert "empty" in skipped_one.reason


def test_zeros_after_it_are_nothing_and_something_else_is_told() -> None:
    assert read_bytes("a.jsonl.gz", gz_file(LINES) + bytes(600))[1] == []
    articles, (note,) = read_bytes("a.jsonl.gz", gz_file(LINES) + b"something")
    assert len(articles) == 2
    assert (note.path, note.reason[:36]) == ("a.jsonl.gz", "something else follows in the file a")


def many_lines(count: int) -> bytes:
    """Lines that compress badly, so that a file of them has many blocks."""
    texts = (f"Ships {NOISE[n * 17 : n * 17 + 900].decode()}" for n in range(count))
    rows = ({"id": str(n), "language": "en", "text": text} for n, text in enumerate(texts))
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
def test_of_a_file_that_is_cut_off_what_is_there_is_read(suffix: str) -> None:
    pack = {"gz": gz_file, "bz2": bz2.compress, "xz": lzma.compress}[suffix]
    data = pack(many_lines(3000))
    for share in (0.5, 0.9, 0.999):
        articles, skipped = read_bytes(f"a.jsonl.{suffix}", data[: int(len(data) * share)])
        least = share * (0.5 if suffix == "bz2" and share < 0.999 else 0.95)
        assert len(articles) > 3000 * least - 900
        assert any("the file is cut off" in one.reason for one in skipped)
        assert len(skipped) <= 2
    if suffix == "gz":
        middle = bytearray(data)
        middle[len(data) // 2 : len(data) // 2 + 50] = bytes(50)
        articles, skipped = read_bytes("a.jsonl.gz", bytes(middle))
        assert len(articles) > 1000
        assert any("the file is damaged" in one.reason for one in skipped)


def test_streams_after_damage_are_read() -> None:
    streams = [gz_file(line + b"\n") for line in many_lines(6).splitlines()]
    streams[3] = streams[3][:200] + b"\xff" * 60 + streams[3][260:]
    articles, skipped = read_bytes("a.jsonl.gz", b"".join(streams))
    assert {"0", "1", "2", "4", "5"} <= {article.id for article in articles}
    assert any("the file is damaged" in one.reason for one in skipped)


def test_bombs_stop_at_the_ratio() -> None:
    bomb = bytes(12_000_000)
    for name, data in (
        ("a.txt.gz", gz_file(bomb)),
        ("a.txt.xz", lzma.compress(bomb)),
        ("a.txt.bz2", bz2.compress(bomb)),
        ("a.zip", zip_file({"a.txt": bomb})),
        ("a.jsonl.gz", gz_file(b'{"text": "' + bomb + b'"}')),
    ):
        articles, (note, *_) = read_bytes(name, data, limits=Limits(file_bytes=200_000_000))
        assert articles == []
        assert note.reason == "it unpacks to more than 200 times its size"


def test_bombs_stop_at_the_sum() -> None:
    members = {f"{n}.txt": NOISE for n in range(50)} | {"z.txt": b"Words"}
    articles, (*_, last) = read_bytes(
        "a.zip", zip_file(members), limits=Limits(unpacked_bytes=1_000_000)
    )
    assert len(articles) == 12
    assert (last.path, last.reason) == ("a.zip", "it unpacks to more than 1 MB")
    inner = zip_file({"x.txt": NOISE}, stored=True)
    articles, skipped = read_bytes(
        "a.zip",
        zip_file({f"{n}.zip": inner for n in range(20)}),
        limits=Limits(unpacked_bytes=1_000_000),
    )
    assert 0 < len(articles) < 8
    assert len(skipped) < 4


def test_bombs_stop_at_the_count() -> None:
    members = {f"{n}.txt": b"Words" for n in range(30)}
    _, (note,) = read_bytes("a.zip", zip_file(members), limits=Limits(members=20))
    assert (note.path, note.reason) == ("a.zip", "it holds more than 20 members")
    articles, (note,) = read_bytes("a.tar", tar_file(members), limits=Limits(members=20))
    assert len(articles) == 20
    assert note.reason == "it holds more than 20 members"


def test_archives_in_archives_stop_at_the_depth() -> None:
    data = zip_file({"x.txt": b"Words"})
    for _ in range(4):
        data = zip_file({"n.zip": data, "t.txt": b"Ships"})
    articles, (note,) = read_bytes("a.zip", data)
    assert [article.path for article in articles] == ["a.zip/n.zip/t.txt", "a.zip/t.txt"]
    assert (note.path, note.reason) == (
        "a.zip/n.zip/n.zip",
        "it is an archive within 2 archives",
    )


def test_an_archive_that_holds_itself() -> None:
    """A gzip file whose name goes on and on, and a zip of zips as deep as there is room."""
    data = LINES
    for _ in range(6):
        data = gz_file(data)
    articles, (note,) = read_bytes("a.jsonl" + ".gz" * 6, data)
    assert articles == []
    assert "within more than 2 archives" in note.reason
    articles, _ = read_bytes("a.jsonl.gz.gz.gz", gz_file(gz_file(gz_file(LINES))))
    assert len(articles) == 2


def encrypted(data: bytes) -> bytes:
    """The flag that says so, set in both headers of the first member."""
    changed = bytearray(data)
    changed[6] |= 1
    changed[data.index(b"PK\1\2") + 8] |= 1
    return bytes(changed)


def test_an_encrypted_member_is_listed() -> None:
    data = encrypted(zip_file({"a.txt": b"Secret", "b.txt": b"Words"}))
    (article,), (note,) = read_bytes("x.zip", data)
    assert article.path == "x.zip/b.txt"
    assert (note.path, note.reason) == ("x.zip/a.txt", "it is encrypted; unpack the archive")


def test_members_that_overlap_are_refused() -> None:
    kernel = zip_file({"a.txt": b"Words " * 100})
    directory = kernel.index(b"PK\1\2")
    end = kernel.index(b"PK\5\6")
    entry = kernel[directory:end]
    entries = b"".join(entry.replace(b"a.txt", f"{n:05}".encode()) for n in range(100))
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 100, 100, len(entries), directory, 0)
    articles, (note,) = read_bytes("x.zip", kernel[:directory] + entries + tail)
    assert articles == []
    assert note.reason == "its members overlap"


def test_a_damaged_member_costs_one_member() -> None:
    data = bytearray(zip_file({"a.txt": NOISE, "b.txt": b"Words", "c.txt": NOISE}))
    data[20_000] ^= 0xFF
    articles, (note,) = read_bytes("x.zip", bytes(data))
    assert [article.path for article in articles] == ["x.zip/b.txt", "x.zip/c.txt"]
    assert (note.path, note.reason[:22]) == ("x.zip/a.txt", "it cannot be unpacked ")


def test_a_size_that_lies() -> None:
    data = zip_file({"a.txt": NOISE, "b.txt": b"Words"})
    at = data.index(b"PK\1\2") + 24
    for lie in (10, 1 << 31):
        lying = data[:at] + struct.pack("<L", lie) + data[at + 4 :]
        articles, skipped = read_bytes("x.zip", lying)
        assert "x.zip/b.txt" in {article.path for article in articles}
        assert lie > 10 or len(skipped) == 1


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_a_zip_that_is_cut_off(keep: float) -> None:
    data = zip_file(MEMBERS)
    articles, (note,) = read_bytes("x.zip", data[: int(len(data) * keep)])
    assert articles == []
    assert note.reason.startswith("it is no sound zip archive (")


def test_a_tar_that_is_cut_off_keeps_what_is_whole() -> None:
    data = tar_file({"a.txt": b"Words", "b.txt": NOISE, "c.txt": b"More"})
    articles, skipped = read_bytes("x.tar", data[:20_000])
    assert [article.path for article in articles] == ["x.tar/a.txt"]
    assert any("cut off" in one.reason or "from here on" in one.reason for one in skipped)


def test_links_in_a_tar_are_listed(tmp_path: Path) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for kind, name in ((tarfile.SYMTYPE, "s.txt"), (tarfile.LNKTYPE, "l.txt")):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        pipe = tarfile.TarInfo("p.txt")
        pipe.type = tarfile.FIFOTYPE
        archive.addfile(pipe)
    articles, skipped = read_bytes("x.tar", file.getvalue())
    assert articles == []
    assert [one.reason[:15] for one in skipped] == ["it is a link in"] * 2 + ["it is no plain "]


def test_a_member_without_a_name() -> None:
    data = zip_file({"a.txt": b"Words", "b.txt": b"More"}).replace(b"a.txt", b"\0.txt")
    articles, _ = read_bytes("x.zip", data)
    assert [article.path for article in articles] == ["x.zip/b.txt"]


def test_names_within_an_archive_stay_within_it() -> None:
    names = ["../../etc/a.txt", "/abs/b.txt", "c\\d.txt", "e\nf.txt", "g\u202eh.txt", "./i.txt"]
    articles, skipped = read_bytes("x.zip", zip_file(dict.fromkeys(names, b"Words")))
    assert [article.path for article in articles] == [
        "x.zip/_/_/etc/a.txt",
        "x.zip/abs/b.txt",
        "x.zip/c/d.txt",
        "x.zip/e\nf.txt",
        "x.zip/g\u202eh.txt",
        "x.zip/i.txt",
    ]
    assert skipped == []
    (article,), _ = read_bytes("x.tar", tar_file({"a\udcff.txt": b"Words"}))
    assert article.path == "x.tar/a\\udcff.txt"
    assert json.loads(json.dumps(article.path).encode()) == article.path


def test_a_name_in_utf_8_without_the_flag() -> None:
    name = "ю.txt".encode()
    data = zip_file({"xx.txt": b"Words"}).replace(b"xx.txt", name)
    (article,), _ = read_bytes("x.zip", data)
    assert article.path == "x.zip/ю.txt"


@pytest.mark.parametrize("suffix", ["tar", "tar.gz"])
def test_large_records_in_a_tar_are_streamed(suffix: str) -> None:
    rows = [
        FULL | {"id": str(n), "text": f"Ships {n}: {NOISE[n : n + 400]!r}"} for n in range(1000)
    ]
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    data = tar_file({"a.csv": csv_file(rows), "b.jsonl": lines, "c.txt": b"Words"})
    limits = Limits(file_bytes=20_000)
    packed = gz_file(data) if suffix == "tar.gz" else data
    articles, skipped = read_bytes(f"x.{suffix}", packed, limits=limits)
    assert (len(articles), skipped) == (2001, [])


def test_what_is_left_behind_in_a_tar_is_not_read_again() -> None:
    data = tar_file({"a.txt": NOISE * 20})
    archive = read_tar(source_of("x.tar", data, Limits(file_bytes=1000)))
    member = next(archive)
    assert isinstance(member, Source)
    assert member.open().read() == NOISE * 20
    with pytest.raises(ArticleUnreadable, match="too large to be read from here"):
        member.open().read()


SEEDS = {
    "x.zip": (read_zip, zip_file(MEMBERS)),
    "x.tar": (read_tar, tar_file(MEMBERS)),
    "x.gz": (read_packed, gz_file(LINES) + gz_file(LINES)),
    "x.bz2": (read_packed, bz2.compress(LINES)),
    "x.xz": (read_packed, lzma.compress(LINES)),
}


@pytest.mark.parametrize("name", SEEDS)
@settings(deadline=None)
@given(seed=st.integers(0, 2**32))
def test_any_archive_is_survived(name: str, seed: int) -> None:
    read, data = SEEDS[name]
    survives(read, name, mutated(data, seed))
