"""After an outage the worker that comes back tells every open incident from when to when nobody could answer.

It does so before it polls: signals wait in the incidents' histories, so that no deadline is judged by a walker that
does not know. It says that it lives only afterwards; so a worker that dies while it tells leaves the outage to the next
one, and an incident that is told twice counts no time twice (`mayday.walker.outages`). A worker that lived on without
Temporal, without the store, or asleep with its machine, tells as soon as it notices.

Bounded: `AT_ONCE` signals under way, `TRIES` each. What was not told stays what the walker notices by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError, RPCStatusCode

from mayday.domain.outage import OUTAGE_SIGNAL, OutageEnvelope, OutageNotice

__all__ = ["Outages"]

log = structlog.get_logger(__name__)

AT_ONCE = 20
TRIES = 3
PAUSE_S = 0.5
_ANSWER_WITHIN = timedelta(seconds=5)


class Lives(Protocol):
    """Where lives are written down (mayday.records.presence.Presence)."""

    async def last_life(self) -> datetime | None: ...


class Signs(Protocol):
    """Whose signature incidents believe (mayday.signing.Signer)."""

    async def for_outage(self, incident: str, notice: OutageNotice) -> OutageEnvelope: ...


class Outages:
    """`after`: nobody lived for longer than that, and it was an outage."""

    def __init__(
        self,
        lives: Lives,
        signer: Signs,
        client: Client,
        task_queue: str,
        clock: Callable[[], datetime],
        after: timedelta,
    ) -> None:
        self._lives = lives
        self._signer = signer
        self._client = client
        self._task_queue = task_queue
        self._now = clock
        self.after = after
        #: the last outage of which everybody was told, by its beginning
        self._told: datetime | None = None

    async def look(self) -> int:
        """Tell of the outage that has just ended, if there was one; returns how many incidents were told. Raises
        RecordsUnavailable; a Temporal that does not take it is a line in the log."""
        since = await self._lives.last_life()
        now = self._now()
        if since is None or now - since <= self.after or since == self._told:
            return 0
        try:
            answers = await self._tell_all(since)
        except RPCError as error:
            log.warning("outage_not_told", reason=error.message)
            return 0
        told = answers.count(True)
        if None not in answers:
            self._told = since
        log.warning("outage_told", since=since.isoformat(), seconds=int((now - since).total_seconds()), incidents=told)
        return told

    async def _tell_all(self, since: datetime) -> list[bool | None]:
        turns = asyncio.Semaphore(AT_ONCE)
        query = (
            f"ExecutionStatus = 'Running' AND TaskQueue = '{self._task_queue}' AND WorkflowType = 'IncidentWorkflow'"
        )

        async def tell(run: WorkflowExecution) -> bool | None:
            async with turns:
                return await self._tell(run, since)

        tasks = [asyncio.create_task(tell(run)) async for run in self._client.list_workflows(query)]
        return await asyncio.gather(*tasks)

    async def _tell(self, run: WorkflowExecution, since: datetime) -> bool | None:
        """Whether it was told; None where it has to be told once more."""
        incident = await run.memo_value("incident", None)
        if not isinstance(incident, str):
            log.warning("outage_not_told", workflow=run.id, reason="the run does not say which incident it is")
            return False
        notice = OutageNotice(from_at=since, to_at=self._now())
        envelope = await self._signer.for_outage(incident, notice)
        handle = self._client.get_workflow_handle(run.id)
        for left in reversed(range(TRIES)):
            try:
                await handle.signal(OUTAGE_SIGNAL, envelope, rpc_timeout=_ANSWER_WITHIN)
                return True
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return False  # it has ended meanwhile
                if not left:
                    log.warning("outage_not_told", incident=incident, reason=error.message)
            await asyncio.sleep(PAUSE_S)
        return None
