"""What a site's robots.txt allows this program (RFC 9309)."""

from __future__ import annotations

from dataclasses import dataclass

import regex
from protego import Protego

PRODUCT = "assistant"
MAX_BYTES = 500_000
"""What RFC 9309 asks to be read at least; the rest is left out."""

_AGENT = regex.compile(r"(?i)\s*user[- ]?agent\s*[:\s]\s*([^#]*)")
_PRODUCT = regex.compile(r"(?i)\s*([a-z_-]+)")


@dataclass(frozen=True, slots=True)
class Rules:
    """`delay` is the seconds between two pages that the site asks for, 0 where it does not."""

    parsed: Protego | None
    delay: float = 0.0

    def allows(self, url: str) -> bool:
        return self.parsed is None or bool(self.parsed.can_fetch(url, PRODUCT))


ALLOW_ALL = Rules(None)


def read_rules(data: bytes) -> Rules:
    parsed = Protego.parse("\n".join(_for_us(data.decode("utf-8-sig", "replace"))))
    return Rules(parsed, parsed.crawl_delay(PRODUCT) or 0.0)


def _for_us(text: str) -> list[str]:
    """The lines, with all other programs under one name.

    A file can name thousands of programs before thousands of rules, which the parser would
    give to each of them.
    """
    lines: list[str] = []
    for line in text.splitlines():
        agent = _AGENT.match(line)
        if agent is None:
            lines.append(line)
            continue
        product = _PRODUCT.match(agent[1])
        name = "other"
        if agent[1].strip() == "*":
            name = "*"
        elif product is not None and product[1].lower() == PRODUCT:
            name = PRODUCT
        lines.append(f"User-agent: {name}")
    return lines
