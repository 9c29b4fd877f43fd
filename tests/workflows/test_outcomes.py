"""What the walker hears of a failed activity, in each shape in which the SDK brings it."""

from __future__ import annotations

import pytest
from temporalio import exceptions
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, RetryState, TimeoutType

from mayday.domain.effects import EffectRequest
from workflows.outcomes import failure_of

PAGE = EffectRequest(key="page#1", kind="paging.page_responder", step="page", effect_class="page", payload={})
CHANGE = EffectRequest(key="go#1", kind="change.execute", step="go", effect_class="irreversible", payload={})


def wrapped(cause: BaseException) -> ActivityError:
    """As an activity fails; a signal to another workflow fails with the cause itself."""
    error = ActivityError(
        "activity failed", scheduled_event_id=5, started_event_id=6, identity="worker", activity_type="page",
        activity_id="1", retry_state=RetryState.MAXIMUM_ATTEMPTS_REACHED,
    )  # fmt: skip
    error.__cause__ = cause
    return error


REFUSED = ApplicationError("no such number", type="refused", non_retryable=True)
SILENT = exceptions.TimeoutError("timed out", type=TimeoutType.START_TO_CLOSE, last_heartbeat_details=[])


@pytest.mark.parametrize("error", [REFUSED, wrapped(REFUSED)])
def test_a_refusal_is_told_by_its_type(error: FailureError) -> None:
    failure = failure_of(error, PAGE).failure
    assert failure is not None
    assert (failure.code, failure.message, failure.ambiguous) == ("refused", "no such number", False)


@pytest.mark.parametrize("error", [SILENT, wrapped(SILENT)])
def test_silence_is_ambiguous_only_for_what_cannot_be_undone(error: FailureError) -> None:
    page, change = failure_of(error, PAGE).failure, failure_of(error, CHANGE).failure
    assert page is not None
    assert change is not None
    assert (page.code, page.ambiguous) == ("timeout", False)
    assert (change.code, change.ambiguous) == ("timeout", True)
