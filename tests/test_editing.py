"""Adding articles to the folder and taking them out again; names and fields are hostile."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from helpers import read, read_here
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.articles import READERS, article_files
from assistant.editing import Added, Folder, Summary
from assistant.errors import EditError
from assistant.types import Article, Skipped

STORY = b"Owls return\n\nThe owl nests in the old mill again."


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "harbour.txt").write_bytes(b"The harbour\n\nForty ships waited outside.")
    return folder


@pytest.fixture
def folder(root: Path) -> Folder:
    return Folder(root)


def files(root: Path) -> list[str]:
    """All files below, those that are kept of additions left out."""
    paths = (p.relative_to(root).as_posix() for p in root.rglob("*") if not p.is_dir())
    return sorted(path for path in paths if not path.startswith("added/.added/"))


def test_a_file_is_added_and_removed(root: Path, folder: Folder) -> None:
    added = folder.add("owls.txt", STORY)
    assert added == Added(
        key=added.key,
        name="owls.txt",
        path="added/owls.txt",
        articles=(Summary(added.articles[0].id, "Owls return", "en"),),
        problems=(),
        article_count=1,
        problem_count=0,
    )
    assert (root / added.path).read_bytes() == STORY
    # A build reads the same article under the same id.
    (article,), skipped = read(root / added.path, root)
    assert (article.id, article.title, skipped) == (added.articles[0].id, "Owls return", [])
    assert root / added.path in article_files(root)
    assert json.loads(json.dumps(added.to_dict()))["path"] == "added/owls.txt"
    assert Folder(root).added() == (added,)
    folder.undo(added.key)
    assert files(root) == ["harbour.txt"]
    assert folder.added() == ()
    with pytest.raises(EditError, match="removed already"):
        folder.undo(added.key)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("photo.jpg", b"x", r"type .jpg are not read; these are: \.atom, "),
        ("story", b"x", "type none are not read"),
        ("story.md\0.exe", b"x", "type .exe"),
        ("a.txt", b"", "no article can be read in 'a.txt': the file is empty"),
        ("a.txt", b"\0\1\2", "the file is binary"),
        ("a.txt", b"\xff\xfea", "starts as UTF-16-LE but is not"),
        ("a.md", b"---\ntitle: x\n---\n", "there is no text"),
        ("a.html", b"<p></p>", "no article text was found"),
        ("a.jsonl", b'{"id": 1}\nno\n[]\n\n5\n', "line 1: the object has no 'text' .*; line 2: "),
        ("a.jsonl", b"\n\n", "nothing in it to be read"),
        ("a.txt", b"x" * 20_000_001, "20,000,001 bytes; 20,000,000 are allowed"),
        ("a.txt", b"The harbour\n\nForty ships waited outside.", "already: harbour.txt"),
    ],
)
def test_what_cannot_be_added(
    root: Path, folder: Folder, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(EditError, match=message):
        folder.add(name, content)
    assert files(root) == ["harbour.txt"]
    assert folder.added() == ()


def test_part_of_a_file_is_enough(folder: Folder) -> None:
    lines = ['{"id": "a", "text": "First owl."}', "no", '{"id": "a", "text": "Second owl."}']
    added = folder.add("many.jsonl", "\n".join(lines).encode())
    assert [article.id for article in added.articles] == ["a"]
    assert [(p.line, p.reason[:20]) for p in added.problems] == [
        (2, "the line is not JSON"),
        (None, "the id 'a' is taken "),
    ]
    many = "\n".join(f'{{"text": "Owl number {n}.", "language": "en"}}\nx' for n in range(70))
    added = folder.add("more.jsonl", many.encode())
    assert (len(added.articles), added.article_count) == (50, 70)
    assert (len(added.problems), added.problem_count) == (50, 70)
    assert folder.added()[0] == added


def test_nothing_is_overwritten(root: Path, folder: Folder) -> None:
    (root / "added").mkdir()
    (root / "added" / "owls.txt").write_bytes(b"mine")
    (root / "added" / "owls-2.txt").symlink_to(root / "nowhere")
    (root / "added" / "owls-3.txt").mkdir()
    added = folder.add("owls.txt", STORY)
    assert added.path == "added/owls-4.txt"
    assert (root / "added" / "owls.txt").read_bytes() == b"mine"
    assert not (root / "nowhere").exists()
    assert folder.add("owls.txt", STORY + b"!").path == "added/owls-5.txt"


def test_the_same_content_is_not_added_twice(root: Path, folder: Folder) -> None:
    added = folder.add("owls.txt", STORY)
    with pytest.raises(EditError, match=r"already: added/owls.txt"):
        folder.add("other.txt", STORY)
    folder.paste("Owls", "They return.", source="Courier")
    with pytest.raises(EditError, match=r"already: added/Owls.md"):
        folder.paste("Owls", "They return.", source="Courier")
    # Edited, it is another article, and the first can come again.
    (root / added.path).write_bytes(b"edited by somebody")
    again = folder.add("owls.txt", STORY)
    assert again.path == "added/owls-2.txt"
    folder.undo(again.key)
    assert (root / added.path).read_bytes() == b"edited by somebody"


@pytest.mark.parametrize("kind", ["edited", "link", "folder"])
def test_what_was_changed_is_not_removed(root: Path, folder: Folder, kind: str) -> None:
    added = folder.add("owls.txt", STORY)
    path = root / added.path
    path.unlink()
    if kind == "edited":
        path.write_bytes(b"more owls")
    elif kind == "link":
        (root / "same.txt").write_bytes(STORY)
        path.symlink_to(root / "same.txt")
    else:
        path.mkdir()
    with pytest.raises(EditError, match=r"added/owls\.txt was changed since it was added"):
        folder.undo(added.key)
    assert os.path.lexists(path)


def test_a_file_that_is_gone_can_be_undone(root: Path, folder: Folder) -> None:
    added = folder.add("owls.txt", STORY)
    (root / added.path).unlink()
    assert folder.added() == ()
    folder.undo(added.key)
    assert folder.add("owls.txt", STORY) == added


def test_the_newest_is_first(folder: Folder) -> None:
    keys = [folder.add(f"{n}.txt", b"Owl number %d." % n).key for n in (3, 1, 2)]
    assert [added.key for added in folder.added()] == keys[::-1]


@pytest.mark.parametrize("key", ["", "x", "../../harbour", "a" * 64, "A" * 64, "\0", "é" * 64])
def test_unknown_keys(folder: Folder, key: str) -> None:
    with pytest.raises(EditError, match="nothing was added under this key"):
        folder.undo(key)


@pytest.mark.parametrize(
    "name", ["../harbour.txt", "..\\harbour.txt", "/etc/hosts", ".", "..", ".hidden", "", "a\0b", 5]
)
def test_records_are_not_believed(root: Path, folder: Folder, name: object) -> None:
    """Somebody writes a record that leads out of the folder, of a file whose hash is right."""
    import hashlib

    key = hashlib.sha256((root / "harbour.txt").read_bytes()).hexdigest()
    added = folder.add("owls.txt", STORY)
    record = json.loads((root / f"added/.added/{added.key}.json").read_bytes())
    record["added"]["name"] = name
    (root / f"added/.added/{key}.json").write_text(json.dumps(record))
    with pytest.raises(EditError, match="nothing was added"):
        folder.undo(key)
    assert (root / "harbour.txt").exists()
    assert folder.added() == (added,)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"moment": 1, "added": {"name": "a"}}',
        b" " * 1_100_000,
    ],
)
def test_a_damaged_record_costs_only_itself(root: Path, folder: Folder, data: bytes) -> None:
    first = folder.add("a.txt", STORY)
    second = folder.add("b.txt", STORY + b"!")
    (root / f"added/.added/{first.key}.json").write_bytes(data)
    assert folder.added() == (second,)
    with pytest.raises(EditError, match="nothing was added"):
        folder.undo(first.key)
    folder.undo(second.key)
    assert files(root) == ["added/a.txt", "harbour.txt"]


@pytest.mark.parametrize("where", ["added", "added/.added"])
def test_links_lead_nowhere(root: Path, folder: Folder, tmp_path: Path, where: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / where).parent.mkdir(exist_ok=True)
    (root / where).symlink_to(elsewhere)
    with pytest.raises(EditError, match="leads to elsewhere"):
        folder.add("owls.txt", STORY)
    assert folder.added() == ()
    assert list(elsewhere.iterdir()) == []


def test_there_must_be_a_folder(root: Path, tmp_path: Path) -> None:
    for path in (root / "harbour.txt", tmp_path / "nowhere"):
        with pytest.raises(EditError, match="there is no folder"):
            Folder(path).add("owls.txt", STORY)
        assert Folder(path).added() == ()
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("call", ["link", "fsync"])
def test_a_full_disk_leaves_nothing(
    root: Path, folder: Folder, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        if call == "link":
            patch.setattr(Path, "rename", full)
        with pytest.raises(EditError, match=r"cannot be written \(No space left on device\)"):
            folder.add("owls.txt", STORY)
    assert files(root) == ["harbour.txt"]
    assert folder.added() == ()
    assert folder.add("owls.txt", STORY).path == "added/owls.txt"


def test_many_at_once(root: Path, folder: Folder) -> None:
    errors: list[Exception] = []

    def add(number: int) -> None:
        try:
            folder.add("owls.txt", b"Owl number %d." % number)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=add, args=[n]) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len({added.path for added in folder.added()}) == 12
    assert len(files(root)) == 13


def test_an_article_is_pasted(root: Path, folder: Folder) -> None:
    added = folder.paste(
        "Brücke: “neu” / alt",
        "Die Brücke wurde\r\neröffnet.\n\n---\n\nid: keine\n---\n",
        source=" Der Bote ",
        published="2024-05-03",
        language="de_at",
        url="https://example.org/a?b=1#c",
    )
    assert added.name == "Brücke- “neu” - alt.md"
    (article,), skipped = read(root / added.path, root)
    assert skipped == []
    assert (article.title, article.source) == ("Brücke: “neu” / alt", "Der Bote")
    assert (article.published, article.language) == ("2024-05-03", "de-AT")
    assert article.url == "https://example.org/a?b=1#c"
    assert article.text == "Die Brücke wurde\neröffnet.\n\n---\n\nid: keine\n---"


def test_a_headline_is_taken_where_there_is_no_title(root: Path, folder: Folder) -> None:
    added = folder.paste("", "# Owls: a study\n\nThey return.", source="", language=" ")
    assert (added.name, added.articles[0].title) == ("Owls- a study.md", "Owls: a study")
    with pytest.raises(EditError, match="no title"):
        folder.paste(" ", "They return.")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("language", "the French one"),
        ("published", "next March"),
        ("published", "2024-02-30"),
        ("url", "javascript:alert(1)"),
        ("url", "https://example.org/\nid: x"),
    ],
)
def test_a_field_that_cannot_be(root: Path, folder: Folder, field: str, value: str) -> None:
    with pytest.raises(EditError, match=f"{field} cannot be .*; give a"):
        folder.paste("Owls", "They return.", **{field: value})
    assert files(root) == ["harbour.txt"]


@pytest.mark.parametrize("text", ["", " \n ", "---\n---\n", "\0", "..."])
def test_a_paste_without_text(folder: Folder, text: str) -> None:
    with pytest.raises(EditError, match="there is no text"):
        folder.paste("Owls", text)


def test_a_paste_that_is_too_long(root: Path) -> None:
    with pytest.raises(EditError, match="1,000 are allowed"):
        Folder(root, max_bytes=1_000).paste("Owls", "owl " * 500)


_LINES = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("\n-:#'\"{}[]&*!|>%@`\\\t\r\x85\u2028 ")),
    max_size=80,
)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(title=_LINES, text=_LINES, source=st.one_of(st.none(), _LINES))
def test_no_field_becomes_another(
    tmp_path_factory: pytest.TempPathFactory, title: str, text: str, source: str | None
) -> None:
    root = tmp_path_factory.mktemp("paste")
    body = f"Owls return.\n\n{text}\n\nThey nest."
    # The headline stands in for a title of which nothing is left; no text is refused.
    added = Folder(root).paste(title, body, source=source, language="en")
    (article,), skipped = read(root / added.path, root)
    assert skipped == []
    clean = (" ".join(title.replace("\0", "").encode("utf-8", "replace").decode().split()))[:500]
    assert article.title == (clean.rstrip() or "Owls return.")
    assert (article.language, article.published, article.url) == ("en", None, None)
    assert article.authors == ()
    expected = " ".join(
        (source or "").replace("\0", "").encode("utf-8", "replace").decode().split()
    )
    assert article.source == (expected[:500].rstrip() or None)
    plain = body.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    assert article.text == plain.encode("utf-8", "replace").decode().strip()
    assert article.id == added.articles[0].id
    assert [path.parent.name for path in article_files(root)] == ["added"]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.text(max_size=60),
    suffix=st.sampled_from(sorted(READERS)),
    content=st.one_of(
        st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace"))
    ),
)
def test_no_name_and_no_content_gets_out(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    suffix: str,
    content: bytes,
) -> None:
    monkeypatch.setattr("assistant.editing.read_file", read_here)
    root = tmp_path_factory.mktemp("add")
    try:
        added = Folder(root).add(name + suffix, content)
    except EditError:
        assert files(root) == []
        return
    (path,) = article_files(root)
    assert path == root / added.path
    assert path.parent == root / "added"
    assert path.read_bytes() == content
    articles = [item for item in read_here(path, root) if isinstance(item, Article)]
    assert [a.id for a in articles] == [a.id for a in added.articles]
    Folder(root).undo(added.key)
    assert article_files(root) == []


def test_problems_are_those_of_the_reader(folder: Folder) -> None:
    added = folder.add("owls.md", b"---\npublished: someday\n---\nThe owl nests.")
    assert added.problems == (
        Skipped("added/owls.md", "published: 'someday' cannot be used; left out"),
    )


def test_what_was_added_can_be_replaced_in_its_place(root: Path) -> None:
    folder = Folder(root)
    added = folder.add("owls.txt", STORY)
    replaced = folder.replace(added.key, STORY + b" It left again.")
    assert replaced.path == added.path
    assert (root / added.path).read_bytes() == STORY + b" It left again."
    assert folder.added() == (replaced,)
    assert folder.find(replaced.key) == replaced
    assert folder.find(added.key) is None
    assert folder.replace(replaced.key, STORY + b" It left again.") == replaced
    with pytest.raises(EditError, match="nothing was added"):
        folder.replace(added.key, STORY)


def test_nothing_is_replaced_by_what_holds_no_article(root: Path) -> None:
    folder = Folder(root, max_bytes=5_000)
    added = folder.add("owls.txt", STORY)
    other = folder.add("other.txt", STORY + b" Elsewhere, too.")
    for content in (b"", b"\0\xff", b"owl " * 2_000, STORY + b" Elsewhere, too."):
        with pytest.raises(EditError):
            folder.replace(added.key, content)
    assert (root / added.path).read_bytes() == STORY
    assert set(folder.added()) == {added, other}


def test_what_others_changed_is_not_replaced(root: Path) -> None:
    folder = Folder(root)
    added = folder.add("owls.txt", STORY)
    (root / added.path).write_bytes(b"Mine now.")
    with pytest.raises(EditError, match="was changed since"):
        folder.replace(added.key, STORY + b"!")
    assert folder.find(added.key) is None
    (root / added.path).unlink()
    with pytest.raises(EditError, match="was changed since"):
        folder.replace(added.key, STORY + b"!")


def test_a_disk_that_is_full_leaves_what_was_there(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(root)
    added = folder.add("owls.txt", STORY)

    def full(path: Path, data: bytes) -> None:
        if path.name == "owls.txt":
            raise OSError(28, "No space left on device")
        path.write_bytes(data)

    monkeypatch.setattr("assistant.editing.write_atomically", full)
    with pytest.raises(EditError, match="No space left"):
        folder.replace(added.key, STORY + b"!")
    assert folder.added() == (added,)
    assert (root / added.path).read_bytes() == STORY
