"""What a build will do: which articles are new, changed, moved or gone, and what can be copied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assistant.batches import said
from assistant.spool import Spool
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


def make_plan(
    articles: Spool,
    before: Mapping[str, Article],
    hashes: Mapping[str, str],
    lengths: Mapping[str, int],
) -> Plan:
    """Compares the articles, by id and content, with those of the old index, by id.

    `hashes` are the content hashes of those, and `lengths` how many characters they have.
    """
    keys = {key.id: key for key in articles.listed()}
    same = {one for one, key in keys.items() if hashes.get(one) == key.content_hash}
    kept = {identity: identity for identity in same}
    others = [key for key in keys.values() if key.id not in same]
    gone = {identity for identity in hashes if identity not in keys}
    changes: list[Change] = []
    renamed: set[str] = set()
    saying: dict[str, str] = {}
    # Those that are gone come last, and win: the others of equal text are still there.
    wanted = {key.characters for key in others}
    for one in sorted(
        (one for one, length in lengths.items() if length in wanted),
        key=lambda one: (one in gone, one),
    ):
        saying[said(before[one])] = one
    for key in others:
        twin = saying.get(articles.said(key))
        if twin is not None:
            kept[key.id] = twin
        article = articles.at(key.row)
        if key.id in hashes:
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
        added=sum(one not in hashes for one in keys),
        changed=sum(one in hashes for one in keys) - len(same),
        removed=len(gone),
        unchanged=len(same),
    )
