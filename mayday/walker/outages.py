"""Time in which nobody could answer does not count against people (LANGUAGE.md "Waiting").

The walker knows when it wanted to be woken. Woken much later, the system itself was away in between, and an effect
asks since when. Deadlines of people that fell into that time get the rest of their time from its end, five minutes at
least.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mayday.domain.effects import LAST_SEEN, EffectResult, LastSeen, LastSeenRequest
from mayday.walker.state import Flight, Outage

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

#: later than this is an outage of ours, not the jitter of a timer
LATE_AFTER = timedelta(seconds=60)
AT_LEAST = timedelta(minutes=5)


def note(w: Walker) -> None:
    """Notice an outage when the walker is looked at much later than it asked for."""
    wanted = w.state.wake_at
    if wanted is None or w.now - wanted <= LATE_AFTER or w.state.finished:
        return
    w.state.wake_at = None
    w.state.outages.append(Outage(from_at=wanted, to_at=w.now))
    w.ask(
        LAST_SEEN,
        "outage",
        lambda key: LastSeenRequest(effect_key=key, wanted_at=wanted),
        owner=f"outage:{len(w.state.outages) - 1}",
        effect_class="read",
        summary="since when the system was away",
    )


def began(w: Walker, number: str, flight: Flight, result: EffectResult) -> None:
    """The answer: deadlines that fell into the outage are counted from its beginning."""
    outage = w.state.outages[int(number)]
    seen = LastSeen.model_validate(result.value).last_seen_at if result.failure is None else None
    if seen is not None and seen < outage.from_at:
        outage.from_at = seen
    outage.known = True
    seconds = int((outage.to_at - outage.from_at).total_seconds())
    w.entry("outage_ended", "system", None, from_at=outage.from_at, to_at=outage.to_at, seconds=seconds)


def shifted(due: datetime, outages: Sequence[Outage]) -> datetime:
    """When a person's deadline really ends, given the times in which the system was away."""
    for outage in outages:
        if outage.from_at <= due <= outage.to_at:
            due = outage.to_at + max(AT_LEAST, due - outage.from_at)
    return due
