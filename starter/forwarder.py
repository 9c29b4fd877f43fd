"""Forwards what the inbox holds until Temporal has it, and notes in the inbox what became of it.

Each starter runs one. Rows are claimed with a lease, so that two starters do not forward the same row at once; a row
that a dead starter held is free again when its lease ends. The run drops an alert that it has seen (by dedupe key).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from mayday.language.routing import RoutedAlert
from mayday.records.errors import RecordsUnavailable
from mayday.records.inbox import HELD, InboxRow, InboxState
from mayday.records.records import Records
from starter.gateway import TemporalSilent
from starter.lanes import Lanes, Load
from starter.metrics import ALERTS_FORWARDED, INBOX_WAITING
from starter.minting import workflow_id
from starter.parcels import Delivered, Parcel

__all__ = ["Forwarder"]

log = structlog.get_logger(__name__)

EVERY = 2.0
"""Seconds between two looks at the inbox when nobody asks for one."""
LEASE = timedelta(seconds=15)
YOUNG = timedelta(seconds=4)
"""Rows younger than this are on their way by the request that brought them."""
BATCH = 500
SILENT = "silent"
"""What stands in a row's `error` while only Temporal's silence keeps it."""
LONGEST_WAIT = 5.0
SETTLED_EVERY = 0.25
"""Seconds for which rows are collected before the inbox is told that they arrived."""
OFTEN = 20
"""A row that fails that many times, and not for Temporal's silence, is tried at every twentieth claim from then on."""


class Forwarder:
    """A background task; `nudge()` makes it look at once."""

    def __init__(self, records: Records, lanes: Lanes, clock: Callable[[], datetime]) -> None:
        self._records = records
        self._lanes = lanes
        self._now = clock
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._settling: set[asyncio.Task[None]] = set()
        self._done: dict[InboxState, list[int]] = {"done": [], "forwarded": []}
        self._writer: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="forwarder")

    def nudge(self) -> None:
        """Something waits: look now."""
        self._wake.set()

    async def stop(self) -> None:
        """End the task; what is on its way arrives, and the inbox learns of it."""
        self._hurry.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        while self._settling:
            await asyncio.wait(list(self._settling))
        if self._writer is not None:
            await self._writer

    def settle_when_done(self, loads: Sequence[Load]) -> None:
        """Note in the inbox what becomes of these, whenever it is known; what failed is forwarded again."""
        if loads:
            task = asyncio.create_task(self._follow(list(loads)), name="settle")
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)

    async def _follow(self, loads: list[Load]) -> None:
        await asyncio.wait([load.arrived for load in loads])
        failed: list[Parcel] = []
        actions: Counter[str] = Counter()
        for load in loads:
            error = load.arrived.exception()
            if error is None:
                answers = load.arrived.result()
                actions.update(answer.action for answer in answers)
                self._note(load.parcels, answers)
                continue
            failed += load.parcels
            if not isinstance(error, TemporalSilent):
                for parcel in load.parcels:
                    log.error("alert_not_forwarded", workflow_id=parcel.workflow_id, inbox=parcel.row, exc_info=error)
        for name, count in actions.items():
            ALERTS_FORWARDED.labels(action=name).inc(count)
        if failed:
            await self._give_back([parcel.row for parcel in failed if parcel.row is not None])
            self.nudge()

    async def _give_back(self, rows: list[int]) -> None:
        try:
            await self._records.inbox.settle(rows, "new")
        except RecordsUnavailable:
            pass  # they are `new` already; their lease ends by itself

    def _note(self, parcels: list[Parcel], answers: list[Delivered]) -> None:
        """Rows that are settled while a transaction runs share the next one."""
        for parcel, answer in zip(parcels, answers, strict=True):
            if parcel.row is not None:
                self._done["done" if answer.action == "ignored" else "forwarded"].append(parcel.row)
        if self._writer is None and any(self._done.values()):
            self._writer = asyncio.create_task(self._write(), name="settle-writer")

    async def _write(self) -> None:
        try:
            while any(self._done.values()):
                await self._gathering()
                done, self._done = self._done, {"done": [], "forwarded": []}
                for state, rows in done.items():
                    try:
                        await self._records.inbox.settle(rows, state)
                    except RecordsUnavailable as error:
                        # They are forwarded once more when the store is back; the run has seen them and drops them.
                        log.warning("inbox_not_settled", rows=len(rows), reason=str(error))
        finally:
            self._writer = None
            self._hurry.clear()

    async def _gathering(self) -> None:
        """Settling may wait, taking in may not: in a storm they share the disk. A crash meanwhile forwards these rows
        once more, and the run drops what it has seen."""
        try:
            await asyncio.wait_for(self._hurry.wait(), SETTLED_EVERY)
        except TimeoutError:
            pass

    async def _run(self) -> None:
        wait = EVERY
        while True:
            try:
                went = await self.forward_once()
            except RecordsUnavailable as error:
                log.warning("inbox_unreadable", reason=str(error))
                went = None
            except Exception as error:  # the last line of defence of alerts that were promised: log and go on
                log.error("forwarder_failed", exc_info=error)
                went = None
            wait = EVERY if went is not None else min(wait * 1.5, LONGEST_WAIT)
            if went:
                continue
            self._wake.clear()
            try:
                await asyncio.wait_for(self._wake.wait(), wait)
            except TimeoutError:
                continue
            await asyncio.sleep(0.2)  # whatever failed a moment ago gets a moment

    async def forward_once(self) -> int | None:
        """Forward what waits; returns how many alerts arrived, None when Temporal is silent."""
        rows = await self._records.inbox.claim(BATCH, LEASE, came_before=self._now() - YOUNG)
        INBOX_WAITING.set(len(rows))
        over = {row.id for row in rows if row.error == HELD and await self._records.inbox.cleared_since(row)}
        await self._records.inbox.settle(sorted(over), "done")
        parcels = [_parcel(row) for row in rows if row.id not in over and _is_due(row)]
        if not parcels:
            return 0
        log.info("inbox_forwarded", alerts=len(parcels))
        loads = self._lanes.submit(parcels)
        await asyncio.wait([load.arrived for load in loads])
        silent = [load for load in loads if isinstance(load.arrived.exception(), TemporalSilent)]
        if silent:
            rows_back = [parcel.row for load in silent for parcel in load.parcels if parcel.row is not None]
            await self._records.inbox.settle(rows_back, "new", error=SILENT)
        rest = [load for load in loads if load not in silent]
        if rest:
            await self._follow(rest)
            if self._writer is not None:
                self._hurry.set()
                await self._writer
        return None if silent else len(parcels)


def _is_due(row: InboxRow) -> bool:
    """Less often once it has failed often: it is never given up, and never stands in the way of the others."""
    return row.error == SILENT or row.attempts <= OFTEN or row.attempts % OFTEN == 0


def _parcel(row: InboxRow) -> Parcel:
    """The alert as it was routed when it came."""
    row.event.inbox_id = row.id
    routed = RoutedAlert.model_validate(row.decision or {})
    return Parcel(row.event, routed, row.workflow_id or workflow_id(routed.correlation_key), row.id)
