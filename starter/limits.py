"""How often somebody may try: counts failures by address and by account, in this process, for a while.

A login that fails costs a place; one that succeeds costs nothing, so that nobody shuts another person out who holds a
good code. What is counted is bounded: the oldest entry goes first.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime, timedelta

__all__ = ["Allowance"]

COUNTED = 10_000


class Allowance:
    """`most` events within `window` for each key."""

    def __init__(self, most: int, window: timedelta, clock: Callable[[], datetime]) -> None:
        self._most = most
        self._window = window
        self._now = clock
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()

    def wait(self, key: str) -> int:
        """Whole seconds until the key has a place again; 0 when it has one now."""
        times = self._recent(key)
        if len(times) < self._most:
            return 0
        return max(1, math.ceil((times[0] + self._window - self._now()).total_seconds()))

    def count(self, key: str) -> None:
        """One more; of a key that is over its limit only the last ones are kept."""
        times = self._recent(key)
        times.append(self._now())
        self._seen[key] = times
        self._seen.move_to_end(key)
        while len(self._seen) > COUNTED:
            self._seen.popitem(last=False)

    def _recent(self, key: str) -> deque[datetime]:
        times = self._seen.get(key) or deque(maxlen=self._most)
        while times and times[0] + self._window <= self._now():
            times.popleft()
        return times
