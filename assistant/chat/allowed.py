"""Which files, routes and sizes of requests the chat's server knows: for its routes and guard."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from assistant.settings import MAX_HISTORY, MAX_QUESTION_CHARACTERS

HERE = Path(__file__).parent

STATIC_FILES = {
    "chat.js": "text/javascript",
    "reader.js": "text/javascript",
    "adding.js": "text/javascript",
    "reading.css": "text/css",
}
"""The files of this folder that are served at the root, and their media types.

The page runs the scripts in this order: the others use what the first one defines.
"""

MAX_NAMES = 100
"""How many languages, and how many outlets, a request may name."""

MAX_NAME_CHARACTERS = 200
MAX_FILE = 20_000_000
"""The largest file of articles that is taken, in bytes."""

MAX_PASTED_CHARACTERS = 100_000
"""The longest text that is taken as a pasted article: twenty long reports."""

_BYTES_A_CHARACTER = 12  # as two escapes of six in JSON, or four of three in a URL
_REST = 16 * 1024  # the fields' names, the short values, white space
_MOST_ASKED = (
    MAX_QUESTION_CHARACTERS * (MAX_HISTORY + 1) + MAX_NAME_CHARACTERS * (MAX_NAMES + 1) * 2
)
MAX_BODY = _BYTES_A_CHARACTER * _MOST_ASKED + _REST
"""Bytes: the largest question with all that may go with it, however its JSON is written."""

MAX_PASTED = _BYTES_A_CHARACTER * (MAX_PASTED_CHARACTERS + 5 * MAX_NAME_CHARACTERS) + _REST

LONGEST_URL = _BYTES_A_CHARACTER * MAX_QUESTION_CHARACTERS + 1024
"""Characters: the page's, with the longest question, percent-encoded, as `?q=`."""

PAGE = "/"
QUEUE = "/gradio_api/queue/join"
FILES = "/api/files"
PASTED = "/api/files/text"
MCP = "/mcp"

_FILE_NAMES = "|".join(map(re.escape, STATIC_FILES))
_READ = re.compile(
    rf"/(?:{_FILE_NAMES}|config|theme\.css|favicon\.ico|robots\.txt|manifest\.json"
    r"|api/(?:health|openapi\.json|collection|articles)|(?:api/)?articles/.+"
    r"|(?:assets|static)/[^:]+"
    r"|gradio_api/(?:queue/data|startup-events|theme\.css|info|heartbeat/[\w-]+))?"
)
_WRITE = re.compile(r"/(?:api/(?:ask|search)|gradio_api/(?:queue/join|cancel|reset))")
_UNDO = re.compile(rf"{FILES}/[^/]+")
_SEARCHES = re.compile(rf"/api/(?:ask|search|articles)|{QUEUE}|{MCP}|{FILES}(?:/.*)?")


@dataclass(frozen=True, slots=True)
class Allowed:
    """Which requests there is something for; `edit` and `mcp` open the routes of that name."""

    edit: bool = False
    mcp: bool = False

    def admits(self, method: str, path: str) -> bool:
        if self.mcp and path == MCP:
            return method in ("GET", "POST", "DELETE")
        if method in ("GET", "HEAD"):
            return bool(_READ.fullmatch(path)) or (self.edit and path == FILES)
        if method == "POST":
            return bool(_WRITE.fullmatch(path)) or (self.edit and path in (FILES, PASTED))
        return method == "DELETE" and self.edit and bool(_UNDO.fullmatch(path))


def costs(path: str) -> bool:
    """Whether a request computes, so that the rate of such requests is limited."""
    return bool(_SEARCHES.fullmatch(path))


def largest_body(path: str) -> int:
    """How many bytes a request for this path may bring."""
    return {FILES: MAX_FILE, PASTED: MAX_PASTED}.get(path, MAX_BODY)
