"""Which articles are copies of one another: wire reports and reprints, cut, retitled or edited.

An article is the set of its shingles, three words in a row, and a sketch is that set's size and
MinHash signature: two sets agree on a share of their signatures that is their resemblance
(Broder 1997, "On the resemblance and containment of documents"). What the parameters are worth
says `benchmarks.copies`.
"""

from __future__ import annotations

import functools
import hashlib
import unicodedata
import zlib
from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import regex

from assistant.text import is_spaceless

if TYPE_CHECKING:
    from datasketch import MinHash

Sketch = npt.NDArray[np.uint32]
Sketches = npt.NDArray[np.uint32]
Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PERMUTATIONS = 255
"""Values in a signature; with the size of the set, a sketch takes one kibibyte."""

FEWEST_SHINGLES = 32
"""With fewer shingles than this, only texts of equal terms are copies."""

CONTAINED = 0.6
"""The share of the shorter one's shingles that an article and its original have in common.

Among 4,648 passages in 11 languages, those about different things in the same set phrases share
up to 0.54, and copies no less than 0.65.
"""

SHORTEST = 0.2
"""Where an article is shorter than this share of another one, it is an excerpt, not a copy."""

IN_COMMON = 0.3
"""The share of the shorter one's shingles that any two articles of a group have in common."""

_RUN = regex.compile(
    r"(?P<han>[\p{Han}\p{Hiragana}\p{Katakana}ー々〆]+)"
    r"|(?P<thai>[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]+)"
    r"|[[\p{L}\p{M}\p{N}]--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
    r"ー々〆]]+",
    regex.VERSION1,
)
_WORDS = regex.compile(r"[\p{L}\p{M}\p{N}]+")
# A shingle is three words, or five characters of Chinese or Japanese, or ten of Thai and its
# like, or the same length in a mixture: there, an edit of a word changes about as many shingles.
# With two words, set phrases come too close to copies; with four, edits go too far from them.
_SHINGLE = 30
_WORD = 10
_LENGTH = {"han": 6, "thai": 3}
# Reprints differ in soft hyphens and joiners, which are not seen.
_UNSEEN = regex.compile(r"\p{Cf}+")
_AT_ONCE = 256
_SCHEME = "affine32"
_SEED = 1

# Rows that agree in a band of two values are compared. A copy that was cut to 30 % and edited
# shares a fifth of all shingles with its original: they meet with a probability of 0.99.
_BAND = 2
_MET = 4
_WITNESSES = 8


@functools.cache
def _empty() -> MinHash:
    # The package imports scipy, which takes longer than a question does.
    from datasketch import MinHash

    return MinHash(PERMUTATIONS, seed=_SEED, scheme=_SCHEME, hashfunc=int)


def _units(text: str) -> tuple[list[str], list[int]]:
    """The words and single characters that shingles are made of, and their lengths."""
    plain = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).lower()
    if not is_spaceless(plain):
        # Most texts: three times as fast as what follows.
        words = _WORDS.findall(plain)
        return words, [_WORD] * len(words)
    units: list[str] = []
    lengths: list[int] = []
    for match in _RUN.finditer(plain):
        run, script = match[0], match.lastgroup
        units.extend(run if script else [run])
        lengths.extend([_LENGTH[script]] * len(run) if script else [_WORD])
    return units, lengths


def _shingles(units: list[str], lengths: list[int]) -> set[int]:
    """32-bit hashes of the shingles; a text shorter than one is one."""
    if not units:
        return set()
    # Four bytes a character: then a place in the text is a place in the bytes.
    joined = " ".join(units).encode("utf-32-le")
    ends = 4 * np.cumsum(np.fromiter(map(len, units), np.int64) + 1) - 4
    starts = np.concatenate(([0], ends[:-1] + 4))
    passed = np.cumsum(lengths)
    last = np.searchsorted(passed, passed - lengths + _SHINGLE)
    whole = max(1, int((last < len(units)).sum()))
    last = np.minimum(last[:whole], len(units) - 1)
    spans = map(slice, starts[:whole].tolist(), ends[last].tolist())
    return set(map(zlib.crc32, map(joined.__getitem__, spans)))


def sketch(text: str) -> Sketch:
    """How many different shingles `text` has, then its MinHash signature: [1 + PERMUTATIONS].

    The same on every machine. Sketches of texts with fewer than `FEWEST_SHINGLES` shingles agree
    in all values if the texts have the same terms in the same order, and else in none.
    """
    units, lengths = _units(text)
    shingles = _shingles(units, lengths)
    row = np.empty(1 + PERMUTATIONS, "<u4")
    row[0] = len(shingles)
    if len(shingles) < FEWEST_SHINGLES:
        digest = hashlib.shake_256(" ".join(units).encode()).digest(4 * PERMUTATIONS)
        row[1:] = np.frombuffer(digest, "<u4")
        return row
    signature, hashes = _empty().copy(), iter(shingles)
    while some := list(islice(hashes, _AT_ONCE)):
        signature.update_batch(some)
    row[1:] = signature.hashvalues
    return row


def _containment(row: Sketch, others: Sketches) -> Floats:
    """The estimated share [n] of shingles of the shorter one that a row and others [n, :] share.

    From the resemblance r of sets of a and b shingles: they share r (a + b) / (1 + r).
    """
    resemblance = (others[:, 1:] == row[1:]).mean(axis=1)
    sizes = others[:, 0].astype(np.float64)
    shared = resemblance / (1 + resemblance) * (sizes + row[0])
    contained: Floats = shared / np.minimum(sizes, row[0])
    return contained


def _buckets(rows: Sketches) -> npt.NDArray[np.int32]:
    """The number of the bucket [n, bands] that a row is in by each of its bands, -1 if alone."""
    starts = range(1, rows.shape[1] - _BAND + 1, _BAND)
    buckets = np.full((len(rows), len(starts)), -1, np.int32)
    made = 0
    for column, start in enumerate(starts):
        band = np.ascontiguousarray(rows[:, start : start + _BAND]).view(np.uint64)[:, 0]
        _, bucket, size = np.unique(band, return_inverse=True, return_counts=True)
        shared = size[bucket] > 1
        buckets[shared, column] = bucket[shared] + made
        made += len(size)
    return buckets


def _originals(rows: Sketches) -> Rows:
    """For each of some different rows the row that it is a copy of; itself, if of none.

    A row becomes a copy of the original that shares most with it, if the copies that the original
    has already share enough with it too; else it is an original. So nothing is a copy of a copy,
    and a round-up does not make its parts copies of each other. Rows that meet others in most
    buckets come first, for what many were made from has most in common with them. Only originals
    stay in buckets, and only a few: many in one bucket share no more than a common footer.
    """
    buckets = _buckets(rows)
    original = np.arange(len(rows))
    met: defaultdict[int, list[int]] = defaultdict(list)
    groups: dict[int, list[int]] = {}
    sizes = rows[:, 0].astype(np.float64)
    shared = (buckets >= 0).sum(axis=1)
    for row in np.argsort(-shared, kind="stable")[: np.count_nonzero(shared)].tolist():
        own = buckets[row][buckets[row] >= 0].tolist()
        found = np.array(sorted({other for bucket in own for other in met[bucket]}), np.int64)
        shorter, longer = np.minimum(sizes[found], sizes[row]), np.maximum(sizes[found], sizes[row])
        found = found[shorter >= SHORTEST * longer]
        shares = _containment(rows[row], rows[found])
        for place in np.argsort(-shares, kind="stable").tolist():
            if shares[place] < CONTAINED:
                break
            group = groups[int(found[place])]
            if (_containment(rows[row], rows[group]) >= IN_COMMON).all():
                original[row] = found[place]
                if len(group) < _WITNESSES:
                    group.append(row)
                break
        if original[row] == row:
            groups[row] = [row]
            for bucket in own:
                if len(met[bucket]) < _MET:
                    met[bucket].append(row)
    return original


def copy_groups(sketches: Sketches) -> Rows:
    """For each article the smallest number of an article in its group; its own without copies.

    `sketches` is [articles, 1 + PERMUTATIONS]. Which articles make a group does not depend on
    their order. Articles without any word are in no group. Time and memory grow with the number
    of articles, whatever is in them.
    """
    numbers = np.arange(len(sketches))
    if not len(sketches):
        return numbers
    whole = np.ascontiguousarray(sketches, "<u4")
    as_bytes = whole.view(np.dtype((np.void, whole.itemsize * whole.shape[1])))[:, 0]
    _, first, kind = np.unique(as_bytes, return_index=True, return_inverse=True)
    original = np.arange(len(first))
    long = np.flatnonzero(whole[first, 0] >= FEWEST_SHINGLES)
    original[long] = long[_originals(whole[first[long]])]
    group = original[kind]
    smallest = np.full(len(first), len(sketches))
    np.minimum.at(smallest, group, numbers)
    return np.where(whole[:, 0] == 0, numbers, smallest[group])


class CopyGroups:
    """Which articles are copies of one another, from what `copy_groups` gives."""

    def __init__(self, first: Rows) -> None:
        self._of = first
        has_copies = np.bincount(first[first != np.arange(len(first))], minlength=len(first)) > 0
        members = np.flatnonzero(has_copies[first])
        by_group = np.argsort(first[members], kind="stable")
        # Of the few articles that have copies alone: a group is found without a look at the rest.
        self._members = members[by_group]
        self._first = first[self._members]

    def of(self, number: int) -> Rows:
        """The numbers of the articles in an article's group, itself too, ascending."""
        start, end = np.searchsorted(self._first, [self._of[number], self._of[number] + 1])
        return self._members[start:end] if end > start else np.array([number])
