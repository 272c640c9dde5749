"""`assistant chat`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from assistant.cli.building import build_index, summary
from assistant.errors import IndexNotFound, SettingsError
from assistant.settings import Settings, remote_address
from assistant.terminal import note


def run_chat(arguments: argparse.Namespace) -> int:
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
    address = remote_address(arguments.index)
    if address is not None and arguments.allow_edit:
        raise SettingsError(
            "articles cannot be added from the chat to an index on a server; leave out --allow-edit"
        )
    # The articles of an index on a server may be on another machine: it is built there.
    settings = Settings.resolve(
        articles=arguments.articles, index=Path("index") if address else arguments.index
    )
    if address is None:
        try:
            current_generation(settings.index)
        except IndexNotFound:
            note(f"no index in {settings.index} yet: building it from {settings.articles}")
            note(summary(build_index(settings.articles, index=settings.index)))
    known = address is None and articles_are_known(arguments)
    from assistant.chat import serve

    serve(
        index=address or settings.index,
        host=arguments.host,
        port=arguments.port,
        allow_hosts=arguments.allow_host,
        auth=arguments.auth,
        no_auth=arguments.no_auth,
        rate=arguments.rate,
        articles=settings.articles if known else None,
        allow_edit=arguments.allow_edit,
        mcp=arguments.mcp,
        reranker=arguments.reranker,
        llm_url=arguments.llm_url,
        llm_model=arguments.llm_model,
        unsupported=arguments.unsupported,
    )
    return 0


def articles_are_known(arguments: argparse.Namespace) -> bool:
    """Whether the folder of articles is known to be the index's: named, or both are the default."""
    if arguments.articles is not None or "ASSISTANT_ARTICLES" in os.environ:
        return True
    return arguments.index is None and "ASSISTANT_INDEX" not in os.environ
