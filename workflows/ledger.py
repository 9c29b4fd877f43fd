"""The timeline's way to the records store and the ticket: in batches, never more than one under way.

A flush has no timer of its own. It leaves with an effect when something pressing was written or the last one is half
an hour old, at fifty entries, and at the end of the run; until then the live page lays the run's own entries over the
stored ones. A store that fails changes nothing: the entries stay in the state and leave with the next flush.

An ordinary activity is only given out once the workflow task that asked for it is in the history; so a worker that dies
before that makes the task's entries anew and the store never holds both.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError

from mayday.domain.bundles import BundledCall
from mayday.domain.effects import FLUSH, LOOK, FlushRequest, LookReceipt, LookRequest, Wire
from mayday.domain.incident import AlertEvent, Board, StartInput
from mayday.walker.walker import Walker
from workflows.bundles import Bundles, Parcel
from workflows.errands import Errands
from workflows.options import flush_options, last_flush_options, look_options

BATCH = 50
EVERY = timedelta(minutes=30)
#: what lists and other incidents look at: it does not wait
PRESSING = frozenset(
    {"opened", "status_changed", "severity_changed", "role_taken", "gate_decided", "merged_in", "reopened"}
)
REFUSED_PAUSE = timedelta(minutes=1)


def flush_of(walker: Walker, now: datetime) -> FlushRequest | None:
    """What there is to flush; None when there is nothing."""
    entries = list(walker.unflushed())
    if not entries:
        return None
    return FlushRequest(
        incident_id=walker.state.id,
        entries=entries,
        board=_kept(walker.board(now)),
        correlation_key=walker.start.correlation_key,
        run_id=workflow.info().run_id,
    )


def _kept(board: Board) -> Board:
    """Who may what is asked of a run; only of one that is over the store has to know it."""
    return board if board.finished else board.model_copy(update={"may": None})


class Ledger:
    """Lets flushes leave, one at a time."""

    def __init__(self, walker: Walker, errands: Errands, bundles: Bundles | None = None) -> None:
        """`bundles`: where a flush travels with what leaves anyway."""
        self._walker = walker
        self._errands = errands
        self._bundles = bundles
        self._busy = False
        self._last_at: datetime | None = None

    def due(self, now: datetime, *, with_effect: bool) -> bool:
        """Whether a flush should leave now; `with_effect`: something else leaves anyway."""
        entries = self._walker.unflushed()
        if self._busy or not entries:
            return False
        if len(entries) >= BATCH:
            return True
        old = self._last_at is None or now - self._last_at >= EVERY
        return with_effect and (old or any(entry.kind in PRESSING for entry in entries))

    def turn(self, now: datetime) -> None:
        """Let a flush leave, if there is something to flush and none is under way."""
        request = None if self._busy else flush_of(self._walker, now)
        if request is not None:
            self._busy, self._last_at = True, now
            last = request.entries[-1].seq
            if self._bundles is None or len(request.entries) > BATCH:  # a long one goes alone
                self._errands.run(_once(request), lambda receipt: self._kept(last, receipt))
            else:
                self._bundles.add(_parcel(request, lambda receipt: self._kept(last, receipt)))

    def _kept(self, last: int, receipt: Any) -> None:
        self._busy = False
        if not isinstance(receipt, FailureError):  # else the store is away: the entries wait for the next flush
            self._walker.flushed(last)


async def _once(request: FlushRequest) -> dict[str, Any]:
    receipt: dict[str, Any] = await workflow.execute_activity(
        FLUSH, request, result_type=dict[str, Any], summary=_summary(request), **flush_options()
    )
    return receipt


def _parcel(request: FlushRequest, then: Callable[[Any], None]) -> Parcel:
    options = flush_options()
    call = BundledCall(
        key=f"{FLUSH}#{request.entries[-1].seq}",
        kind=FLUSH,
        payload=request,
        one_try_s=options["start_to_close_timeout"].total_seconds(),
        tries=options["retry_policy"].maximum_attempts,
    )
    return Parcel(call=call, summary=_summary(request), alone=lambda: _once(request), then=then)


async def flush_at_the_end(walker: Walker, request: FlushRequest) -> None:
    """The last flush of a run is tried until the store has it."""
    await until_kept(FLUSH, request, _summary(request))
    walker.flushed(request.entries[-1].seq)


async def until_kept(kind: str, request: Wire, summary: str) -> None:
    """Store something, whatever it takes: also a store that says no (a full disk, a migration) comes to its senses."""
    while True:
        try:
            await workflow.execute_activity(kind, request, summary=summary, **last_flush_options())
            return
        except FailureError:
            await workflow.sleep(REFUSED_PAUSE, summary="the store refused: again later")


async def look_into_inbox(start: StartInput) -> list[AlertEvent]:
    """Firing alerts of this incident that were accepted and not forwarded yet: a closing run asks last."""
    request = LookRequest(workflow_id=start.workflow_id, correlation_key=start.correlation_key)
    try:
        receipt = await workflow.execute_activity(
            LOOK, request, result_type=LookReceipt, summary="look into the inbox", **look_options()
        )
    except FailureError:
        return []  # the inbox is away; the forwarder finds this run closed and starts it again (DESIGN.md, idea 5)
    return [event for event in receipt.events if event.state == "firing"]


def _summary(request: FlushRequest) -> str:
    return f"timeline {request.entries[0].seq} to {request.entries[-1].seq}"
