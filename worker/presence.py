"""A worker says that it lives, while Temporal answers: after an outage people get the time back that they lost."""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog
from temporalio.client import Client

from mayday.records.errors import RecordsUnavailable
from worker.health import WorkerHealth
from worker.heartbeat import temporal_answers

log = structlog.get_logger(__name__)

EVERY_SECONDS = 10.0


class Lives(Protocol):
    """Where lives are written down (mayday.records.presence.Presence)."""

    async def began(self, process: str) -> None: ...

    async def seen(self, process: str) -> None: ...


async def be_present(
    presence: Lives, process: str, client: Client, health: WorkerHealth, every: float = EVERY_SECONDS
) -> None:
    """Writes every `every` seconds that this worker polls and reaches Temporal; runs until cancelled. `process` is
    unique to this life."""
    known = False
    while True:
        if health.ready and await temporal_answers(client):
            try:
                await (presence.seen(process) if known else presence.began(process))
                known = True
            except RecordsUnavailable as error:
                log.warning("presence_not_written", reason=str(error))
        await asyncio.sleep(every)
