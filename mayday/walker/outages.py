"""Time in which nobody could answer does not count against people (LANGUAGE.md "Waiting").

The walker knows when it wanted to be woken. Woken much later, the system itself was away in between: deadlines of
people that fell into that time get the rest of their time from its end, five minutes at least.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mayday.walker.state import Outage

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

#: later than this is an outage of ours, not the jitter of a timer
LATE_AFTER = timedelta(seconds=60)
AT_LEAST = timedelta(minutes=5)


def note(w: Walker) -> None:
    """Write an outage down when the walker is looked at much later than it asked for."""
    wanted = w.state.wake_at
    if wanted is None or w.now - wanted <= LATE_AFTER:
        return
    w.state.wake_at = None
    w.state.outages.append(Outage(from_at=wanted, to_at=w.now))
    w.entry("outage_ended", "system", None, from_at=wanted, to_at=w.now, seconds=int((w.now - wanted).total_seconds()))


def shifted(due: datetime, outages: Sequence[Outage]) -> datetime:
    """When a person's deadline really ends, given the times in which the system was away."""
    for outage in outages:
        if outage.from_at <= due <= outage.to_at:
            due = outage.to_at + max(AT_LEAST, due - outage.from_at)
    return due
