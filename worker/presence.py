"""A worker says that it lives, while Temporal answers: after an outage people get the time back that they lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog
from temporalio.client import Client

from mayday.domain.outage import LATE_AFTER
from mayday.records.errors import RecordsUnavailable
from worker.health import WorkerHealth
from worker.heartbeat import temporal_answers

log = structlog.get_logger(__name__)

EVERY_SECONDS = 10.0
TOLD_WITHIN_SECONDS = 20.0
"""How long the first page, and a sign of life, may wait for the word of an outage; the rest is told beside them."""
#: how often the clock is looked at: a machine that slept, or a server that is back, is noticed within that
TICK_SECONDS = 2.0


class Lives(Protocol):
    """Where lives are written down (mayday.records.presence.Presence)."""

    async def began(self, process: str) -> None: ...

    async def seen(self, process: str) -> None: ...

    async def began_again(self, process: str) -> None: ...


class Tells(Protocol):
    """Who tells incidents of an outage that is over (worker.outages.Outages)."""

    after: timedelta

    async def look(self) -> int: ...


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def be_present(
    presence: Lives,
    process: str,
    client: Client,
    health: WorkerHealth,
    every: float = EVERY_SECONDS,
    outages: Tells | None = None,
    clock: Callable[[], datetime] = _utc_now,
) -> None:
    """Writes every `every` seconds that this worker polls and reaches Temporal; runs until cancelled. `process` is
    unique to this life.

    Where it could not for longer than `outages.after` (Temporal was away, the machine slept), it tells of that first,
    and what follows is a life of its own. It waits `TOLD_WITHIN_SECONDS` for that and goes on telling beside it: a
    Temporal that takes signals slowly must not look like another outage. A store that was away takes nothing from a
    life: people answered meanwhile.
    """
    after = outages.after if outages is not None else LATE_AFTER
    lived: datetime | None = None
    known = gap = False
    owed = True  # before it polled nobody may have known
    telling: asyncio.Task[int] | None = None
    try:
        while True:
            if lived is None or not known or abs((clock() - lived).total_seconds()) >= every:
                if health.ready and await temporal_answers(client):
                    now = clock()
                    gap = gap or (lived is not None and now - lived > after)
                    lived = now
                    try:
                        if outages is not None and (owed or gap):
                            telling = await _tell(outages, telling)
                        if not known:
                            await presence.began(process)
                        elif gap:
                            await presence.began_again(process)
                        else:
                            await presence.seen(process)
                        known, gap, owed = True, False, False
                    except RecordsUnavailable as error:
                        log.warning("presence_not_written", reason=str(error))
            await asyncio.sleep(min(every, TICK_SECONDS))
    finally:
        if telling is not None:
            telling.cancel()


async def _tell(outages: Tells, before: asyncio.Task[int] | None) -> asyncio.Task[int] | None:
    """Tell of the outage, or wait a while longer for who tells already; returns who still does. Raises
    RecordsUnavailable."""
    telling = before if before is not None and not before.done() else asyncio.create_task(outages.look())
    try:
        async with asyncio.timeout(TOLD_WITHIN_SECONDS):
            await asyncio.shield(telling)
    except TimeoutError:
        log.warning("outage_told_while_living", reason="Temporal takes it slowly")
        return telling
    return None
