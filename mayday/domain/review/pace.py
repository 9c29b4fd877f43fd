"""How fast a review reminds, and rough instants for durations that only a calendar could place exactly."""

from __future__ import annotations

from datetime import timedelta

from mayday.domain.durations import Duration


def elapsed(duration: Duration) -> timedelta:
    """Elapsed time; business days count seven days for five, which is near enough for a reminder."""
    if duration.is_business:
        return timedelta(days=-(-duration.business_days * 7 // 5))
    return duration.as_timedelta()
