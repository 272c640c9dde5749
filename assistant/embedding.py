"""The embedding model: any sentence-transformers model, and a light path for static ones."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from assistant.errors import ModelNotFound
from assistant.settings import BUNDLED
from assistant.text import is_spaceless

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Encoding

Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int32]

BUNDLED_FOLDER = Path(__file__).parent / "model"
_STATIC = "StaticEmbedding"
_TEXTS_AT_ONCE = 32
_LOCAL = frozenset({"NFC", "NFD", "NFKC", "NFKD", "Lowercase"})
"""Normalizers to which white space is a border."""

_KINDS = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
_FINGERPRINTED = (".json", ".safetensors", ".bin", ".txt", ".model", ".spm")


class Embedder(Protocol):
    """What the rest of the package needs of a model. Implementations serve many threads."""

    @property
    def name(self) -> str:
        """The name or path that loads the model again."""

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int | None:
        """The most tokens of a text that the model reads; None where it reads all."""

    def fingerprint(self) -> str:
        """A hash of everything that decides the vectors."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]: ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors [n, dimension]; a text without any known token gives zeros."""

    def embed_question(self, question: str) -> Vectors:
        """A unit vector [dimension]."""


def model_folder(name: str) -> Path | None:
    """The folder of a model that is on this disk, or None for the name of one on a hub."""
    if name == BUNDLED:
        return BUNDLED_FOLDER
    folder = Path(name).expanduser()
    return folder if folder.is_dir() else None


def canonical_name(name: str) -> str:
    """The name to keep in an index: absolute for a folder, so that any directory finds it."""
    folder = None if name == BUNDLED else model_folder(name)
    return str(folder.resolve()) if folder is not None else name


def folder_fingerprint(folder: Path) -> str:
    """SHA-256 over the names and contents of a model's files, in hexadecimal."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in _FINGERPRINTED):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    units: Vectors = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    return units


def _single(table: npt.NDArray[Any]) -> Vectors:
    """Finite numbers in single precision: what `astype` gives, in half precision twice as fast."""
    if table.dtype != np.float16:
        return table.astype(np.float32)
    # Moved into their places in a number of single precision, the bits of the exponent, and
    # of a number too small to have one, mean 2**112 times less.
    bits = table.view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= ~0x70000000
    single = bits.view(np.float32)
    single *= np.float32(2.0**112)
    return single


def _mapped_table(path: Path) -> npt.NDArray[Any]:
    """The table of a safetensors file, mapped: a question needs a few rows, all processes share.

    Raises OSError, ValueError, KeyError or TypeError where it is no such file.
    """
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        told = json.loads(file.read(size))["embedding.weight"]
    start, end = told["data_offsets"]
    kind = np.dtype(_KINDS[told["dtype"]])
    table = np.memmap(path, kind, "r", offset=8 + size + start, shape=tuple(told["shape"]))
    if table.ndim != 2 or table.nbytes != end - start:
        raise ValueError("its table is of another size than it says")
    return np.asarray(table)


# Tokens come again and again, texts do not.
_is_spaceless_token = lru_cache(maxsize=1 << 15)(is_spaceless)


def _marked(texts: Sequence[str], encodings: Sequence[Encoding]) -> Ids:
    """The token ids of texts, one text after the other, those that go on a word inverted."""
    ids = np.fromiter(chain.from_iterable(e.ids for e in encodings), np.int32)
    words = np.fromiter(chain.from_iterable(e.word_ids for e in encodings), np.int64)
    goes_on = np.zeros(len(ids), bool)
    goes_on[1:] = words[1:] == words[:-1]
    start = 0
    for text, encoding in zip(texts, encodings, strict=True):
        if not (length := len(encoding)):
            continue
        goes_on[start] = False
        if length > 1 and not text.isascii() and is_spaceless(text):
            tokens = (text[a:b] for a, b in encoding.offsets)
            goes_on[start : start + length] &= [not _is_spaceless_token(t) for t in tokens]
        start += length
    ids[goes_on] = ~ids[goes_on]
    return ids


class StaticEmbedder:
    """Reads a folder of a static model with tokenizers and numpy: a mean of token vectors.

    It gives the vectors that sentence-transformers gives, in a thirtieth of its start-up
    time, which is what a question in a fresh process is made of.
    """

    def __init__(self, folder: Path, *, name: str) -> None:
        """Raises ModelNotFound where the folder's files cannot be read."""
        from tokenizers import Tokenizer

        self.name = name
        self.max_tokens: int | None = None
        self._folder = folder
        part = folder / _static_part(folder)
        try:
            self._tokenizer = Tokenizer.from_file(str(part / "tokenizer.json"))
            self._table = _mapped_table(part / "model.safetensors")  # [v, d]
        except Exception as error:
            raise ModelNotFound(
                f"the model in {folder} cannot be read ({error}); reinstall it, or build the "
                "index with another one: assistant build --model NAME_OR_PATH"
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    @property
    def dimension(self) -> int:
        return int(self._table.shape[1])

    def fingerprint(self) -> str:
        return folder_fingerprint(self._folder)

    def token_vectors(self, ids: npt.NDArray[np.int64]) -> Vectors:
        """The vectors [n, dimension] of tokens, not normalised."""
        return _single(np.take(self._table, ids, axis=0))

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def word_tokens(self, texts: Sequence[str]) -> list[Ids]:
        """The token ids of texts, those that go on a word inverted: `~id`, below zero.

        In scripts that put no spaces between words, every token counts as a word.
        """
        flat, counts = self.marked_tokens(texts)
        edges = np.cumsum([0, *counts]).tolist()
        # Copies, because a view would keep all that was read with it.
        return [flat[start:end].copy() for start, end in pairwise(edges)]

    def marked_tokens(self, texts: Sequence[str]) -> tuple[Ids, list[int]]:
        """The `word_tokens` of texts, one after the other, and how many each text has."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return _marked(texts, encodings), [len(encoding) for encoding in encodings]

    def reads_word_by_word(self) -> bool:
        """Whether a text's tokens are those of its words, which white space and punctuation part.

        The tokenizer must do nothing to a text but to normalise it, in a way that no white
        space is part of, and then cut it at white space and at each punctuation mark.
        """
        normalizers = _steps(_described(self._tokenizer.normalizer), "normalizers")
        cuts = _steps(_described(self._tokenizer.pre_tokenizer), "pretokenizers")[:2]
        after = _described(self._tokenizer.post_processor)
        return (
            not self._tokenizer.get_added_tokens_decoder()
            and all(step["type"] in _LOCAL for step in normalizers)
            and [step["type"] for step in cuts] == ["WhitespaceSplit", "Punctuation"]
            and cuts[1]["behavior"] == "Isolated"
            and (after is None or after["type"] == "TemplateProcessing")
        )

    def located_words(self, text: str) -> tuple[Ids, list[tuple[int, int]]]:
        """The `word_tokens` of a text, and where each word stands in it, as (start, end)."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        tokens = _marked([text], [encoding])
        first = np.flatnonzero(tokens >= 0)
        last = np.append(first[1:], len(tokens)) - 1
        offsets = encoding.offsets
        return tokens, [(offsets[a][0], offsets[b][1]) for a, b in zip(first, last, strict=True)]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(ids) for ids in self.token_ids(texts)]

    def embed_tokens(self, tokens: Sequence[npt.ArrayLike]) -> Vectors:
        """The unit vectors [n, dimension] of texts, from their tokens or their `word_tokens`."""
        vectors = np.zeros((len(tokens), self.dimension), np.float32)
        for start in range(0, len(tokens), _TEXTS_AT_ONCE):
            some = [np.asarray(one, np.int64) for one in tokens[start : start + _TEXTS_AT_ONCE]]
            ids = np.concatenate(some)
            of_tokens = self.token_vectors(np.where(ids < 0, ~ids, ids))
            edges = np.cumsum([0, *map(len, some)]).tolist()
            for row, (first, last) in enumerate(pairwise(edges), start):
                if last > first:
                    vectors[row] = of_tokens[first:last].mean(axis=0)
        return _unit(vectors)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self.embed_tokens(self.token_ids(texts))

    def embed_question(self, question: str) -> Vectors:
        vector: Vectors = self.embed_passages([question])[0]
        return vector


class SentenceTransformersEmbedder:
    """Any sentence-transformers model, with its own prompts for questions and for passages."""

    def __init__(self, name: str) -> None:
        """Raises ModelNotFound where the name is neither a folder nor a model to be had."""
        self.name = canonical_name(name)
        self._folder = model_folder(name)
        if self._folder is not None:
            # Even for a folder the libraries would ask the hub about it.
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        try:
            from sentence_transformers import SentenceTransformer

            self._model: SentenceTransformer = SentenceTransformer(
                str(self._folder or name),
                device="cpu",
                trust_remote_code=False,
                local_files_only=self._folder is not None,
            )
        except Exception as error:
            raise ModelNotFound(
                f"the model {name!r} cannot be loaded ({_first_line(error)}); give the folder of a "
                "sentence-transformers model, or a hub name while the network is there"
            ) from error
        # A table stored in half precision is summed in single precision by the light path.
        self._model.float()

    @property
    def dimension(self) -> int:
        return int(self._model.get_embedding_dimension() or 0)

    @property
    def max_tokens(self) -> int | None:
        longest = self._model.max_seq_length
        if longest is None or math.isinf(longest) or longest > 1_000_000:
            return None
        # Room for the marks that the model puts at both ends.
        return max(1, int(longest) - 2)

    def fingerprint(self) -> str:
        if self._folder is not None:
            return folder_fingerprint(self._folder)
        digest = hashlib.sha256()
        for key, tensor in sorted(self._model.state_dict().items()):
            digest.update(key.encode() + b"\0" + tensor.contiguous().cpu().numpy().tobytes())
        digest.update(json.dumps(self._model.prompts, sort_keys=True).encode())
        return digest.hexdigest()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        tokenizer: Any = self._model.tokenizer
        if hasattr(tokenizer, "encode_batch_fast"):
            encodings = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
            return [len(encoding.ids) for encoding in encodings]
        ids = tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
        return [len(row) for row in ids]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        vectors = self._model.encode_document(
            list(texts), convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False
        )
        return np.nan_to_num(np.asarray(vectors, np.float32))

    def embed_question(self, question: str) -> Vectors:
        vectors = self._model.encode_query(
            [question], convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False
        )
        vector: Vectors = np.nan_to_num(np.asarray(vectors, np.float32))[0]
        return vector


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:200] or type(error).__name__


def _described(part: Any) -> dict[str, Any] | None:
    """A part of a tokenizer as its file has it; with all its words that would take long to read."""
    if part is None:
        return None
    description: dict[str, Any] = json.loads(part.__getstate__())
    return description


def _steps(part: dict[str, Any] | None, inner: str) -> list[dict[str, Any]]:
    """The steps of a part of a tokenizer, which may be none, one, or a sequence."""
    if part is None:
        return []
    return list(part[inner]) if part["type"] == "Sequence" else [part]


def _modules(folder: Path) -> list[dict[str, Any]]:
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return modules if isinstance(modules, list) else []


def _static_part(folder: Path) -> str:
    for module in _modules(folder):
        if str(module.get("type", "")).endswith(_STATIC):
            return str(module.get("path", ""))
    return ""


def _is_static(folder: Path) -> bool:
    """Whether the light path gives the model's vectors: one static table, no prompts."""
    kinds = [str(m.get("type", "")).rsplit(".", 1)[-1] for m in _modules(folder)]
    try:
        text = (folder / "config_sentence_transformers.json").read_text(encoding="utf-8")
        prompts = json.loads(text).get("prompts") or {}
    except (OSError, ValueError):
        prompts = {}
    return kinds in ([_STATIC], [_STATIC, "Normalize"]) and not any(prompts.values())


def static_part(name: str) -> StaticEmbedder | None:
    """The light path of a model, where it has one. Raises ModelNotFound."""
    folder = model_folder(name)
    if folder is None or not _is_static(folder):
        return None
    return StaticEmbedder(folder, name=canonical_name(name))


def load_for_passages(name: str) -> Embedder:
    """The model as sentence-transformers runs it. Raises ModelNotFound."""
    if name == BUNDLED and not (BUNDLED_FOLDER / "modules.json").exists():
        raise ModelNotFound(
            f"the bundled model is missing from {BUNDLED_FOLDER}; reinstall the package"
        )
    if find_spec("sentence_transformers") is None:
        raise ModelNotFound("sentence-transformers is not installed; reinstall the package")
    return SentenceTransformersEmbedder(name)


def load_for_questions(name: str) -> Embedder:
    """The light path where the model allows it, else `load_for_passages`."""
    return static_part(name) or load_for_passages(name)
