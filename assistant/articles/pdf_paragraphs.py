"""Lines of pages, joined to paragraphs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from assistant.articles.pdf_lines import RIGHT_TO_LEFT, Line

_GAP = 1.3
"""So much more than the usual distance of lines is between paragraphs."""

_OTHER_SIZE = 0.08
_SHORT = 0.8
"""A line that ends a sentence and is shorter than this share of a full one ends a paragraph."""

_VERY_SHORT = 0.5
_SPACED = 0.04
"""Where so many distances are larger than usual, paragraphs have space between them."""

_SENTENCE_END = re.compile(r"[.!?…。！？؟۔।॥։።:][\"'”’»›)\]）」』]*$")
_BULLET = re.compile(r"[•●▪■◦‣⁃]\s?")
_ITEM = re.compile(r"[·–—*-]\s|\(?\d{1,3}[.)]\s|[a-z]\)\s")
_HYPHENS = "-\u2010\u00ad"
_UNITED = frozenset("und oder bzw sowie bis en of of- och eller og ja tai és vagy".split())
"""Words after which the second half of a German or Nordic compound comes: Haupt- und Nebenbahn."""

_NO_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u30ff\u3100-\u31bf\u31f0-\u9fff\uf900-\ufaff"
    "\uff00-\uff60\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, Chinese and Japanese, with their punctuation."""

_HANGUL = re.compile("[\uac00-\ud7a3]")
_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
_TOLD = 0.1
"""Where this share of Korean lines ends in a space, those that do not end inside of a word."""

_PARTICLES = frozenset(
    "은 는 이 가 을 를 에 의 로 으로 와 과 도 에서 에게 까지 부터 다 다고".split()
)
"""Endings of Korean words that are no words themselves, or seldom."""

_LAST_WORD = re.compile(r"[^\W\d_]+$")
_LONGEST_WORD = 60
_END_OF_WORD = re.compile(r"^.*[^\uac00-\ud7a3]")


class _Setting:
    """What is usual in a document: how long a line is, how far the next one, how its lines end."""

    def __init__(self, pages: Sequence[Sequence[Line]]) -> None:
        lines = [line for page in pages for line in page]
        lengths = sorted(len(line.text) for line in lines)
        self.full = lengths[int(len(lengths) * 0.9)] if lengths else 0
        gaps = [
            round((above.y - below.y) / above.size, 2)
            for page in pages
            for above, below in pairwise(page)
            if above.size > 0 and abs(above.size - below.size) < 0.1 and above.y > below.y
        ]
        self.gap = median(sorted(gaps)[: max(1, len(gaps) * 3 // 4)]) if gaps else 0.0
        larger = sum(gap > _GAP * self.gap for gap in gaps)
        self.spaced = larger > _SPACED * len(gaps)
        korean = [line for line in lines if _HANGUL.match(line.text[-1])]
        told = sum(line.broken for line in korean)
        self.korean_lines_tell = bool(korean) and told >= _TOLD * len(korean)
        self.words = frozenset(word for line in lines for word in _WORD.findall(line.text))

    def ends_here(self, line: Line, after: Line, *, new_page: bool) -> bool:
        """Whether a paragraph ends between two lines."""
        if line.size > 0 and abs(after.size - line.size) > _OTHER_SIZE * line.size:
            return True
        if _BULLET.match(after.text):
            return True
        ended = bool(_SENTENCE_END.search(line.text))
        down = line.y - after.y
        if not new_page and down > 0 and self.gap and down > _GAP * self.gap * line.size:
            return True
        if ended:
            # Where a line starts is known of its left end alone.
            from_left = not RIGHT_TO_LEFT.search(after.text)
            indented = from_left and after.x - line.x > 0.8 * after.size > 0 and down > 0
            told = self.spaced and down > 0 and not new_page
            short = len(line.text) < (_VERY_SHORT if told else _SHORT) * self.full
            return short or bool(_ITEM.match(after.text)) or (indented and not new_page)
        return len(line.text) < _VERY_SHORT * self.full and down > 0 and not new_page

    def between(self, before: Line, after: str) -> tuple[bool, str]:
        """How a line goes on: whether its last character goes, and what stands between."""
        line = before.text
        last, first = line[-1], after[0]
        if last in _HYPHENS and len(line) > 1:
            return self._after_hyphen(line, after)
        if _NO_SPACES.match(last) and _NO_SPACES.match(first):
            return False, ""
        korean = _HANGUL.match(last) and _HANGUL.match(first)
        return False, "" if korean and self._is_split(before, after) else " "

    def _is_split(self, line: Line, after: str) -> bool:
        """Whether a Korean word goes on over the end of a line: it may end after any syllable."""
        if self.korean_lines_tell:
            return not line.broken
        start = _WORD.match(after)
        rest = start.group() if start else ""
        return rest in _PARTICLES or _END_OF_WORD.sub("", line.text) + rest in self.words

    def _after_hyphen(self, line: str, after: str) -> tuple[bool, str]:
        if line[-1] == "\u00ad":
            return True, ""
        stem, rest = _LAST_WORD.search(line[-_LONGEST_WORD:-1]), _WORD.match(after)
        if not stem:
            # A dash, or a minus.
            return False, " " if line[-2].isspace() else ""
        if not rest or not (line[-2].islower() and after[0].islower()):
            return False, ""
        if rest.group() in _UNITED:
            return False, " "
        return f"{stem.group()}-{rest.group()}" not in self.words, ""


def _grouped(pages: Sequence[Sequence[Line]], setting: _Setting) -> list[list[Line]]:
    """The lines of each paragraph, which may go on from one page to the next."""
    paragraphs: list[list[Line]] = []
    for page in pages:
        new_page = True
        for line in page:
            if paragraphs and not setting.ends_here(paragraphs[-1][-1], line, new_page=new_page):
                paragraphs[-1].append(line)
            else:
                paragraphs.append([line])
            new_page = False
    return paragraphs


def text_of(pages: Sequence[Sequence[Line]]) -> str:
    """The text of pages: an empty line between paragraphs, none in them."""
    setting = _Setting(pages)
    texts: list[str] = []
    for lines in _grouped(pages, setting):
        parts: list[str] = []
        for line, after in pairwise(lines):
            cut, space = setting.between(line, after.text)
            parts += [line.text[:-1] if cut else line.text, space]
        texts.append("".join([*parts, lines[-1].text]).replace("\u00ad", ""))
    return "\n\n".join(texts)


def headline_in(pages: Sequence[Sequence[Line]]) -> str | None:
    """The largest lines near the top of the first page, where they are larger than the text."""
    first = next((page for page in pages if page), None)
    if not first:
        return None
    usual: Counter[float] = Counter()
    for page in pages:
        for line in page:
            usual[line.size] += len(line.text)
    largest = max(first[:12], key=lambda line: line.size)
    if largest.size <= 1.15 * max(usual, key=lambda size: (usual[size], size)):
        return None
    start = first.index(largest)
    lines = []
    for line in first[start : start + 4]:
        if abs(line.size - largest.size) > 0.1:
            break
        lines.append(line.text)
    return " ".join(lines)
