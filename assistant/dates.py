"""Days, months, years and decades as texts of all languages write them.

Month names are CLDR's, by `babel`, read when a text first asks for them. Where the language is
not known, the months of the languages of the word's script are, with their full names only:
"set 3" is no day in September, unless the text is said to be Portuguese.

Whether four figures are a year is a judgement. 1900 to 2099 are one unless something says
that they are a quantity: a unit, a scale, a currency sign or per cent after them, or "about" or
"nearly" before. 1000 to 1899 and 2100 to 2199 are one only where a word like "in", "since" or
"year" stands before, "года" after, or brackets around them.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Literal, NamedTuple

import regex

from assistant.number_words import APPROXIMATE, YEAR_AFTER, YEAR_BEFORE, scale_words, unit_of

Width = Literal["abbreviated", "wide"]


class Date(NamedTuple):
    """A date at `text[start:end]`: "2024-01-02", "2024-01", "2024", "--01-02"; "199" for 199x."""

    start: int
    end: int
    value: str


_BY_SCRIPT = {
    "Latin": ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "id", "sv", "ro", "cs", "fi"),
    "Cyrillic": ("ru", "uk", "bg", "sr"),
    "Greek": ("el",),
    "Arabic": ("ar", "ar_LB", "ar_DZ", "fa", "ur"),
    "Hebrew": ("he",),
    "Devanagari": ("hi", "mr"),
    "Bengali": ("bn",),
    "Thai": ("th",),
}
_SCRIPT = regex.compile("|".join(rf"(?P<{name}>\p{{{name}}})" for name in _BY_SCRIPT))
_VARIANTS = {"ar": ("ar", "ar_LB", "ar_DZ")}
_BUDDHIST = 543
_LONGEST_NAME = 24

_WORD = regex.compile(r"[\p{L}\p{M}]{2,24}+(?: (?:الثاني|الأول))?")
_THAI_LETTER = regex.compile(r"\p{Thai}")
_DAY_BEFORE = regex.compile(
    r"(?<![0-9])(?<![0-9][.,:/])(?P<day>[0-9]{1,2})"
    r"(?:st|nd|rd|th|er|º|ª|°|\.|-?го|-?е|-?ε|η|ης)?(?: ?(?:of|de|da|del|d'|di|του|عام"
    r"|من))?[ \u00a0]*\Z",
    regex.IGNORECASE,
)
_YEAR = r"(?:of |de |del |do |des |عام |সাল |г\. ?)?(?P<year>[12][0-9]{3})(?![0-9]|[.,][0-9])"
_AFTER_DAY = regex.compile(rf"\.?,?[ \u00a0]?{_YEAR}")
_DAY_AFTER = regex.compile(
    r"\.?[ \u00a0](?P<day>[0-9]{1,2})(?![0-9:]|[.,/][0-9])(?:st|nd|rd|th)?(?:,? ?" + _YEAR + ")?"
)
_YEAR_FIRST = regex.compile(r"(?<![0-9])(?P<year>[12][0-9]{3})\.?(?: ?m\.)?(?: ?年)? \Z")
_ISO = regex.compile(
    r"(?<![0-9.,/-])(?P<year>[12][0-9]{3})(?P<sign>-|/|\.|\. )(?P<month>[0-9]{1,2})"
    r"(?:(?P=sign)(?P<day>[0-9]{1,2}))?(?![0-9]|[-/.,][0-9])"
)
_DMY = regex.compile(
    r"(?<![0-9.,/-])(?P<first>[0-9]{1,2})(?P<sign>[./-]|\. )(?P<second>[0-9]{1,2})(?P=sign)"
    r"(?P<year>[12][0-9]{3})(?![0-9]|[-/.,][0-9])"
)
_HAN_DIGITS = "〇一二三四五六七八九"
_NUMERAL = rf"(?:[0-9]{{1,2}}|[{_HAN_DIGITS[1:]}十]{{1,3}})"
_EASTERN = regex.compile(
    rf"(?<![0-9{_HAN_DIGITS}])(?P<year>[12][0-9]{{3}}|[{_HAN_DIGITS}零]{{4}}) ?[年년](?!間|间|代)"
    rf"(?:도|度)?(?: ?(?P<month>{_NUMERAL}) ?[月월](?: ?(?P<day>{_NUMERAL}) ?[日号號일])?)?"
    rf"|(?<![0-9{_HAN_DIGITS}十])(?P<month2>{_NUMERAL}) ?[月월] ?(?P<day2>{_NUMERAL}) ?[日号號일]"
)
_VIETNAMESE = regex.compile(
    r"(?:(?:ngày )?(?P<day>[0-9]{1,2})[ ]?(?:-| )?)?tháng (?P<month>[0-9]{1,2})(?![0-9])"
    r"(?:(?:,? năm |[/-])(?P<year>[12][0-9]{3}))?",
    regex.IGNORECASE,
)
_DECADE = regex.compile(
    r"(?<![0-9.,])(?P<decade>[12][0-9]{2})0(?:'?s(?!\p{L})|er(?!\p{L})|-?е(?!\p{L})|-?х(?!\p{L})"
    r"| ?年代|년대|-talet| ?-?(?:lar|ler)\b)"
)
_ALONE = regex.compile(
    r"(?<![0-9\p{L}_])(?<![0-9][.,:/])(?<!\p{L}-)(?<year>[12][0-9]{3})(?![0-9_]|[.,:/'][0-9]"
    r"|-\p{L}{1,2}\b)"
)
_SPACED = regex.compile(r"(?<![0-9])[0-9]{1,3}[ \u00a0]\Z")
_WORD_BEFORE = regex.compile(r"(?P<word>[\p{L}\p{M}']{1,20})(?P<gap>[ \u00a0(]{1,2})\Z")
_NEXT = regex.compile(r"[ \u00a0-]?(?P<word>[\p{L}\p{M}]{1,20}+|[%$€£₽¥₹])")
_NEXT_GROUP = regex.compile(r"[ \u00a0][0-9]{3}(?![0-9])")
_EASTERN_SCALES = "千百万萬億亿兆천백만억조"
_MONEY = regex.compile(r"[$€£¥₹₽₩][ \u00a0]?\Z|\b(?:US|USD|EUR|GBP|Rs\.?) ?\Z")
_VAGUE = regex.compile(
    r"(?<![\p{L}])(?:" + "|".join(regex.escape(w) for w in APPROXIMATE) + r")[ \u00a0]?\Z",
    regex.IGNORECASE,
)


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold().rstrip(".")


@lru_cache(maxsize=128)
def _months(locale: str, widths: tuple[Width, ...]) -> dict[str, int]:
    # Its locale data are read when the first text asks for them.
    from babel import Locale, UnknownLocaleError
    from babel.dates import get_month_names

    try:
        known = Locale.parse(locale)
    except (UnknownLocaleError, ValueError, TypeError):
        return {}
    found: dict[str, int] = {}
    for width in widths:
        for context in ("format", "stand-alone"):
            for month, name in get_month_names(width, context, locale=known).items():
                folded = _folded(name)
                if not any(sign.isdigit() for sign in folded):
                    found.setdefault(folded, month)
    return found


@lru_cache(maxsize=1)
def _english() -> dict[str, int]:
    names = _months("en", ("wide", "abbreviated"))
    return {**names, "sept": 9}


def _month(word: str, language: str) -> int | None:
    """The month that a word names in the language, in English, or in a language of its script."""
    folded = _folded(word)
    base = language.replace("_", "-").split("-")[0].lower()
    if word in ("may", "march") and base in ("en", "und"):
        return None
    if base not in ("", "und", "mul", "zxx"):
        for locale in _VARIANTS.get(base, (base,)):
            month = _months(locale, ("wide", "abbreviated")).get(folded)
            if month is not None:
                return month
    if len(folded) < 3:
        return None
    if word.isascii() and word[0].isupper() and folded in _english():
        return _english()[folded]
    script = _SCRIPT.match(word)
    if script is None:
        return None
    for locale in _BY_SCRIPT[str(script.lastgroup)]:
        month = _months(locale, ("wide",)).get(folded)
        if month is not None:
            return month
    return None


def _iso(year: str | None, month: int | None, day: int | None) -> str | None:
    """The ISO form of what is known, None where there is no such day."""
    if month is not None and not 1 <= month <= 12:
        return None
    if (
        day is not None
        and not 1 <= day <= (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[(month or 1) - 1]
    ):
        return None
    if year is None:
        return f"--{month:02}-{day:02}" if month is not None and day is not None else None
    return "-".join([year, *(f"{part:02}" for part in (month, day) if part is not None)])


def _eastern(numeral: str | None) -> int | None:
    if numeral is None or (numeral.isdigit() and numeral.isascii()):
        return None if numeral is None else int(numeral)
    tens, ten, ones = numeral.rpartition("十")
    value = (max(_HAN_DIGITS.find(tens[-1:] or "一"), 0) * 10) if ten else 0
    return value + max(_HAN_DIGITS.find(ones[-1:]) if ones else 0, 0)


def _eastern_dates(plain: str) -> list[Date]:
    found = []
    for match in _EASTERN.finditer(plain):
        year = match["year"]
        if year is not None and not year.isascii():
            year = "".join(str(max(_HAN_DIGITS.find(sign), 0)) for sign in year)
        value = _iso(
            year,
            _eastern(match["month"] or match["month2"]),
            _eastern(match["day"] or match["day2"]),
        )
        if value is not None and (year is None or year[0] in "12"):
            found.append(Date(match.start(), match.end(), value))
    return found


def _in_figures(plain: str) -> list[Date]:
    found = []
    for match in _ISO.finditer(plain):
        day = match["day"]
        if (day is None and match["sign"] != "-") or (day is None and len(match["month"]) < 2):
            continue
        value = _iso(match["year"], int(match["month"]), None if day is None else int(day))
        if value is not None:
            found.append(Date(match.start(), match.end(), value))
    for match in _DMY.finditer(plain):
        first, second = int(match["first"]), int(match["second"])
        if match["sign"] in (".", ". ") or first > 12 or first == second:
            value = _iso(match["year"], second, first)
        elif second > 12:
            value = _iso(match["year"], first, second)
        else:
            # 1/2/2024 is the first of February or the second of January.
            value = match["year"]
        if value is not None:
            found.append(Date(match.start(), match.end(), value))
    return found


def _with_months(plain: str, language: str) -> list[Date]:
    found = []
    if language.split("-")[0] in ("vi", "und"):
        for match in _VIETNAMESE.finditer(plain):
            day = match["day"]
            value = _iso(match["year"], int(match["month"]), None if day is None else int(day))
            if value is not None:
                found.append(Date(match.start(), match.end(), value))
    for match in _WORD.finditer(plain):
        start, end = match.span()
        word = match[0]
        if not _near_figure(plain, start, end):
            continue
        thai = _THAI_LETTER.match(word) is not None
        month = _thai_month(word) if thai else _month(word, language)
        if month is None and " " in word:
            end = start + word.index(" ")
            month = _month(plain[start:end], language)
        if month is None:
            continue
        if thai:
            end = start + _thai_length(word)
        before = _DAY_BEFORE.search(plain, max(0, start - 14), start)
        after = _AFTER_DAY.match(plain, end)
        if before is not None or after is not None:
            year = None if after is None else _common_era(after["year"], thai)
            day = None if before is None else int(before["day"])
            value = _iso(year, month, day)
            first = start if before is None else before.start("day")
            last = end if after is None else after.end()
        else:
            follows = _DAY_AFTER.match(plain, end)
            if follows is None:
                continue
            year_first = _YEAR_FIRST.search(plain, max(0, start - 10), start)
            year = follows["year"] or (None if year_first is None else year_first["year"])
            value = _iso(year, month, int(follows["day"]))
            first = start if year_first is None or follows["year"] else year_first.start()
            last = follows.end()
        if value is not None:
            found.append(Date(first, last, value))
    return found


def _near_figure(plain: str, start: int, end: int) -> bool:
    """Whether a figure stands near enough for a word to be a month of a date."""
    around = plain[max(0, start - 12) : start] + plain[end : end + 8]
    return any("0" <= sign <= "9" for sign in around)


def _thai_length(word: str) -> int:
    names = _months("th", ("wide", "abbreviated"))
    return max((len(name) for name in names if word.startswith(name)), default=0)


def _thai_month(word: str) -> int | None:
    length = _thai_length(word)
    return _months("th", ("wide", "abbreviated"))[word[:length]] if length else None


def _common_era(year: str, thai: bool) -> str:
    return str(int(year) - _BUDDHIST) if thai and int(year) > 2400 else year


def _is_year(plain: str, match: regex.Match[str], language: str) -> bool:
    start, end = match.span()
    if _MONEY.search(plain, max(0, start - 5), start) or _NEXT_GROUP.match(plain, end):
        return False
    if _SPACED.search(plain, max(0, start - 5), start):
        return False
    after = _NEXT.match(plain, end)
    word = "" if after is None else _folded(after["word"])
    if word[:1] in _EASTERN_SCALES and word:
        return False
    if word in YEAR_AFTER:
        return True
    counted = (word in "%$€£₽¥₹" and word != "") or unit_of(word) is not None
    if counted or word in scale_words(language):
        return False
    before = _WORD_BEFORE.search(plain, max(0, start - 23), start)
    if before is not None and _folded(before["word"]) in YEAR_BEFORE:
        return True
    if plain[start - 1 : start] in ("(", "（") and start:
        return True
    if not "1900" <= match["year"] <= "2099":
        return False
    return _VAGUE.search(plain, max(0, start - 16), start) is None


def _years(plain: str, language: str) -> list[Date]:
    found = [Date(*match.span(), match["decade"]) for match in _DECADE.finditer(plain)]
    for match in _ALONE.finditer(plain):
        if match["year"] < "2200" and _is_year(plain, match, language):
            found.append(Date(*match.span(), match["year"]))
    return found


def dates(plain: str, language: str = "und") -> list[Date]:
    """The dates in `plain`, in order, none over another; offsets count code points.

    `plain` is a text whose figures are 0-9 (`numerals.figures`). Where two readings overlap, the
    longer one stands. Months and weekdays without a figure are not dates.
    """
    found = _in_figures(plain) + _eastern_dates(plain) + _with_months(plain, language)
    found += _years(plain, language)
    taken: list[Date] = []
    last = -1
    for date in sorted(found, key=lambda date: (date.start, -date.end)):
        if date.start >= last:
            taken.append(date)
            last = date.end
    return taken
