"""Which address each file was fetched from, kept in a folder of small records."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import regex

from assistant.files import write_atomically

_MAX_BYTES = 20_000
_NAME = regex.compile(r"[^/\\\p{C}.][^/\\\p{C}]*")
_HASH = regex.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page that was added: the file `name` in the folder of what is added.

    `url` is where it was found; `key` is the SHA-256 of the file, `received` that of what the
    server sent.
    """

    url: str
    name: str
    key: str
    received: str
    title: str
    language: str


class KeptPages:
    """Records by address. What is not sound there is taken for no record."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, url: str) -> KeptPage | None:
        """The page that was found at `url`, or that was asked for by it."""
        page = self._read(url)
        # What was asked for by another address may have been replaced since.
        return page if page is None or page.url == url else self._read(page.url) or page

    def keep(self, page: KeptPage, *asked: str) -> None:
        """Keeps the page under its own address and under those it was `asked` for by.

        Raises OSError.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        data = json.dumps(asdict(page)).encode()
        for url in dict.fromkeys((page.url, *asked)):
            write_atomically(self._path(url), data)

    def _path(self, url: str) -> Path:
        return self._folder / f"{hashlib.sha256(url.encode()).hexdigest()}.json"

    def _read(self, url: str) -> KeptPage | None:
        path = self._path(url)
        if self._folder.is_symlink() or path.is_symlink():
            return None
        try:
            with path.open("rb") as file:
                values = json.loads(file.read(_MAX_BYTES))
            page = KeptPage(**{field.name: values[field.name] for field in fields(KeptPage)})
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        texts = all(isinstance(value, str) for value in asdict(page).values())
        sound = texts and _NAME.fullmatch(page.name)
        sound = sound and _HASH.fullmatch(page.key) and _HASH.fullmatch(page.received)
        return page if sound else None
