"""What is odd about the articles of an index: their texts, and what is not known of them."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

import numpy as np

from assistant.health.findings import Finding, about
from assistant.index import Index
from assistant.passages import SplitSettings, embedded_text, fitting_title
from assistant.text import is_spaceless
from assistant.types import UNDETERMINED, Article

Tell = Callable[[str, int, int], None]

_SHORT, _SHORT_SPACELESS = 200, 80
"""Characters; in scripts without spaces, as many say as much."""

_MANY_UNDETERMINED = 0.1
_REPLACEMENT = "\ufffd"
_TEXTS_AT_ONCE = 256
_TOLD_EVERY = 64
_LANGUAGES_SHOWN = 12


def examine_texts(index: Index, tell: Tell) -> Iterator[Finding]:
    """Looks at every article once. `tell` hears of the stage `articles`. Raises IndexCorrupt."""
    # It takes a tenth of a second to import, and is needed here alone.
    from ftfy.badness import is_bad

    odd: defaultdict[str, list[str]] = defaultdict(list)
    texts: Counter[str] = Counter()
    for number, article in enumerate(index.store.all_articles()):
        if number % _TOLD_EVERY == 0:
            tell("articles", number, index.info.articles)
        for name in _odd(article):
            odd[name].append(article.path or article.id)
        if is_bad(f"{article.title}\n{article.text}"):
            odd["misread"].append(article.path or article.id)
        texts[hashlib.sha256(article.text.encode()).hexdigest()] += 1
    tell("articles", index.info.articles, index.info.articles)
    yield from _languages(index, odd["language"])
    yield from _unknown(odd)
    yield about(
        "note",
        "short articles",
        f"articles of fewer than {_SHORT} characters ({_SHORT_SPACELESS} without spaces)",
        odd["short"],
        advice="look whether their text was found whole",
        fine="every article has some length",
    )
    yield _copies(index, texts)
    yield about(
        "warning",
        "lost characters",
        "articles with U+FFFD, which stands for characters that were lost before they came here",
        odd["lost"],
        advice="take their files from where they came from once more",
        fine="no article holds U+FFFD",
    )
    yield about(
        "warning",
        "wrong encoding",
        "articles that look as if they had been read in another encoding than their own",
        odd["misread"],
        advice="save their files as UTF-8, from a program that shows them right, and build again",
        fine="no text looks as if it had been read in another encoding than its own",
    )


def _odd(article: Article) -> Iterator[str]:
    """What is odd about one article, by the names that are used here."""
    if article.language == UNDETERMINED:
        yield "language"
    if article.published is None:
        yield "date"
    if article.source is None:
        yield "outlet"
    if article.url is None:
        yield "address"
    if article.title in ("", PurePosixPath(article.path).stem):
        yield "title"
    if len(article.text) < (_SHORT_SPACELESS if is_spaceless(article.text) else _SHORT):
        yield "short"
    if _REPLACEMENT in article.title + article.text:
        yield "lost"


def _languages(index: Index, undetermined: list[str]) -> Iterator[Finding]:
    languages = index.info.languages
    shown = ", ".join(f"{tag} {count}" for tag, count in languages[:_LANGUAGES_SHOWN])
    more = f" and {len(languages) - _LANGUAGES_SHOWN} more" if languages[_LANGUAGES_SHOWN:] else ""
    yield Finding("ok", "languages", f"{shown}{more}")
    many = len(undetermined) > _MANY_UNDETERMINED * index.info.articles
    yield about(
        "warning" if many else "note",
        "undetermined languages",
        "articles whose language could not be told",
        undetermined,
        advice="say it in their files (`language: fr`), so that filters find them",
        fine="the language of every article is known",
    )


def _unknown(odd: defaultdict[str, list[str]]) -> Iterator[Finding]:
    for name, plural, field, why in (
        ("date", "dates", "published", "which filters by day leave out"),
        ("title", "titles", "title", "which are shown by their file's name, or without one"),
        ("outlet", "outlets", "source", "which filters by outlet leave out"),
        ("address", "addresses", "url", "whose citations lead to no page"),
    ):
        yield about(
            "note",
            plural,
            f"articles without {name}, {why}",
            odd[name],
            advice=f"give it in their files (`{field}`)",
            fine=f"every article has its {name}",
        )


def _copies(index: Index, texts: Counter[str]) -> Finding:
    exact = sum(count - 1 for count in texts.values())
    copied = int((index.copies != np.arange(len(index.copies))).sum())
    if not exact and not copied:
        return Finding("ok", "copies", "no article is a copy of another")
    return Finding(
        "note",
        "copies",
        f"articles with the very text of another: {exact}; copies or near copies of another, "
        f"which are shown with it as one hit: {copied}",
        count=max(exact, copied),
    )


def examine_lengths(index: Index, tell: Tell) -> Finding:
    """Counts the tokens of every passage as it was embedded: none may be cut by the model.

    `tell` hears of the stage `tokens`, in passages. Raises ModelMismatch, ModelNotFound.
    """
    embedder, settings = index.embedder, SplitSettings(**index.split)
    longest, cut, done = 0, [], 0
    batch: list[tuple[str, str]] = []

    def count_batch() -> None:
        nonlocal longest, done
        for (path, _), tokens in zip(
            batch, embedder.count_tokens([text for _, text in batch]), strict=True
        ):
            longest = max(longest, tokens)
            if embedder.max_tokens is not None and tokens > embedder.max_tokens:
                cut.append(path)
        done += len(batch)
        batch.clear()

    for path, text in _embedded_texts(index, settings):
        batch.append((path, text))
        if len(batch) == _TEXTS_AT_ONCE:
            tell("tokens", done, index.info.passages)
            count_batch()
    count_batch()
    tell("tokens", done, index.info.passages)
    reads = f"{embedder.max_tokens} tokens" if embedder.max_tokens else "texts of any length"
    return about(
        "warning",
        "truncated passages",
        f"passages longer than the model reads ({reads}), which does not see how they end",
        cut,
        advice=f"embed everything again: assistant build --full --index {index.folder}",
        fine=f"none of {done}: the longest has {longest} tokens, the model reads {reads}",
    )


def _embedded_texts(index: Index, settings: SplitSettings) -> Iterator[tuple[str, str]]:
    """The path of each passage's article, and the text that the passage was embedded by."""
    spans = index.store.spans()
    place = 0
    for number, article in enumerate(index.store.all_articles()):
        title = fitting_title(article.title, count=index.embedder.count_tokens, settings=settings)
        while place < len(spans) and spans[place][0] == number:
            *_, start, end = spans[place]
            place += 1
            yield article.path or article.id, embedded_text(title, article.text[start:end])
