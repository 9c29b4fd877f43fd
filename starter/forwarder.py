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
from mayday.records.inbox import HELD, InboxRow
from mayday.records.records import Records
from starter.gateway import TemporalSilent
from starter.lanes import Lanes
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
        self._done: dict[str, list[int]] = {}
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

    def settle_when_done(self, parcels: Sequence[Parcel], futures: Sequence[asyncio.Future[Delivered]]) -> None:
        """Note in the inbox what becomes of these, whenever it is known; what failed is forwarded again."""
        if parcels:
            task = asyncio.create_task(self._follow(list(parcels), list(futures)), name="settle")
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)

    async def _follow(self, parcels: list[Parcel], futures: list[asyncio.Future[Delivered]]) -> None:
        await asyncio.wait(futures)
        failed: list[tuple[Parcel, BaseException]] = []
        actions: Counter[str] = Counter()
        for parcel, future in zip(parcels, futures, strict=True):
            error = future.exception()
            if error is None:
                action = future.result().action
                actions[action] += 1
                self._note(parcel, "done" if action == "ignored" else "forwarded")
            else:
                failed.append((parcel, error))
        for name, count in actions.items():
            ALERTS_FORWARDED.labels(action=name).inc(count)
        for parcel, error in failed:
            if not isinstance(error, TemporalSilent):
                log.error("alert_not_forwarded", workflow_id=parcel.workflow_id, inbox=parcel.row, exc_info=error)
        if failed:
            await self._give_back([parcel.row for parcel, _ in failed if parcel.row is not None])
            self.nudge()

    async def _give_back(self, rows: list[int]) -> None:
        try:
            await self._records.inbox.settle(rows, "new")
        except RecordsUnavailable:
            pass  # they are `new` already; their lease ends by itself

    def _note(self, parcel: Parcel, state: str) -> None:
        """Rows that are settled while a transaction runs share the next one."""
        if parcel.row is None:
            return
        self._done.setdefault(state, []).append(parcel.row)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write(), name="settle-writer")

    async def _write(self) -> None:
        try:
            while self._done:
                await self._gathering()
                done, self._done = self._done, {}
                for state, rows in done.items():
                    try:
                        await self._records.inbox.settle(rows, "done" if state == "done" else "forwarded")
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
        rows = await self._records.inbox.claim(BATCH, LEASE)
        INBOX_WAITING.set(len(rows))
        border = self._now() - YOUNG
        over = {row.id for row in rows if row.error == HELD and await self._records.inbox.cleared_since(row)}
        await self._records.inbox.settle(sorted(over), "done")
        parcels = [_parcel(row) for row in rows if row.id not in over and _is_due(row, border)]
        if not parcels:
            return 0
        log.info("inbox_forwarded", alerts=len(parcels))
        futures = self._lanes.submit(parcels)
        await asyncio.wait(futures)
        silent = [p for p, f in zip(parcels, futures, strict=True) if isinstance(f.exception(), TemporalSilent)]
        if silent:
            rows_back = [parcel.row for parcel in silent if parcel.row is not None]
            await self._records.inbox.settle(rows_back, "new", error=SILENT)
        rest = [(p, f) for p, f in zip(parcels, futures, strict=True) if p not in silent]
        if rest:
            await self._follow([p for p, _ in rest], [f for _, f in rest])
            if self._writer is not None:
                self._hurry.set()
                await self._writer
        return None if silent else len(parcels)


def _is_due(row: InboxRow, border: datetime) -> bool:
    """Not while the request that brought it is at it, and less often once it has failed often: it is never given up,
    and never stands in the way of the others."""
    if row.received_at > border and row.attempts <= 1:
        return False
    return row.error == SILENT or row.attempts <= OFTEN or row.attempts % OFTEN == 0


def _parcel(row: InboxRow) -> Parcel:
    """The alert as it was routed when it came."""
    row.event.inbox_id = row.id
    routed = RoutedAlert.model_validate(row.decision or {})
    return Parcel(row.event, routed, row.workflow_id or workflow_id(routed.correlation_key), row.id)
