"""The index on disk: generations, the pointer to the current one, and their verification.

    index/CURRENT                       the generation in use, the one before it, and the
                                        checksums of their manifests
    index/last_build.json               what the last build did (`last_build.py`); not needed
    index/<generation>/manifest.json    format, model, settings, counts, checksums
    index/<generation>/store.sqlite     articles, passages, metadata
    index/<generation>/vectors.faiss    one vector for each passage
    index/<generation>/articles.npy     the mean vector of each article
    index/<generation>/columns/         articles of passages, languages, outlets, days: mapped
    index/<generation>/copies/          each article's sketch, and the first of its copies
    index/<generation>/lexical/         tantivy
    index/<generation>/romanised/       each passage's romanised terms, hashed
    index/<generation>/words/           each passage's words as tokens, where the model is static

A generation is written whole, manifest last, under another name, and renamed; then CURRENT
is replaced. No file of a generation is ever changed, so a build that dies leaves the old one.
"""

from __future__ import annotations

from assistant.index.committing import LOCK
from assistant.index.layout import (
    Named,
    Pointer,
    check_format,
    current_generation,
    damaged_files,
    extra_files,
    generations,
    manifest_of,
    others,
    read_pointer,
)
from assistant.index.leftovers import WORK, clear_left_overs, left_overs
from assistant.index.lexical_parts import PartsWanted, make_part, make_parts
from assistant.index.reading import Index
from assistant.index.rolling_back import RolledBack, roll_back
from assistant.index.upgrading import Upgraded, prepare_for_build, upgrade
from assistant.index.writing import Contents, write_generation
from assistant.opened import PROBE_TOLERANCE, PROBES

__all__ = [
    "LOCK",
    "PROBES",
    "PROBE_TOLERANCE",
    "WORK",
    "Contents",
    "Index",
    "Named",
    "PartsWanted",
    "Pointer",
    "RolledBack",
    "Upgraded",
    "check_format",
    "clear_left_overs",
    "current_generation",
    "damaged_files",
    "extra_files",
    "generations",
    "left_overs",
    "make_part",
    "make_parts",
    "manifest_of",
    "others",
    "prepare_for_build",
    "read_pointer",
    "roll_back",
    "upgrade",
    "write_generation",
]
