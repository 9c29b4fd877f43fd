"""What vendors tell of our own calls: into the inbox first, answered when durable, delivered once and in order.

in the inbox, and the incident has it     what became of it: applied | pending | refused | ignored
in the inbox, Temporal silent for 2 s     queued: it is delivered as soon as Temporal answers
inbox down, Temporal there                delivered at once, as above
both down                                 `Unavailable`: 503, for vendors that try again

One delivery at a time for each incident, the oldest first, whichever starter took it in: only the head of a lane can be
claimed. A starter that dies in the middle holds it until its lease ends; the incident knows a command that it has seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from pydantic import TypeAdapter

from mayday.providers.inbound import Callback
from mayday.providers.inbound import Delivery as Body
from mayday.records.callbacks import CallbackItem, CallbackRow
from mayday.records.errors import RecordsUnavailable
from mayday.records.records import Records
from starter.callbacks import Callbacks
from starter.gateway import TemporalSilent
from starter.intake import ANSWERED_WITHIN, KEPT_WITHIN, Unavailable, nobody_took_it
from starter.metrics import CALLBACKS

__all__ = ["Courier"]

log = structlog.get_logger(__name__)

EVERY = 2.0
"""Seconds between two looks for what waits."""
LEASE = timedelta(seconds=30)
"""Longer than a delivery takes: an update is signalled after 5 s."""
MOST_TRIES = 20
"""After so many that failed, and not for Temporal's or the store's silence, the others of its lane go on without it."""
MOST_REMEMBERED = 1_000
_FORM = TypeAdapter(Callback)


class Courier:
    """Takes callbacks in and delivers them; a background task delivers what waits."""

    def __init__(
        self, records: Records, callbacks: Callbacks, clock: Callable[[], datetime],
        answered_within: timedelta = ANSWERED_WITHIN,
    ) -> None:  # fmt: skip
        self._records = records
        self._callbacks = callbacks
        self._now = clock
        self._answered_within = answered_within.total_seconds()
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._became: dict[int, dict[str, Any]] = {}
        self._task: asyncio.Task[None] | None = None

    async def take(self, source: str, body: Body, told: Sequence[Callback]) -> list[dict[str, Any]]:
        """What became of each that somebody did, in order. Raises `Unavailable`: nothing was kept."""
        if not told:
            return []
        kept = await self._kept(source, body, told)
        if kept is None:
            became = await self._directly(source, body, told)
        else:
            waiting = {row.lane: self._sent(row.lane) for row in kept if row.state == "new"}
            if waiting:
                await asyncio.wait(waiting.values(), timeout=self._answered_within)
            became = [self._taken(row, each) for row, each in zip(kept, told, strict=True)]
        for each, state in zip(told, became, strict=True):
            CALLBACKS.labels(source=source, kind=each.kind, state=state["state"]).inc()
        return [state for each, state in zip(told, became, strict=True) if each.kind != "named"]

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="courier")

    async def stop(self) -> None:
        """End the task; what is on its way arrives."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        while self._lanes:
            await asyncio.wait(list(self._lanes.values()))

    async def deliver_waiting(self) -> int:
        """Try every lane in which something waits; how many those were. Raises RecordsUnavailable."""
        lanes = await self._records.callbacks.lanes()
        tasks = [self._sent(lane) for lane in lanes]
        if tasks:
            await asyncio.wait(tasks)
        return len(lanes)

    async def _run(self) -> None:
        while True:
            try:
                await self.deliver_waiting()
            except RecordsUnavailable as error:
                log.warning("callbacks_unreadable", reason=str(error))
            except Exception as error:  # the last line of defence of answers that were promised: log and go on
                log.error("courier_failed", exc_info=error)
            await asyncio.sleep(EVERY)

    async def _kept(self, source: str, body: Body, told: Sequence[Callback]) -> list[CallbackRow] | None:
        """Their rows in the inbox; None when it cannot be reached."""
        try:
            async with asyncio.timeout(KEPT_WITHIN.total_seconds()):
                items = [
                    CallbackItem(_key(source, each), await self._callbacks.lane(source, each),
                                 _FORM.dump_python(each, mode="json"))
                    for each in told
                ]  # fmt: skip
                return await self._records.callbacks.commit(
                    items, source=source, body=body.raw, received_at=body.received_at
                )
        except (RecordsUnavailable, TimeoutError) as error:
            log.error("callbacks_not_kept", source=source, reason=str(error) or "no answer in time")
            return None

    async def _directly(self, source: str, body: Body, told: Sequence[Callback]) -> list[dict[str, Any]]:
        """Without an inbox there is only Temporal, and an answer only once it has them."""
        try:
            return [await self._callbacks.deliver(source, each, body.received_at) for each in told]
        except (TemporalSilent, RecordsUnavailable) as error:
            raise Unavailable(nobody_took_it(self._records.store.trouble)) from error

    def _taken(self, row: CallbackRow, told: Callback) -> dict[str, Any]:
        """What became of it by now."""
        if row.id in self._became:
            return self._became.pop(row.id)
        return row.outcome or _queued(told)

    def _sent(self, lane: str) -> asyncio.Task[None]:
        """The task that empties this lane: it looks again for what came meanwhile."""
        self._again.add(lane)
        if lane not in self._lanes:
            self._lanes[lane] = asyncio.create_task(self._empty(lane), name=f"callbacks {lane}")
        return self._lanes[lane]

    async def _empty(self, lane: str) -> None:
        try:
            while lane in self._again:
                self._again.discard(lane)
                while await self._next(lane):
                    pass
        except RecordsUnavailable as error:
            log.warning("callbacks_wait", lane=lane, reason=str(error))
        finally:
            del self._lanes[lane]
            self._again.discard(lane)

    async def _next(self, lane: str) -> bool:
        """Deliver the lane's oldest; whether another may follow it."""
        row = await self._records.callbacks.claim(lane, LEASE)
        if row is None:
            return False
        try:
            outcome = await self._callbacks.deliver(row.source, _FORM.validate_python(row.callback), row.received_at)
        except (TemporalSilent, RecordsUnavailable) as error:
            log.warning("callback_waits", source=row.source, lane=lane, reason=str(error))
            await self._records.callbacks.settle(row.id, "new", error=str(error))
            return False
        except Exception as error:  # a bug of ours with one callback must not keep the incident from the others
            log.error("callback_not_delivered", source=row.source, lane=lane, tries=row.attempts, exc_info=error)
            given_up = row.attempts >= MOST_TRIES
            await self._records.callbacks.settle(row.id, "failed" if given_up else "new", error=type(error).__name__)
            return given_up
        self._became[row.id] = outcome
        while len(self._became) > MOST_REMEMBERED:
            del self._became[next(iter(self._became))]
        await self._records.callbacks.settle(row.id, "done", outcome=outcome)
        return True


def _key(source: str, callback: Callback) -> str:
    about = callback.call.incident_id if callback.call else callback.ref or callback.ticket or callback.meeting
    return f"{source}\n{about}\n{callback.id}"


def _queued(callback: Callback) -> dict[str, Any]:
    call = callback.call
    return {
        "incident": call and call.incident_id, "kind": callback.kind, "step": call.step if call and call.step else None,
        "state": "queued",
    }  # fmt: skip
