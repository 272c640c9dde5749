"""Re-ranking: any sentence-transformers cross-encoder, which reads question and text together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from assistant.errors import ModelNotFound

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

_MAX_TOKENS = 512
"""Models that read thousands of tokens would take minutes for a few long texts without a GPU."""

_CHARACTERS_A_TOKEN = 8
"""More than tokens of any script have on average; what follows would not be read."""

_BATCH = 8
_PROBES = ("one", "one of another length")


class CrossEncoderReranker:
    """Scores texts for a question. Serves many threads, one after the other."""

    def __init__(self, model: CrossEncoder, *, name: str) -> None:
        """`name` loads the model again."""
        self.name = name
        self._model = model
        self._max_tokens = min(model.max_seq_length or _MAX_TOKENS, _MAX_TOKENS)
        model.max_seq_length = self._max_tokens
        self._lock = Lock()

    def scores(self, question: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """A score for each text [n], in the order given; higher answers the question better.

        A score is the model's own, before any sigmoid: it orders texts for one question,
        and its scale differs between models. The same call gives the same scores; in other
        company a text's score differs by rounding. A text that the model has no finite score
        for gets the lowest of the others, or zero where there are none. Question and text
        together are read up to 512 tokens, or as far as the model reads; the longer of them
        is cut first.
        """
        # Cutting two long texts, a tokenizer takes time in proportion to their product.
        longest = _CHARACTERS_A_TOKEN * self._max_tokens
        asked = _encodable(question[:longest])
        pairs = [(asked, _encodable(text[:longest])) for text in texts]
        # The tokenizer must not be called by two threads at once.
        with self._lock:
            predicted = self._model.predict(pairs, batch_size=_BATCH, show_progress_bar=False)
        return _finite(np.asarray(predicted, np.float32))


def _encodable(text: str) -> str:
    # Lone surrogates, which JSON can carry, are refused by tokenizers.
    return text.encode("utf-8", "replace").decode("utf-8")


def _finite(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    known = np.isfinite(scores)
    lowest = scores[known].min() if known.any() else np.float32(0)
    return np.where(known, scores, lowest)


@contextmanager
def _no_progress() -> Iterator[None]:
    """Keeps transformers from drawing a bar while it loads weights."""
    from transformers.utils import logging

    if not logging.is_progress_bar_enabled():
        yield
        return
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _check(model: CrossEncoder) -> None:
    """Raises ValueError where a loaded model cannot rank."""
    if model.num_labels != 1:
        raise ValueError(f"it has {model.num_labels} labels, which give no one score to rank by")
    # Onto any other model the library puts a head of random weights, and goes on.
    saved_as_one = bool(model.module_kwargs)
    kind = (getattr(model.config, "architectures", None) or ["a model of no stated kind"])[0]
    if not saved_as_one and not kind.endswith("ForSequenceClassification"):
        raise ValueError(f"it is no cross-encoder but {kind}")


def load_reranker(name: str) -> CrossEncoderReranker:
    """The cross-encoder in the folder `name`, or of that name on the hub.

    Code that a model brings along is never run. Raises ModelNotFound where the model cannot
    be loaded, is no cross-encoder, has more than one label, or fails on a pair of texts.
    """
    folder = Path(name).expanduser()
    local = folder.is_dir()
    if local:
        # Even for a folder the libraries would ask the hub about it.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        from sentence_transformers import CrossEncoder
        from torch.nn import Identity

        with _no_progress():
            model = CrossEncoder(
                str(folder) if local else name,
                device="cpu",
                trust_remote_code=False,
                local_files_only=local,
                # A sigmoid makes the best texts equal: in single precision it is 1 from 17 on.
                activation_fn=Identity(),
                # Half precision is slower than single on a CPU, and makes ties.
                model_kwargs={"dtype": "float32"},
            )
        _check(model)
        reranker = CrossEncoderReranker(model, name=str(folder.resolve()) if local else name)
        # What a model cannot do, it should say now, not at the first question.
        reranker.scores("probe", _PROBES)
    except Exception as error:
        reason = str(error).strip().split("\n", 1)[0][:200] or type(error).__name__
        raise ModelNotFound(
            f"the re-ranker {name!r} cannot be used ({reason}); give the folder of a "
            "sentence-transformers cross-encoder with one label, or a hub name while the "
            "network is there"
        ) from error
    return reranker
