"""`add` and `assistant add`: pages and feeds of a site on this machine, into a folder."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import read
from web_site import HOST, ROBOTS, Clock, Site, client, in_turn, sends, sends_on, site

from assistant.adding import AddedPage, AddReport, NotAdded, add
from assistant.articles import article_files
from assistant.cli import adding as cli_adding
from assistant.editing import Folder
from assistant.errors import EditError, SettingsError
from assistant.types import Article

OWLS = "The owls came back to the old mill in November, and the miller left a window open. "
FERRY = "Le bac de l’île ne circule plus le dimanche, et les habitants ont écrit au préfet. "


def page(title: str, text: str, language: str = "en", head: str = "") -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><title>{title}</title>{head}</head>'
        f"<body><article><p>{text * 6}</p></article></body></html>"
    )


def feed(*links: str, content: dict[str, str] | None = None) -> str:
    items = "".join(
        f"<item><title>Entry {number}</title><link>{link}</link>"
        f"<content:encoded><![CDATA[{(content or {}).get(link, '')}]]></content:encoded></item>"
        for number, link in enumerate(links)
    )
    space = "http://purl.org/rss/1.0/modules/content/"
    return f'<rss version="2.0" xmlns:content="{space}"><channel>{items}</channel></rss>'


ROUTES = {
    "/owls": sends(page("Owls return", OWLS)),
    "/fr/bac": sends(page("Le bac s’arrête", FERRY, "fr")),
    "/short": sends_on("/owls"),
    "/empty": sends("<title>Nothing</title>"),
    "/film": sends(b"\0\0", "video/mp4"),
}


def articles(root: Path) -> dict[str, Article]:
    """By path, what a build would read."""
    found: list[Article] = []
    for path in article_files(root):
        found += read(path, root)[0]
    return {article.path: article for article in found}


def put(root: Path, *urls: str, **options: Any) -> AddReport:
    return add(urls, articles=root, client=options.pop("client", None) or client(), **options)


def states(report: AddReport) -> list[str]:
    return [one.state for one in report.pages]


def test_pages_are_added_and_indexed_by_the_next_build(tmp_path: Path) -> None:
    heard: list[AddedPage | NotAdded] = []
    with site(dict(ROUTES)) as server:
        urls = [server.url(path) for path in ("/owls", "/gone", "/fr/bac", "/film", "/empty")]
        report = put(tmp_path, *urls, tell=heard.append)
    first, second = report.pages
    assert (first.title, first.language, first.state) == ("Owls return", "en", "added")
    assert first.path == "added/news.example owls.html"
    assert (second.title, second.language) == ("Le bac s’arrête", "fr")
    assert [failed.url for failed in report.failed] == [urls[1], urls[3], urls[4]]
    reasons = [failed.reason for failed in report.failed]
    assert reasons[0].startswith("the server answered 404 Not Found: there is no such page")
    assert reasons[1] == "it is video/mp4, which is not read"
    assert reasons[2].startswith("no article can be read")
    assert heard == [first, report.failed[0], second, *report.failed[1:]]
    there = articles(tmp_path)
    assert set(there) == {first.path, second.path}
    assert there[first.path].url == urls[0]
    assert there[second.path].text.startswith(FERRY.strip())


def test_an_address_sent_on_is_known_by_both(tmp_path: Path) -> None:
    with site(dict(ROUTES)) as server:
        report = put(tmp_path, server.url("/short"))
        assert report.pages[0].url == server.url("/owls")
        assert articles(tmp_path)["added/news.example owls.html"].url == server.url("/owls")
        assert states(put(tmp_path, server.url("/owls"), server.url("/short"))) == [
            "unchanged",
            "unchanged",
        ]
    assert len(articles(tmp_path)) == 1


def test_a_page_that_changed_is_replaced_in_its_place(tmp_path: Path) -> None:
    routes = {"/owls": in_turn(ROUTES["/owls"], sends(page("Owls leave", OWLS + FERRY)))}
    with site(routes) as server:
        put(tmp_path, server.url("/owls"))
        before = articles(tmp_path)
        (replaced,) = put(tmp_path, server.url("/owls")).pages
        assert (replaced.state, replaced.title) == ("replaced", "Owls leave")
        assert states(put(tmp_path, server.url("/owls"))) == ["unchanged"]
    after = articles(tmp_path)
    assert list(before) == list(after) == [replaced.path]
    assert before[replaced.path].id == after[replaced.path].id
    assert after[replaced.path].title == "Owls leave"
    # What was replaced can be taken out again, once.
    (added,) = Folder(tmp_path).added()
    Folder(tmp_path).undo(added.key)
    assert articles(tmp_path) == {}


def test_a_page_that_became_nothing_leaves_the_old_one(tmp_path: Path) -> None:
    with site({"/owls": in_turn(ROUTES["/owls"], ROUTES["/empty"])}) as server:
        (first,) = put(tmp_path, server.url("/owls")).pages
        report = put(tmp_path, server.url("/owls"))
    assert report.failed[0].reason.startswith("no article can be read")
    assert articles(tmp_path)[first.path].title == "Owls return"


def test_a_file_that_was_changed_by_hand_is_not_overwritten(tmp_path: Path) -> None:
    routes = {"/owls": in_turn(ROUTES["/owls"], sends(page("Owls leave", OWLS)))}
    with site(routes) as server:
        (first,) = put(tmp_path, server.url("/owls")).pages
        path = tmp_path / first.path
        path.write_text(page("Mine", OWLS))
        report = put(tmp_path, server.url("/owls"))
        assert "was changed since it was added" in report.failed[0].reason
        assert articles(tmp_path)[first.path].title == "Mine"
        path.unlink()
        assert states(put(tmp_path, server.url("/owls"))) == ["added"]


def test_a_page_becomes_another_type(tmp_path: Path) -> None:
    text = sends(f"Owls\n\n{OWLS}", "text/plain")
    with site({"/owls": in_turn(ROUTES["/owls"], text)}) as server:
        put(tmp_path, server.url("/owls"))
        (report,) = put(tmp_path, server.url("/owls")).pages
    assert (report.path, report.state) == ("added/news.example owls.md", "replaced")
    assert list(articles(tmp_path)) == [report.path]


def test_a_record_that_was_lost_is_found_again(tmp_path: Path) -> None:
    with site(dict(ROUTES)) as server:
        put(tmp_path, server.url("/owls"))
        for record in (tmp_path / "added/.added/pages").iterdir():
            record.unlink()
        assert states(put(tmp_path, server.url("/owls"))) == ["unchanged"]
        assert states(put(tmp_path, server.url("/owls"))) == ["unchanged"]
    assert len(articles(tmp_path)) == 1


def test_two_pages_of_one_name_are_two_files(tmp_path: Path) -> None:
    routes = {"/a/owls": ROUTES["/owls"], "/b/owls.html": sends(page("More", FERRY))}
    with site(routes) as server:
        report = put(tmp_path, server.url("/a/owls"), server.url("/b/owls.html"))
    assert [one.path for one in report.pages] == [
        "added/news.example owls.html",
        "added/news.example owls-2.html",
    ]


def test_the_encoding_of_the_server_reaches_the_article(tmp_path: Path) -> None:
    body = page("Le café", FERRY, "fr").encode("cp1252")
    with site({"/a": sends(body, "text/html; charset=ISO-8859-1")}) as server:
        (report,) = put(tmp_path, server.url("/a")).pages
    assert report.title == "Le café"
    assert articles(tmp_path)[report.path].text.startswith(FERRY.strip())


def test_the_pages_of_a_feed_are_added_once(tmp_path: Path) -> None:
    with site(dict(ROUTES)) as server:
        entries = [server.url(path) for path in ("/owls", "/fr/bac", "/owls#top")]
        server.routes["/feed"] = sends(feed(*entries), "application/rss+xml")
        report = put(tmp_path, feeds=[server.url("/feed")])
        assert (states(report), report.passed) == (["added", "added"], 1)
        asked = len(server.paths)
        report = put(tmp_path, feeds=[server.url("/feed")])
        assert (report.pages, report.failed, report.passed) == ((), (), 3)
        assert server.paths[asked:] == ["/feed"]
        # Also when its file was removed, which was meant; asked for by itself it comes back.
        (tmp_path / "added/news.example owls.html").unlink()
        assert put(tmp_path, feeds=[server.url("/feed")]).passed == 3
        assert states(put(tmp_path, server.url("/owls"))) == ["added"]


def test_the_first_entries_of_a_feed_are_taken(tmp_path: Path) -> None:
    with site(dict(ROUTES)) as server:
        server.routes["/feed"] = sends(feed("/owls", "/fr/bac", "/film"), "text/xml")
        report = put(tmp_path, feeds=[server.url("/feed")], most=1)
        assert [one.url for one in report.pages] == [server.url("/owls")]


def test_what_cannot_be_fetched_is_kept_from_the_feed(tmp_path: Path) -> None:
    robots = sends("User-agent: *\nDisallow: /private", "text/plain")
    with site({ROBOTS: robots, **ROUTES}) as server:
        gone, private, short = (server.url(path) for path in ("/gone", "/private", "/gone2"))
        content = {gone: f"<p>{OWLS * 8}</p>", private: f"<p>{FERRY * 8}</p>", short: "<p>Owls"}
        server.routes["/feed"] = sends(feed(gone, private, short, content=content), "text/xml")
        report = put(tmp_path, feeds=[server.url("/feed")])
        assert states(report) == ["from feed", "from feed"]
        assert report.pages[0].title == "Entry 0"
        assert "404 Not Found" in report.pages[0].notes[0]
        assert [failed.url for failed in report.failed] == [short]
        assert "/private" not in server.paths
        assert {article.url for article in articles(tmp_path).values()} == {gone, private}
        # What failed is tried again the next time, what the feed had is not.
        report = put(tmp_path, feeds=[server.url("/feed")])
        assert (len(report.failed), report.passed) == (1, 2)
        server.routes["/gone"] = ROUTES["/owls"]
        assert states(put(tmp_path, gone)) == ["replaced"]


def test_a_feed_leads_to_no_place_where_pages_may_not_lead(tmp_path: Path) -> None:
    links = ["file:///etc/passwd", "http://u:p@h.example/", "http://169.254.169.254/latest", ""]
    with site(dict(ROUTES)) as server:
        server.routes["/feed"] = sends(feed(*links, "/owls"), "text/xml")

        def resolve(host: str, port: int) -> tuple[str, ...]:
            return ("127.0.0.1",) if host == HOST else (host,)

        report = put(tmp_path, feeds=[server.url("/feed")], client=client(resolve=resolve))
    assert states(report) == ["added"]
    assert len(report.failed) == 4
    assert "169.254.169.254, which no page is fetched from" in report.failed[2].reason


def test_a_feed_that_is_none(tmp_path: Path) -> None:
    with site(dict(ROUTES)) as server:
        report = put(tmp_path, feeds=[server.url("/owls"), server.url("/no")])
    assert report.failed[0].reason.startswith("it is no RSS or Atom feed")
    assert report.failed[1].reason.startswith("the server answered 404")


def test_private_addresses_are_refused_unless_allowed(tmp_path: Path) -> None:
    with site(dict(ROUTES)) as server:
        url = server.url("/owls", "127.0.0.1")
        report = add([url], articles=tmp_path, delay=0)
        assert "loopback address" in report.failed[0].reason
        assert server.asked == []
        report = add([url], articles=tmp_path, delay=0, allow_private=True)
        assert states(report) == ["added"]


def test_a_folder_that_is_a_link_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "added").symlink_to(tmp_path / "elsewhere")
    with site(dict(ROUTES)) as server:
        report = put(tmp_path / "root", server.url("/owls"))
    assert "leads to elsewhere" in report.failed[0].reason
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_names_and_titles_that_attack(tmp_path: Path) -> None:
    path = "/%2e%2e%2f%2e%2e%2fetc%2f%E2%80%AEpasswd%1b%5b31m"
    title = "\u202eevil\x1b[31m\x07"
    with site({path: sends(page(title, OWLS))}) as server:
        (report,) = put(tmp_path, server.url(path)).pages
    assert report.path.startswith("added/news.example") and report.path.isprintable()
    assert os.sep not in report.path.removeprefix("added/")


@pytest.mark.parametrize("most", [0, -1, 1_001, True, "5"])
def test_numbers_of_entries_that_are_none(tmp_path: Path, most: Any) -> None:
    with pytest.raises(SettingsError, match="most must be"):
        add(["https://a.example/"], articles=tmp_path, most=most)


def test_options_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="lists"):
        add("https://a.example/", articles=tmp_path)
    with pytest.raises(SettingsError, match="time for a page"):
        add(["https://a.example/"], articles=tmp_path, timeout=0)
    with pytest.raises(SettingsError, match="delay"):
        add(["https://a.example/"], articles=tmp_path, delay=-1)
    with pytest.raises(EditError, match="there is no folder"):
        add(["https://a.example/"], articles=tmp_path / "no")


# --- the command ---------------------------------------------------------------------------

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The command against sites on this machine, without delay."""

    def command(*arguments: str) -> int:
        parser = argparse.ArgumentParser()
        output = argparse.ArgumentParser(add_help=False)
        output.add_argument("--json", action="store_true")
        commands = parser.add_subparsers()
        cli_adding.add_parser(commands, [output])
        fixed = ["--articles", str(tmp_path), "--delay", "0", "--allow-private"]
        parsed = parser.parse_args(["add", *arguments, *fixed])
        return int(parsed.run(parsed))

    return command


def local(server: Site, path: str) -> str:
    return server.url(path, "127.0.0.1")


def test_the_command_prints_a_line_for_each_page(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with site(dict(ROUTES)) as server:
        server.routes["/feed"] = sends(feed("/fr/bac", "/owls"), "text/xml")
        assert run(local(server, "/owls"), "--feed", local(server, "/feed")) == 0
        out, err = capsys.readouterr()
        assert out.splitlines() == [
            "added: [en] Owls return (added/127.0.0.1 owls.html)",
            "added: [fr] Le bac s’arrête (added/127.0.0.1 bac.html)",
        ]
        assert err == "2 added, 1 passed over, added before; now build the index\n"
        assert run(local(server, "/owls"), local(server, "/gone")) == 1
        out, err = capsys.readouterr()
        assert out == "unchanged: [en] Owls return (added/127.0.0.1 owls.html)\n"
        assert f"failed: {local(server, '/gone')}: the server answered 404" in err
        assert err.endswith("1 unchanged, 1 failed\n")


def test_the_command_prints_json(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with site(dict(ROUTES)) as server:
        assert run("--json", local(server, "/owls"), local(server, "/film")) == 1
        out, err = capsys.readouterr()
        assert json.loads(out) == {
            "pages": [
                {
                    "url": local(server, "/owls"),
                    "path": "added/127.0.0.1 owls.html",
                    "title": "Owls return",
                    "language": "en",
                    "state": "added",
                    "notes": [],
                }
            ],
            "failed": [
                {"url": local(server, "/film"), "reason": "it is video/mp4, which is not read"}
            ],
            "passed": 0,
        }
        assert "failed:" in err


def test_the_command_shows_nothing_that_steers_a_terminal(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with site({"/x": sends(page("\u202eevil\x1b]0;title\x07", OWLS))}) as server:
        run(local(server, "/x"), "http://\x1b[31m\u202e/", local(server, "/\u202e%1b[31m"))
    out, err = capsys.readouterr()
    assert all(line.isprintable() for line in (out + err).splitlines())


def test_the_command_needs_an_address(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run()
    assert caught.value.code == 2
    assert "give the address" in capsys.readouterr().err


def test_pages_of_one_site_are_apart_in_time(tmp_path: Path) -> None:
    clock = Clock()
    with site(dict(ROUTES)) as server:
        put(tmp_path, server.url("/owls"), server.url("/fr/bac"), client=client(clock, delay=2))
    assert clock.slept == [2, 2]
