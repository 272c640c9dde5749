"""Numbers as texts of all languages write them: figures of every script, and words.

Readings that only the language decides: "1.250" is 1250 where the locale's decimal sign (CLDR, by
`babel`) is a comma and 1.25 where it is a point. Without a language one sign before exactly three
figures groups thousands, unless a scale word or per cent follows.
"""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import regex

from assistant.number_words import (
    PERCENT_AFTER,
    PERCENT_BEFORE,
    alone,
    number_words,
    scale_words,
)


class Number(NamedTuple):
    """A number at `text[start:end]`: a plain decimal, with "%" after it for per cent."""

    start: int
    end: int
    value: str


_LONGEST = 30
"""Figures beyond which a string is no quantity: it is kept as it stands and never scaled."""

_DIGIT = regex.compile(r"[\p{Nd}--[0-9]]", regex.VERSION1)
_SIGNS = str.maketrans(
    {"，": ",", "．": ".", "٬": "٬", "٫": "٫", "٪": "%", "％": "%", "﹪": "%", "−": "-", "’": "'",
     "\u2009": "\u00a0", "\u202f": "\u00a0", "\u2007": "\u00a0"}
)  # fmt: skip
_FIGURES = regex.compile(
    r"(?<![0-9])(?<![[\p{L}\p{M}_]--[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}"
    r"\p{Khmer}\p{Myanmar}\p{Arabic}ー々]])(?<![\p{Lu}\p{Ll}]-)(?<![0-9][.,])"
    r"(?:[0-9]{1,3}(?:\u00a0[0-9]{3})++(?:[.,][0-9]++)?+(?![0-9])"
    r"|[0-9]{1,3}(?: [0-9]{3})++(?:[.,][0-9]++)?+(?![0-9])"
    r"|[0-9]++(?:[.,'·٬٫][0-9]++)*+)",
    regex.VERSION1,
)
_PIECE = regex.compile(r"[0-9]+")
_WORD = regex.compile(
    r"[\p{L}\p{M}](?:[\p{L}\p{M}]|'(?=\p{Cyrillic}))*+|[0-9]++|[^\s\p{L}\p{M}0-9]"
)
_HAN = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {
    "零": 0, "两": 2, "兩": 2, "壹": 1, "贰": 2, "叁": 3, "영": 0, "일": 1, "이": 2, "삼": 3,
    "사": 4, "오": 5, "육": 6, "칠": 7, "팔": 8, "구": 9,
}  # fmt: skip
_SMALL = {"十": 10, "百": 100, "千": 1000, "십": 10, "백": 100, "천": 1000}
_LARGE = {"万": 10**4, "萬": 10**4, "만": 10**4, "亿": 10**8, "億": 10**8, "억": 10**8,
          "兆": 10**12, "조": 10**12}  # fmt: skip
_EASTERN = regex.compile(
    r"(?P<han>[〇零一二三四五六七八九两兩十百千万萬億亿兆]{1,24})"
    r"|(?P<hangul>[영일이삼사오육칠팔구십백천만억조]{2,24})"
)
_COUNTER = regex.compile(
    r" ?(?:人|名|个|個|位|次|倍|岁|歳|件|国|家|艘|枚|辆|架|条|項|项|年|月|日|天"
    r"|小时|時間|分|周|週|円|元|美元"
    r"|회|명|원|개|년|월|일|세|배|대|척|시간|분|주|달러)"
)
_TAIL = regex.compile(r"(?P<gap>[ \u00a0]?)(?P<sign>千|百|十|万|萬|億|亿|兆|천|백|십|만|억|조)")
_GO_ON = regex.compile(
    r" ?[0-9]{1,4}(?:,[0-9]{3})?(?= ?[千百十万萬億亿천백십만억])|[0-9]{1,4}(?![0-9,.])"
)
_PERCENT = regex.compile(
    r"[ \u00a0-]?(?:%|(?:"
    + "|".join(regex.escape(w) for w in PERCENT_AFTER)
    + r")[\p{Latin}\p{Cyrillic}]{0,4})",
    regex.IGNORECASE,
)
_BEFORE = regex.compile(
    r"(?:" + "|".join(regex.escape(w) for w in PERCENT_BEFORE) + r"|(?<![0-9])%) ?\Z",
    regex.IGNORECASE,
)
_NEXT_WORD = regex.compile(r"[ \u00a0-]?(?P<word>[\p{L}\p{M}]{2,20}+)(?P<stop>\.?)")
_THAI_SCALE = regex.compile(r" ?(?P<word>แสน|หมื่น|พัน|ล้าน){1,3}+")
_MONTH_SIGN = regex.compile(r" ?[月월](?!间|間)")


def figures(text: str) -> str:
    """`text` with the figures of every script as 0-9 and fewer signs, as long as it was."""
    plain = text.translate(_SIGNS)
    return _DIGIT.sub(lambda match: str(unicodedata.decimal(match[0])), plain)


@lru_cache(maxsize=256)
def _decimal_sign(language: str) -> str | None:
    base = language.replace("_", "-")
    if base.split("-")[0] in ("", "und", "mul", "zxx"):
        return None
    # Its locale data are read when the first text asks for them.
    from babel import Locale, UnknownLocaleError

    for tag in (base, base.split("-")[0]):
        try:
            symbols = Locale.parse(tag, sep="-").number_symbols
        except (UnknownLocaleError, ValueError, TypeError):
            continue
        latin = symbols.get("latn", symbols)
        return str(latin.get("decimal", "."))
    return None


def _grouped(pieces: list[str]) -> bool:
    """Whether groups of figures are thousands, or Indian lakhs and crores."""
    first, *rest = pieces
    if first.startswith("0") or not rest or len(rest[-1]) != 3:
        return False
    if len(first) <= 3 and all(len(piece) == 3 for piece in rest):
        return True
    return len(first) <= 2 and all(len(piece) == 2 for piece in rest[:-1])


def _plain(whole: str, fraction: str = "") -> str:
    whole = whole.lstrip("0") or "0"
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


def _reading(chunk: str, language: str, scaled: bool) -> str | None:
    """The plain decimal that figures with signs between them stand for; None if they are many."""
    pieces = _PIECE.findall(chunk)
    signs = [sign for sign in chunk if not sign.isdigit()]
    if not signs:
        return _plain(chunk)
    if len(signs) == 1 and signs[0] in ".,·٫":
        sign, (whole, rest) = signs[0], pieces
        if len(rest) != 3 or len(whole) > 3 or whole.startswith("0") or sign in "·٫":
            return _plain(whole, rest)
        decimal = _decimal_sign(language)
        if decimal in (".", ","):
            return _plain(whole, rest) if sign == decimal else _plain(whole + rest)
        return _plain(whole, rest) if scaled else _plain(whole + rest)
    if len(set(signs)) == 1 and signs[0] != "·":
        return _plain("".join(pieces)) if _grouped(pieces) else None
    if len(set(signs[:-1])) == 1 and signs[-1] in ".,·٫" and _grouped(pieces[:-1]):
        return _plain("".join(pieces[:-1]), pieces[-1])
    return None


def _times(value: str, scale: int) -> str:
    if scale == 1 or len(value) > _LONGEST:
        return value
    # 30 figures by at most 10^24 are more than the 28 that decimals are multiplied with.
    whole, _, fraction = value.partition(".")
    product = int(whole + fraction) * scale
    if not fraction:
        return str(product)
    figures_ = str(product).rjust(len(fraction) + 1, "0")
    return _plain(figures_[: -len(fraction)], figures_[-len(fraction) :])


def _han_value(run: str) -> int | None:
    """What a run of Chinese, Japanese or Korean numerals stands for; None if it is no numeral."""
    if all(sign in _HAN for sign in run):
        if len(run) == 1:
            return _HAN[run]
        digits = "".join(str(_HAN[sign]) for sign in run)
        return int(digits) if "〇" in run or "零" in run or len(run) == 4 else None
    total = part = 0
    digit: int | None = None
    small_before, large_before = 10**4, 10**16
    for sign in run:
        if sign in _HAN:
            if digit not in (None, 0):
                return None
            digit = _HAN[sign]
        elif sign in _SMALL:
            size = _SMALL[sign]
            if size >= small_before or (digit == 0 and sign != "十"):
                return None
            part, small_before, digit = part + (digit or 1) * size, size, None
        else:
            size = _LARGE[sign]
            part += digit or 0
            if size >= large_before or not part:
                return None
            total, part, digit = total + part * size, 0, None
            small_before, large_before = 10**4, size
    return total + part + (digit or 0)


class _Reader:
    """One text being read: its figures made plain, and what is known of its language."""

    def __init__(self, text: str, language: str) -> None:
        self.plain = figures(text)
        self.language = language
        self.words = number_words(language)
        self.scales = scale_words(language)
        self.commas = _decimal_sign(language) == "."

    def scale(self, end: int) -> tuple[int, int]:
        """What the scale words after `end` multiply by, and where they end."""
        scale = 1
        for _ in range(2):
            thai = _THAI_SCALE.match(self.plain, end)
            if thai is not None:
                for word in thai.captures("word"):
                    scale *= self.scales[word]
                return scale, thai.end()
            match = _NEXT_WORD.match(self.plain, end)
            if match is None:
                break
            factor = self.scales.get(_folded(match["word"]))
            if factor is None:
                break
            scale, end = scale * factor, match.end("word")
            if match["stop"] and len(match["word"]) <= 5 and not _ends(self.plain, match.end()):
                end = match.end()
        return scale, end

    def number(self, start: int, end: int, value: str, *, word: bool = False) -> Number:
        """A number with its scale, sign and per cent."""
        scale, end = self.scale(end)
        value = _times(value, scale)
        percent = _PERCENT.match(self.plain, end)
        before = None if word else _BEFORE.search(self.plain, max(0, start - 8), start)
        if percent is not None:
            return Number(start, percent.end(), value + "%")
        if before is not None:
            return Number(before.start(), end, value + "%")
        if self.plain[start - 1 : start] == "-" and not word:
            ahead = self.plain[start - 2 : start - 1] if start > 1 else ""
            if not ahead or ahead.isspace() or ahead in "([（":
                return Number(start - 1, end, "-" + value)
        return Number(start, end, value)

    def eastern(self, start: int, end: int, value: str) -> Number | None:
        """Figures before 万, 億, 만, …: 1億2000万."""
        if len(value) > _LONGEST // 2:
            return None
        total, part = Decimal(0), Decimal(value)
        small = False
        large_before, used = 10**16, False
        while (match := _TAIL.match(self.plain, end)) is not None:
            sign = match["sign"]
            if sign in _SMALL and not small:
                part, small = part * _SMALL[sign], True
            elif sign in _SMALL:
                break
            elif _LARGE[sign] < large_before:
                large_before = _LARGE[sign]
                total, part, small = total + part * large_before, Decimal(0), False
            else:
                break
            used, end = True, match.end()
            if sign in _SMALL:
                continue
            more = _GO_ON.match(self.plain, end)
            if more is None:
                break
            part, end = Decimal(more[0].strip().replace(",", "")), more.end()
        if not used:
            return None
        whole, _, fraction = format(total + part, "f").partition(".")
        return self.number(start, end, _plain(whole, fraction))


def _ends(text: str, place: int) -> bool:
    """Whether a stop before `place` ends its sentence."""
    after = text[place : place + 2]
    return not after.strip() or after[-1:].isupper()


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()


def _in_figures(reader: _Reader) -> list[Number]:
    found = []
    for match in _FIGURES.finditer(reader.plain):
        start, end, chunk = match.start(), match.end(), match[0]
        if " " in chunk and (reader.commas or chunk.count(" ") > 4):
            chunk = chunk.split(" ", 1)[0]
            end = start + len(chunk)
            found.append(Number(start, end, _plain(chunk)))
            found += [
                reader.number(end + piece.start(), end + piece.end(), _plain(piece[0]))
                for piece in _PIECE.finditer(match[0][len(chunk) :])
            ]
            continue
        joined = chunk.replace(" ", "").replace("\u00a0", "")
        if len(joined) > _LONGEST:
            found.append(Number(start, end, "".join(_PIECE.findall(joined))))
            continue
        scaled = reader.scale(end)[0] > 1 or _PERCENT.match(reader.plain, end) is not None
        value = _reading(joined, reader.language, scaled)
        if value is None:
            found += [
                reader.number(start + piece.start(), start + piece.end(), _plain(piece[0]))
                for piece in _PIECE.finditer(chunk)
            ]
            continue
        if _MONTH_SIGN.match(reader.plain, end) is not None:
            continue
        eastern = reader.eastern(start, end, value)
        found.append(eastern or reader.number(start, end, value))
    return found


def _in_signs(reader: _Reader) -> list[Number]:
    """Numbers in Chinese, Japanese and Korean numerals."""
    found = []
    for match in _EASTERN.finditer(reader.plain):
        run, start, end = match[0], match.start(), match.end()
        if start and reader.plain[start - 1] in "0123456789第":
            continue
        counted = _COUNTER.match(reader.plain, end) is not None
        percent = _BEFORE.search(reader.plain, max(0, start - 8), start) is not None
        if match["hangul"] is not None and not counted:
            continue
        single = len(run) == 1
        if single and not (percent or (counted and run not in "一十百千万萬億亿兆")):
            continue
        if run[0] in "万萬億亿兆千" or (
            run in ("十百", "百千") or (run[0] == "百" and not counted)
        ):
            continue
        value = _han_value(run)
        if value is not None and _MONTH_SIGN.match(reader.plain, end) is None:
            found.append(reader.number(start, end, str(value)))
    return found


def _in_words(reader: _Reader) -> list[Number]:
    found: list[Number] = []
    tokens = [(m.start(), m.end(), _folded(m[0])) for m in _WORD.finditer(reader.plain)]
    place = 0
    while place < len(tokens):
        start, end, word = tokens[place]
        place += 1
        value = reader.words.get(word)
        if value is None and word[0] in "وبل" and len(word) > 3:
            value = reader.words.get(word[1:])
        if value is None:
            if alone(word) and word in reader.scales:
                scale, after = reader.scale(end)
                found.append(
                    reader.number(start, after, str(reader.scales[word] * scale), word=True)
                )
        else:
            if value in _TENS or (value == "10" and reader.language.startswith("tr")):
                joined = int(place < len(tokens) and tokens[place][2] == "-")
                ones = tokens[place + joined : place + joined + 1]
                if ones and len(unit := reader.words.get(ones[0][2], "")) == 1:
                    value, end = str(int(value) + int(unit)), ones[0][1]
            if value == "0.5":
                article = _HALF.match(reader.plain, end)
                end = end if article is None else article.end()
            found.append(reader.number(start, end, value, word=True))
        while found and place < len(tokens) and tokens[place][0] < found[-1].end:
            place += 1
    return found


_TENS = frozenset(str(tens) for tens in range(20, 100, 10))
_HALF = regex.compile(r" an?(?= (?:million|billion|dozen|trillion))", regex.IGNORECASE)


def numbers(text: str, language: str = "und") -> list[Number]:
    """The numbers in `text`, in order, none over another; offsets count code points.

    Vague ones ("thousands", "a few") and the articles that also mean one are left out, and so is
    the number of a month in 5月.
    """
    reader = _Reader(text, language)
    found = _in_figures(reader) + _in_signs(reader) + _in_words(reader)
    kept: list[Number] = []
    for number in sorted(found, key=lambda number: (number.start, -number.end)):
        if not kept or number.start >= kept[-1].end:
            kept.append(number)
    return kept
