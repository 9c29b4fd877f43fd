"""The dead man's switch: an outside monitor hears from us while incidents would be worked on, and notices silence."""

from __future__ import annotations

import asyncio

import httpx
import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from worker.health import WorkerHealth

log = structlog.get_logger(__name__)

_ANSWER_WITHIN_SECONDS = 10.0


async def beat(url: str, every: float, client: Client, health: WorkerHealth) -> None:
    """Calls `url` every `every` seconds while the worker polls and Temporal answers; runs until cancelled."""
    async with httpx.AsyncClient(timeout=_ANSWER_WITHIN_SECONDS) as http:
        while True:
            if health.ready and await temporal_answers(client):
                try:
                    (await http.get(url)).raise_for_status()
                except httpx.HTTPError as error:
                    log.warning("heartbeat_failed", reason=type(error).__name__)
            await asyncio.sleep(every)


async def temporal_answers(client: Client) -> bool:
    """Whether the server is there for this client."""
    try:
        return await client.service_client.check_health()
    except (RPCError, RuntimeError) as error:  # RuntimeError is the SDK's for a broken connection
        log.warning("heartbeat_withheld", reason=str(error))
        return False
