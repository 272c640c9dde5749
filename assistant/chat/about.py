"""What the panel shows before the first question: the index in numbers, and the keys."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.chat.escaping import html_text
from assistant.chat.wording import Wording
from assistant.types import IndexInfo

_MOST_OUTLETS = 12

_KEYS = (
    (("/",), "key_question"),
    (("Enter",), "key_ask"),
    (("Esc",), "key_leave"),
    (("1", "…", "9"), "key_source"),
    (("j", "k"), "key_step"),
    (("o",), "key_open"),
    (("c",), "key_copy"),
    (("s",), "key_save"),
    (("n",), "key_new"),
    (("f",), "key_filters"),
    (("d",), "key_dark"),
    (("?",), "key_help"),
)


def about_panel(info: IndexInfo, words: Wording) -> str:
    """One line of HTML about the index; the page's script folds it once there are sources."""
    languages = [(words.language(tag), count) for tag, count in info.languages]
    return (
        '<details class="about" open>'
        f"<summary>{html_text(words.say('about_index'))}</summary>"
        f'<div class="index"><h3>{html_text(words.say("the_articles"))}</h3>'
        f"{numbers(info, words)}"
        f"{_tally('languages_heading', languages, words)}"
        f"{_tally('outlets_heading', info.sources, words, most=_MOST_OUTLETS)}"
        f"{_keys(words)}</div></details>"
    )


def numbers(info: IndexInfo, words: Wording, *, undated: str = "", size: str = "") -> str:
    """An index in numbers, as a table; `undated` and `size` are shown where they are given."""
    facts = (
        ("number_articles", words.number(info.articles)),
        ("number_passages", words.number(info.passages)),
        ("number_published", words.days(info.first_day, info.last_day)),
        ("number_undated", undated),
        ("number_built", info.built[:16].replace("T", " ")),
        ("number_size", size),
        ("number_model", info.model),
    )
    rows = "".join(
        f"<div><span>{html_text(words.say(key))}</span>"
        f"<span><bdi>{html_text(value)}</bdi></span></div>"
        for key, value in facts
        if value
    )
    return f'<div class="numbers">{rows}</div>'


def _tally(
    key: str, counted: Sequence[tuple[str, int]], words: Wording, *, most: int | None = None
) -> str:
    if not counted:
        return ""
    items = "".join(
        f"<li><bdi>{html_text(label)}</bdi> <span>{html_text(words.number(count))}</span></li>"
        for label, count in counted[:most]
    )
    left = len(counted) - len(counted[:most])
    more = html_text(words.say("and_more", n=words.number(left)))
    heading = html_text(words.say(key, n=words.number(len(counted))))
    return f'<h3>{heading}</h3><ul class="tally">{items}{f"<li>{more}</li>" if left else ""}</ul>'


def _keys(words: Wording) -> str:
    rows = "".join(
        f"<div><span>{''.join(f'<kbd>{key}</kbd>' for key in keys)}</span>"
        f"<span>{html_text(words.say(what))}</span></div>"
        for keys, what in _KEYS
    )
    return f'<h3>{html_text(words.say("keys_heading"))}</h3><div class="keys">{rows}</div>'
