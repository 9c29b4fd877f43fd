"""What an activity's error means to the walker: by type, never by message."""

from __future__ import annotations

from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, TimeoutError, TimeoutType

from mayday.domain.effects import EffectClass, EffectFailure, EffectResult

#: errors of which it is known that nothing happened at the provider
NOT_DONE = frozenset({"unreachable", "refused", "unauthorised", "rate_limited", "NotFoundError"})


def failure_of(error: ActivityError, effect_class: EffectClass) -> EffectResult:
    """The failure for the walker. An irreversible action is ambiguous unless it is known that nothing happened."""
    cause = error.cause
    irreversible = effect_class == "irreversible"
    if isinstance(cause, ApplicationError):
        code = cause.type or "error"
        ambiguous = code == "ambiguous" or (irreversible and code not in NOT_DONE)
        return _failed(code, cause.message, ambiguous)
    if isinstance(cause, TimeoutError):
        started = cause.type is not TimeoutType.SCHEDULE_TO_START
        return _failed("timeout", "no answer in time", irreversible and started)
    if isinstance(cause, CancelledError):
        return _failed("cancelled", "cancelled before it answered", irreversible)
    return _failed("error", str(cause or error), irreversible)


def is_final(error: ActivityError) -> bool:
    """Whether a local try already settles it: the provider understood and said no."""
    return isinstance(error.cause, ApplicationError) and error.cause.non_retryable


def _failed(code: str, message: str, ambiguous: bool) -> EffectResult:
    return EffectResult(failure=EffectFailure(code=code, message=message[:500], ambiguous=ambiguous))
