"""Milvus Lite for tests: as a file, and as a server on the loopback interface."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from milvus_lite.adapter.grpc.server import start_server_in_thread

from assistant.index import Index
from assistant.milvus import Address, publish


@contextmanager
def lite_server(folder: Path) -> Iterator[str]:
    """The address of a server, to which the name of an index is to be added."""
    server, database, port = start_server_in_thread(data_dir=str(folder), host="127.0.0.1", port=0)
    try:
        yield f"milvus://127.0.0.1:{port}"
    finally:
        server.stop(grace=None)
        database.close()


def published(folder: Path, address: str) -> str:
    """Sends the index in `folder` to `address`, which is returned."""
    index = Index.open(folder)
    try:
        publish(index, Address.parse(address))
    finally:
        index.close()
    return address
