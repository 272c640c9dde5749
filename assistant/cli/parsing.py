"""What can be typed after `assistant`, and which function each command runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from assistant import __version__
from assistant.cli.adding import add_parser
from assistant.cli.asking import run_ask, run_eval, run_search
from assistant.cli.building import run_build, run_merge, run_watch
from assistant.cli.examining import run_doctor
from assistant.cli.keeping import run_export, run_rollback, run_upgrade, run_verify
from assistant.cli.serving import run_chat
from assistant.settings import DEFAULT_K, MAX_K, MODES, remote_address


def _k(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_K:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to {MAX_K} is expected")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise argparse.ArgumentTypeError("a whole number from 0 is expected")
    return int(text)


def _index(text: str) -> Path | str:
    # A path would have one of the two slashes of an address.
    return remote_address(text) or Path(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError("a port from 0 to 65535 is expected")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 1 <= seconds <= 1_000_000:
        raise argparse.ArgumentTypeError("a number of seconds from 1 is expected")
    return seconds


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1_000_000:
        raise argparse.ArgumentTypeError("a number from 0 is expected")
    return rate


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(
        prog="assistant",
        description="Ask questions, in any language, over your own news articles.",
    )
    whole.add_argument("--version", action="version", version=f"assistant {__version__}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    index = argparse.ArgumentParser(add_help=False)
    index.add_argument(
        "--index",
        type=_index,
        metavar="DIR",
        help="folder of the index (default: index), or milvus://HOST:PORT/COLLECTION",
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

    building = argparse.ArgumentParser(add_help=False)
    building.add_argument(
        "articles", nargs="?", type=Path, help="folder or file of articles (default: seeds)"
    )
    building.add_argument(
        "--model",
        metavar="NAME_OR_PATH",
        help="sentence-transformers model (default: the bundled one)",
    )
    building.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="what a file may cost, as in seconds=60; repeatable (names: docs/reading.md)",
    )

    processes: dict[str, Any] = {
        "type": _count,
        "metavar": "N",
        "help": "how much is done at once where there is much (default: one for each processor)",
    }

    add_parser(commands, [json_output])

    command = commands.add_parser(
        "build", parents=[building, index, json_output], help="build or bring up to date the index"
    )
    command.add_argument("--full", action="store_true", help="read and embed everything again")
    command.add_argument("--dry-run", action="store_true", help="say what would be done")
    command.add_argument("--processes", **processes)
    command.add_argument(
        "--shard", metavar="I/N", help="make one of N shards in --out, to be merged afterwards"
    )
    command.add_argument("--out", type=Path, metavar="DIR", help="where shards are made")
    command.add_argument(
        "--ray",
        nargs="?",
        const="local",
        metavar="ADDRESS",
        help="make the shards on a Ray cluster (default: on this machine), and merge them",
    )
    command.add_argument(
        "--shards", type=_count, default=16, metavar="N", help="shards for --ray (default: 16)"
    )
    command.add_argument(
        "--work",
        type=Path,
        metavar="DIR",
        help="where an index on a server is built before it is sent (default: in the cache)",
    )
    command.set_defaults(run=run_build, usage_error=command.error)

    command = commands.add_parser(
        "merge", parents=[index, json_output], help="make the index of all shards of a build"
    )
    command.add_argument("shards", nargs="+", type=Path, metavar="DIR", help="a shard's folder")
    command.add_argument("--processes", **processes)
    command.set_defaults(run=run_merge)

    command = commands.add_parser(
        "watch", parents=[building, index], help="bring the index up to date at each change"
    )
    command.add_argument(
        "--every",
        type=_seconds,
        default=300.0,
        metavar="SECONDS",
        help="look at the files anew even where no change was noticed (default: 300)",
    )
    command.set_defaults(run=run_watch)

    command = commands.add_parser(
        "search", parents=[index, json_output, asking, filters, reranking], help="find passages"
    )
    command.add_argument("question")
    command.set_defaults(run=run_search)

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
    command.set_defaults(run=run_ask)

    command = commands.add_parser(
        "verify",
        parents=[index, json_output],
        help="check every part of the index, or look for a saved answer's quotes in it; "
        "status 1 where something is wrong or not found",
    )
    command.add_argument(
        "file", nargs="?", type=Path, metavar="ANSWER.json", help="what ask --save wrote"
    )
    command.add_argument(
        "--sample",
        type=_count,
        default=100,
        metavar="N",
        help="passages of the index to embed again (default: 100)",
    )
    command.set_defaults(run=run_verify)

    command = commands.add_parser(
        "doctor",
        parents=[index, json_output],
        help="say how the index and its articles are, and what to do; status 1 after an error",
    )
    command.add_argument(
        "articles", nargs="?", type=Path, help="folder of articles to compare with (default: seeds)"
    )
    command.set_defaults(run=run_doctor)

    command = commands.add_parser(
        "export", parents=[index], help="write the articles as JSON lines, which build reads"
    )
    command.add_argument(
        "--output", type=Path, metavar="FILE", help="where to (default: standard output)"
    )
    command.set_defaults(run=run_export)

    command = commands.add_parser(
        "rollback",
        parents=[index, json_output],
        help="put the generation before back in use; once more: the one after it",
    )
    command.set_defaults(run=run_rollback)

    command = commands.add_parser(
        "upgrade",
        parents=[index, json_output],
        help="bring an index of an older version up to date without embedding anything",
    )
    command.set_defaults(run=run_upgrade)

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
    command.set_defaults(run=run_chat, usage_error=command.error)

    command = commands.add_parser(
        "eval", parents=[index, json_output, asking, reranking], help="measure over known questions"
    )
    command.add_argument("cases", type=Path, metavar="CASES.jsonl")
    command.set_defaults(run=run_eval)
    return whole
