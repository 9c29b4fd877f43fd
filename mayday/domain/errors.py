"""What can go wrong at a provider, as types. activities/failures.py is the only map from these to Temporal's errors.

MaydayError
+-- ProviderError            a provider did not do what it was asked
    +-- Unreachable          no connection: it cannot have happened; retried, then the next provider
    +-- Ambiguous            sent, no answer: it may have happened; looked up before any retry
    +-- RateLimited          try again after `retry_after_s`
    +-- Refused              the provider understood and said no (4xx): never retried
    +-- Unauthorised         our credentials are wrong: never retried, shown by doctor
    |   +-- Forbidden        they are right, and may not do this: a scope, a role, a permission is missing
    +-- Broken               5xx or garbage: retried, then the next provider
    +-- NobodyReached        a page or message that no channel carried to anybody: the walker takes the next step
"""

from __future__ import annotations


class MaydayError(Exception):
    """Root of all errors of ours."""


HELD_BACK = "held_back"
"""The code of `HeldBack`, which the walker knows."""


class ProviderError(MaydayError):
    """A provider did not do what it was asked. The message never holds a secret."""

    code = "provider"
    retryable = False
    ambiguous = False

    def __init__(self, message: str, *, provider: str = "") -> None:
        super().__init__(message)
        self.provider = provider


class Unreachable(ProviderError):
    code, retryable = "unreachable", True


class Ambiguous(ProviderError):
    code, ambiguous = "ambiguous", True


class RateLimited(ProviderError):
    code, retryable = "rate_limited", True

    def __init__(self, message: str, *, provider: str = "", retry_after_s: int = 30) -> None:
        super().__init__(message, provider=provider)
        self.retry_after_s = retry_after_s


class Refused(ProviderError):
    code = "refused"


class Unauthorised(ProviderError):
    code = "unauthorised"


class Forbidden(Unauthorised):
    """The same to whoever retries; another remedy for whoever mends it."""


class Broken(ProviderError):
    code, retryable = "broken", True


class HeldBack(ProviderError):
    """Somebody stopped what was on its way out: it waits with the incident, and is not tried again by itself."""

    code = HELD_BACK


class NobodyReached(ProviderError):
    """Every channel of every target failed; retried only when a retry may help."""

    code = "unreached"

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable
