"""Trains the tokenizer: pieces found by BPE, text split by the likeliest sequence of them."""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections import Counter, defaultdict
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from training.corpus import Group, read_groups

UNKNOWN = "[UNK]"


def sample_text(groups: list[Group], *, megabytes: float, english_megabytes: float) -> list[str]:
    """Sentences, about as many bytes for every language, so that no script is starved of pieces."""
    by_language: dict[str, list[str]] = defaultdict(list)
    for group in groups:
        for a, b in group.pairs:
            same = group.kind in ("question", "headline")
            by_language[group.language if same else "en"].append(a[:1500])
            by_language[group.language].append(b[:1500])
    chosen: list[str] = []
    for language, texts in sorted(by_language.items()):
        random.Random(language).shuffle(texts)
        left = (english_megabytes if language == "en" else megabytes) * 1e6
        for text in texts:
            if left <= 0:
                break
            chosen.append(text)
            left -= len(text.encode())
    return chosen


def _empty(model: models.Model) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Punctuation(),
            pre_tokenizers.UnicodeScripts(),
            # A merge takes more than linear time: a "word" of a page of Thai would stall it.
            pre_tokenizers.FixedLength(48),
        ]
    )
    return tokenizer


def _count(tokenizer: Tokenizer, texts: list[str]) -> dict[str, int]:
    ids: Counter[int] = Counter()
    for start in range(0, len(texts), 50_000):
        # The fast encoder keeps ids only.
        for encoding in tokenizer.encode_batch_fast(texts[start : start + 50_000]):
            ids.update(encoding.ids)
    return {piece: ids[number] for piece, number in tokenizer.get_vocab().items()}


def train_bpe(texts: list[str], *, size: int) -> Tokenizer:
    """A BPE tokenizer of at most `size` pieces."""
    bpe = _empty(models.BPE(unk_token=UNKNOWN))
    bpe.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=[UNKNOWN],
            limit_alphabet=8_000,
            min_frequency=3,
            max_token_length=20,
            show_progress=False,
        ),
    )
    return bpe


def train_vocabulary(texts: list[str], *, size: int, rounds: int = 2) -> Tokenizer:
    """A Unigram tokenizer of `size` pieces.

    BPE finds 1.2 times `size` candidate pieces; then `rounds` times the texts are split by
    the likeliest sequence of pieces, which are counted anew, and the rarest are dropped
    (the hard-EM form of Kudo 2018, "Subword Regularization", section 3.2). Splitting by
    likelihood is linear in the text, which BPE merges are not on scripts without spaces.
    """
    bpe = train_bpe(texts, size=int(size * 1.2))
    counts = _count(bpe, texts)
    vocabulary = {piece: counts.get(piece, 0) + 1 for piece in bpe.get_vocab() if piece != UNKNOWN}
    for turn in range(rounds + 1):
        keep = size - 1 if turn == rounds else int(size * (1.2 - 0.2 * (turn + 1) / (rounds + 1)))
        singles = {p: c for p, c in vocabulary.items() if len(p) == 1}
        longer = sorted(
            ((p, c) for p, c in vocabulary.items() if len(p) > 1), key=lambda pc: (-pc[1], pc[0])
        )
        kept = {**singles, **dict(longer[: keep - len(singles)])}
        total = math.log(sum(kept.values()))
        pieces = sorted(kept.items(), key=lambda pc: (-pc[1], pc[0]))
        unigram = _empty(
            models.Unigram(
                [(UNKNOWN, 0.0), *((p, math.log(c) - total) for p, c in pieces)],
                unk_id=0,
                byte_fallback=False,
            )
        )
        if turn < rounds:
            counts = _count(unigram, texts)
            vocabulary = {p: counts.get(p, 0) + 1 for p in kept}
    return unigram


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path, help="tokenizer.json to write")
    parser.add_argument("--size", type=int, default=80_000)
    parser.add_argument("--megabytes", type=float, default=1.5, help="of text for each language")
    arguments = parser.parse_args()
    texts = sample_text(
        read_groups(arguments.data),
        megabytes=arguments.megabytes,
        english_megabytes=arguments.megabytes * 2.5,
    )
    tokenizer = train_vocabulary(texts, size=arguments.size)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(arguments.output), pretty=False)
    print(f"{tokenizer.get_vocab_size()} pieces from {len(texts)} texts", file=sys.stderr)


if __name__ == "__main__":
    main()
