"""The worker process: `mayday worker`."""

from __future__ import annotations

import asyncio
import json
import sys

import structlog

from mayday.logs import configure_logs
from mayday.long_running import settle_in
from mayday.settings import DESCRIPTION, Settings, SettingsError
from mayday.shutdown import stop_on_signals
from mayday.temporal.connection import StoppedMeanwhile, TemporalError, connect
from mayday.temporal.core_logs import forward_core_logs
from mayday.temporal.histories import ReplayRefused
from mayday.temporal.search_attributes import register_search_attributes
from worker.composition import CompositionError, compose
from worker.deployment import DeploymentError
from worker.lifecycle import run_worker

log = structlog.get_logger(__name__)

DONE, FAILED, WRONG_USAGE = 0, 1, 2


def run(settings: Settings, *, address: str | None = None) -> int:
    """Runs a worker until a signal asks it to stop.

    Args:
        address: `host:port` of an embedded server; None takes what Temporal's own environment names.

    Returns:
        The exit status: 0 after a drained stop, 1 when it could not run, 2 for a setting that cannot be used.
    """
    configure_logs(
        level=settings.log_level, form=settings.log_format, secrets=settings.secret_values(), process="worker"
    )
    forward_core_logs()
    try:
        asyncio.run(_work(addressed(settings), address))
    except StoppedMeanwhile:
        return DONE
    except SettingsError as error:
        print(error, file=sys.stderr)
        return WRONG_USAGE
    except (TemporalError, ReplayRefused, DeploymentError, CompositionError) as error:
        print(error, file=sys.stderr)
        return FAILED
    return DONE


def addressed(settings: Settings) -> Settings:
    """With the address that links in messages name: as it is set, else where `mayday up` of the same data folder
    serves. A worker cannot know it otherwise, and says so."""
    if "base_url" in settings.model_fields_set:
        return settings
    try:
        told = json.loads((settings.data / DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        told = None
    url = told.get("url") if isinstance(told, dict) else None
    if isinstance(url, str) and url.startswith("http"):
        return settings.model_copy(update={"base_url": url.rstrip("/")})
    hint = "set MAYDAY_BASE_URL as in the starter: links in messages lead there"
    log.warning("base_url_is_a_guess", base_url=settings.base_url, hint=hint)
    return settings


async def _work(settings: Settings, address: str | None) -> None:
    stop = asyncio.Event()
    with stop_on_signals(stop):
        client = await connect(settings, address=address, stop=stop)
        await register_search_attributes(client)
        parts = await compose(settings, client)
        settle_in()
        await run_worker(settings, client, stop, parts)
