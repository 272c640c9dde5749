"""What the collection holds, as the page shows it: numbers, shares, a chart, gaps, the last build.

Each function returns one line of HTML in which all foreign text is escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from assistant.chat.about import numbers
from assistant.chat.escaping import html_text
from assistant.chat.lines import problem, quiet, status
from assistant.chat.render import article_facts, article_link
from assistant.chat.wording import Wording
from assistant.collection import Collection, Found, Month
from assistant.rebuilding import RebuildStatus
from assistant.types import Article, Skipped

_MOST_COLOURS = 7
_MOST_COLUMNS = 72
_MOST_ROWS = 12
_MOST_SKIPPED = 100
_UNITS = ("B", "kB", "MB", "GB", "TB")


def collection_panel(collection: Collection, words: Wording) -> str:
    """The whole of what the tab shows of an index."""
    info = collection.info
    undated = words.number(collection.undated) if collection.undated else ""
    languages = [(words.language(tag), n) for tag, n in info.languages]
    return (
        '<div class="holdings"><div class="tiles">'
        f"<section><h3>{html_text(words.say('the_articles'))}</h3>"
        f"{numbers(info, words, undated=undated, size=size(collection.size, words))}</section>"
        f"{_shares('languages_heading', languages, words)}"
        f"{_shares('outlets_heading', info.sources, words)}</div>"
        f"{_chart(collection, words)}{_gaps(collection, words)}{_last_build(collection, words)}"
        "</div>"
    )


def size(number: int, words: Wording) -> str:
    """Bytes in a unit that is easy to read, as in `12.3 MB`."""
    value, unit = float(number), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{words.number(round(value, 1) if value < 100 else round(value))} {_UNITS[unit]}"


def _shares(key: str, counted: Sequence[tuple[str, int]], words: Wording) -> str:
    """Names with bars as long as their counts."""
    most = max((count for _, count in counted), default=0)
    if not most:
        return ""
    rows = "".join(
        f'<div><bdi class="name">{html_text(name)}</bdi><span class="bar">'
        f'<span style="width:{count / most:.0%}"></span></span>'
        f"<span>{html_text(words.number(count))}</span></div>"
        for name, count in counted[:_MOST_ROWS]
    )
    left = len(counted) - _MOST_ROWS
    if left > 0:
        rows += f"<div>{html_text(words.say('and_more', n=words.number(left)))}</div>"
    heading = html_text(words.say(key, n=words.number(len(counted))))
    return f'<section><h3>{heading}</h3><div class="shares">{rows}</div></section>'


def _chart(collection: Collection, words: Wording) -> str:
    """Articles over time as columns, stacked by language."""
    columns = _columns(collection.months)
    if not columns:
        return ""
    tallest = max(sum(of.values()) for _, of in columns) or 1
    shown = [tag for tag, _ in collection.info.languages[:_MOST_COLOURS]]
    drawn = []
    for period, languages in columns:
        total = sum(languages.values())
        said = words.say("in_month", period=period, articles=words.count("articles", total))
        counts = [languages[tag] for tag in shown]
        counts.append(total - sum(counts))
        parts = "".join(
            f'<span class="colour{place}" style="height:{count / tallest:.2%}"></span>'
            for place, count in enumerate(counts)
            if count
        )
        drawn.append(f'<span class="period" title="{html_text(said)}">{parts}</span>')
    yearly = len(columns[0][0]) == 4
    caption = words.say(
        "per_year" if yearly else "per_month", first=columns[0][0], last=columns[-1][0]
    )
    best, languages = max(columns, key=lambda column: sum(column[1].values()))
    peak = words.say(
        "most_in", period=best, articles=words.count("articles", sum(languages.values()))
    )
    named = [words.language(tag) for tag in shown]
    if len(collection.info.languages) > len(shown):
        named.append(words.say("other_languages"))
    legend = "".join(
        f'<li><span class="colour{place}"></span> <bdi>{html_text(name)}</bdi></li>'
        for place, name in enumerate(named)
    )
    return (
        f"<section><h3>{html_text(words.say('over_time'))}</h3>"
        f'<div class="chart" role="img" title="{html_text(f"{caption}; {peak}")}">'
        f"{''.join(drawn)}</div>"
        f'<div class="axis"><span>{html_text(columns[0][0])}</span>'
        f"<span>{html_text(peak)}</span><span>{html_text(columns[-1][0])}</span></div>"
        f'<ul class="legend">{legend}</ul></section>'
    )


def _columns(months: Sequence[Month]) -> list[tuple[str, Counter[str]]]:
    """The months, or the years where there are many months, each with its languages."""
    digits = 7 if len(months) <= _MOST_COLUMNS else 4
    columns: dict[str, Counter[str]] = {}
    for month in months:
        columns.setdefault(month.month[:digits], Counter()).update(dict(month.languages))
    # One article of a wrong year must not make the chart a thousand columns wide.
    return list(columns.items())[-_MOST_COLUMNS:]


def _gaps(collection: Collection, words: Wording) -> str:
    if not collection.months:
        return ""
    rows = "".join(
        "<li>"
        + html_text(
            words.say("gap", first=gap.since, last=gap.until, days=words.count("days", gap.days))
        )
        + "</li>"
        for gap in collection.gaps
    )
    shown = f"<ul>{rows}</ul>" if rows else f"<p>{html_text(words.say('no_gaps'))}</p>"
    return f"<section><h3>{html_text(words.say('gaps_heading'))}</h3>{shown}</section>"


def _last_build(collection: Collection, words: Wording) -> str:
    last = collection.last_build
    heading = f"<h3>{html_text(words.say('build_heading'))}</h3>"
    if last is None:
        return f"<section>{heading}<p>{html_text(words.say('build_unknown'))}</p></section>"
    done = words.say(
        "build_done",
        built=last.built[:16].replace("T", " "),
        **{
            name: words.number(getattr(last, name))
            for name in ("added", "changed", "removed", "unchanged")
        },
    )
    return (
        f"<section>{heading}<p>{html_text(done)}</p>"
        f"{_skipped(last.skipped, last.skipped_count, words)}</section>"
    )


def _skipped(skipped: Sequence[Skipped], count: int, words: Wording) -> str:
    if not count:
        return f"<p>{html_text(words.say('skipped_none'))}</p>"
    rows = "".join(
        f"<li><bdi>{html_text(_place(one, words))}</bdi>: <bdi>{html_text(one.reason)}</bdi></li>"
        for one in skipped[:_MOST_SKIPPED]
    )
    left = count - len(skipped[:_MOST_SKIPPED])
    if left > 0:
        rows += f"<li>{html_text(words.say('and_more', n=words.number(left)))}</li>"
    heading = html_text(words.say("skipped_heading", n=words.number(count)))
    return f'<details class="skipped" open><summary>{heading}</summary><ul>{rows}</ul></details>'


def _place(skipped: Skipped, words: Wording) -> str:
    if skipped.line is None:
        return skipped.path
    return words.say("skipped_line", path=skipped.path, line=skipped.line)


def found_list(found: Sequence[Found], words: Wording, *, most: int) -> str:
    """Articles found by their titles, each a link that opens it."""
    if not found:
        return quiet(words.say("find_none"))
    rows = []
    for one in found[:most]:
        article = Article(
            id=one.id,
            title=one.title,
            text="",
            language=one.language,
            published=one.published,
            source=one.source,
        )
        rows.append(
            f'<li><a href="{article_link(article, (0, 0))}" target="_blank" class="read" '
            f'dir="auto" lang="{html_text(one.language)}">{html_text(one.title)}</a>'
            f"{article_facts(article, words)}</li>"
        )
    more = ""
    if len(found) > most:
        more = quiet(words.say("find_more", n=words.number(most)))
    return f'<ul class="found">{"".join(rows)}</ul>{more}'


def rebuild_line(now: RebuildStatus | None, words: Wording) -> str:
    """Where a rebuild is, or what came of it; None and an idle one say what it would do."""
    if now is None or now.state == "idle":
        return quiet(words.say("rebuild_idle"))
    if now.state == "running":
        return _running(now, words)
    if now.state == "failed":
        return problem(words.say("rebuild_failed", error=now.error or ""))
    if now.state == "cancelled" or now.report is None:
        said = words.say("rebuild_cancelled")
    else:
        report = now.report
        seconds = words.number(round(now.seconds, 1))
        changed = report.added or report.changed or report.removed
        said = words.say(
            "rebuild_done" if changed else "rebuild_same",
            seconds=seconds,
            added=words.number(report.added),
            changed=words.number(report.changed),
            removed=words.number(report.removed),
        )
    return status(said)


def _running(now: RebuildStatus, words: Wording) -> str:
    key = f"rebuild_{now.stage}" if now.total or now.stage == "writing" else ""
    said = words.say(
        key if key in words.table else "rebuild_starting",
        done=words.number(now.done),
        total=words.number(now.total),
    )
    share = min(1.0, now.done / now.total) if now.total else 0.0
    return status(said, f' <span class="bar"><span style="width:{share:.0%}"></span></span>')
