"""Which files are read, how bytes become text, and what of the metadata is kept."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from helpers import read

from assistant.articles import READERS, article_files, read_file
from assistant.articles.common import read_metadata, stable_id
from assistant.errors import ArticlesNotFound
from assistant.language import detect_language
from assistant.limits import Limits
from assistant.types import Skipped

TEXT = "The harbour of Fairhaven opened on Monday."


def names(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in article_files(root)]


def test_files_are_found_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.md", "a/z.txt", "a.jsonl", "c.PDF", "a/b/c.html"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEXT)
    assert names(tmp_path) == ["a.jsonl", "a/b/c.html", "a/z.txt", "b.md", "c.PDF"]
    assert article_files(tmp_path / "b.md") == [tmp_path / "b.md"]


def test_hidden_files_and_readmes_are_left_out(tmp_path: Path) -> None:
    for name in (".hidden.md", ".git/x.md", "README.md", "sub/readme.txt", "sub/Readme", "ok.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEXT)
    assert names(tmp_path) == ["ok.md"]


def test_loops_of_links_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.md").write_text(TEXT)
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "self.md").symlink_to(tmp_path / "self.md")
    (tmp_path / "nowhere.md").symlink_to(tmp_path / "missing")
    assert names(tmp_path) == ["a/b.md", "nowhere.md", "self.md"]
    reasons = [read(tmp_path / name, tmp_path)[1][0].reason for name in ("nowhere.md", "self.md")]
    assert reasons == ["it is a link that leads nowhere"] * 2


def test_links_inside_the_folder_are_read_and_others_are_not(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside.txt", tmp_path / "root"
    outside.write_text("A secret of somebody else.")
    root.mkdir()
    (root / "a.txt").write_text(TEXT)
    (root / "inside.txt").symlink_to("a.txt")
    (root / "out.txt").symlink_to(outside)
    assert read(root / "inside.txt", root)[0][0].text == TEXT
    articles, (skipped,) = read(root / "out.txt", root)
    assert not articles
    assert "leads out of the folder" in skipped.reason
    # Who names a link means what it leads to.
    assert read(root / "out.txt", root / "out.txt")[0][0].text == "A secret of somebody else."


def test_what_is_no_plain_file_is_listed_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    articles, (skipped,) = read(tmp_path / "pipe.txt")
    assert not articles
    assert "no plain file" in skipped.reason


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(ArticlesNotFound, match="give the path of your articles"):
        article_files(tmp_path / "none")


@pytest.mark.parametrize(
    "name", [b"two\nlines.txt", b"\xff\xfe.txt", "é ‏א.txt".encode(), b"\x1b[31mred.txt"]
)
def test_odd_file_names(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_text(TEXT)
    ((found,), skipped) = read(article_files(tmp_path)[0], tmp_path)
    assert found.text == TEXT
    assert not skipped
    # Both can be stored, hashed and sent as UTF-8.
    assert (found.path + found.title).encode()
    assert len(found.content_hash()) == 64


def test_the_path_is_the_identity_where_none_is_given(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "a.txt"
    path.parent.mkdir()
    path.write_text(TEXT)
    ((first,), _) = read(path, tmp_path)
    path.write_text("Another text.")
    ((second,), _) = read(path, tmp_path)
    assert first.path == "sub/a.txt"
    assert first.id == second.id == stable_id("sub/a.txt")
    assert first.content_hash() != second.content_hash()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.jpg", b"\xff\xd8", r"files of the type \.jpg are not read"),
        ("a", b"text", "files of the type none are not read"),
        *((f"a{suffix}", b"", "the file is empty") for suffix in sorted(READERS)),
        *((f"a{s}", b" \n\t\r\n", "no text") for s in (".md", ".markdown", ".txt")),
        *((f"a{s}", b"--- ... !!!", "no text") for s in (".md", ".txt")),
        *((f"a{s}", bytes(range(256)), "binary") for s in (".md", ".txt", ".html", ".htm")),
        ("a.txt", b"\xff\xfea", r"starts as UTF-16-LE but is not \(byte 2\)"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(data)
    ((), (skipped,)) = read(tmp_path / name)
    assert skipped.path == name
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(str(skipped))


def test_a_file_that_is_gone_or_large(tmp_path: Path) -> None:
    (gone,) = read_file(tmp_path / "gone.txt", tmp_path)
    assert isinstance(gone, Skipped)
    assert "cannot be opened (No such file" in gone.reason
    (tmp_path / "a.txt").write_text(TEXT)
    (large,) = read_file(tmp_path / "a.txt", tmp_path, limits=Limits(file_bytes=10))
    assert isinstance(large, Skipped)
    assert "larger than" in large.reason


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("title", "  Two \n lines\0 ", "Two lines"),
        ("title", "\ud800x", "?x"),
        ("title", 2024, "2024"),
        ("title", "x" * 600, "x" * 500),
        ("id", 7, "7"),
        ("id", "a\ud800", "a?"),
        ("source", "Le\u2028Monde", "Le Monde"),
        ("language", "FR", "fr"),
        ("language", "zh_hant_tw", "zh-Hant-TW"),
        ("language", "es-419", "es-419"),
        ("url", " https://example.org/a?b=1#c ", "https://example.org/a?b=1#c"),
        ("published", "2023-11-12", "2023-11-12"),
        ("published", "20231112", "2023-11-12"),
        ("published", " 2023-11-12T10:00:00 ", "2023-11-12T10:00:00Z"),
        ("published", "2023-11-12T08:30:00+09:00", "2023-11-11T23:30:00Z"),
        ("published", "0099-01-01T10:00:00.5", "0099-01-01T10:00:00Z"),
        ("published", date(2023, 11, 12), "2023-11-12"),
        ("published", datetime(2023, 11, 12, 10, tzinfo=UTC), "2023-11-12T10:00:00Z"),
        (
            "published",
            datetime(2023, 1, 1, 0, tzinfo=timezone(timedelta(hours=9))),
            "2022-12-31T15:00:00Z",
        ),
    ],
)
def test_metadata_is_kept(name: str, value: object, kept: str) -> None:
    metadata = read_metadata({name: value})
    assert getattr(metadata, name) == kept
    assert metadata.notes == ()


def _bomb() -> list[Any]:
    nested: list[Any] = ["lol"]
    for _ in range(60):
        nested = [nested] * 9
    return nested


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", ["a"]),
        ("title", {"a": 1}),
        ("title", True),
        ("title", 10**5000),
        ("title", _bomb()),
        ("id", [1]),
        ("language", "english"),
        ("language", "f r"),
        ("language", "französisch"),
        ("language", 12),
        ("published", "yesterday"),
        ("published", "2023-02-30"),
        ("published", "0001-01-01T00:00:00+09:00"),
        ("published", 169974720),
        ("url", "javascript:alert(1)"),
        ("url", "ftp://example.org"),
        ("url", "http://"),
        ("url", "https://example.org/a b"),
        ("url", "https://example.org/\x1b[31m"),
        ("url", "https://example.org/\ud800"),
        ("url", "http://[::1"),
        ("url", "example.org"),
    ],
    ids=lambda value: ascii(value)[:40] if isinstance(value, str) else type(value).__name__,
)
def test_metadata_of_no_use_is_noted(name: str, value: object) -> None:
    metadata = read_metadata({name: value, "source": "Kept"})
    assert getattr(metadata, name) is None
    assert metadata.source == "Kept"
    (note,) = metadata.notes
    assert note.startswith(f"{name}: ")
    assert len(note) < 120


def test_missing_and_unknown_metadata_is_not_noted() -> None:
    metadata = read_metadata({"title": None, "url": "", "weather": {"a": [1]}, "tags": ["x"]})
    assert metadata == read_metadata({})
    assert metadata.notes == ()


def test_authors() -> None:
    assert read_metadata({"authors": "Anne  Dupont"}).authors == ("Anne Dupont",)
    assert read_metadata({"authors": ["A\0", " ", "\ud800B"]}).authors == ("A", "?B")
    for useless in ({"a": 1}, [1], 5):
        metadata = read_metadata({"authors": useless})
        assert metadata.authors == ()
        assert metadata.notes == ("authors: not a list of names; left out",)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The ministers of the three countries agreed to share warning data in December."),
        ("fr", "Les ministres des trois pays ont décidé de partager leurs données en décembre."),
        ("de", "Die Minister der drei Länder wollen ihre Daten ab Dezember miteinander teilen."),
        ("es", "Los ministros de los tres países acordaron compartir los datos en diciembre."),
        ("pt", "Os ministros dos três países decidiram compartilhar os dados em dezembro."),
        ("it", "I ministri dei tre paesi hanno deciso di condividere i dati a dicembre."),
        ("ru", "Министры трёх стран договорились обмениваться данными с декабря."),
        ("uk", "Міністри трьох країн домовилися обмінюватися даними з грудня."),
        ("tr", "Üç ülkenin bakanları aralık ayından itibaren verileri paylaşmaya karar verdi."),
        ("ar", "اتفق وزراء الدول الثلاث على تبادل بيانات الإنذار في ديسمبر."),
        ("hi", "तीनों देशों के मंत्रियों ने दिसंबर से आँकड़े साझा करने का निर्णय लिया।"),
        ("th", "รัฐมนตรีของสามประเทศตกลงที่จะแบ่งปันข้อมูลในเดือนธันวาคม"),
        ("ko", "세 나라의 장관들은 12월부터 경보 정보를 공유하기로 합의했다."),
        ("ja", "三か国の大臣は十二月から警戒情報を共有することで合意した。"),
        ("zh", "三国部长同意从十二月起共享预警数据。"),
        ("vi", "Bộ trưởng ba nước đồng ý chia sẻ dữ liệu cảnh báo từ tháng mười hai."),
        ("und", "12.11.2023 — 3,5 % (!)"),
        ("und", ""),
    ],
)
def test_language_is_detected(language: str, text: str) -> None:
    assert detect_language(text) == language


def test_a_given_language_wins_over_the_detected_one(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"---\nlanguage: oc\n---\n{TEXT}")
    (tmp_path / "b.md").write_text(f"---\nlanguage: gibberish\n---\n{TEXT}")
    (((given,), ()), ((guessed,), (note,))) = (read(tmp_path / n) for n in ("a.md", "b.md"))
    assert (given.language, guessed.language) == ("oc", "en")
    assert "language: 'gibberish' cannot be used" in note.reason
