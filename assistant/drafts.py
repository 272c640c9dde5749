"""What a language model writes, as it comes: sentences of plain text and what they cite.

The text is read character by character, and each step depends on nothing but the characters so
far: however the stream is split, the sentences are the same.
"""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

import regex

from assistant.text import is_spaceless, one_line, sentence_spans

_BRACKETS = {"[": "]", "【": "】", "［": "］", "〔": "〕"}
_LONGEST_BRACKET = 300
_LONGEST_TARGET = 2_000
_LONGEST_TAG = 1_000
_LONGEST_SENTENCE = 1_200
_STEP = 16
# What sentence_spans looks at beyond a full stop before it takes it for an end.
_AHEAD = 5

_NUMBERS = regex.compile(
    r"\s*[\^#]?\d{1,4}(?:(?:\s*[,;、，；–-]\s*|\s+)[\^#]?\d{1,4}){0,40}+\s*(?:†[^\]】]*)?"
)
_NUMBER = regex.compile(r"(?P<first>\d{1,4})(?:\s*[–-]\s*(?P<last>\d{1,4}))?")
_MOST_NUMBERS = 20
_HALF = regex.compile(r"[\s\d,;、，；^#†–-]*")
_EMPHASIS = regex.compile(r"<[^<>]*>|[*_`~\\]+")
_LINK = regex.compile(r"[:/.#?=&%@\\]")
_TAG_START = regex.compile(r"[A-Za-z/!?|]")
_TAG_NAME = regex.compile(r"<(/?)([A-Za-z]{1,20})")
_BREAKS = frozenset("br p li div tr ul ol h h1 h2 h3 h4 hr td th".split())
_HIDDEN = frozenset("think thinking thought reasoning script style".split())
_LINE_START = regex.compile(r"(?:^|[\n\u2028\u2029])[ \t]*(?P<mark>(?:[-+•–·]|\d{1,2}[.)])?)$")
_REST_OF_LINE = regex.compile(r"[ \t]*[^\s]")
_THAI_LIKE = regex.compile(r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]\p{M}*[^\p{L}\p{N}]{0,3}$")
_ENDED = regex.compile(r"[。！？｡।॥።፧։؟۔၊။៕.!?…‥][\"'”’»›)\]）」』】〉》]*$")
_BREAK = regex.compile(r"[\n\r\u2028\u2029]")
_DROPPED = regex.compile(r"[\p{Cs}\u200b\u200e\u200f\u2060\ufeff\u202a-\u202e\u2066-\u2069]")

_ADDRESS = regex.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.-]{0,30}://|(?:www\.|javascript:|data:|mailto:|file:)(?=[^\s]))"
    r"[^\s<>\"'”»)\]）】」』。，、；،؛]*"
    r"|[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,5}\.[A-Za-z]{2,18}/[^\s<>\"')\]）】」』。，、]*",
    regex.IGNORECASE,
)
_MARK_LEFT = regex.compile(
    r"[\[【［〔]\s*[\^#]?\d[^\]】］〕]{0,20}[\]】］〕]?|[\[(【［（]\s*[\])】］）]"
)
_TAG_LEFT = regex.compile(r"<++(?=[\p{L}/!?|])|(?<=[|/])>+")
_STYLE_LEFT = regex.compile(r"(?<![\p{L}\p{N}])_+|_+(?![\p{L}\p{N}])|~~+|\|{1,}|^\s*>+")
_LIST_MARK = regex.compile(r"^(?:[-+•–·]|\d{1,2}[.)])\s+")
_STRUCTURE = regex.compile(r"[\[\]【】［］〔〕<>/]")
_HEADING = regex.compile(r"^#{1,6}\s*")


@dataclass(frozen=True, slots=True)
class DraftSentence:
    """A sentence that a model wrote, and the numbers that it cites of those it was given."""

    text: str
    citations: tuple[int, ...]


def _cleaned(text: str) -> str:
    """One line without addresses, tags, marks of emphasis and brackets that are not whole."""
    text = _ADDRESS.sub(" ", one_line(text))
    text = _MARK_LEFT.sub(" ", _TAG_LEFT.sub("", _STYLE_LEFT.sub(" ", text)))
    if text.count("[") != text.count("]"):
        text = text.replace("[", "").replace("]", "")
    # What is taken out may bring together what has to be taken out.
    if _MARK_LEFT.search(text) or _TAG_LEFT.search(text) or _ADDRESS.search(text):
        text = _STRUCTURE.sub(" ", text)
    return _LIST_MARK.sub("", " ".join(text.split()))


class Sentences:
    """Reads a model's text piece by piece; citations are kept apart from the text.

    Takes `[1]`, `[1, 2]`, `[1-3]`, `[1][2]`, `[^1]`, `【1】` and the digits of all scripts, before
    or after a sentence's full stop. Numbers that are not in `given` are left out, as are
    Markdown, links, HTML, and what stands between `<think>` and `</think>`. Where a
    `</think>` has no beginning, the sentences that were not given out yet are left out.
    """

    def __init__(self, given: Collection[int], *, language: str = "und") -> None:
        self._given = frozenset(given)
        self._language = language
        self._held = ""
        self._hidden = ""
        self._tail = ""
        self._text = ""
        self._marks: list[tuple[int, bool, tuple[int, ...]]] = []
        # Whether a citation was read last, and whether spaces stood before and after it.
        self._marked = self._before = self._after = False
        self._due = _STEP
        self._ready: list[DraftSentence] = []

    def feed(self, text: str) -> list[DraftSentence]:
        """The sentences that are whole with this piece and were not before."""
        for character in text:
            self._read_all(deque(character))
        return self._take()

    def close(self) -> list[DraftSentence]:
        """The sentences that are left when the text has ended."""
        while self._held:
            held, self._held = self._held, ""
            again: deque[str] = deque()
            start = held.lstrip("!")
            if held[0] == "!" and "](" not in held:
                self._put("!")
            if "](" in held:
                self._link(held[: held.index("](") + 1], again)
            elif start[:1] in _BRACKETS:
                if start.endswith(_BRACKETS[start[0]]):
                    self._bracket(start, again)
                elif not _HALF.fullmatch(start[1:]):
                    again.extend(start[1:])
            self._read_all(again)
        self._settle(final=True)
        return self._take()

    def _take(self) -> list[DraftSentence]:
        ready, self._ready = self._ready, []
        return ready

    def _read_all(self, again: deque[str]) -> None:
        while again:
            self._read(again.popleft(), again)

    def _read(self, c: str, again: deque[str]) -> None:
        if self._hidden:
            self._tail = (self._tail + c.lower())[-len(self._hidden) :]
            if self._tail == self._hidden:
                self._hidden = ""
            return
        if c not in "\n\t\u2028\u2029" and (unicodedata.category(c) == "Cc" or _DROPPED.match(c)):
            return
        opener = self._held[:1]
        if not opener:
            if c in "<*!" or c in _BRACKETS:
                self._held = c
            elif c != "`":
                self._put(c)
        elif opener == "*":
            self._in_stars(c, again)
        elif opener == "<":
            self._in_tag(c, again)
        elif self._held == "!":
            if c == "[":
                self._held = "!["
            else:
                self._held = ""
                self._put("!")
                again.appendleft(c)
        elif "](" in self._held:
            self._in_target(c, again)
        else:
            self._in_bracket(c, again)

    def _in_stars(self, c: str, again: deque[str]) -> None:
        if c == "*":
            self._held = "**"
            return
        # "5 * 3" is no emphasis, and "* one" at the start of a line is a list.
        if self._held == "*" and c == " " and self._text.endswith(" "):
            self._put("*")
        self._held = ""
        again.appendleft(c)

    def _in_tag(self, c: str, again: deque[str]) -> None:
        if self._held == "<" and not _TAG_START.match(c):
            self._held = ""
            self._put("<")
            again.appendleft(c)
            return
        if c == ">":
            tag, self._held = self._held, ""
            self._tag(tag)
        elif c == "<" or len(self._held) >= _LONGEST_TAG:
            rest, self._held = self._held[1:] + c, ""
            again.extendleft(reversed(rest))
        else:
            self._held += c

    def _tag(self, tag: str) -> None:
        match = _TAG_NAME.match(tag)
        closing, name = (match[1], match[2].lower()) if match else ("", "")
        if name in _HIDDEN:
            if closing:
                self._text, self._marks, self._due = "", [], _STEP
                self._marked = self._before = self._after = False
            elif not tag.endswith("/"):
                self._hidden, self._tail = f"</{name}>", ""
        elif name in _BREAKS:
            self._put("\n")

    def _in_bracket(self, c: str, again: deque[str]) -> None:
        held = self._held
        start = held.lstrip("!")
        if len(start) > 1 and held.endswith(_BRACKETS[start[0]]):
            if c == "(" and start[0] == "[":
                self._held += c
                return
            self._held = ""
            if held[0] == "!":
                self._put("!")
            again.appendleft(c)
            self._bracket(start, again)
        elif c in _BRACKETS or c == "\n" or len(held) >= _LONGEST_BRACKET:
            self._held = ""
            again.appendleft(c)
            if held[0] == "!":
                self._put("!")
            if not _HALF.fullmatch(start[1:]):
                again.extendleft(reversed(start[1:]))
        else:
            self._held += c

    def _in_target(self, c: str, again: deque[str]) -> None:
        held = self._held
        start = held.index("](")
        if c == "\n" or len(held) - start >= _LONGEST_TARGET:
            again.appendleft(c)
        elif c != ")" or held.count("(", start) > held.count(")", start) + 1:
            self._held += c
            return
        self._held = ""
        target = held[start + 2 :]
        if c == ")" and not _LINK.search(target):
            # Not a link: words in brackets behind a citation.
            again.extendleft(reversed(f"({target})"))
        self._link(held[: start + 1], again)

    def _link(self, words: str, again: deque[str]) -> None:
        """A link's words in their brackets; of an image, nothing."""
        if words[0] == "!":
            if not _NUMBERS.fullmatch(words[2:-1]):
                return
            self._put("!")  # the end of a sentence, and its citation
        self._bracket(words.lstrip("!"), again, link=True)

    def _bracket(self, bracket: str, again: deque[str], *, link: bool = False) -> None:
        """A whole bracket: a citation, a link's words, or words in brackets."""
        inner = bracket[1:-1]
        plain = _EMPHASIS.sub("", inner)
        if _NUMBERS.fullmatch(plain):
            self._cite(plain)
        elif _HALF.fullmatch(plain):
            self._cite("")
        else:
            again.extendleft(reversed(inner if link else inner + bracket[-1]))
            if not link:
                self._put(bracket[0])

    def _cite(self, numbers: str) -> None:
        cited: dict[int, None] = {}
        for match in _NUMBER.finditer(numbers):
            first = int(match["first"])
            last = first if match["last"] is None else int(match["last"])
            for number in range(first, min(last, first + _MOST_NUMBERS) + 1):
                if number in self._given:
                    cited[number] = None
        text = self._text.rstrip(" \t\u00a0\u3000")
        # A mark that begins a line belongs to what follows it there.
        line_start = _LINE_START.search(text, max(0, len(text) - 12))
        self._before = self._before or len(text) < len(self._text)
        if line_start is not None:
            text = text[: line_start.start("mark")]
        self._text, self._marked, self._after = text, True, False
        self._marks.append((len(text), line_start is not None, tuple(cited)))

    def _put(self, c: str) -> None:
        """Adds a character of plain text."""
        if self._marked:
            if c in " \t\u00a0\u3000":
                self._after = True
                return
            self._text += self._gap(c) if self._text else ""
            self._marked = self._before = self._after = False
        c = " " if c == "\t" else c
        if c == " " and self._text.endswith("  "):
            return  # runs of spaces say nothing, and take long to split
        self._text += c
        if len(self._text) >= self._due:
            self._settle()

    def _gap(self, c: str) -> str:
        """What stands in the place of citations and the spaces around them, before `c`."""
        if not (c.isalnum() or unicodedata.category(c) in ("Ps", "Pi") or c in "\"'¿¡"):
            # A space before a full stop was the citation's; French has its own before "!".
            return " " if self._after and c not in "\n.,。，、" else ""
        if _THAI_LIKE.search(self._text, max(0, len(self._text) - 20)):
            # These scripts mark few sentences; the citation does.
            return "\u2029"
        return " " if self._before or self._after or not is_spaceless(c) else ""

    def _whole(self) -> list[tuple[int, int]]:
        """The sentences of the text; those that were only cut for their length are joined."""
        text, joined = self._text, list[tuple[int, int]]()
        for start, end in sentence_spans(text, self._language):
            if joined:
                before, until = joined[-1]
                ended = _ENDED.search(text, max(before, until - 12), until)
                broken = ended or _BREAK.search(text, until, start)
                if not broken and end - before <= _LONGEST_SENTENCE:
                    joined[-1] = (before, end)
                    continue
            joined.append((start, end))
        return joined

    def _settle(self, *, final: bool = False) -> None:
        spans = self._whole()
        size = len(self._text)
        done = len(spans)
        if not final:
            done = sum(end + _AHEAD <= size for _, end in spans[:-1])
        if done == 0 and not final:
            self._due = size + max(_STEP, size // 8)
            return
        cited: list[dict[int, None]] = [{} for _ in spans]
        for place, begins, numbers in self._marks:
            before = sum(start < place for start, _ in spans)
            follows = begins and _REST_OF_LINE.match(self._text, place) is not None
            owner = before if before < len(spans) and (follows or before == 0) else before - 1
            if 0 <= owner < done:
                cited[owner].update(dict.fromkeys(numbers))
        for (start, end), numbers_of in zip(spans[:done], cited, strict=False):
            self._give(self._text[start:end], tuple(numbers_of))
        cut = size if done == len(spans) else spans[done][0]
        begun = spans[done - 1][1] if done else 0
        kept = [mark for mark in self._marks if self._stays(mark, begun, cut)]
        self._marks = [(max(0, place - cut), begins, numbers) for place, begins, numbers in kept]
        self._text = self._text[cut:]
        self._due = len(self._text) + _STEP

    def _stays(self, mark: tuple[int, bool, tuple[int, ...]], begun: int, cut: int) -> bool:
        """Whether a mark belongs to the text that is kept."""
        place, begins, _ = mark
        if place > cut:
            return True
        return begins and place > begun and _REST_OF_LINE.match(self._text, place) is not None

    def _give(self, text: str, citations: tuple[int, ...]) -> None:
        heading = _HEADING.match(text.lstrip())
        if heading and not citations:
            return
        plain = _cleaned(_HEADING.sub("", text.lstrip()))
        if any(c.isalpha() for c in plain) or (citations and any(c.isalnum() for c in plain)):
            self._ready.append(DraftSentence(plain, citations))
