"""The client of a server: calls with a limit of time, and errors of ours in place of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from assistant.errors import IndexCorrupt, IndexNotFound, IndexUnreachable, SettingsError
from assistant.milvus.address import Address
from assistant.text import one_line

if TYPE_CHECKING:
    from pymilvus import MilvusClient

SECONDS = 30.0
"""How long a call may take."""

_SECONDS_TO_CONNECT = 10.0
_LONG_SECONDS = 600.0
"""How long a collection may take to be flushed, indexed or loaded."""

_CHANNEL = {"grpc.keepalive_permit_without_calls": 0}
"""Without it pymilvus asks an idle server for a sign of life every 10 s; Milvus Lite hangs up."""

_LONGEST_MESSAGE = 300
_NO_COLLECTION = "does not exist", "not found", "can't find"
_AT_ONCE = 1_000
"""Rows asked for by key at once."""

Row = dict[str, Any]


class NotThere(IndexNotFound):
    """The server has no such alias or collection."""


class Server:
    """A connection, for any number of threads."""

    def __init__(self, address: Address) -> None:
        """Connects. Raises IndexUnreachable, and SettingsError where pymilvus is missing."""
        self._address = address
        try:
            from pymilvus import MilvusClient
        except ImportError as error:
            raise SettingsError(
                "an index on a Milvus server needs pymilvus; install it: "
                "pip install 'assistant[milvus]'"
            ) from error
        # They log each error of the server with a traceback, to standard error; the last is that
        # of Milvus Lite, which lacks a call that pymilvus can do without.
        for logger in ("pymilvus", "milvus_lite", "grpc._server"):
            logging.getLogger(logger).setLevel(logging.CRITICAL + 1)
        if address.file is not None and not address.file.parent.is_dir():
            raise IndexUnreachable(f"there is no folder {address.file.parent} for {address.text}")
        with self._errors():
            self.client: MilvusClient = MilvusClient(
                address.uri,
                token=address.token,
                db_name=address.database,
                timeout=_SECONDS_TO_CONNECT,
                grpc_options=_CHANNEL,
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turns what pymilvus and grpc raise into errors of ours."""
        try:
            yield
        except Exception as error:
            message = self._told(error)
            if _says_missing(message):
                raise NotThere(
                    f"{message}: the index at {self._address.text} was dropped or replaced twice "
                    f"meanwhile; ask again, or build it: assistant build --index "
                    f"{self._address.text}"
                ) from None
            # Without what it came from: a traceback could show the token.
            raise IndexUnreachable(
                f"the server of {self._address.text} cannot be reached or refuses the request "
                f"({message}); check the address, the server, and ASSISTANT_MILVUS_TOKEN"
            ) from None

    def _told(self, error: Exception) -> str:
        message = str(getattr(error, "message", "") or error) or type(error).__name__
        if self._address.token:
            for secret in {self._address.token, *self._address.token.split(":")}:
                message = message.replace(secret, "***") if secret else message
        return one_line(message)[:_LONGEST_MESSAGE]

    def call(self, name: str, *arguments: Any, long: bool = False, **options: Any) -> Any:
        """Calls a method of the client. Raises NotThere, IndexUnreachable."""
        method: Callable[..., Any] = getattr(self.client, name)
        with self._errors():
            return method(*arguments, timeout=_LONG_SECONDS if long else SECONDS, **options)

    def in_use(self, alias: str) -> str | None:
        """The collection that an alias stands for, None where there is no such alias."""
        try:
            return str(self.call("describe_alias", alias)["collection_name"])
        except NotThere:
            return None

    def load(self, collections: Sequence[str]) -> None:
        """Has the server put collections into its memory, where they are not; Lite forgets it."""
        for name in collections:
            state = self.call("get_load_state", name)["state"]
            if getattr(state, "name", str(state)) != "Loaded":
                self.call("load_collection", name, long=True)

    def get(self, collection: str, ids: Sequence[int], fields: Sequence[str]) -> dict[int, Row]:
        """Rows by their ids; those that are not there are left out."""
        found: dict[int, Row] = {}
        for start in range(0, len(ids), _AT_ONCE):
            rows = self.call(
                "get",
                collection,
                ids=list(ids[start : start + _AT_ONCE]),
                output_fields=["id", *fields],
            )
            found.update((int(row["id"]), row) for row in rows)
        return found

    def where(self, collection: str, condition: str, fields: Sequence[str]) -> Iterator[Row]:
        """The rows for which a condition holds, in no order."""
        iterator = self.call(
            "query_iterator",
            collection,
            batch_size=_AT_ONCE,
            filter=condition,
            output_fields=["id", *fields],
        )
        try:
            while True:
                with self._errors():
                    rows = iterator.next()
                if not rows:
                    return
                yield from rows
        finally:
            iterator.close()

    def count(self, collection: str, condition: str = "") -> int:
        rows = self.call("query", collection, filter=condition, output_fields=["count(*)"])
        return int(rows[0]["count(*)"])

    def search(
        self, collection: str, field: str, vector: Any, *, k: int, condition: str
    ) -> list[tuple[int, float]]:
        """The ids of the highest inner products, and these, best first."""
        (found,) = self.call(
            "search",
            collection,
            data=[vector],
            anns_field=field,
            limit=k,
            filter=condition,
            search_params={"metric_type": "IP"},
            # Without it, Milvus Lite sends the sparse vectors of all that it found.
            output_fields=["id"],
        )
        return [(int(one["id"]), float(one["distance"])) for one in found]

    def close(self) -> None:
        with self._errors():
            self.client.close()


def _says_missing(message: str) -> bool:
    what = "collection" in message or "alias" in message
    return what and any(sign in message for sign in _NO_COLLECTION)


def damaged(address: Address, what: str) -> IndexCorrupt:
    return IndexCorrupt(
        f"the index at {address.text} is damaged ({what}); build it again: "
        f"assistant build --index {address.text}"
    )
