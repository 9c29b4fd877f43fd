"""Carrying out what the walker asks for: an activity each, except the two effects that are Temporal's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError

from mayday.domain.effects import EffectFailure, EffectRequest, EffectResult
from workflows.options import local_options, options_of, runs_locally
from workflows.outcomes import failure_of, is_final

#: effects that no activity carries out
ABSORB, REVIEW = "incident.absorb", "review.start"
ABSORBED = "absorbed"
REVIEW_WORKFLOW = "ReviewWorkflow"


async def carry_out(request: EffectRequest) -> EffectResult:
    """Get the effect done and say how it went. Never raises for what happens outside."""
    own = OWN_EFFECTS.get(request.kind)
    if own is not None:
        return await own(request)
    try:
        return EffectResult(value=await _activity(request) or {})
    except FailureError as error:
        return failure_of(error, request)


async def _activity(request: EffectRequest) -> dict[str, Any] | None:
    """A local try where that is likely to do, then an ordinary activity."""
    if runs_locally(request):
        try:
            return await workflow.execute_local_activity(
                request.kind, request.payload, result_type=dict[str, Any], summary=request.summary, **local_options()
            )
        except FailureError as error:
            if is_final(error):
                raise
    return await workflow.execute_activity(
        request.kind, request.payload, result_type=dict[str, Any], summary=request.summary, **options_of(request)
    )


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
