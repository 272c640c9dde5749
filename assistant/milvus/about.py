"""What an index's manifest says, kept beside its passages on the server."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any

from assistant.errors import IndexFormatUnsupported, IndexNotFound
from assistant.milvus.address import Address
from assistant.milvus.layout import FORMAT, Collections, pieces_of
from assistant.milvus.server import NotThere, Server, damaged
from assistant.types import IndexInfo

_TRIES = 5
_SECONDS_BETWEEN = 0.2


@dataclass(frozen=True, slots=True)
class About:
    """`digest` stands for the content; `mean_*` are what lengths are measured by.

    `sample` has the rows of the sampled passages by language, in the order of the tags.
    `blocks` is the number of bits by which frequencies of terms are laid out, `previous` the
    collection of the generation before.
    """

    generation: str
    model: str
    fingerprint: str
    probes: str
    split: dict[str, Any]
    dimension: int
    has_words: bool
    articles: int
    passages: int
    languages: dict[str, int]
    sources: dict[str, int]
    first_day: str | None
    last_day: str | None
    built: str
    digest: str
    mean_terms: float
    mean_romanised: float
    mean_sounds: float
    blocks: int
    sample: dict[str, list[int]]
    size: int
    previous: str | None
    format: int = FORMAT

    def info(self) -> IndexInfo:
        def ordered(counts: dict[str, int]) -> tuple[tuple[str, int], ...]:
            present = [(name, count) for name, count in counts.items() if count > 0]
            return tuple(sorted(present, key=lambda one: (-one[1], one[0])))

        return IndexInfo(
            self.generation,
            self.model,
            self.articles,
            self.passages,
            ordered(self.languages),
            ordered(self.sources),
            self.first_day,
            self.last_day,
            self.built,
        )


def write_about(server: Server, names: Collections, about: About) -> None:
    """Writes or replaces it; a reader notices that it is another by its version."""
    pieces = pieces_of(json.dumps(asdict(about), ensure_ascii=False))
    head = {
        "version": secrets.token_hex(8),
        "pieces": len(pieces),
        "sha256": _sha256(pieces),
        "format": FORMAT,
    }
    texts = [json.dumps(head), *pieces]
    rows = [{"id": n, "piece": text, "unused": [0.0, 0.0]} for n, text in enumerate(texts)]
    server.call("upsert", names.about, rows)


def _sha256(pieces: list[str]) -> str:
    return hashlib.sha256("".join(pieces).encode("utf-8", "surrogatepass")).hexdigest()


def read_head(server: Server, names: Collections) -> dict[str, Any]:
    """The version and what the rest is checked by. Raises NotThere."""
    rows = server.get(names.about, [0], ["piece"])
    if 0 not in rows:
        raise NotThere(f"{names.about} does not exist")
    head: dict[str, Any] = json.loads(rows[0]["piece"])
    return head


def read_about(server: Server, address: Address) -> tuple[Collections, About, str]:
    """The generation in use, what it is, and its version.

    Raises IndexNotFound, IndexCorrupt, IndexFormatUnsupported.
    """
    for _ in range(_TRIES):
        collection = server.in_use(address.name)
        if collection is None:
            raise IndexNotFound(
                f"there is no index at {address.text}; build it: "
                f"assistant build --index {address.text}"
            )
        names = Collections(collection)
        try:
            server.load(names.all())
            head = read_head(server, names)
            if head["format"] != FORMAT:
                raise IndexFormatUnsupported(
                    f"the index at {address.text} has format {head['format']}, and this version "
                    f"reads {FORMAT}; build it again: assistant build --index {address.text}"
                )
            rows = server.get(names.about, range(1, 1 + int(head["pieces"])), ["piece"])
            pieces = [str(rows[n]["piece"]) for n in sorted(rows)]
            if _sha256(pieces) == head["sha256"]:
                return names, About(**json.loads("".join(pieces))), str(head["version"])
        except (NotThere, ValueError, KeyError, TypeError):
            # The generation was just replaced, or it is broken: which of them, the next try tells.
            pass
        time.sleep(_SECONDS_BETWEEN)
    raise damaged(address, "what it says of itself cannot be read")
