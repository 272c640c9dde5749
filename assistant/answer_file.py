"""An answer as a file, written whole or not at all, and read with distrust.

`docs/answer-file.md` describes the format; its fields are those of `SavedAnswer`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from assistant.answers import Answer
from assistant.errors import AnswerFileError, SettingsError
from assistant.files import write_atomically
from assistant.saved import SavedAnswer, check_saved

FORMAT = "assistant-answer"
VERSION = 1
MAX_BYTES = 8_000_000

_MARKDOWN_MARK = f"<!-- {FORMAT} {VERSION} -->\n\n"


def to_document(answer: Answer, *, fingerprint: str | None) -> dict[str, Any]:
    """An answer as the document that its file holds; equal answers give equal documents.

    `fingerprint` is that of the model of the index (`Index.fingerprint`), None if not known.
    """
    return SavedAnswer.of(answer, fingerprint=fingerprint).to_dict()


def save_answer(answer: Answer, path: Path, *, fingerprint: str | None) -> None:
    """Writes an answer to a `.json` file that can be verified, or a `.md` file to be read.

    An answer file of the same kind is replaced, whole or not at all. Raises SettingsError for
    another ending of the name, and AnswerFileError where something else is there already, the
    answer cannot be kept in this format, or the disk does not take it.
    """
    kind = path.suffix.lower()
    if kind not in (".json", ".md"):
        raise SettingsError(
            f"{path} must end in .json, for a file that can be verified, or in .md, for Markdown"
        )
    try:
        if kind == ".json":
            data = _json(SavedAnswer.of(answer, fingerprint=fingerprint))
        else:
            data = _markdown(answer)
    except ValueError as error:
        raise AnswerFileError(f"the answer cannot be saved to {path}: {error}") from None
    try:
        if path.exists() and not _is_answer_file(path):
            raise AnswerFileError(
                f"{path} is there already and is no answer file; "
                "choose another name, or move it away"
            )
        write_atomically(path, data)
    except (OSError, ValueError) as error:
        raise AnswerFileError(
            f"{path} cannot be written ({_reason(error)}); check the folder, space and permissions"
        ) from error


def read_answer(path: Path) -> SavedAnswer:
    """The answer that a `.json` file holds. Raises AnswerFileError unless all of it is sound.

    Sound is what `save_answer` writes: a file of 8 MB or less in which every offset, number
    and checksum fits the others.
    """
    data = _content(path)
    # Imported here: whoever saves no answer needs it not.
    from pydantic import TypeAdapter, ValidationError
    from pydantic_core import from_json

    try:
        document = from_json(data, allow_inf_nan=False)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ValueError(f"it is not JSON of the format {FORMAT!r}")
        version = document.get("version")
        if type(version) is not int:
            raise ValueError("its version is no whole number")
        if version > VERSION:
            raise AnswerFileError(
                f"{path} was written by a newer version of this package (format version "
                f"{str(version)[:20]}, this one reads {VERSION}); update the package"
            )
        saved = TypeAdapter(SavedAnswer).validate_json(data)
        check_saved(saved)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part)[:40] for part in first["loc"])
        raise _unsound(path, f"{place}: {first['msg']}" if place else first["msg"]) from None
    except (ValueError, RecursionError) as error:
        raise _unsound(path, str(error)) from None
    return saved


def _unsound(path: Path, reason: str) -> AnswerFileError:
    return AnswerFileError(
        f"{path} is no sound answer file ({reason[:300]}); "
        "save the answer again: assistant ask QUESTION --save FILE.json"
    )


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _content(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise AnswerFileError(f"{path} is no file; name a file that assistant ask --save wrote")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise AnswerFileError(
            f"{path} cannot be read ({_reason(error)}); name a file that assistant ask --save wrote"
        ) from error
    if len(data) > MAX_BYTES:
        raise _unsound(path, f"it has more than {MAX_BYTES} bytes")
    return data


def _is_answer_file(path: Path) -> bool:
    """Whether `path` is an answer file of the kind that its name says, of any version."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if path.suffix.lower() == ".md":
        return data.startswith(f"<!-- {FORMAT} ".encode())
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.get("format") == FORMAT


def _json(saved: SavedAnswer) -> bytes:
    """Raises ValueError for an answer that `read_answer` would refuse."""
    check_saved(saved)
    text = json.dumps(saved.to_dict(), ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    data = text.encode()
    if len(data) > MAX_BYTES:
        raise ValueError(f"it has more than {MAX_BYTES} bytes")
    return data


def _markdown(answer: Answer) -> bytes:
    return (_MARKDOWN_MARK + answer.markdown()).encode()
