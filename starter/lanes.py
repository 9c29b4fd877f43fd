"""One lane a correlation key: alerts of a key leave in order, and those that come meanwhile leave together.

While a call to Temporal is under way, everything that arrives for the same run waits for the next call: a storm becomes
few signals without any timer, and an alert that comes alone leaves at once (DESIGN.md, idea 5).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from starter.parcels import Delivered, Parcel

__all__ = ["BATCH_BYTES", "BATCH_EVENTS", "Lanes"]

BATCH_EVENTS = 200
BATCH_BYTES = 64 * 1024

Deliver = Callable[[str, list[Parcel]], Awaitable[list[Delivered]]]


class Lanes:
    """`deliver(workflow_id, parcels)` answers once a parcel; its error reaches all who wait for that call."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._waiting: dict[str, deque[tuple[Parcel, asyncio.Future[Delivered]]]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self.calls = 0

    def submit(self, parcels: Sequence[Parcel]) -> list[asyncio.Future[Delivered]]:
        """A future for each parcel, in order. A caller that stops waiting does not stop the delivery."""
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[Delivered]] = []
        for parcel in parcels:
            future: asyncio.Future[Delivered] = loop.create_future()
            future.add_done_callback(_seen)
            self._waiting.setdefault(parcel.workflow_id, deque()).append((parcel, future))
            futures.append(future)
            if parcel.workflow_id not in self._running:
                task = loop.create_task(self._run(parcel.workflow_id), name=f"lane {parcel.workflow_id}")
                self._running[parcel.workflow_id] = task
        return futures

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

    async def _leave(self, workflow_id: str, batch: list[tuple[Parcel, asyncio.Future[Delivered]]]) -> None:
        self.calls += 1
        try:
            answers = await self._deliver(workflow_id, [parcel for parcel, _ in batch])
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait for it; the lane goes on
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)


def _next_batch(
    waiting: deque[tuple[Parcel, asyncio.Future[Delivered]]],
) -> list[tuple[Parcel, asyncio.Future[Delivered]]]:
    batch = [waiting.popleft()]
    size = batch[0][0].size
    while waiting and len(batch) < BATCH_EVENTS and size + waiting[0][0].size <= BATCH_BYTES:
        size += waiting[0][0].size
        batch.append(waiting.popleft())
    return batch


def _seen(future: asyncio.Future[Delivered]) -> None:
    """Nobody may be waiting any more: that is no unhandled error."""
    if not future.cancelled():
        future.exception()
