"""What a build will do: which articles are new, changed, moved or gone, and what can be copied."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.types import Article, Change


@dataclass(frozen=True, slots=True)
class Plan:
    """`kept`: by the ids of articles, the ids of those in the old index that say the same.

    `changes` are ordered by path. An article that was `renamed`, which gave it another id, is one
    that was added and one that was removed, in these counts.
    """

    changes: tuple[Change, ...]
    kept: Mapping[str, str]
    added: int
    changed: int
    removed: int
    unchanged: int

    @property
    def is_nothing(self) -> bool:
        return not self.changes


def _said(article: Article) -> str:
    """Stands for all that passages, vectors and terms are made of."""
    parts = [article.title, article.text, article.language]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def make_plan(articles: Sequence[Article], before: Mapping[str, Article]) -> Plan:
    """Compares the articles, by id and content, with those of the old index, by id."""
    hashes = {article.id: article.content_hash() for article in before.values()}
    same = {one.id for one in articles if hashes.get(one.id) == one.content_hash()}
    kept = {identity: identity for identity in same}
    others = [article for article in articles if article.id not in same]
    ids = {article.id for article in articles}
    gone = {identity for identity in before if identity not in ids}
    changes: list[Change] = []
    renamed: set[str] = set()
    saying: dict[str, str] = {}
    if others:
        # Those that are gone come last, and win: the others of equal text are still there.
        for old in sorted(before.values(), key=lambda one: (one.id in gone, one.id)):
            saying[_said(old)] = old.id
    for article in others:
        twin = saying.get(_said(article))
        if twin is not None:
            kept[article.id] = twin
        if article.id in before:
            changes.append(Change("changed", article.id, article.title, article.path))
        elif twin in gone and twin not in renamed:
            renamed.add(twin)
            was = before[twin].path
            changes.append(Change("renamed", article.id, article.title, article.path, was))
        else:
            changes.append(Change("added", article.id, article.title, article.path))
    for identity in gone - renamed:
        old = before[identity]
        changes.append(Change("removed", old.id, old.title, old.path))
    return Plan(
        changes=tuple(sorted(changes, key=lambda one: (one.path, one.id))),
        kept=kept,
        added=len(ids - before.keys()),
        changed=len(ids & before.keys()) - len(same),
        removed=len(gone),
        unchanged=len(same),
    )
