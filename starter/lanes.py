"""One lane a correlation key: alerts of a key leave in order, and those that come meanwhile leave together.

While a call to Temporal is under way, everything that arrives for the same run waits for the next call: a storm becomes
few signals without any timer, and an alert that comes alone leaves at once (DESIGN.md, idea 5).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from starter.parcels import Delivered, Parcel

__all__ = ["BATCH_BYTES", "BATCH_EVENTS", "Lanes", "Load"]

BATCH_EVENTS = 200
BATCH_BYTES = 64 * 1024
LOAD_BYTES = BATCH_BYTES // 4
"""What came together leaves together in loads of this size: small enough to fill a batch well."""

Deliver = Callable[[str, list[Parcel]], Awaitable[list[Delivered]]]


@dataclass(slots=True, eq=False)
class Load:
    """Parcels of one body for one run, in order. `arrived` has an answer for each, or the error of the call."""

    parcels: list[Parcel]
    arrived: asyncio.Future[list[Delivered]]
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.size = sum(parcel.size for parcel in self.parcels)
        self.arrived.add_done_callback(_seen)


class Lanes:
    """`deliver(workflow_id, parcels)` answers once a parcel; its error reaches all who wait for that call."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._waiting: dict[str, deque[Load]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self.calls = 0

    def submit(self, parcels: Sequence[Parcel]) -> list[Load]:
        """The parcels as they leave. A caller that stops waiting does not stop the delivery."""
        loop = asyncio.get_running_loop()
        loads = [Load(together, loop.create_future()) for together in _loads(parcels)]
        for load in loads:
            workflow_id = load.parcels[0].workflow_id
            self._waiting.setdefault(workflow_id, deque()).append(load)
            if workflow_id not in self._running:
                self._running[workflow_id] = loop.create_task(self._run(workflow_id), name=f"lane {workflow_id}")
        return loads

    async def idle(self, workflow_id: str) -> None:
        """Wait until nothing is on its way to this run."""
        if (task := self._running.get(workflow_id)) is not None:
            await asyncio.wait([task])

    async def drain(self) -> None:
        """Wait until nothing is on its way."""
        while self._running:
            await asyncio.wait(list(self._running.values()))

    async def _run(self, workflow_id: str) -> None:
        waiting = self._waiting[workflow_id]
        try:
            while waiting:
                await self._leave(workflow_id, _next_batch(waiting))
        finally:
            del self._running[workflow_id], self._waiting[workflow_id]

    async def _leave(self, workflow_id: str, batch: list[Load]) -> None:
        self.calls += 1
        try:
            answers = await self._deliver(workflow_id, [parcel for load in batch for parcel in load.parcels])
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait for it; the lane goes on
            for load in batch:
                if not load.arrived.done():
                    load.arrived.set_exception(error)
            return
        begin = 0
        for load in batch:
            end = begin + len(load.parcels)
            if not load.arrived.done():
                load.arrived.set_result(answers[begin:end])
            begin = end


def _loads(parcels: Iterable[Parcel]) -> list[list[Parcel]]:
    """Parcels of the same run together, in order, as many as fit."""
    found: list[list[Parcel]] = []
    filling: dict[str, tuple[list[Parcel], int]] = {}
    for parcel in parcels:
        last, size = filling.get(parcel.workflow_id, ([], LOAD_BYTES))
        if size + parcel.size > LOAD_BYTES or len(last) == BATCH_EVENTS:
            last, size = [], 0
            found.append(last)
        last.append(parcel)
        filling[parcel.workflow_id] = last, size + parcel.size
    return found


def _next_batch(waiting: deque[Load]) -> list[Load]:
    batch = [waiting.popleft()]
    size, events = batch[0].size, len(batch[0].parcels)
    while waiting and events + len(waiting[0].parcels) <= BATCH_EVENTS and size + waiting[0].size <= BATCH_BYTES:
        size += waiting[0].size
        events += len(waiting[0].parcels)
        batch.append(waiting.popleft())
    return batch


def _seen(future: asyncio.Future[list[Delivered]]) -> None:
    """Nobody may be waiting any more: that is no unhandled error."""
    if not future.cancelled():
        future.exception()
