"""Each reader, with articles as they should be and as they come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers import read

from assistant.types import Article, Skipped

TEXT = "The harbour of Fairhaven opened on Monday. Forty ships waited outside."
FRONT = """---
title: "Fairhaven: the harbour opens"
language: en
published: 2023-11-12
source: The Courier
url: https://courier.example/harbour
authors: [Anne Dupont, B. Lee]
weather: {sun: [1, 2]}
---
"""


def markdown(folder: Path, content: str | bytes) -> tuple[Article, list[Skipped]]:
    path = folder / "article.md"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    ((article,), notes) = read(path)
    return article, notes


@pytest.mark.parametrize(
    "content",
    [
        (FRONT + TEXT).encode(),
        (FRONT + TEXT).encode("utf-8-sig"),
        (FRONT + TEXT).encode("utf-16"),
        (FRONT + TEXT + "\n").replace("\n", "\r\n").encode(),
        ("\n\n" + FRONT + "\n\n" + TEXT).encode(),
    ],
    ids=["plain", "bom", "utf-16", "crlf", "blank lines"],
)
def test_markdown(tmp_path: Path, content: bytes) -> None:
    article, notes = markdown(tmp_path, content)
    assert article == Article(
        id=article.id,
        text=TEXT,
        title="Fairhaven: the harbour opens",
        language="en",
        published="2023-11-12",
        source="The Courier",
        url="https://courier.example/harbour",
        authors=("Anne Dupont", "B. Lee"),
        path="article.md",
    )
    assert notes == []


def test_a_headline_stands_in_for_a_title(tmp_path: Path) -> None:
    article, _ = markdown(tmp_path, f"# A glacier  \n\n{TEXT}")
    assert (article.title, article.text) == ("A glacier", f"# A glacier  \n\n{TEXT}")
    assert markdown(tmp_path, TEXT)[0].title == "article"
    assert markdown(tmp_path, f"{'x' * 201}\n{TEXT}")[0].title == "article"
    assert markdown(tmp_path, f"***\n{TEXT}")[0].title == "article"


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n"
    for a, b in zip("abcdefghijk", "bcdefghijkl", strict=True)
)


@pytest.mark.parametrize(
    "block",
    [
        "title: Talks: day two\nlanguage: en",
        "title: [unclosed\nlanguage: en",
        "title: !!python/object/apply:os.system ['touch /tmp/owned']",
        "title: !!python/name:os.system",
        "? [a, b]\n: c",
        "title: *nowhere",
        "title: \tx\n\t- y",
        "a: " + "[" * 3000,
    ],
    ids=lambda block: block[:20],
)
def test_broken_front_matter_costs_the_fields_only(tmp_path: Path, block: str) -> None:
    article, (note,) = markdown(tmp_path, f"---\n{block}\n---\nThe headline\n\n{TEXT}")
    assert article.text == f"The headline\n\n{TEXT}"
    assert article.title == "The headline"
    assert "front matter is not valid YAML" in note.reason
    assert "\n" not in str(note)


@pytest.mark.parametrize("field", ["title", "id", "language", "authors", "published", "url"])
def test_an_alias_bomb_does_not_go_off(tmp_path: Path, field: str) -> None:
    article, (note,) = markdown(tmp_path, f"---\n{BOMB}{field}: *l\nsource: Kept\n---\n{TEXT}")
    assert (article.text, article.source) == (TEXT, "Kept")
    assert note.reason.startswith(f"{field}: ")
    assert len(note.reason) < 120


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("published: 2023-02-30", "published"),
        ("published: [2023]", "published"),
        ("language: English", "language"),
        ("url: www.example.org", "url"),
        ("url: javascript:alert(1)", "url"),
        ("title: {a: b}", "title"),
    ],
)
def test_a_field_of_no_use_is_noted_and_the_others_kept(
    tmp_path: Path, line: str, field: str
) -> None:
    article, (note,) = markdown(tmp_path, f"---\n{line}\nsource: Kept\n---\n{TEXT}")
    assert (article.text, article.source) == (TEXT, "Kept")
    assert note.reason.startswith(f"{field}: ")
    assert note.reason.endswith("; left out")


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("language: no", "language", "no"),
        ("title: 2024", "title", "2024"),
        ("title: 1_000", "title", "1_000"),
        ("title: yes", "title", "yes"),
        ("title: 0x" + "f" * 300, "title", "0x" + "f" * 300),
        ("id: 007", "id", "007"),
        ("published: 2023-11-12 08:30:00 +09:00", "published", "2023-11-11T23:30:00Z"),
        ("published: 2023-11-12T08:30:00+09:00", "published", "2023-11-11T23:30:00Z"),
        ("title: ~\nsource: null\nurl:", "source", None),
    ],
)
def test_yaml_does_not_reinterpret_what_was_written(
    tmp_path: Path, line: str, field: str, value: str | None
) -> None:
    article, _ = markdown(tmp_path, f"---\n{line}\n---\n{TEXT}")
    assert getattr(article, field) == value


@pytest.mark.parametrize(
    "content",
    [
        f"---\n{TEXT}",
        f"---\nA paragraph between two rules.\n---\n{TEXT}",
        f"---\nThey said: this: is not YAML.\n---\n{TEXT}",
        f"----\n{TEXT}",
        f'{{"title": "no"}}\n{TEXT}',
        f"+++\ntitle = 'no'\n+++\n{TEXT}",
    ],
)
def test_rules_are_not_front_matter(tmp_path: Path, content: str) -> None:
    article, notes = markdown(tmp_path, content)
    assert article.text == content
    assert notes == [] or "front matter is not valid" in notes[0].reason


def test_empty_front_matter(tmp_path: Path) -> None:
    article, notes = markdown(tmp_path, f"---\n---\n{TEXT}")
    assert (article.text, notes) == (TEXT, [])


def test_plain_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\ufeffLa tempête\r\n\r\nLe vent a soufflé.\r\n".encode())
    ((article,), notes) = read(tmp_path / "a.txt")
    assert article.text == "La tempête\n\nLe vent a soufflé."
    assert (article.title, article.language, article.published) == ("La tempête", "fr", None)
    assert notes == []


def lines(folder: Path, *rows: object) -> tuple[list[Article], list[Skipped]]:
    path = folder / "a.jsonl"
    encoded = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    path.write_bytes(b"\n".join(encoded))
    return read(path)


def test_json_lines(tmp_path: Path) -> None:
    row = {
        "id": "one",
        "text": f"Headline\r\n{TEXT}",
        "title": "Title",
        "language": "EN",
        "published": "2023-11-12T10:00:00Z",
        "source": "S",
        "url": "https://example.org",
        "authors": ["A"],
        "extra": {"x": 1},
    }
    (first, second), skipped = lines(tmp_path, row, b"", b"  \r", {"text": f"H\n{TEXT}"})
    assert first == Article(
        "one",
        f"Headline\n{TEXT}",
        "Title",
        "en",
        "2023-11-12T10:00:00Z",
        "S",
        "https://example.org",
        ("A",),
        "a.jsonl",
    )
    assert (second.title, second.language) == ("H", "en")
    assert skipped == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "cut', "not JSON"),
        (b"[1, 2]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b'{"title": "x"}', "no 'text'"),
        (b'{"text": null}', "no 'text'"),
        (b'{"text": 5}', "no 'text'"),
        (b'{"text": "  "}', "no text"),
        (b'{"text": "\\u0000\\ud800 ... "}', "no text"),
        (b"[" * 100_000, "not JSON"),
        (b'{"text": "a", "id": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"\x00\x01\x02", "not JSON"),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_a_bad_line_costs_one_line(tmp_path: Path, line: bytes, reason: str) -> None:
    good: dict[str, Any] = {"id": "a", "text": TEXT}
    articles, (skipped,) = lines(tmp_path, good, line, good | {"id": "b"})
    assert [article.id for article in articles] == ["a", "b"]
    assert skipped.line == 2
    assert reason in skipped.reason
    assert str(skipped).startswith("a.jsonl, line 2: ")


def test_json_escapes_that_no_file_can_hold(tmp_path: Path) -> None:
    row = b'{"text": "a\\u0000b \\ud800 c", "title": "t\\udfff\\u0000", "source": "\\ud800s"}'
    (article,), skipped = lines(tmp_path, row)
    assert (article.text, article.title, article.source) == ("ab ? c", "t?", "?s")
    assert not skipped
    # A pair of surrogates is one character.
    (pair,), _ = lines(tmp_path, b'{"text": "\\ud83d\\ude00 smile"}')
    assert pair.text == "😀 smile"


def test_json_lines_with_a_mark_at_the_start_and_a_broken_line_in_the_middle(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"text": "One."}\r\n{"text": "Tw\n{"text": "Three."}')
    articles, (skipped,) = read(path)
    assert [article.text for article in articles] == ["One.", "Three."]
    assert skipped.line == 2


def test_notes_on_a_line_name_it(tmp_path: Path) -> None:
    (article,), (note,) = lines(tmp_path, {"text": TEXT, "published": "soon"})
    assert article.published is None
    assert (note.line, note.path) == (1, "a.jsonl")


def test_identity_of_a_line(tmp_path: Path) -> None:
    """An address names a line whatever its text; else the text does, whatever its place."""
    url = {"url": "https://example.org/1"}
    (a, b, c, d), _ = lines(
        tmp_path, {"text": "A x"} | url, {"text": "B x"} | url, {"text": "C x"}, {"text": "D x"}
    )
    assert a.id == b.id
    assert len({b.id, c.id, d.id}) == 3
    (again,), _ = lines(tmp_path, {"text": "C x"})
    assert again.id == c.id


def test_a_line_longer_than_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_LIMIT_FILE_BYTES", "100")
    articles, (skipped,) = lines(tmp_path, {"text": "A."}, {"text": "x" * 500}, {"text": "B."})
    assert [article.text for article in articles] == ["A.", "B."]
    assert skipped.line == 2
    assert "longer than" in skipped.reason


PARAGRAPH = "Les ministres des trois pays ont annoncé dimanche un accord sur les données. " * 4
PAGE = f"""<!doctype html><html lang="fr-CA"><head><meta charset="utf-8">
<title>Un accord à trois</title>
<meta property="og:site_name" content="Le Quotidien">
<meta property="article:published_time" content="2023-11-12">
<meta name="author" content="Anne Dupont"></head>
<body><nav><ul><li><a href="/">Accueil du site</a></li><li><a href="/s">Sports</a></li></ul></nav>
<article><h1>Un accord à trois</h1><p>{PARAGRAPH}</p><p>Deuxième paragraphe, plus court.</p>
<script>alert("owned")</script></article>
<footer>Tous droits réservés, mentions légales</footer></body></html>"""


def page(folder: Path, content: str | bytes) -> tuple[list[Article], list[Skipped]]:
    path = folder / "page.html"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_html(tmp_path: Path, encoding: str) -> None:
    (article,), notes = page(tmp_path, PAGE.encode(encoding))
    assert PARAGRAPH.strip() in article.text
    assert "Deuxième paragraphe" in article.text
    for left_out in ("Accueil", "Sports", "mentions légales", "alert", "<p>"):
        assert left_out not in article.text
    assert article.title == "Un accord à trois"
    assert (article.language, article.published) == ("fr-CA", "2023-11-12")
    assert (article.source, article.authors) == ("Le Quotidien", ("Anne Dupont",))
    assert notes == []


def test_html_without_metadata(tmp_path: Path) -> None:
    (article,), _ = page(tmp_path, f"<html><body><p>{PARAGRAPH}</p></body></html>")
    assert (article.language, article.title, article.published) == ("fr", "page", None)


def test_html_in_another_encoding_says_so_itself(tmp_path: Path) -> None:
    content = PAGE.replace("utf-8", "iso-8859-1").encode("latin-1")
    (article,), _ = page(tmp_path, content)
    assert "annoncé" in article.text


@pytest.mark.parametrize(
    "content",
    [
        "<html></html>",
        "<!-- nothing -->",
        "<script>alert(1)</script>",
        "<div>" * 20_000,
        "<" * 10_000,
        "<p>&#0;&#xd800;&#x1f;</p>",
        "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><p>&a;</p>",
        "\x7f\x01\x02",
    ],
    ids=lambda content: content[:20],
)
def test_pages_without_an_article_are_skipped(tmp_path: Path, content: str) -> None:
    articles, skipped = page(tmp_path, content)
    assert articles == []
    assert len(skipped) == 1


def test_a_hostile_page_gives_plain_text(tmp_path: Path) -> None:
    hostile = PAGE.replace("Deuxième", "&lt;img src=x onerror=alert(1)&gt; Deuxième").replace(
        'lang="fr-CA"', 'lang="x&quot;&gt;&lt;script&gt;"'
    )
    (article,), (note,) = page(tmp_path, hostile)
    assert article.language == "fr"
    assert note.reason.startswith("language: ")
    # Text is text: whoever shows it escapes it.
    assert "<img src=x onerror=alert(1)> Deuxième" in article.text
