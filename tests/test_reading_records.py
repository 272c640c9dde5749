"""JSON, CSV and Parquet: records as people have them."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import FULL, SECOND, TEXT, fields, mutated, read_apart, read_bytes, survives
from records import csv_file, json_file, parquet_file, zip_file

from assistant.articles.csv_records import read_csv
from assistant.articles.json_records import read_json
from assistant.articles.parquet_records import read_parquet
from assistant.articles.records import NAMES, columns_of
from assistant.limits import Limits


def dumped(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    "data",
    [
        json_file([FULL, SECOND]),
        dumped([FULL, SECOND]),
        dumped({"data": {"items": [FULL, SECOND]}, "status": "ok", "count": [1, 2]}),
        dumped({"pages": [{"n": 1, "rows": [FULL]}, {"n": 2, "rows": [SECOND]}]}),
        dumped({"a": FULL, "b": SECOND}),
        dumped(FULL) + b"\n" + dumped(SECOND) + b"\n",
        json.dumps([FULL, SECOND], indent=1).encode("utf-16"),
        b"\xef\xbb\xbf" + dumped([FULL, SECOND]),
    ],
)
def test_json_records_wherever_they_are(data: bytes) -> None:
    articles, skipped = read_bytes("a.json", data)
    assert [fields(article) for article in articles] == [FULL, SECOND]
    assert skipped == []
    assert {article.path for article in articles} == {"a.json"}


def test_json_apart(tmp_path: Path) -> None:
    articles, skipped = read_apart(tmp_path, "a.json", json_file([FULL, SECOND]))
    assert [fields(article) for article in articles] == [FULL, SECOND]
    assert skipped == []


def test_one_json_record() -> None:
    (article,), _ = read_bytes("a.json", dumped(FULL))
    assert fields(article) == FULL


LINKED = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "@id": "https://courier.example/harbour#article",
    "headline": FULL["title"],
    "articleBody": TEXT,
    "datePublished": "2023-11-12T09:30:00+01:00",
    "inLanguage": "en",
    "author": [{"@type": "Person", "name": "Anne Dupont"}, {"name": "B. Lee"}],
    "publisher": {"@type": "Organization", "name": "The Courier"},
    "mainEntityOfPage": {"@type": "WebPage", "@id": "https://courier.example/harbour"},
}


@pytest.mark.parametrize(
    "value",
    [
        LINKED,
        [LINKED],
        {"@graph": [{"@type": "WebPage", "name": "x"}, LINKED, {"@type": "Person"}]},
    ],
)
def test_linked_data(value: object) -> None:
    (article,), skipped = read_bytes("a.json", dumped(value))
    assert fields(article) | {"id": "one"} == FULL
    assert skipped == []


def test_records_of_other_makers() -> None:
    word_press = {
        "id": 7,
        "date": "2023-11-12",
        "link": "https://w.example/7",
        "title": {"rendered": "Harbour"},
        "content": {"rendered": f"<p>{TEXT}</p>\n<ul><li>One</li><li>Two &amp; three</li></ul>"},
    }
    mongo = {"_id": {"$oid": "64f0"}, "Body": "Ships wait.", "Byline": "By A. Dupont; B. Lee"}
    (first, second), skipped = read_bytes("a.json", dumped([word_press, mongo]))
    assert (first.id, first.title, first.published) == ("7", "Harbour", "2023-11-12")
    assert first.text == f"{TEXT}\n\nOne\nTwo & three"
    assert (second.id, second.text, second.authors) == (
        "64f0",
        "Ships wait.",
        ("By A. Dupont", "B. Lee"),
    )
    assert skipped == []


@pytest.mark.parametrize("field", sorted(NAMES))
def test_our_own_name_wins_and_an_empty_one_does_not_count(field: str) -> None:
    value = {"published": "2023-11-12", "url": "https://a.example/", "language": "en"}.get(field)
    good: Any = value or "Good words"
    for alias in NAMES[field][1:]:
        spelled = "".join(part.title() for part in alias.split("_"))
        for row in ({spelled: "x", field: good}, {field: None, spelled: good}):
            full = {"text": TEXT} | row
            if field == "text":
                full = row
            (article,), _ = read_bytes("a.json", dumped([full]))
            found = article.authors[0] if field == "authors" else getattr(article, field)
            assert found == good, (alias, row)


def test_names_do_not_collide() -> None:
    bare = [alias.replace("_", "") for names in NAMES.values() for alias in names]
    assert len(bare) == len(set(bare))
    assert columns_of(("ID", "_id", "id"))["id"] == ("id", "ID", "_id")


def test_text_that_only_speaks_of_tags_stays() -> None:
    text = "Write <p> before a paragraph. 3 < 4, and 5 > 4."
    (article,), _ = read_bytes("a.json", dumped({"text": text}))
    assert article.text == text


def test_markup_too_deep_to_parse_keeps_its_text() -> None:
    text = "<div>" * 30_000 + "Ships &amp; cranes" + "</div>" * 30_000 + "<p>The end.</p>"
    (article,), _ = read_bytes("a.json", dumped({"text": text}))
    assert article.text == "Ships & cranes\n\nThe end."


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'[{"text": "cut', "the file is not JSON"),
        (b"[" * 100_000, "the file is not JSON"),
        (b'{"a":' * 100_000, "the file is not JSON"),
        (b"\x00\x01", "binary"),
        (b"[]", "no object in the file has a 'text' (it has: nothing"),
        (b"5", "no object"),
        (b'{"titel": "x", "inhalt": "y"}', "(it has: titel, inhalt; looked for: text, body, "),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_json_that_is_not_read(data: bytes, reason: str) -> None:
    articles, (skipped,) = read_bytes("a.json", data)
    assert articles == []
    assert reason in skipped.reason
    assert len(skipped.reason) < 400


def test_a_bad_object_costs_one_object() -> None:
    rows = [FULL, 5, {"title": "no words"}, {"text": " - "}, SECOND | {"published": "soon"}]
    articles, skipped = read_bytes("a.json", dumped(rows))
    assert [article.id for article in articles] == ["one", "two"]
    assert [one.reason[:24] for one in skipped] == [
        "object 2: it is not a JS",
        "object 3: the object has",
        "object 4: there is no te",
        "object 5: published: 'so",
    ]


def test_what_is_wrong_with_many_is_said_once() -> None:
    for name, data in (
        ("a.json", dumped([{"a": 1}] * 5000 + [FULL])),
        ("a.csv", csv_file([FULL]) + b"x\r\n" * 5000),
        ("a.parquet", parquet_file([FULL] + [{"text": " "}] * 5000)),
    ):
        articles, (note,) = read_bytes(name, data)
        assert fields(articles[0]) == FULL
        assert note.reason.endswith("; so with the next 4,999")


def test_json_over_the_limit() -> None:
    limits = Limits(file_bytes=1000)
    _, (skipped,) = read_bytes("a.json", dumped([FULL] * 20), limits=limits)
    assert "larger than 1,000 bytes" in skipped.reason
    # Lines are read one by one.
    data = b"".join(dumped(FULL | {"id": str(n)}) + b"\n" for n in range(20))
    articles, skipped_too = read_bytes("a.json", data, limits=limits)
    assert (len(articles), skipped_too) == (20, [])


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_any_json_is_survived(seed: int) -> None:
    survives(read_json, "a.json", mutated(json_file([FULL, SECOND, LINKED]), seed))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv(delimiter: str, encoding: str) -> None:
    rows = [FULL, SECOND | {"text": 'Two lines;\nsaid "he", | and\tshe: vallée'}]
    for name in ("a.csv", "a.tsv"):
        articles, skipped = read_bytes(name, csv_file(rows, delimiter=delimiter, encoding=encoding))
        assert [fields(article) for article in articles] == rows
        assert skipped == []


def test_csv_apart(tmp_path: Path) -> None:
    articles, skipped = read_apart(tmp_path, "a.csv", csv_file([FULL, SECOND]))
    assert [fields(article) for article in articles] == [FULL, SECOND]
    assert skipped == []


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        ("text\nOne, two; three\nFour\n", ["One, two; three", "Four"]),
        ("sep=|\r\ntext|date\r\nOne, two|2023-11-12\r\n", ["One, two"]),
        ('id, "text"\n1, "One, two"\n2, "Three"\n', ["One, two", "Three"]),
        ("id,Body\n\n1,One\n,,\n2,Two,,\n", ["One", "Two"]),
        ("id,text,text\n1,One,Zwei", ["One"]),
        ("id,text\r1,One\r2,Two\r", ["One", "Two"]),
        ('id,text\n1,A 5" pipe\n2,The "old" harbour\n', ['A 5" pipe', 'The "old" harbour']),
        ("id\ttext\n1\tOne, two, three\n2\tFour, five\n", ["One, two, three", "Four, five"]),
    ],
)
def test_csv_as_people_write_it(data: str, texts: list[str]) -> None:
    articles, skipped = read_bytes("a.csv", data.encode())
    assert [article.text for article in articles] == texts
    assert skipped == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"id,words\n1,One\n", "names no column of 'text' (it has: id, words; looked for: text, "),
        (b"1;One;2023\n", "it has: 1, One, 2023;"),
        (b"\x00\x01\x02\x03", "binary"),
        (b"\n\n \n", "no rows"),
        (b"text\n", "no rows"),
    ],
)
def test_csv_that_is_not_read(data: bytes, reason: str) -> None:
    articles, (skipped,) = read_bytes("a.csv", data)
    assert articles == []
    assert reason in skipped.reason


def test_bad_rows_are_listed_and_the_others_read() -> None:
    data = b"id,text,title\n1,One,T\n2,Two\n3,Three,T,x\n4,Four,T\n5,,T\n6,Six,T\n7"
    articles, skipped = read_bytes("a.csv", data)
    assert [article.id for article in articles] == ["1", "4", "6"]
    assert [(one.line, one.reason) for one in skipped] == [
        (3, "the row has 2 fields, not 3"),
        (4, "the row has 4 fields, not 3"),
        (6, "there is no text"),
        (8, "the row has 1 fields, not 3"),
    ]


def test_a_quote_that_is_not_closed_costs_its_line() -> None:
    data = 'id,text\n1,One\n2,"Two\n3,Three\n4,"Four\nin two lines"\n5,Five\n'
    articles, (note,) = read_bytes("a.csv", data.encode())
    assert [article.id for article in articles] == ["1", "3", "4", "5"]
    assert articles[2].text == "Four\nin two lines"
    assert (note.line, note.reason[:40]) == (3, "a quote is opened in the line and not cl")
    only = 'id,text\n1,One\n2,"Two\n3,Three\n4,Four\n'
    articles, (note,) = read_bytes("a.csv", only.encode())
    assert [article.id for article in articles] == ["1", "3", "4"]
    assert (note.line, note.reason[:40]) == (3, "a quote is opened in the line and not cl")


def test_quotes_that_are_never_closed_end() -> None:
    data = b"id,text\n1,One\n" + b'a"b,"\n' * 3000
    articles, skipped = read_bytes("a.csv", data)
    assert [article.id for article in articles] == ["1"]
    assert len(skipped) == 21
    assert "in more than 20 lines; from line 23 on it was not read" in skipped[-1].reason


def test_rows_larger_than_the_limit() -> None:
    limits = Limits(file_bytes=1000)
    long = b"x" * 3000
    data = b'id,text\n1,One\n2,"' + long + b'"\n3,"' + b"y\n" * 900 + b'"\n4,Four\n'
    articles, skipped = read_bytes("a.csv", data, limits=limits)
    assert [article.id for article in articles] == ["1", "4"]
    assert [(one.line, one.reason[:30]) for one in skipped][:2] == [
        (3, "the line is longer than 1,000 "),
        (4, "a quote is opened in the line "),
    ]
    assert len(skipped) < 6


def test_a_field_of_25_megabytes(tmp_path: Path) -> None:
    data = csv_file([FULL, FULL | {"id": "b", "text": "word " * 5_000_000}, SECOND])
    articles, (skipped,) = read_apart(tmp_path, "a.csv", data)
    assert [article.id for article in articles] == ["one", "two"]
    assert (skipped.line, skipped.reason) == (3, "the line is longer than 20 MB")


def test_nuls_in_a_table_are_left_out_and_told() -> None:
    data = csv_file([FULL, SECOND]).replace(b"Forty", b"For\0ty")
    articles, (note,) = read_bytes("a.csv", data)
    assert fields(articles[0]) == FULL
    assert note.reason == "1 NUL bytes were left out"


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_any_table_is_survived(seed: int) -> None:
    survives(read_csv, "a.csv", mutated(csv_file([FULL, SECOND, FULL]), seed))


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd"])
def test_parquet(tmp_path: Path, compression: str) -> None:
    data = parquet_file([FULL | {"weight": 1.5}, SECOND | {"weight": 2.5}], compression=compression)
    for articles, skipped in (
        read_bytes("a.parquet", data),
        read_bytes("x.zip", zip_file({"a.parquet": data})),
        read_apart(tmp_path, "a.parquet", data),
    ):
        assert [fields(article) for article in articles] == [FULL, SECOND]
        assert skipped == []


def test_parquet_of_many_types() -> None:
    import pyarrow
    from pyarrow import parquet

    moment = datetime(2023, 11, 12, 8, 30, tzinfo=UTC)
    zoned = pyarrow.array([moment, None], pyarrow.timestamp("ns", "Asia/Tokyo"))
    dated = pyarrow.array([None, date(2023, 11, 13)], pyarrow.date32())
    table = pyarrow.table(
        {
            "ID": pyarrow.array([7, 8], pyarrow.int32()),
            "published": zoned,
            "date": dated,
            "body": pyarrow.array(["One.", "Two."], pyarrow.large_string()),
            "outlet": pyarrow.array(["A", "A"]).dictionary_encode(),
            "byline": pyarrow.array([["A", "B"], None], pyarrow.list_(pyarrow.string())),
            "titles": pyarrow.array([{"a": 1}, None]),
            "title": pyarrow.array([b"Caf\xc3\xa9", b"T"], pyarrow.binary()),
        }
    )
    file = io.BytesIO()
    parquet.write_table(table, file)
    (first, second), skipped = read_bytes("a.parquet", file.getvalue())
    assert (first.id, first.text, first.source, first.title) == ("7", "One.", "A", "Café")
    assert (first.published, first.authors) == ("2023-11-12T08:30:00Z", ("A", "B"))
    assert (second.published, second.authors) == ("2023-11-13", ())
    assert skipped == []


def test_parquet_that_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    good = parquet_file([FULL, SECOND, {"text": " "}])
    articles, (note,) = read_bytes("a.parquet", good)
    assert len(articles) == 2
    assert note.reason == "row 3: there is no text"
    _, (note,) = read_bytes("a.parquet", parquet_file([{"words": "x"}]))
    assert "no column is called 'text' (it has: words; looked for: text, body" in note.reason
    for cut in (0.1, 0.5, 0.99):
        articles, (note,) = read_bytes("a.parquet", good[: int(len(good) * cut)])
        assert articles == []
        assert note.reason.startswith("it cannot be read as Parquet (")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    _, (note,) = read_bytes("a.parquet", good)
    assert note.reason.endswith("install it with pip install 'assistant[parquet]'")


def test_strings_of_parquet_that_are_not_utf_8() -> None:
    import pyarrow
    from pyarrow import parquet

    for column in (
        pyarrow.array([b"Caf\xe9 and more", b"Two"]),
        pyarrow.array([b"Caf\xe9 and more", b"Two"]).dictionary_encode(),
    ):
        if pyarrow.types.is_dictionary(column.type):
            words = column.dictionary.view(pyarrow.string())
            column = pyarrow.DictionaryArray.from_arrays(column.indices, words)
        else:
            column = column.view(pyarrow.string())
        file = io.BytesIO()
        parquet.write_table(pyarrow.table({"text": column}), file)
        articles, _ = read_bytes("a.parquet", file.getvalue())
        assert articles[-1].text == "Two"


def test_a_parquet_bomb_stops(tmp_path: Path) -> None:
    """Any number of rows of one value of a megabyte take no more room than that one."""
    import pyarrow
    from pyarrow import parquet

    value = pyarrow.array(["word " * 200_000])
    places = pyarrow.array([0] * 3000, pyarrow.int32())
    table = pyarrow.table({"text": pyarrow.DictionaryArray.from_arrays(places, value)})
    file = io.BytesIO()
    parquet.write_table(table, file, compression="zstd")
    data = file.getvalue()
    assert len(data) < 1_000_000
    limits = Limits(unpacked_bytes=10_000_000)
    articles, (note,) = read_apart(tmp_path, "a.parquet", data, limits=limits)
    assert len(articles) == 10
    assert note.reason == "it unpacks to more than 10 MB"


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_any_parquet_is_survived(seed: int) -> None:
    survives(read_parquet, "a.parquet", mutated(PARQUET, seed))


PARQUET = parquet_file([FULL, SECOND])
