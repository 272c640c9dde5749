"""Files of records, mails and archives, made of rows: each builder gives the bytes of a file.

A row has the fields of an article by our own names, and what it lacks is left out.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def json_file(rows: Sequence[Row]) -> bytes:
    """An object with the rows in its list `articles`."""
    return json.dumps({"articles": list(rows)}, ensure_ascii=False).encode()


def csv_file(rows: Sequence[Row], *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """A table with a header; authors with a `;` between them."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = io.StringIO()
    table = csv.writer(lines, delimiter=delimiter)
    table.writerow(names)
    for row in rows:
        cells = (row.get(name, "") for name in names)
        table.writerow("; ".join(cell) if isinstance(cell, list) else cell for cell in cells)
    return lines.getvalue().encode(encoding)


def zip_file(members: Mapping[str, bytes], *, stored: bool = False) -> bytes:
    file = io.BytesIO()
    kind = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(file, "w", kind) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, kind)
    return file.getvalue()


def tar_file(members: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return file.getvalue()


def gz_file(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)
