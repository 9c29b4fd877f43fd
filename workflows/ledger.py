"""The timeline's way to the records store and the ticket: in batches, never more than one under way.

A flush has no timer of its own. It leaves with the next effect, at fifty entries, and at the end of the run. A store
that fails changes nothing: the entries stay in the state and leave with the next flush.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import FailureError

from mayday.domain.effects import FLUSH, LOOK, FlushRequest, LookReceipt, LookRequest
from mayday.domain.incident import AlertEvent, StartInput
from mayday.walker.walker import Walker
from workflows.options import last_flush_options, local_options

BATCH = 50


def flush_of(walker: Walker, now: datetime) -> FlushRequest | None:
    """What there is to flush, or None."""
    entries = walker.unflushed()
    if not entries:
        return None
    return FlushRequest(
        incident_id=walker.state.id,
        entries=list(entries),
        board=walker.board(now),
        correlation_key=walker.start.correlation_key,
        run_id=workflow.info().run_id,
    )


class Ledger:
    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        return self._task is not None and not self._task.done()

    def turn(self, walker: Walker, request: FlushRequest | None) -> None:
        """Let a flush leave, unless one is under way."""
        if request is not None and not self.busy:
            self._task = asyncio.create_task(_try_once(walker, request))

    async def settle(self) -> None:
        """Wait for the flush under way."""
        if self._task is not None:
            await self._task


async def _try_once(walker: Walker, request: FlushRequest) -> None:
    try:
        await workflow.execute_local_activity(FLUSH, request, summary=_summary(request), **local_options())
    except FailureError:
        return  # the store is away: the entries wait for the next flush
    walker.flushed(request.entries[-1].seq)


async def flush_at_the_end(walker: Walker, request: FlushRequest) -> None:
    """The last flush of a run is tried until the store has it."""
    await workflow.execute_activity(FLUSH, request, summary=_summary(request), **last_flush_options())
    walker.flushed(request.entries[-1].seq)


async def look_into_inbox(start: StartInput) -> list[AlertEvent]:
    """Firing alerts of this incident that were accepted and not forwarded yet: a closing run asks last."""
    request = LookRequest(workflow_id=start.workflow_id, correlation_key=start.correlation_key)
    try:
        receipt = await workflow.execute_local_activity(
            LOOK, request, result_type=LookReceipt, summary="look into the inbox", **local_options()
        )
    except FailureError:
        return []  # the inbox is away; the forwarder finds this run closed and starts it again (DESIGN.md, idea 5)
    return [event for event in receipt.events if event.state == "firing"]


def _summary(request: FlushRequest) -> str:
    return f"timeline {request.entries[0].seq} to {request.entries[-1].seq}"
