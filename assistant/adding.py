"""Adds pages of the web, and those that a feed names, to the folder of articles."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from assistant.articles import READERS
from assistant.articles.feeds import Entry
from assistant.editing import FOLDER, Added, Folder
from assistant.errors import EditError, FetchError, SettingsError
from assistant.feeds import entry_page, read_feed
from assistant.fetching import Client, Fetched, FetchLimits, shown, web_address
from assistant.kept_pages import KeptPage, KeptPages
from assistant.settings import Settings
from assistant.web_pages import ACCEPT, ACCEPT_FEED, file_stem, page_file, suffix_for

MAX_MOST = 1_000
DEFAULT_MOST = 50
DEFAULT_DELAY = 1.0
DEFAULT_TIMEOUT = 30.0

_PAGES = "pages"

State = Literal["added", "replaced", "unchanged", "from feed"]


@dataclass(frozen=True, slots=True)
class AddedPage:
    """A page that is in the folder of articles now, at `path` under it.

    `state` is "unchanged" where it was there already, "replaced" where an earlier version of it
    was, and "from feed" where the page could not be fetched and was made of what the feed has
    of it. `notes` say what of it could not be used, and what was unclear.
    """

    url: str
    path: str
    title: str
    language: str
    state: State
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "path": self.path,
            "title": self.title,
            "language": self.language,
            "state": self.state,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class NotAdded:
    """A page or a feed that could not be added."""

    url: str
    reason: str

    def __str__(self) -> str:
        return f"{shown(self.url)}: {self.reason}"

    def to_dict(self) -> dict[str, Any]:
        return {"url": self.url, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class AddReport:
    """What was added, in the order of what was asked for.

    `passed` counts the entries of feeds that were passed over because they were added before.
    """

    pages: tuple[AddedPage, ...]
    failed: tuple[NotAdded, ...]
    passed: int

    def to_dict(self) -> dict[str, Any]:
        return {
            "pages": [page.to_dict() for page in self.pages],
            "failed": [failed.to_dict() for failed in self.failed],
            "passed": self.passed,
        }


def add(
    urls: Sequence[str] = (),
    *,
    feeds: Sequence[str] = (),
    articles: str | Path | None = None,
    most: int = DEFAULT_MOST,
    allow_private: bool = False,
    delay: float = DEFAULT_DELAY,
    timeout: float = DEFAULT_TIMEOUT,
    client: Client | None = None,
    tell: Callable[[AddedPage | NotAdded], None] | None = None,
) -> AddReport:
    """Fetches pages, and the first `most` that each feed names, into the folder of articles.

    A page is known by its address: one that was added before is fetched again and replaced
    where it changed; an entry of a feed that was is passed over. `delay` and `timeout` are
    seconds, between requests to a host and for a page. A `client` given comes with its own
    delay, timeout and rule of private addresses. `tell` hears of each page when it is done.
    Raises SettingsError for options of no use and EditError where there is no folder; whatever
    is wrong with a page is in the report.
    """
    if isinstance(urls, str) or isinstance(feeds, str):
        raise SettingsError("urls and feeds must be lists of addresses")
    if not isinstance(most, int) or isinstance(most, bool) or not 1 <= most <= MAX_MOST:
        raise SettingsError(f"most must be a whole number from 1 to {MAX_MOST}, not {most!r}")
    if client is None:
        limits = FetchLimits(total=timeout)
        client = Client(allow_private=allow_private, delay=delay, limits=limits)
    root = Settings.resolve(articles=articles).articles
    if not root.is_dir():
        raise EditError(f"there is no folder {root}; articles are added to a folder")
    adding = _Adding(root, client, tell)
    for url in dict.fromkeys(urls):
        adding.page(url)
    for url in dict.fromkeys(feeds):
        adding.feed(url, most)
    return AddReport(tuple(adding.pages), tuple(adding.failed), adding.passed)


class _Adding:
    def __init__(
        self,
        root: Path,
        client: Client,
        tell: Callable[[AddedPage | NotAdded], None] | None,
    ) -> None:
        self._target = root / FOLDER
        self._folder = Folder(root, max_bytes=2 * FetchLimits().max_bytes)
        self._kept = KeptPages(self._folder.records / _PAGES)
        self._client = client
        self._tell = tell
        self._seen: set[str] = set()
        self.pages: list[AddedPage] = []
        self.failed: list[NotAdded] = []
        self.passed = 0

    def _say(self, done: AddedPage | NotAdded) -> None:
        if isinstance(done, AddedPage):
            self.pages.append(done)
        else:
            self.failed.append(done)
        if self._tell is not None:
            self._tell(done)

    def page(self, url: str, entry: Entry | None = None) -> None:
        try:
            self._say(self._page(url, entry))
        except FetchError as error:
            self._say(NotAdded(url, _without(url, error)))
        except EditError as error:
            self._say(NotAdded(url, str(error)))

    def _page(self, url: str, entry: Entry | None) -> AddedPage:
        try:
            fetched = self._client.fetch(url, accept=ACCEPT, check=_check)
        except FetchError as error:
            content = entry_page(entry, url) if entry is not None else None
            if content is None:
                raise
            return self._from_feed(url, content, _without(url, error))
        return self._fetched(fetched)

    def feed(self, url: str, most: int) -> None:
        try:
            fetched = self._client.fetch(url, accept=ACCEPT_FEED)
            entries = read_feed(fetched.body, url=fetched.url, charset=fetched.charset)
        except FetchError as error:
            self._say(NotAdded(url, _without(url, error)))
            return
        for entry in entries[:most]:
            try:
                if entry.url is None:
                    title = (entry.title or "")[:60]
                    raise FetchError(f"an entry of the feed has no address: {title!r}")
                link = str(web_address(entry.url))
            except FetchError as error:
                self._say(NotAdded(entry.url or url, str(error)))
                continue
            if link in self._seen or self._kept.find(link) is not None:
                self.passed += 1
            else:
                self._seen.add(link)
                self.page(link, entry)

    def _fetched(self, page: Fetched) -> AddedPage:
        received = hashlib.sha256(page.body).hexdigest()
        suffix = suffix_for(page.url, page.media_type, READERS)
        known = self._kept.find(page.url)
        if known is not None and known.received == received and self._is_there(known):
            self._keep(known, page.asked)
            return _report(known, "unchanged")
        file = page_file(page.url, suffix, page.charset, page.body)
        state, added = self._put(known, file.name, file.content)
        notes = (file.note,) if file.note else ()
        return self._done(page.url, page.asked, received, state, added, notes)

    def _from_feed(self, url: str, content: bytes, reason: str) -> AddedPage:
        _, added = self._put(None, f"{file_stem(url)}.html", content)
        notes = (f"the page could not be fetched ({reason}); kept what the feed has of it",)
        received = hashlib.sha256(content).hexdigest()
        return self._done(url, url, received, "from feed", added, notes)

    def _is_there(self, page: KeptPage) -> bool:
        path = self._target / page.name
        return path.is_file() and not path.is_symlink()

    def _put(self, known: KeptPage | None, name: str, content: bytes) -> tuple[State, Added]:
        """Where an address was added before, its file takes the new content."""
        if known is not None and self._is_there(known):
            if Path(known.name).suffix == Path(name).suffix:
                return "replaced", self._folder.replace(known.key, content)
            added = self._folder.add(name, content)
            self._folder.undo(known.key)
            return "replaced", added
        # The same content from another address, or a record that was lost.
        there = self._folder.find(hashlib.sha256(content).hexdigest())
        if there is not None:
            return "unchanged", there
        return "added", self._folder.add(name, content)

    def _keep(self, page: KeptPage, asked: str) -> None:
        try:
            self._kept.keep(page, asked)
        except OSError as error:
            raise EditError(
                f"{self._folder.records} cannot be written ({error.strerror or error}); "
                "check space and permissions"
            ) from error

    def _done(
        self,
        url: str,
        asked: str,
        received: str,
        state: State,
        added: Added,
        notes: tuple[str, ...],
    ) -> AddedPage:
        first = added.articles[0]
        page = KeptPage(url, added.name, added.key, received, first.title, first.language)
        self._keep(page, asked)
        problems = tuple(problem.reason for problem in added.problems)
        return replace(_report(page, state), notes=(*notes, *problems))


def _check(url: str, media_type: str) -> None:
    suffix_for(url, media_type, READERS)


def _report(page: KeptPage, state: State) -> AddedPage:
    return AddedPage(page.url, f"{FOLDER}/{page.name}", page.title, page.language, state)


def _without(url: str, error: FetchError) -> str:
    """The message without the address that it begins with."""
    return str(error).removeprefix(f"{shown(url)}: ")
