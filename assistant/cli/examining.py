"""`assistant doctor`."""

from __future__ import annotations

import argparse

from assistant.cli.bars import bars
from assistant.cli.serving import articles_are_known
from assistant.settings import Settings
from assistant.terminal import print_json

_PLACES_SHOWN = 5


def run_doctor(arguments: argparse.Namespace) -> int:
    from assistant.health import Finding, examine
    from assistant.text import one_line

    settings = Settings.resolve(articles=arguments.articles, index=arguments.index)
    looked_at = articles_are_known(arguments) and (
        arguments.articles is not None or settings.articles.exists()
    )
    with bars() as progress:
        health = examine(
            settings.index,
            articles=settings.articles if looked_at else None,
            progress=progress,
        )

    def show(finding: Finding) -> None:
        print(f"{finding.level:7}  {finding.name}: {one_line(finding.message)}")
        if finding.advice is not None:
            print(f"{'':9}to do: {one_line(finding.advice)}")
        for place in finding.places[:_PLACES_SHOWN]:
            print(f"{'':11}{one_line(place)}")
        if finding.count > _PLACES_SHOWN and finding.places:
            print(f"{'':11}and {finding.count - _PLACES_SHOWN} more")

    if arguments.json:
        print_json(health.to_dict())
    else:
        for finding in health.findings:
            show(finding)
    return 0 if health.usable else 1
