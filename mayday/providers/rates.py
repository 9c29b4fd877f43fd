"""Our own rate at a vendor: a bucket of tokens that fills again, and the time for which the vendor sent us away."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mayday.domain.errors import RateLimited

__all__ = ["RateBucket"]


@dataclass(slots=True)
class RateBucket:
    """`per_minute` calls on the long run, `burst` of them at once; without a number only the vendor's own word counts.

    Nobody waits here: who is out of rate is told so (RateLimited), because the next provider may be able to.
    """

    per_minute: float | None = None
    burst: int = 1
    clock: Callable[[], float] = time.monotonic
    _tokens: float = field(init=False, default=0.0)
    _filled_at: float = field(init=False, default=0.0)
    _closed_until: float = field(init=False, default=-math.inf)

    def __post_init__(self) -> None:
        self._tokens = float(self.burst)
        self._filled_at = self.clock()

    def take(self, provider: str) -> None:
        """One call's worth. Raises RateLimited with the seconds until the next is free."""
        now = self.clock()
        if now < self._closed_until:
            wait = math.ceil(self._closed_until - now)
            raise RateLimited(f"{provider} asked us to wait {wait} s more", provider=provider, retry_after_s=wait)
        if self.per_minute is None:
            return
        every = 60 / self.per_minute
        self._tokens = min(float(self.burst), self._tokens + (now - self._filled_at) / every)
        self._filled_at = now
        if self._tokens < 1:
            wait = max(1, math.ceil((1 - self._tokens) * every))
            said = f"{provider} is out of its rate of {self.per_minute:g} a minute"
            raise RateLimited(said, provider=provider, retry_after_s=wait)
        self._tokens -= 1

    def close_for(self, seconds: float) -> None:
        """The vendor wants no call for so long."""
        self._closed_until = max(self._closed_until, self.clock() + seconds)
