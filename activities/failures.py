"""The only map from domain errors to Temporal's: the type is the error's code, never its message.

| error | retried | next |
| --- | --- | --- |
| Unreachable, Broken | yes, with backoff | the walker's own way out (next channel, task) |
| RateLimited | yes, not before `Retry-After` | the same |
| Ambiguous | no: it may have happened | a look, or the task "find out whether it happened" |
| Refused, Unauthorised | no | a task |
| NobodyReached | if a retry may help | the next level of the ladder |
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from temporalio.exceptions import ApplicationError

from mayday.domain.errors import ProviderError, RateLimited


@contextmanager
def reported() -> Iterator[None]:
    """Inside, a domain error leaves as Temporal's."""
    try:
        yield
    except ProviderError as error:
        raise application_error(error) from error


def application_error(error: ProviderError) -> ApplicationError:
    """What Temporal is told. The details say whether it may have happened, and at which provider."""
    wait = timedelta(seconds=error.retry_after_s) if isinstance(error, RateLimited) else None
    details = {"ambiguous": error.ambiguous, "provider": error.provider}
    return ApplicationError(
        str(error), details, type=error.code, non_retryable=not error.retryable, next_retry_delay=wait
    )
