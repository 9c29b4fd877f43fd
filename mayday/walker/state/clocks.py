"""Contract and service-level clocks, vendors' cases; what people were promised, and time that nobody could use."""

from __future__ import annotations

from datetime import datetime

from mayday.domain.wire import Wire


class Clock(Wire):
    """A contract or service-level clock: warned at 75 %, breached at its end; paused time does not run."""

    name: str
    started_at: datetime
    due_at: datetime | None = None
    limit_s: int = 0
    warned: bool = False
    breached_at: datetime | None = None
    stopped_at: datetime | None = None
    #: how long it stood still after its breach, between an end and a reopening: the ladder does not count that
    rested_s: int = 0


class Engagement(Wire):
    path: str
    vendor: str
    priority: str
    summary: str
    case: str | None = None
    opened_at: datetime
    contacted_at: datetime | None = None
    response: Clock | None = None
    resolve: Clock | None = None
    updates_every_s: int | None = None
    update_due_at: datetime | None = None
    replied_at: datetime | None = None
    resolved_at: datetime | None = None
    waiting_since: datetime | None = None
    called: list[str] = []
    ended: bool = False
    #: it ended because the incident did, at this moment: a reopening takes it up again
    rests_since: datetime | None = None


class Outage(Wire):
    """Time in which nobody could answer; `known` once somebody said when the system was last alive."""

    from_at: datetime
    to_at: datetime
    known: bool = False
    #: since when is being asked; where the start input gives time back
    asked: bool = False


class Promise(Wire):
    """A deadline of people as it was set, and since when it runs; `stands_at` is where it stands by now."""

    due_at: datetime
    stands_at: datetime
    since: datetime
