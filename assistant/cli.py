"""The command line: `assistant build`, `search`, `ask`, `verify`, `chat`, `eval`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import __version__
from assistant.errors import AssistantError, IndexNotFound, NothingReadable, SettingsError
from assistant.settings import DEFAULT_K, MAX_K, MODES, Settings
from assistant.terminal import note, print_json, show_answer, show_hits

if TYPE_CHECKING:
    from assistant.types import BuildReport
    from assistant.verifying import Checked

Progress = Callable[[str, int, int], None]


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """A bar for each stage with its rate and the time left, on a terminal; else nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    bars: dict[str, tqdm[Any]] = {}

    def tell(stage: str, done: int, total: int) -> None:
        if stage not in bars:
            for bar in bars.values():
                bar.close()
            bars[stage] = tqdm(total=total, desc=stage, file=sys.stderr, leave=False)
        bars[stage].update(done - bars[stage].n)

    try:
        yield tell
    finally:
        for bar in bars.values():
            bar.close()


def _build(arguments: argparse.Namespace) -> int:
    report = _build_index(
        arguments.articles,
        index=arguments.index,
        model=arguments.model,
        full=arguments.full,
        dry_run=arguments.dry_run,
    )
    if arguments.json:
        print_json(report.to_dict())
    else:
        print(_summary(report))
    return 0


def _build_index(articles: Path | None, **options: Any) -> BuildReport:
    """Builds with a bar on a terminal, and says what was skipped."""
    from assistant.building import build

    with _progress() as progress:
        report = build(articles, progress=progress, **options)
    for skipped in report.skipped:
        note(f"skipped: {skipped}")
    return report


def _summary(report: BuildReport) -> str:
    warnings = len(report.skipped)
    return (
        f"{'would index' if report.dry_run else 'indexed'} {report.articles} articles as "
        f"{report.passages} passages in {report.seconds:.1f} s: {report.added} added, "
        f"{report.changed} changed, {report.removed} removed, {report.unchanged} unchanged; "
        f"{report.embedded} passages embedded; {warnings} warning{'' if warnings == 1 else 's'}"
    )


def _split(tags: list[str] | None) -> list[str] | None:
    if tags is None:
        return None
    return [tag.strip() for several in tags for tag in several.split(",")]


def _filters(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "languages": _split(arguments.languages),
        "prefer_language": arguments.prefer_language,
        "sources": arguments.sources,
        "since": arguments.since,
        "until": arguments.until,
    }


def _search(arguments: argparse.Namespace) -> int:
    from assistant.api import Assistant

    with Assistant(arguments.index, reranker=arguments.reranker) as assistant:
        hits = assistant.retrieve(
            arguments.question,
            k=arguments.k,
            mode=arguments.mode,
            explain=arguments.explain,
            **_filters(arguments),
        )
        info = assistant.info
    if arguments.json:
        print_json(
            {
                "question": arguments.question,
                "mode": arguments.mode,
                "hits": [hit.to_dict() for hit in hits],
                "index": info.to_dict(),
            }
        )
        return 0
    show_hits(hits)
    return 0


def _ask(arguments: argparse.Namespace) -> int:
    from assistant.api import Assistant

    with Assistant(
        arguments.index,
        reranker=arguments.reranker,
        llm_url=arguments.llm_url,
        llm_model=arguments.llm_model,
        unsupported=arguments.unsupported,
    ) as assistant:
        answer = assistant.answer(
            arguments.question,
            k=arguments.k,
            mode=arguments.mode,
            as_of=arguments.as_of,
            history=arguments.after,
            explain=arguments.explain,
            **_filters(arguments),
        )
        # Shown before it is saved: an answer whose file cannot be written is not lost.
        if arguments.json:
            print_json(answer.to_dict())
        else:
            show_answer(answer)
        if arguments.save is not None:
            assistant.save(answer, arguments.save)
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from assistant.api import Assistant

    with Assistant(arguments.index) as assistant:
        result = assistant.verify(arguments.file)
    if arguments.json:
        print_json(result.to_dict())
    else:
        for checked in result.checked:
            print(_became(checked))
        if not result.checked:
            note("the answer quotes nothing; there is nothing to verify")
        if not result.same_generation:
            note("the index was built again, or is another one, since the answer was saved")
        if result.same_model is False:
            note("the index has another embedding model than the one that answered")
    return 0 if result.holds else 1


def _became(checked: Checked) -> str:
    """One line on a citation: its number, the verdict, the article, and where the quote stands."""
    from assistant.text import one_line

    saved = checked.citation
    parts = [f"[{saved.number}] {checked.verdict}: {one_line(saved.article.title)}"]
    parts.append(f"{one_line(saved.article.id)} {saved.start}-{saved.end}")
    if checked.verdict == "moved":
        parts.append(f"now {one_line(checked.article_id or '')} {checked.start}-{checked.end}")
    if checked.edited and checked.verdict != "changed":
        parts.append("edited elsewhere")
    return ", ".join(parts)


def _chat(arguments: argparse.Namespace) -> int:
    from assistant.chat.login import check_exposure, login_from_environment
    from assistant.index import current_generation

    try:
        check_exposure(arguments.host, auth=arguments.auth, no_auth=arguments.no_auth)
    except SettingsError as error:
        arguments.usage_error(str(error))
    # What is wrong with these should not be said after minutes of building.
    if arguments.auth is not None:
        login_from_environment(arguments.auth)
    if arguments.mcp:
        from assistant.chat.mcp_tools import check_mcp

        check_mcp()
    settings = Settings.resolve(articles=arguments.articles, index=arguments.index)
    try:
        current_generation(settings.index)
    except IndexNotFound:
        note(f"no index in {settings.index} yet: building it from {settings.articles}")
        note(_summary(_build_index(settings.articles, index=settings.index)))
    from assistant.chat import serve

    serve(
        index=settings.index,
        host=arguments.host,
        port=arguments.port,
        allow_hosts=arguments.allow_host,
        auth=arguments.auth,
        no_auth=arguments.no_auth,
        rate=arguments.rate,
        articles=settings.articles if _named(arguments) else None,
        allow_edit=arguments.allow_edit,
        mcp=arguments.mcp,
        reranker=arguments.reranker,
        llm_url=arguments.llm_url,
        llm_model=arguments.llm_model,
        unsupported=arguments.unsupported,
    )
    return 0


def _named(arguments: argparse.Namespace) -> bool:
    """Whether the folder of articles is known to be the index's: named, or both are the default."""
    if arguments.articles is not None or "ASSISTANT_ARTICLES" in os.environ:
        return True
    return arguments.index is None and "ASSISTANT_INDEX" not in os.environ


def _eval(arguments: argparse.Namespace) -> int:
    from assistant.api import Assistant
    from assistant.evaluation import MEASURES, evaluate, read_cases

    cases = read_cases(arguments.cases)
    with (
        Assistant(arguments.index, reranker=arguments.reranker) as assistant,
        _progress() as progress,
    ):
        result = evaluate(assistant, cases, mode=arguments.mode, k=arguments.k, progress=progress)
    if result.unknown:
        note(
            f"{len(result.unknown)} relevant ids are not in the index and count as misses: "
            f"{', '.join(result.unknown[:5])}"
        )
    if arguments.json:
        print_json(result.to_dict())
        return 0
    print(f"{result.questions} questions, {result.queries_per_second:.0f} queries a second")
    for name in MEASURES:
        value, interval = result.values[name], result.intervals[name]
        if value is not None and interval is not None:
            print(f"{name:16} {value:.3f}  95 % interval {interval[0]:.3f} to {interval[1]:.3f}")
    print("language  questions  " + "  ".join(f"{name:>15}" for name in MEASURES))
    for language, values in result.by_language.items():
        cells = [values[name] for name in MEASURES]
        shown = "  ".join(f"{'-' if v is None else format(v, '.3f'):>15}" for v in cells)
        print(f"{language:8}  {values['questions']:>9}  {shown}")
    return 0


def _k(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_K:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to {MAX_K} is expected")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError("a port from 0 to 65535 is expected")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1_000_000:
        raise argparse.ArgumentTypeError("a number from 0 is expected")
    return rate


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="assistant",
        description="Ask questions, in any language, over your own news articles.",
    )
    parser.add_argument("--version", action="version", version=f"assistant {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    index = argparse.ArgumentParser(add_help=False)
    index.add_argument(
        "--index", type=Path, metavar="DIR", help="folder of the index (default: index)"
    )
    json_output = argparse.ArgumentParser(add_help=False)
    json_output.add_argument("--json", action="store_true", help="print JSON")
    asking = argparse.ArgumentParser(add_help=False)
    asking.add_argument(
        "-k", type=_k, default=DEFAULT_K, metavar="N", help=f"hits to find (default: {DEFAULT_K})"
    )
    asking.add_argument(
        "--mode", choices=MODES, default="hybrid", help="legs to search with (default: hybrid)"
    )
    filters = argparse.ArgumentParser(add_help=False)
    filters.add_argument(
        "--languages",
        action="append",
        metavar="TAGS",
        help="only these, as in fr,en; 'same' is the question's; repeatable",
    )
    filters.add_argument(
        "--prefer-language", metavar="TAG", help="lift passages in this one; 'same': the question's"
    )
    filters.add_argument(
        "--sources", action="append", metavar="NAME", help="only this outlet; repeatable"
    )
    filters.add_argument("--since", metavar="DAY", help="published on DAY (YYYY-MM-DD) or later")
    filters.add_argument("--until", metavar="DAY", help="published on DAY or before")
    filters.add_argument("--explain", action="store_true", help="say why each passage was found")
    reranking = argparse.ArgumentParser(add_help=False)
    reranking.add_argument(
        "--reranker",
        metavar="NAME_OR_PATH",
        help="sentence-transformers cross-encoder that orders the first passages anew",
    )
    writing = argparse.ArgumentParser(add_help=False)
    writing.add_argument(
        "--llm-url", metavar="URL", help="OpenAI-compatible endpoint of a model that writes answers"
    )
    writing.add_argument(
        "--llm-model", metavar="NAME", help="the model there; its key: ASSISTANT_LLM_KEY"
    )
    writing.add_argument(
        "--unsupported",
        choices=("mark", "drop"),
        default="mark",
        help="what becomes of its sentences that no passage supports (default: mark)",
    )

    command = commands.add_parser(
        "build", parents=[index, json_output], help="build or bring up to date the index"
    )
    command.add_argument(
        "articles", nargs="?", type=Path, help="folder or file of articles (default: seeds)"
    )
    command.add_argument(
        "--model",
        metavar="NAME_OR_PATH",
        help="sentence-transformers model (default: the bundled one)",
    )
    command.add_argument("--full", action="store_true", help="embed everything again")
    command.add_argument("--dry-run", action="store_true", help="say what would be done")
    command.set_defaults(run=_build)

    command = commands.add_parser(
        "search", parents=[index, json_output, asking, filters, reranking], help="find passages"
    )
    command.add_argument("question")
    command.set_defaults(run=_search)

    command = commands.add_parser(
        "ask",
        parents=[index, json_output, asking, filters, reranking, writing],
        help="answer with citations",
    )
    command.add_argument("question")
    command.add_argument(
        "--after",
        action="append",
        default=[],
        metavar="QUESTION",
        help="a question asked before, which this one may go on from; repeatable, oldest first",
    )
    command.add_argument(
        "--as-of", metavar="DAY", help="the day that 'last week' counts from (default: today)"
    )
    command.add_argument(
        "--save", type=Path, metavar="FILE", help="keep the answer: .json to verify, .md to read"
    )
    command.set_defaults(run=_ask)

    command = commands.add_parser(
        "verify",
        parents=[index, json_output],
        help="look for a saved answer's quotes in the index; status 1 where one is not found",
    )
    command.add_argument("file", type=Path, metavar="ANSWER.json", help="what ask --save wrote")
    command.set_defaults(run=_verify)

    command = commands.add_parser(
        "chat", parents=[index, reranking, writing], help="serve the web chat"
    )
    command.add_argument(
        "--articles", type=Path, help="what to build from where there is no index (default: seeds)"
    )
    command.add_argument("--host", default="127.0.0.1", help="address (default: 127.0.0.1)")
    command.add_argument("--port", type=_port, default=7860, help="port (default: 7860; 0: any)")
    command.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="host name to answer to"
    )
    command.add_argument(
        "--allow-edit", action="store_true", help="let whoever gets in add articles"
    )
    command.add_argument(
        "--mcp", action="store_true", help="serve tools for language models at /mcp"
    )
    login = command.add_mutually_exclusive_group()
    login.add_argument(
        "--auth", metavar="NAME", help="ask for this name and the password in ASSISTANT_PASSWORD"
    )
    login.add_argument(
        "--no-auth", action="store_true", help="let other computers in without a password"
    )
    command.add_argument(
        "--rate",
        type=_rate,
        default=10.0,
        metavar="N",
        help="questions a second that each address may ask (default: 10; 0: any)",
    )
    command.set_defaults(run=_chat, usage_error=command.error)

    command = commands.add_parser(
        "eval", parents=[index, json_output, asking, reranking], help="measure over known questions"
    )
    command.add_argument("cases", type=Path, metavar="CASES.jsonl")
    command.set_defaults(run=_eval)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command. Returns 0, or 1 after an error that was shown; usage errors exit with 2.

    `verify` returns 1, too, where a quote is no longer found.
    """
    parsed = _parser().parse_args(arguments)
    # The products of a question are small: threads that wait for each other take five times as
    # long for them. Read when numpy is first imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that cannot show a script shows a mark in its place.
            stream.reconfigure(errors="replace")
    try:
        status: int = parsed.run(parsed)
        sys.stdout.flush()
        return status
    except NothingReadable as error:
        for reason in error.reasons:
            note(f"skipped: {reason}")
        note(f"error: {error}")
    except AssistantError as error:
        note(f"error: {error}")
    except KeyboardInterrupt:
        note("stopped")
        return 130
    except BrokenPipeError:
        # The reader of the pipe has seen enough; the flush at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 1
