"""What an activity's error means to the walker: by type, never by message."""

from __future__ import annotations

from temporalio import exceptions
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, FailureError, TimeoutType

from mayday.domain.effects import EffectRequest, EffectResult
from mayday.domain.limits import failed, unanswered


def failure_of(error: FailureError, request: EffectRequest) -> EffectResult:
    """The failure for the walker, from the activity's own error type."""
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, ApplicationError):
        code = "not_found" if cause.type == "NotFoundError" else cause.type or "error"
        return failed(code, cause.message, request.effect_class)
    if isinstance(cause, exceptions.TimeoutError):
        if cause.type is TimeoutType.SCHEDULE_TO_START:
            return failed("unreachable", "no worker took it", request.effect_class)
        return unanswered(request)
    code = "cancelled" if isinstance(cause, CancelledError) else "error"
    return failed(code, str(cause or error), request.effect_class)
