"""Checks a whole index: every byte against its checksum, every part against the others."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from assistant.auditing import contents
from assistant.auditing.results import Audit, Check, State, Wrong
from assistant.errors import AssistantError, IndexCorrupt
from assistant.index import (
    Index,
    Named,
    Pointer,
    check_format,
    damaged_files,
    extra_files,
    manifest_of,
    others,
    read_pointer,
)
from assistant.settings import Settings

__all__ = ["Audit", "Check", "audit"]

DEFAULT_SAMPLE = 100

Progress = Callable[[str, int, int], None]

_SHOWN = 3


def audit(
    index: str | Path | None = None,
    *,
    sample: int = DEFAULT_SAMPLE,
    progress: Progress | None = None,
) -> Audit:
    """Checks the index in the folder `index`, whatever is wrong with it; changes nothing.

    Every file of the generation in use, and of the one before it, is compared with its checksum.
    Of the one in use, the parts are compared with each other, and `sample` passages are embedded
    again. What rests on a file that is damaged is not looked at. `progress` hears of the stages
    `files`, in bytes, `articles`, `passages`, and `embedding`, in passages.

    Raises IndexNotFound.
    """
    clock = time.monotonic()
    folder = Settings.resolve(index=index).index
    auditor = _Auditor(folder, sample, progress)
    pointer = auditor.pointer()
    if pointer is not None and (manifest := auditor.files(pointer.current, "in use")):
        auditor.contents(pointer.current, manifest)
    before = others(folder)
    for named in before:
        auditor.files(named, "before")
    if pointer is not None:
        auditor.replaced(pointer)
    return Audit(
        generation=None if pointer is None else pointer.current.generation,
        previous=before[0].generation if before else None,
        checks=tuple(auditor.checks),
        seconds=time.monotonic() - clock,
    )


class _Auditor:
    def __init__(self, folder: Path, sample: int, progress: Progress | None) -> None:
        self.checks: list[Check] = []
        self._folder = folder
        self._sample = sample
        self._progress = progress

    def _tell(self, stage: str) -> Callable[[int, int], None]:
        def tell(done: int, total: int) -> None:
            if self._progress is not None:
                self._progress(stage, done, total)

        return tell

    def _add(self, generation: str | None, name: str, state: State, detail: str) -> None:
        self.checks.append(Check(generation, name, state, detail))

    def _run(self, named: Named, name: str, check: Callable[..., str], *arguments: Any) -> bool:
        """Runs a check; whatever a library makes of damaged data is what it found."""
        try:
            self._add(named.generation, name, "ok", check(*arguments))
        except (Wrong, AssistantError) as error:
            self._add(named.generation, name, "wrong", str(error))
        except Exception as error:
            self._add(named.generation, name, "wrong", f"{type(error).__name__}: {error}")
        else:
            return True
        return False

    def pointer(self) -> Pointer | None:
        """What CURRENT says, where it can be read. Raises IndexNotFound."""
        try:
            pointer = read_pointer(self._folder)
        except IndexCorrupt as error:
            self._add(None, "pointer", "wrong", str(error))
            return None
        self._add(None, "pointer", "ok", f"{pointer.current.generation} is in use")
        return pointer

    def files(self, named: Named, use: str) -> dict[str, Any] | None:
        """The manifest of a generation that is whole and of this version's format."""
        try:
            manifest = manifest_of(self._folder, named)
        except AssistantError as error:
            self._add(named.generation, "manifest", "wrong", str(error))
            return None
        vouched = "has its checksum" if named.manifest_sha256 else "is sound; no checksum is kept"
        self._add(named.generation, "manifest", "ok", f"the generation {use}: {vouched}")
        whole = self._run(named, "files", self._hashed, named, manifest)
        self._run(named, "other files", self._extra, named, manifest)
        readable = self._run(named, "format", self._format, manifest) if use == "in use" else False
        return manifest if whole and readable else None

    def _hashed(self, named: Named, manifest: dict[str, Any]) -> str:
        tell, done = self._tell("files"), 0
        total = sum(file["bytes"] for file in manifest["files"].values())
        wrong = []
        tell(done, total)
        for name, problem in damaged_files(self._folder / named.generation, manifest):
            done += manifest["files"][name]["bytes"]
            tell(done, total)
            if problem is not None:
                wrong.append(f"{name} {problem}")
        if wrong:
            raise Wrong("; ".join(wrong))
        return f"{len(manifest['files'])} files, {total} bytes, have their checksums"

    def _extra(self, named: Named, manifest: dict[str, Any]) -> str:
        extra = extra_files(self._folder / named.generation, manifest)
        if extra:
            more = f" and {len(extra) - _SHOWN} more" if len(extra) > _SHOWN else ""
            raise Wrong(f"not of the index: {', '.join(extra[:_SHOWN])}{more}; remove them")
        return "none"

    def _format(self, manifest: dict[str, Any]) -> str:
        check_format(self._folder, manifest)
        return f"format {manifest['format']}"

    def contents(self, named: Named, manifest: dict[str, Any]) -> None:
        """Compares the parts of a generation whose files are whole."""
        opened: list[Index] = []

        def open_index() -> str:
            opened.append(Index(self._folder, self._folder / named.generation, manifest))
            return "every part can be read"

        if not self._run(named, "parts", open_index):
            return
        index = opened[0]
        try:
            self._run(named, "database", contents.check_database, index)
            self._run(named, "columns", contents.check_columns, index)
            self._run(named, "counts", contents.check_counts, index)
            self._run(named, "articles", contents.check_articles, index, self._tell("articles"))
            self._run(named, "passages", contents.check_passages, index, self._tell("passages"))
            self._run(named, "vectors", contents.check_vectors, index)
            self._run(named, "copies", contents.check_copies, index)
            if self._run(named, "model", contents.check_model, index):
                tell = self._tell("embedding")
                self._run(named, "sample", contents.check_sample, index, self._sample, tell)
            else:
                self._add(named.generation, "sample", "not checked", "it takes the model")
        finally:
            index.close()

    def replaced(self, pointer: Pointer) -> None:
        """A build that came between makes of what it removed damage that is none."""
        with suppress(AssistantError):
            if read_pointer(self._folder) == pointer:
                return
        self._add(None, "meanwhile", "wrong", "the index was replaced meanwhile; verify it again")
