"""Where an index on a Milvus server is, from what is typed for `--index`."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assistant.errors import SettingsError

_PORT = 19530
_SERVER = re.compile(
    r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?/(?:(?P<database>[A-Za-z_]\w{0,99})/)?(?P<name>[^/]*)",
    re.ASCII,
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_FORMS = (
    "milvus://HOST:PORT/COLLECTION, milvus+tls://HOST:PORT/COLLECTION or "
    "milvus:///PATH/TO/FILE.db/COLLECTION"
)


@dataclass(frozen=True, slots=True)
class Address:
    """A server or a file of Milvus Lite, and the name of the index there.

    `text` is what was typed; it holds no secret. The token is the environment's.
    """

    text: str
    uri: str
    name: str
    database: str = ""
    file: Path | None = None
    token: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str, *, environment: Mapping[str, str] | None = None) -> Address:
        """Reads an address; the token is `ASSISTANT_MILVUS_TOKEN`. Raises SettingsError."""
        environment = os.environ if environment is None else environment
        scheme, _, rest = text.partition("://")
        if "@" in rest.partition("/")[0]:
            # Not shown again: it may hold a password.
            raise SettingsError(
                "the address of an index holds no name or password; put 'user:password', or a "
                "token, into ASSISTANT_MILVUS_TOKEN"
            )
        if scheme == "milvus" and rest.startswith("/"):
            path, _, name = rest.rpartition("/")
            if not path.endswith(".db") or "\0" in path:
                raise _unusable(text)
            return cls(text, path, _checked(text, name), file=Path(path))
        server = _SERVER.fullmatch(rest)
        port = int((server and server["port"]) or _PORT)
        if scheme not in ("milvus", "milvus+tls") or server is None or not 0 < port < 65_536:
            raise _unusable(text)
        protocol = "https" if scheme == "milvus+tls" else "http"
        return cls(
            text,
            f"{protocol}://{server['host']}:{port}",
            _checked(text, server["name"]),
            server["database"] or "",
            token=environment.get("ASSISTANT_MILVUS_TOKEN", ""),
        )

    def work_folder(self) -> Path:
        """Where the index is built before it is sent, in the user's cache."""
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        digest = hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return Path(cache) / "assistant" / f"{self.name}-{digest}"


def _checked(text: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise _unusable(text)
    return name


def _unusable(text: str) -> SettingsError:
    return SettingsError(
        f"{text!r} is no address of an index; write {_FORMS}, with a COLLECTION of letters, "
        "digits and underscores"
    )
