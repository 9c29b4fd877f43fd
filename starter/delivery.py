"""From a batch of alerts of one key to its run: signal the one that is open, reopen the last one, or start.

running            -> one signal with the whole batch
ended <= 24 h ago  -> the same incident goes on from its last state, unless it was cancelled, rejected or merged
else               -> a fresh incident, with the alerts in its start input
only resolved ones -> never start anything
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

import structlog

from mayday.domain.incident import AlertBatch, StartInput
from mayday.records.errors import RecordsUnavailable
from mayday.records.records import Records
from mayday.signing import Signer
from starter.directory import Directory
from starter.gateway import Gateway, NoSuchRun, RunView, TemporalSilent
from starter.parcels import Delivered, Parcel
from starter.reopening import Reopening

__all__ = ["Delivery", "Opener"]

log = structlog.get_logger(__name__)

FIRST_TASK_SECONDS = 0.03
"""How long the list of incidents waits for an incident's first task in the same process. Somebody is paged by that
task, and would be a tenth later if both wanted interpreter and disk at once (docs/performance.md)."""
KNOWN_RUNS = 10_000
OPEN_AS_SEEN = timedelta(seconds=5)
"""So long after it was seen open an incident is taken for open without asking: nobody tells a starter of an end."""
ROUNDS = 6
"""A run may end between looking and signalling; that many times in a row it is something else."""


class OpenRun(NamedTuple):
    """Which incident is open under a workflow id, and in which chain of runs, as of `seen_at`."""

    incident_id: str
    chain: str | None
    seen_at: datetime


class Opener(Protocol):
    """Makes the start input of an incident that an alert opens."""

    async def from_alert(self, parcel: Parcel) -> StartInput: ...


class Delivery:
    """Delivers batches, one call at a time for each workflow id (see `lanes`)."""

    def __init__(
        self, gateway: Gateway, records: Records, opener: Opener, signer: Signer, clock: Callable[[], datetime]
    ) -> None:
        self._gateway = gateway
        self._records = records
        self._opener = opener
        self._now = clock
        self._reopening = Reopening(gateway, signer, clock)
        self.directory = Directory(records)
        self._open: OrderedDict[str, OpenRun] = OrderedDict()
        #: digests of plans that the store has: a webhook waits for each transaction
        self._plans: set[str] = set()

    async def __call__(self, workflow_id: str, parcels: list[Parcel]) -> list[Delivered]:
        """One answer for each parcel. Raises `TemporalSilent`."""
        events = [parcel.event for parcel in parcels]
        looked = False
        view: RunView | None = None
        for _ in range(ROUNDS):
            known = self._open.get(workflow_id)
            if known is not None:
                try:
                    await self._gateway.signal_alerts(workflow_id, AlertBatch(events=events))
                except NoSuchRun:
                    self.forget(workflow_id)
                    looked = False
                    continue
                return _to_run(known.incident_id, parcels)
            first = next((parcel for parcel in parcels if parcel.firing), None)
            if looked or first is None:
                view = await self._gateway.describe(workflow_id)
                looked = True
                if view is not None and view.running:
                    incident = view.incident_id or await self._stored_id(workflow_id) or workflow_id
                    self.remember(workflow_id, incident, view.chain)
                    continue
                if first is None:
                    return [Delivered(None, None, "ignored")] * len(parcels)
            answers = await self._start(first, parcels, view if looked else None, looked)
            if answers is not None:
                return answers
            looked = True
        raise TemporalSilent(f"{workflow_id} changes faster than it can be reached")

    def remember(self, workflow_id: str, incident_id: str, chain: str | None) -> None:
        """This incident is open under this workflow id."""
        self._open[workflow_id] = OpenRun(incident_id, chain, self._now())
        self._open.move_to_end(workflow_id)
        while len(self._open) > KNOWN_RUNS:
            self._open.popitem(last=False)

    def forget(self, workflow_id: str) -> None:
        self._open.pop(workflow_id, None)

    async def whose(self, workflow_id: str) -> tuple[str | None, RunView | None]:
        """The incident of a workflow id, and its last run when it is not known to be open."""
        known = self._open.get(workflow_id)
        if known is not None:
            return known.incident_id, None
        view = await self._gateway.describe(workflow_id)
        if view is None:
            return None, None
        incident_id = view.incident_id or await self._stored_id(workflow_id)
        if view.running and incident_id:
            self.remember(workflow_id, incident_id, view.chain)
        return incident_id, view

    async def ended(self, workflow_id: str) -> RunView | None:
        """The last run of a workflow id when it is over; None when it is open, or there is none. Raises
        `TemporalSilent`."""
        known = self._open.get(workflow_id)
        if known is not None and self._now() - known.seen_at < OPEN_AS_SEEN:
            return None
        self.forget(workflow_id)
        _, view = await self.whose(workflow_id)
        return view if view is not None and view.closed_at is not None else None

    async def chain_of(self, workflow_id: str, incident_id: str) -> str | None:
        """The chain of runs in which an incident is open; `NoSuchRun` when it is not, or another one runs there."""
        if workflow_id not in self._open:
            await self.whose(workflow_id)
        known = self._open.get(workflow_id)
        if known is None or known.incident_id != incident_id:
            raise NoSuchRun(workflow_id)
        return known.chain

    async def _start(
        self, first: Parcel, parcels: list[Parcel], view: RunView | None, looked: bool
    ) -> list[Delivered] | None:
        """None when a run is there after all, or one has to be looked at first."""
        carried = None
        if view is not None:
            reason = f"an alert came after the end: {first.event.title}"
            carried = await self._reopening.carried_over(view, first.workflow_id, reason)
        start = carried or await self._opener.from_alert(first)
        start.events = [parcel.event for parcel in parcels]
        try:
            started = await self._gateway.start(start, again=looked)
        except NoSuchRun:
            return None
        if not started.opened:
            return None
        self.remember(start.workflow_id, start.id, started.run_id)
        if carried is not None:
            log.info("incident_reopened", incident=start.id, route=first.routed.path)
            return _to_run(start.id, parcels)
        if started.here:
            await asyncio.sleep(FIRST_TASK_SECONDS)
        await self.note_opened(start, started.run_id)
        log.info("incident_opened", incident=start.id, route=first.routed.path)
        opened = Delivered(start.id, start.workflow_id, "opened")
        arrived = _to_run(start.id, parcels)
        return [opened if parcel is first else answer for parcel, answer in zip(parcels, arrived, strict=True)]

    async def note_opened(self, start: StartInput, run_id: str | None) -> None:
        """The incident is listed from now on. A store that is down learns of it by the first flush."""
        record = self.directory.remember(start, run_id)
        try:
            await self._records.incidents.opened(record)
            if start.plan_digest not in self._plans:
                await self._records.plans.put(start.plan_digest, start.plan)
                self._plans.add(start.plan_digest)
        except RecordsUnavailable as error:
            log.warning("incident_not_listed_yet", incident=start.id, reason=str(error))

    async def _stored_id(self, workflow_id: str) -> str | None:
        try:
            found = await self._records.incidents.by_workflow(workflow_id)
        except RecordsUnavailable:
            return None
        return found.id if found else None


def _to_run(incident_id: str, parcels: list[Parcel]) -> list[Delivered]:
    """All to the same run: alerts that began are attached, others resolved."""
    attached = Delivered(incident_id, parcels[0].workflow_id, "attached")
    resolved = Delivered(incident_id, parcels[0].workflow_id, "resolved")
    return [attached if parcel.firing else resolved for parcel in parcels]
