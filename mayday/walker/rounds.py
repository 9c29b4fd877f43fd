"""One pass over everything that can go on, in a fixed order: the same state takes the same way on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mayday.walker import (
    alerts,
    cadences,
    candidates,
    coming_back,
    drills,
    ending,
    engagements,
    gates,
    handlers,
    ladders,
    phases,
    roles,
    service_levels,
    succession,
    tasks,
)

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def run(w: Walker) -> None:
    """Look at every live thing once. Whatever changes asks for another pass."""
    if w.state.finished:
        return
    drills.play(w)
    alerts.resume(w)
    if w.state.status == "candidate":
        candidates.resume(w)
        tasks.resume(w)
        return
    if w.state.status != "rejected":
        candidates.resume_confirmation(w)
        coming_back.resume(w)
        roles.resume(w)
        succession.resume(w)
        phases.resume(w)
        phases.resume_background(w)
        handlers.resume(w)
        ladders.resume(w)
        ladders.resume_joins(w)
        gates.resume(w)
        tasks.resume(w)
        engagements.resume(w)
        service_levels.resume(w)
        cadences.resume(w)
    ending.resume(w)
