"""Text in every script: sentence spans, lexical terms and romanised terms."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import regex

Span = tuple[int, int]

_CLOSERS = r"[\"'”’»›)\]）」』】〉》]*"
_BOUNDARY = regex.compile(
    rf"(?P<strong>[。！？｡।॥።፧։؟۔၊။។៕]+){_CLOSERS}"
    rf"|(?P<weak>[.!?…‥]+)(?:[  ]?[»])?{_CLOSERS}(?=\s|$)"
    r"|(?P<line>(?:\r\n|[\n\r\u2028\u2029])\s*)"
)
_BLANK_LINE = "\n\n"
_PARAGRAPH = regex.compile(r"(?:\r\n|[\n\r\u2028])[ \t]*(?:\r\n|[\n\r\u2028])|\u2029")
_LAST_WORD = regex.compile(r"(?<![\p{L}\p{M}\p{N}.'’])[\p{L}\p{M}\p{N}.'’]*+$")
_HIRAGANA = regex.compile(r"\p{Hiragana}")
_CLOSER = regex.compile(r"[”’»›)\]）」』】〉》\"']")
_TERMINATED = regex.compile(r"[.!?…。！？।؟۔:：;；\"'”’»」』)]\s*$")
_THAI_LIKE = regex.compile(r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_SPACELESS = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_GAP = regex.compile(r"(?<=[,;:，、；：،؛])\s*|\s+")

# Words that a full stop shortens rather than ends a sentence after, over the languages that
# the product's readers meet most; compared in lower case, without their last full stop.
_ABBREVIATIONS = frozenset(
    """
    mr mrs ms dr prof st sr jr gen col lt sgt capt cmdr adm gov sen rep rev hon pres vs inc
    ltd co corp dept est approx jan feb mar apr jun jul aug sep sept oct nov dec al
    m mm mme mlle mgr me av bd ex env éd cf ca
    bzw hr fr dipl ing str tel usw sog evtl ggf inkl zzgl mio mrd jh
    ecc sig sigg dott avv on ud uds sra srta srs dra dras drs profa dª dña ej ee uu lic excmo
    exmo exma
    им г гг тов т д п др руб тыс млн млрд см стр ул обл р
    km kg cm
    """.split()
)
# These do so only before a number: "he said no." is a sentence.
_BEFORE_NUMBER = frozenset("no nos nr nº núm pp pág vol vols fig art chap ch cap kap".split())
_ORDINAL_MARK = frozenset("cs da de et fi hr hu lv nb no pl sk sl sv tr".split())
_LONGEST_SENTENCE = 600
_LONGEST_UNMARKED = 220


def _ends_sentence(text: str, match: regex.Match[str], language: str) -> bool:
    """Whether a run of full stops, question or exclamation marks before a space is an end."""
    after = text[match.end() : match.end() + 4].lstrip()
    if after and (after[0].islower() or after[0] in ",;:"):
        return False
    marks = match["weak"]
    if marks != ".":
        return True
    word = _LAST_WORD.search(text[max(0, match.start() - 30) : match.start()])
    before = word[0] if word else ""
    if not before or not after:
        return True
    last = before.rsplit(".", 1)[-1].lstrip("'’")
    if last.lower() in _ABBREVIATIONS and not (last.isupper() and len(last) > 2):
        return False
    if last.lower() in _BEFORE_NUMBER and after[0].isdigit():
        return False
    if len(last) == 1 and last.isalpha():
        # An initial ("J. Smith") or the end of "U.S.": a sentence rarely ends on one letter.
        return False
    if last.isdigit() and len(last) <= 2 and language.split("-")[0] in _ORDINAL_MARK:
        return False
    return True


def _line_ends(text: str, match: regex.Match[str]) -> bool:
    """Whether a single line break ends a sentence: not where long lines were wrapped."""
    if _PARAGRAPH.search(match["line"]):
        return True
    if match.end() < len(text) and text[match.end()].islower():
        return False
    start = max(text.rfind("\n", 0, match.start()), text.rfind("\r", 0, match.start())) + 1
    line = text[start : match.start()].rstrip(" \t")
    return len(line) < 55 or _TERMINATED.search(line) is not None


def _ends(text: str, language: str) -> list[int]:
    ends = []
    for match in _BOUNDARY.finditer(text):
        if match["line"] is not None:
            if _line_ends(text, match):
                ends.append(match.start())
        elif match["strong"] is not None:
            # 「…。」と述べた: the sentence goes on after the quotation.
            closed = match.end() > match.start() + len(match["strong"])
            if not (closed and _HIRAGANA.match(text, match.end())):
                ends.append(match.end())
        elif _ends_sentence(text, match, language):
            ends.append(match.end())
    ends.append(len(text))
    return ends


def _trim(text: str, start: int, end: int) -> Span | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


def _cut_long(text: str, start: int, end: int) -> list[Span]:
    """Cuts a stretch without sentence marks at its spaces and commas."""
    if end - start <= _LONGEST_UNMARKED:
        return [(start, end)]
    unmarked = len(_THAI_LIKE.findall(text, start, end)) * 2 > end - start
    longest = _LONGEST_UNMARKED if unmarked else _LONGEST_SENTENCE
    if end - start <= longest:
        return [(start, end)]
    spans = []
    while end - start > longest:
        cut = start
        for gap in _GAP.finditer(text, start + 1, start + longest):
            cut = gap.end()
        if cut <= start:
            cut = start + longest
        spans.append((start, cut))
        start = cut
    spans.append((start, end))
    return spans


def sentence_spans(text: str, language: str = "und") -> list[Span]:
    """The sentences of `text` as (start, end) offsets in code points, in order.

    Spans do not overlap, have no white space at their edges, and leave out nothing but
    white space. Thai, Lao, Khmer and Burmese, which mark few sentences, and stretches over
    600 characters are cut at spaces.
    """
    spans: list[Span] = []
    start = 0
    for end in _ends(text, language):
        whole = _trim(text, start, end)
        if whole is not None:
            for piece in _cut_long(text, *whole):
                trimmed = _trim(text, *piece)
                if trimmed is not None:
                    spans.append(trimmed)
        start = max(start, end)
    return spans


def spans_within(text: str, start: int, end: int, language: str = "und") -> list[Span]:
    """Those of `sentence_spans(text, language)` that reach into `text[start:end]`.

    No sentence goes on over an empty line: only what lies between two is split.
    """
    first = text.rfind(_BLANK_LINE, 0, start) + 1
    last = text.find(_BLANK_LINE, end)
    spans = sentence_spans(text[first : last if last >= 0 else len(text)], language)
    return [(first + a, first + b) for a, b in spans if first + a < end and first + b > start]


def is_spaceless(text: str) -> bool:
    """Whether some of `text` is in a script that puts no spaces between words."""
    return _SPACELESS.search(text) is not None


_RUN = regex.compile(
    r"(?P<cjk>[\p{Han}\p{Hiragana}\p{Katakana}ー々〆]+)"
    r"|(?P<unspaced>[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]+)"
    r"|(?P<hangul>[\p{Hangul}]+)"
    r"|(?P<word>[[\p{L}\p{M}\p{N}]--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}"
    r"\p{Myanmar}\p{Hangul}ー々〆]]+)",
    regex.VERSION1,
)
_LONGEST_WORD = 64
_KEPT_WORDS = 1 << 13
"""Words whose terms are kept: with both kinds of terms they take some 10 MB."""


def _grams(run: str, size: int) -> list[str]:
    if len(run) <= size:
        return [run]
    return [run[i : i + size] for i in range(len(run) - size + 1)]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _terms_of(word: str) -> tuple[str, ...]:
    return (*_grams(f"_{word}_", 4), f"={word[:_LONGEST_WORD]}")


_word_terms = lru_cache(maxsize=_KEPT_WORDS)(_terms_of)


def lexical_terms(text: str) -> list[str]:
    """The terms that `text` is indexed and searched by, in order, with repetitions.

    Words give their 4-grams with edge marks and themselves; Han, kana and Hangul give
    bigrams; Thai, Lao, Khmer and Burmese, trigrams. No language is assumed, nothing is
    stemmed or left out. Terms hold no white space.
    """
    terms: list[str] = []
    for match in _RUN.finditer(_folded(text)):
        run, script = match[0], match.lastgroup
        if script == "word":
            # A run without end is no word that comes again.
            terms.extend((_word_terms if len(run) <= _LONGEST_WORD else _terms_of)(run))
        else:
            terms.extend(_grams(run, 3 if script == "unspaced" else 2))
    return terms


@lru_cache(maxsize=1 << 12)
def haystack(text: str) -> str:
    """A string that holds the `needle` of each of the lexical terms of `text`, and of no other."""
    runs = (
        f"_{match[0]}_" if match["word"] is not None else match[0]
        for match in _RUN.finditer(_folded(text))
    )
    return f" {' '.join(runs)} "


def needle(term: str) -> str:
    """What the haystack of a text holds where the text has the lexical term."""
    if term.startswith("="):
        word = term[1:]
        return f"_{word}_" if len(word) < _LONGEST_WORD else f"_{word}"
    if len(term) == 1 or (len(term) == 2 and _THAI_LIKE.match(term)):
        # A run that is shorter than the grams of its script.
        return f" {term} "
    return term


def shared_words(question: str, text: str) -> list[str]:
    """The words of `question` that `text` holds, in order, each once, in lower case.

    In scripts without spaces, and in Hangul, the longest stretches whose bigrams or trigrams
    `text` holds all.
    """
    held = set(lexical_terms(text))
    shared: list[str] = []
    for match in _RUN.finditer(_folded(question)):
        run = match[0]
        if match["word"] is not None:
            if f"={run[:_LONGEST_WORD]}" in held:
                shared.append(run)
            continue
        size = 3 if match["unspaced"] is not None else 2
        start = 0
        grams = _grams(run, size)
        for place, gram in enumerate([*grams, ""]):
            if gram not in held:
                if place > start:
                    shared.append(run[start : place + len(grams[0]) - 1])
                start = place + 1
    return list(dict.fromkeys(shared))


_ALIKE = str.maketrans({"w": "v", "q": "k", "c": "k", "y": "i", "j": "i", "x": "ks", "z": "s"})
"""Letters that languages choose differently for a sound, and those that stand for them."""

_ROMANISED = regex.compile(r"(?P<number>\p{N}+)|[\p{L}\p{M}]+")
# Of ASCII, the standard library's expressions are the faster ones.
_DIGITS = re.compile("[0-9]+")
_LATIN_RUN = re.compile("[a-z]{3,}")
_DOUBLED = re.compile(r"(.)\1+")
_WITHOUT_VOWELS = str.maketrans(dict.fromkeys("aeiou"))
_LONGEST_ROMANISED = 200


class _Letters(dict[int, str]):
    """What `str.translate` is to put for each character: Latin letters in lower case."""

    def __missing__(self, code: int) -> str:
        # Its tables are read when the first text is romanised, not when this module is imported.
        from anyascii import anyascii

        self[code] = letters = anyascii(chr(code)).lower()
        return letters


_LETTERS = _Letters()


def _ascii(word: str) -> str:
    return word[:_LONGEST_ROMANISED].translate(_LETTERS)


def _sounds_of(word: str) -> list[str]:
    terms: list[str] = []
    for run in _LATIN_RUN.findall(_ascii(word)):
        sounds = _DOUBLED.sub(r"\1", run.replace("ph", "f").translate(_ALIKE))
        terms += _grams(f"_{sounds}_", 4)
        consonants = sounds.translate(_WITHOUT_VOWELS)
        if len(consonants) > 1:
            terms += [f"-{gram}" for gram in _grams(f"_{consonants}_", 3)]
    return terms


_word_sounds = lru_cache(maxsize=_KEPT_WORDS)(_sounds_of)


def romanised_terms(text: str) -> list[str]:
    """Terms by which names, loan words and numbers meet across scripts, with repetitions.

    Words are written in Latin letters (`anyascii`) and spellings of one sound made alike. Those
    of three letters or more give 4-grams with edge marks, and 3-grams of their consonants for
    the scripts that leave out vowels; numbers give 4-grams. Terms hold no white space.
    """
    terms: list[str] = []
    for match in _ROMANISED.finditer(_folded(text)):
        if match.lastgroup is None:
            terms.extend(_word_sounds(match[0]))
        else:
            for digits in _DIGITS.findall(_ascii(match[0])):
                terms += _grams(f"_{digits}_", 4)
    return terms


# Up to here there are neither scripts without spaces nor Hangul.
_FIRST_UNSPACED = "\u0e00"


def joined_terms(text: str) -> tuple[str, str]:
    """The lexical and the romanised terms of `text`, each joined by spaces.

    Faster where `text` is a word, and without keeping what is known of it.
    """
    word = _folded(text)
    if _is_plain_word(word):
        return " ".join(_terms_of(word)), " ".join(_sounds_of(word))
    return " ".join(lexical_terms(text)), " ".join(romanised_terms(text))


def joined_romanised(text: str) -> str:
    """The romanised terms of `text`, joined by spaces; as fast as `joined_terms`."""
    word = _folded(text)
    return " ".join(_sounds_of(word) if _is_plain_word(word) else romanised_terms(text))


def _is_plain_word(folded: str) -> bool:
    """Whether a text is one word of letters, in a script that puts spaces between words."""
    return len(folded) <= _LONGEST_WORD and folded.isalpha() and max(folded) < _FIRST_UNSPACED


_UNSHOWN = regex.compile(r"[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]+")


def one_line(text: str) -> str:
    """`text` on one line, without characters that steer a terminal or reverse its direction."""
    return " ".join(_UNSHOWN.sub(" ", text).split())
