"""Contract and service-level clocks: a warning at 75 %, a breach at the end; a paused clock does not run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mayday.domain.durations import Duration
from mayday.domain.effects import DEADLINE, Deadline, DeadlineRequest, EffectResult
from mayday.domain.timeline import parse_timestamp
from mayday.walker.state import Clock, Flight

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def start(w: Walker, path: str, clock: Clock, limit: Duration, hours: str) -> None:
    """Start a clock: at once for 24x7, by the calendar activity for business hours."""
    if hours == "24x7" and not limit.is_business:
        clock.limit_s = limit.seconds
        clock.due_at = clock.started_at + timedelta(seconds=limit.seconds)
        return
    w.ask(
        DEADLINE,
        f"{path}/{clock.name}",
        lambda key: DeadlineRequest(effect_key=key, start_at=clock.started_at, duration=str(limit), hours=hours),
        owner=f"deadline:{path}/{clock.name}",
        effect_class="read",
        summary=f"when {clock.name} of {path} is due",
    )


def deadline_known(w: Walker, name: str, flight: Flight, result: EffectResult) -> None:
    """The calendar's answer; without one the clock runs around the clock, which can only warn too early."""
    path, _, clock_name = name.rpartition("/")
    engagement = w.state.engagements.get(path)
    clocks = [engagement.response, engagement.resolve] if engagement else [w.state.clocks.get(clock_name)]
    for clock in clocks:
        if clock is not None and clock.name == clock_name and clock.due_at is None:
            if result.failure is None:
                clock.due_at = Deadline.model_validate(result.value).due_at
            else:
                limit = Duration.parse(str(flight.request.payload["duration"]))
                seconds = limit.business_days * 86_400 if limit.is_business else limit.seconds
                clock.due_at = clock.started_at + timedelta(seconds=seconds)
            clock.limit_s = int((clock.due_at - clock.started_at).total_seconds())


def watch(w: Walker, clock: Clock | None) -> str | None:
    """`warning` or `breach` when the moment has just come, else None."""
    if clock is None or clock.due_at is None or clock.stopped_at is not None or clock.breached_at is not None:
        return None
    if w.wake(clock.due_at):
        clock.breached_at = w.now
        w.touch()
        return "breach"
    warn_at = clock.due_at - timedelta(seconds=clock.limit_s // 4)
    if not clock.warned and w.wake(warn_at):
        clock.warned = True
        w.touch()
        return "warning"
    return None


def rested(w: Walker, path: str, clock: Clock | None, since: datetime, hours: str) -> None:
    """A clock stood still from then to now. One that runs in office hours loses only what was open of that: the
    calendar says how much, and until it has answered the clock neither warns nor breaks."""
    if w.start.edition < 3 or hours == "24x7":
        push_back(clock, w.now - since)
    elif clock is not None and clock.due_at is not None and clock.stopped_at is None and clock.breached_at is None:
        due_at, clock.due_at = clock.due_at, None
        w.ask(
            DEADLINE,
            f"{path}/{clock.name}",
            lambda key: DeadlineRequest(
                effect_key=key, start_at=due_at, duration="1s", hours=hours, rested_from=since, rested_to=w.now
            ),
            owner=f"rested:{path}/{clock.name}",
            effect_class="read",
            summary=f"when {clock.name} of {path} is due after its rest",
            data={"due_at": due_at + (w.now - since)},
        )


def rest_known(w: Walker, name: str, flight: Flight, result: EffectResult) -> None:
    """The calendar's answer; without one all the time counts as rest."""
    path, _, clock_name = name.rpartition("/")
    engagement = w.state.engagements.get(path)
    for clock in (engagement.response, engagement.resolve) if engagement else ():
        if clock is not None and clock.name == clock_name and clock.due_at is None:
            answered = Deadline.model_validate(result.value).due_at if result.failure is None else None
            clock.due_at = answered or parse_timestamp(flight.data["due_at"])


def push_back(clock: Clock | None, by: timedelta) -> None:
    """Paused time does not count."""
    if clock is not None and clock.due_at is not None and clock.stopped_at is None and clock.breached_at is None:
        clock.due_at += by
