"""An index on a Milvus server, or in a file of Milvus Lite; docs/milvus.md says what lies where.

NAME                             an alias: the generation in use
NAME_<generation>                a row for each passage: vector, terms, what scores need
NAME_<generation>_articles       a row for each article, and more for a long one
NAME_<generation>_terms          in how many passages each term is
NAME_<generation>_about          what an index's manifest says
"""

from __future__ import annotations

from assistant.milvus.address import Address
from assistant.milvus.editing import delete, upsert
from assistant.milvus.publishing import Published, publish, roll_back
from assistant.milvus.reading import MilvusIndex
from assistant.milvus.server import Server

__all__ = [
    "Address",
    "MilvusIndex",
    "Published",
    "Server",
    "delete",
    "publish",
    "roll_back",
    "upsert",
]
