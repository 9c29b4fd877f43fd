"""Archives what ended: a look at Temporal and the records every half minute, a few runs at a time.

Nothing is asked of the workflows for it: a command more would be one that stored histories do not have. What ends while
no worker is there, or while the store is away, is found at the next look; the same run twice changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError

from mayday.archive.collecting import Collector
from mayday.archive.errors import ArchiveError
from mayday.records.archives import Archives
from mayday.records.errors import RecordsUnavailable
from mayday.records.trends import Trends
from mayday.temporal.codec import CodecKeyError
from mayday.temporal.histories import workflow_name
from worker.health import WorkerHealth

log = structlog.get_logger(__name__)

#: runs and incidents in one look: some tens of kilobytes each, so that incidents under way do not notice
MOST_AT_ONCE = 20
#: Temporal lists an ended run a moment after it ended
LISTED_WITHIN = timedelta(minutes=10)
_KNOWN_PAGE = 200


class Archiver:
    """One worker's archiver. Several workers may each have one: they do the same work, once."""

    def __init__(
        self, client: Client, collector: Collector, archives: Archives, trends: Trends, *, most: int = MOST_AT_ONCE
    ) -> None:
        self._client = client
        self._trends = trends
        self._collector = collector
        self._archives = archives
        self._most = most
        self._since: datetime | None = None
        #: what could not be archived: tried again by the next worker, not at each look
        self._refused: set[str] = set()

    async def look(self, workflows: Sequence[type], task_queue: str) -> int:
        """One look; how many archives changed. Raises RPCError and RecordsUnavailable: try again later."""
        begun = datetime.now(UTC)
        runs = await self._ended(workflows, task_queue)
        for run in runs:
            await self._guarded(run.run_id, self._keep_run(run))
        listed = await self._archives.behind(self._most + len(self._refused))
        behind = [each for each in listed if each.incident_id not in self._refused][: self._most]
        for each in behind:
            await self._guarded(each.incident_id, self._collector.keep_records(each.incident_id))
        await self._trends.renew(self._most)
        if len(runs) < self._most:  # all that ended before this look is archived
            self._since = begun - LISTED_WITHIN
        return len(runs) + len(behind)

    async def _keep_run(self, run: WorkflowExecution) -> None:
        incident_id = await self._collector.keep_run(run)
        if incident_id is not None:
            log.info("run_archived", incident=incident_id, run=run.run_id)

    async def _guarded(self, what: str, work: Awaitable[None]) -> None:
        """One archive that is damaged, or one run that no key decrypts, must not keep the others from being kept."""
        try:
            await work
        except (ArchiveError, CodecKeyError, ValueError) as error:
            log.error("not_archived", what=what, reason=str(error))
            self._refused.add(what)

    async def _ended(self, workflows: Sequence[type], task_queue: str) -> list[WorkflowExecution]:
        """Ended runs that are not archived yet, as many as one look takes."""
        names = ", ".join(f"'{workflow_name(workflow)}'" for workflow in workflows)
        query = f"ExecutionStatus != 'Running' AND TaskQueue = '{task_queue}' AND WorkflowType IN ({names})"
        if self._since is not None:
            query += f" AND CloseTime >= '{self._since:%Y-%m-%dT%H:%M:%SZ}'"
        found: list[WorkflowExecution] = []
        page: list[WorkflowExecution] = []
        async for run in self._client.list_workflows(query, page_size=_KNOWN_PAGE):
            page.append(run)
            if len(page) == _KNOWN_PAGE:
                found += await self._unknown(page)
                page = []
                if len(found) >= self._most:
                    return found[: self._most]
        return (found + await self._unknown(page))[: self._most]

    async def _unknown(self, runs: list[WorkflowExecution]) -> list[WorkflowExecution]:
        known = await self._archives.archived_runs(run.run_id for run in runs)
        return [run for run in runs if run.run_id not in known and run.run_id not in self._refused]


async def archive(
    archiver: Archiver, workflows: Sequence[type], task_queue: str, health: WorkerHealth, every: float
) -> None:
    """Looks every `every` seconds while the worker polls; runs until cancelled."""
    while True:
        if health.ready:
            try:
                await archiver.look(workflows, task_queue)
            except (RPCError, RuntimeError, RecordsUnavailable) as error:  # RuntimeError: the SDK's broken connection
                log.warning("archive_waits", reason=str(error))
        await asyncio.sleep(every)
