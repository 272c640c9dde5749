"""What a page says of its article: in JSON-LD, in `meta` elements and in its own elements."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

_ARTICLE_TYPES = ("article", "newsarticle", "blogposting", "report", "opinionnewsarticle")
_MOST_OBJECTS = 1_000
_LONGEST_JSON = 500_000
_SHORTEST_TITLE = 10

_PUBLISHED_META = (
    "article:published_time",
    "og:article:published_time",
    "article:published",
    "datepublished",
    "date.published",
    "parsely-pub-date",
    "sailthru.date",
    "citation_publication_date",
    "publication_date",
    "publishdate",
    "publish-date",
    "pubdate",
    "dc.date.issued",
    "dcterms.created",
    "dcterms.issued",
    "dc.date",
    "dcterms.date",
    "date",
)
_AUTHOR_META = ("author", "article:author", "dc.creator", "dcterms.creator", "parsely-author")
_BYLINES = (
    "//*[@rel='author']",
    "//*[@itemprop='author']//*[@itemprop='name']",
    "//*[@itemprop='author']",
)
_SUFFIX = re.compile(r"\s+[|–—·»:-]{1,2}\s+")
_URL_DAY = re.compile(r"/((?:19|20)\d\d)[/-](\d\d?)[/-](\d\d?)(?=[/-])")


def _objects(tree: Any) -> list[dict[str, Any]]:
    """The objects of a page's JSON-LD, those that are articles first."""
    found: list[dict[str, Any]] = []
    for script in tree.xpath("//script[contains(@type, 'ld+json')]"):
        text = (script.text or "").strip()
        if len(text) > _LONGEST_JSON:
            continue
        try:
            waiting = [json.loads(text, strict=False)]
        except (ValueError, RecursionError):
            continue
        while waiting and len(found) < _MOST_OBJECTS:
            value = waiting.pop(0)
            if isinstance(value, list):
                waiting.extend(value[:_MOST_OBJECTS])
            elif isinstance(value, dict):
                found.append(value)
                waiting.extend(v for k in ("@graph", "mainEntity") if (v := value.get(k)))
    return [one for one in found if _is_article(one)]


def _is_article(value: dict[str, Any]) -> bool:
    kinds = value.get("@type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return any(str(kind).lower().rsplit("/", 1)[-1] in _ARTICLE_TYPES for kind in kinds)


def _names(value: Any) -> Iterator[str]:
    """Names out of what JSON-LD gives for a person or an organisation, or a list of them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _names(value.get("name") if not isinstance(value.get("name"), dict) else None)
    elif isinstance(value, list):
        for one in value[:100]:
            if not isinstance(one, list):
                yield from _names(one)


class Page:
    """The metadata of one page, each as the page has it; "" or none where it has none."""

    def __init__(self, tree: Any, url: str | None) -> None:
        self._tree = tree
        self._url = url
        self._objects = _objects(tree)
        self._meta: dict[str, list[str]] = {}
        for element in tree.iter("meta"):
            name = element.get("property") or element.get("name") or element.get("itemprop")
            name = name or element.get("http-equiv")
            content = (element.get("content") or "").strip()
            if name and content:
                self._meta.setdefault(name.strip().lower(), []).append(content)

    def _first(self, *names: str) -> str:
        return next((self._meta[name][0] for name in names if name in self._meta), "")

    def _linked(self, field: str) -> Iterator[Any]:
        return (one[field] for one in self._objects if one.get(field))

    def _texts(self, path: str) -> list[str]:
        found = (" ".join(element.itertext()).split() for element in self._tree.xpath(path)[:100])
        return [" ".join(words) for words in found if words]

    @property
    def outlet(self) -> str:
        named = next((name for one in self._linked("publisher") for name in _names(one)), "")
        return self._first("og:site_name") or named or self._first("application-name")

    @property
    def title(self) -> str:
        headings = self._texts("//h1")
        linked = next((one for one in self._linked("headline") if isinstance(one, str)), "")
        best = self._first("og:title") or linked
        if not best and len(headings) == 1:
            return headings[0]
        whole = best or next(iter(self._texts("//title")), "") or next(iter(headings), "")
        return self._without_outlet(whole, headings)

    def _without_outlet(self, title: str, headings: list[str]) -> str:
        parts = list(_SUFFIX.finditer(title))
        if not parts:
            return title
        first, last = title[: parts[-1].start()], title[parts[-1].end() :]
        named = self.outlet.casefold()
        host = (urlsplit(self.url or "").hostname or "").removeprefix("www.")
        of_outlet = last.casefold() in (named, host) or (
            bool(named) and last.casefold().startswith(named)
        )
        # Where the page does not name its outlet, a bar is what most put before it.
        unnamed = not named and "|" in parts[-1][0] and len(first) >= _SHORTEST_TITLE
        return first if of_outlet or unnamed or first in headings else title

    @property
    def authors(self) -> list[str]:
        found = [name for one in self._linked("author") for name in _names(one)]
        if not found:
            found = [name for key in _AUTHOR_META for name in self._meta.get(key, ())]
        if not found:
            found = next(filter(None, map(self._texts, _BYLINES)), [])
        # An address or a handle is no name.
        names = (name.strip() for name in found)
        return list(dict.fromkeys(n for n in names if n and "://" not in n and n[0] != "@"))

    def published(self) -> Iterator[str]:
        """Dates and times of publication, the likeliest first."""
        yield from (one for one in self._linked("datePublished") if isinstance(one, str))
        for name in _PUBLISHED_META:
            yield from self._meta.get(name, ())
        for element in self._tree.xpath("//*[@itemprop='datePublished']")[:5]:
            yield element.get("datetime") or element.get("content") or ""
        times = self._tree.xpath("//time[@datetime][@pubdate]") or self._tree.xpath(
            "(//article|//main|//header)//time[@datetime]"
        )
        yield from (element.get("datetime") for element in times[:1])
        day = _URL_DAY.search(urlsplit(self.url or "").path)
        if day:
            yield f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}"

    @property
    def language(self) -> str:
        root = self._tree.getroottree().getroot()
        declared = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang")
        linked = next((one for one in self._linked("inLanguage") if isinstance(one, str)), "")
        declared = declared or root.get("xml:lang")
        return declared or linked or self._first("og:locale", "content-language", "language")

    @property
    def url(self) -> str | None:
        links = self._tree.xpath("//link[@rel='canonical']/@href")
        for found in (*links[:1], self._first("og:url")):
            try:
                whole = urljoin(self._url or "", str(found).strip())
                path = urlsplit(whole).path
                own_path = urlsplit(self._url or "").path
            except ValueError:
                continue
            # Some pages all name the first page of their site.
            if whole.startswith(("http://", "https://")) and (path.strip("/") or not own_path):
                return whole
        return self._url
