"""Articles changed in place in an index on a server, without a build of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from assistant.building import build
from assistant.errors import SettingsError
from assistant.milvus import Address
from assistant.milvus import delete as delete_rows
from assistant.milvus import upsert as upsert_rows
from assistant.settings import remote_address
from assistant.types import Article, BuildReport, IndexInfo


def _address(index: str | None) -> Address:
    address = remote_address(index)
    if address is None:
        raise SettingsError(
            "only an index on a server is changed in place; for one in a folder change the "
            "articles and build it again: assistant build"
        )
    return Address.parse(address)


def upsert(articles: Iterable[Article], *, index: str | None = None) -> IndexInfo:
    """Adds articles to the index at the address `index`, or replaces those of the same ids.

    docs/milvus.md says what readers see meanwhile. Raises SettingsError, IndexNotFound,
    IndexUnreachable, ModelMismatch, ArticleUnreadable and what a build raises; then nothing is
    changed.
    """
    return upsert_rows(articles, _address(index), build=_build)


def delete(article_ids: Sequence[str], *, index: str | None = None) -> IndexInfo:
    """Takes articles out of the index at the address `index`; unknown ids change nothing.

    Raises SettingsError, IndexNotFound, IndexUnreachable.
    """
    return delete_rows(article_ids, _address(index))


def _build(articles: Path, *, index: Path, model: str) -> BuildReport:
    return build(articles, index=index, model=model)
