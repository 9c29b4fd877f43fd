"""Carrying out a bundle: all its calls at once, each with its own tries, and early word when one of them is slow.

A try ends, and is tried again, as an activity of its own would be (workflows/options.py): by the type of its error,
with pauses that double or those that the provider asks for. Only a worker that dies is left to Temporal: the bundle is
carried out once more then, and the effect keys see to it that what had happened happens no second time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from temporalio.client import WorkflowHistory
from temporalio.exceptions import ApplicationError

from mayday.domain.bundles import BUNDLE, Bundle, BundledCall, BundleReceipt, CallFailure, CallOutcome
from mayday.domain.limits import LONGEST_PAUSE_S, PAUSE_S
from mayday.temporal.plugin import data_converter

__all__ = ["PATIENCE_S", "Carry", "Tell", "calls_of", "carried", "one_or_all"]

log = structlog.get_logger(__name__)

#: does one call, by kind and payload; raises as activities do
Carry = Callable[[str, Any], Awaitable[dict[str, Any]]]
#: gives the outcomes so far to the run; never raises
Tell = Callable[[str, list[CallOutcome]], Awaitable[None]]

PATIENCE_S = 2.0
"""After so long, and then as often, the run is told what is known so far."""


async def carried(
    bundle: Bundle, carry: Carry, tell: Tell | None = None, *, patience_s: float = PATIENCE_S, pause_s: float = PAUSE_S
) -> BundleReceipt:
    """Every call of the bundle, done or failed. `pause_s`: the first pause between two tries, in seconds."""
    under_way = [asyncio.create_task(_outcome(call, carry, pause_s)) for call in bundle.calls]
    outcomes: list[CallOutcome] = []
    waiting = set(under_way)
    try:
        while waiting:
            done, waiting = await asyncio.wait(waiting, timeout=patience_s)
            fresh = [task.result() for task in under_way if task in done]
            outcomes += fresh
            if waiting and fresh and tell is not None:
                await tell(bundle.incident_id, fresh)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    return BundleReceipt(outcomes=outcomes)


async def one_or_all(
    kind: str, payload: Any, carry: Carry, tell: Tell | None = None, *, pause_s: float = PAUSE_S
) -> dict[str, Any]:
    """What a worker with one activity for every kind answers: that of a single call, or a bundle's receipt."""
    if kind != BUNDLE:
        return await carry(kind, payload)
    receipt = await carried(Bundle.model_validate(payload), carry, tell, pause_s=pause_s)
    return receipt.model_dump(mode="json")


async def calls_of(history: WorkflowHistory) -> list[tuple[str, Any]]:
    """Every call that a run asked for, by kind and payload, alone or in a bundle; of histories without encryption."""
    calls: list[tuple[str, Any]] = []
    for event in history.events:
        if event.HasField("activity_task_scheduled_event_attributes"):
            asked = event.activity_task_scheduled_event_attributes
            [payload] = await data_converter().decode(asked.input.payloads)
            if asked.activity_type.name == BUNDLE:
                calls += [(call["kind"], call["payload"]) for call in payload["calls"]]
            else:
                calls.append((asked.activity_type.name, payload))
    return calls


async def _outcome(call: BundledCall, carry: Carry, pause_s: float) -> CallOutcome:
    """One call, tried as often as it may be."""
    failure, pause = CallFailure(code="timeout", message="no answer in time"), pause_s
    with structlog.contextvars.bound_contextvars(activity=call.kind):
        for left in reversed(range(call.tries)):
            wait = pause
            try:
                async with asyncio.timeout(call.one_try_s):
                    return CallOutcome(key=call.key, value=await carry(call.kind, call.payload))
            except TimeoutError:
                failure = CallFailure(code="timeout", message="no answer in time")
            except ApplicationError as error:
                failure = CallFailure(code=error.type or "error", message=error.message)
                if error.non_retryable:
                    break
                if error.next_retry_delay is not None:
                    wait = error.next_retry_delay.total_seconds()
            except Exception as error:  # a defect of one call is not the end of the others
                log.exception("call_failed", call=call.key)
                failure = CallFailure(code=type(error).__name__, message=str(error))
            if left and wait > LONGEST_PAUSE_S:
                return CallOutcome(key=call.key, again=True)
            if left:
                log.info("call_tried_again", call=call.key, code=failure.code, in_s=wait)
                await asyncio.sleep(wait)
            pause *= 2
    return CallOutcome(key=call.key, failure=failure)
