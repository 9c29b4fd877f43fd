"""Carrying out what the walker asks for: an activity each, except the two effects that are Temporal's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError

from mayday.domain.bundles import BUNDLED, BundledCall
from mayday.domain.effects import EffectFailure, EffectRequest, EffectResult
from mayday.domain.limits import limits_of
from workflows.bundles import Bundles, Parcel, Value
from workflows.errands import Errands
from workflows.options import options_of
from workflows.outcomes import failure_of

#: effects that no activity carries out
ABSORB, REVIEW = "incident.absorb", "review.start"
ABSORBED = "absorbed"
REVIEW_WORKFLOW = "ReviewWorkflow"


class Carrier:
    """Gets effects done, by errands, and says how each went. Nothing that happens outside raises here."""

    def __init__(
        self,
        errands: Errands,
        done: Callable[[EffectRequest, EffectResult], None],
        bundles: Bundles | None = None,
    ) -> None:
        """`bundles`: where calls that are asked for together may travel together."""
        self._errands = errands
        self._done = done
        self._bundles = bundles

    def carry(self, request: EffectRequest) -> None:
        own = OWN_EFFECTS.get(request.kind)
        if own is not None:
            self._errands.run(own(request), lambda result: self._settled(request, result))
        elif self._bundles is not None and request.kind in BUNDLED:
            self._bundles.add(self._parcel(request))
        else:
            self._errands.run(_activity(request), lambda value: self._done(request, outcome_of(request, value)))

    def _parcel(self, request: EffectRequest) -> Parcel:
        limits = limits_of(request.effect_class, request.timeout_s)
        call = BundledCall(
            key=request.key,
            kind=request.kind,
            payload=request.payload,
            one_try_s=limits.one_try.total_seconds(),
            tries=limits.tries,
        )
        return Parcel(
            call=call,
            summary=request.summary,
            alone=lambda: _activity(request),
            then=lambda value: self._done(request, outcome_of(request, value)),
        )

    def _settled(self, request: EffectRequest, result: EffectResult | FailureError) -> None:
        self._done(request, failure_of(result, request) if isinstance(result, FailureError) else result)


def outcome_of(request: EffectRequest, value: Value | FailureError) -> EffectResult:
    return failure_of(value, request) if isinstance(value, FailureError) else EffectResult(value=value or {})


async def _activity(request: EffectRequest) -> Value:
    value: Value = await workflow.execute_activity(
        request.kind, request.payload, result_type=dict[str, Any], summary=request.summary, **options_of(request)
    )
    return value


async def _absorb(request: EffectRequest) -> EffectResult:
    """Hand everything that a merged incident still owes to the one that survives."""
    survivor = workflow.get_external_workflow_handle(request.payload["workflow_id"])
    try:
        await survivor.signal(ABSORBED, request.payload.get("handover", {}))
    except FailureError as error:
        return EffectResult(failure=EffectFailure(code="unknown", message=str(error)[:500]))
    return EffectResult()


async def _start_review(request: EffectRequest) -> EffectResult:
    """Start the review; it lives on for weeks after this run. One that is already there is the one meant."""
    review = request.payload["review"]
    review_id = f"review/{review['incident_id']}"
    try:
        await workflow.start_child_workflow(
            REVIEW_WORKFLOW,
            review,
            id=review_id,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            static_summary=request.summary,
        )
    except WorkflowAlreadyStartedError:
        pass  # the incident was reopened: its review goes on
    except FailureError as error:
        return EffectResult(failure=EffectFailure(code="error", message=str(error)[:500]))
    return EffectResult(value={"workflow_id": review_id})


OWN_EFFECTS: dict[str, Callable[[EffectRequest], Awaitable[EffectResult]]] = {ABSORB: _absorb, REVIEW: _start_review}
