"""A build whose shards are made by Ray, on the machines of a cluster that share a folder."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assistant.constructing import Progress
from assistant.errors import AssistantError, SettingsError, ShardError
from assistant.settings import Settings
from assistant.sharding import build_shard, merge
from assistant.types import BuildReport


def build_on_ray(
    articles: str | Path | None = None,
    *,
    address: str,
    shards: int,
    out: str | Path,
    index: str | Path | None = None,
    model: str | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> BuildReport:
    """Makes the shards in folders below `out` by Ray Data, one to a processor, and merges them.

    `address` is that of a Ray cluster, or `local` for Ray on this machine alone. Articles, `out`
    and the model must lie where every machine of it finds them, under the same paths. Ray listens
    on all addresses of a machine, so a cluster belongs into a network of its own. Raises
    SettingsError where Ray is not installed; ShardError where a shard failed: those that are done
    are kept, and the next try goes on from them; else what `build_shard` and `merge` raise.
    """
    if find_spec("ray") is None:
        raise SettingsError("Ray is not installed; install it: pip install 'assistant[ray]'")
    if shards < 1:
        raise SettingsError(f"there must be 1 shard or more, not {shards}")
    settings = Settings.resolve(articles=articles, model=model)
    folder = Path(out).resolve()
    rows = [
        {
            "articles": str(settings.articles.resolve()),
            "shard": f"{number}/{shards}",
            "out": str(folder / f"{number:06}-of-{shards:06}"),
            "model": settings.model,
        }
        for number in range(1, shards + 1)
    ]
    ray, data = import_module("ray"), import_module("ray.data")
    ray.init(
        address=address,
        include_dashboard=False if address == "local" else None,
        log_to_driver=False,
        logging_level=logging.WARNING,
        runtime_env={"env_vars": {"RAY_USAGE_STATS_ENABLED": "0", "HF_HUB_OFFLINE": "1"}},
    )
    # It tells of its progress in many lines, and we tell of ours.
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    try:
        made = data.from_items(rows, override_num_blocks=shards).map(_make)
        for done, row in enumerate(made.iter_rows(), 1):
            if progress is not None:
                progress("shards", done, shards)
            if row["error"]:
                raise ShardError(f"shard {row['shard']} failed: {row['error']}")
    finally:
        ray.shutdown()
    return merge([row["out"] for row in rows], index=index, progress=progress, cancelled=cancelled)


def _make(row: dict[str, Any]) -> dict[str, Any]:
    """What a task does. An error comes back as text: Ray would wrap it in a traceback."""
    try:
        build_shard(
            row["articles"], shard=row["shard"], out=row["out"], model=row["model"], processes=1
        )
    except AssistantError as error:
        return {"shard": row["shard"], "error": str(error)}
    return {"shard": row["shard"], "error": ""}
