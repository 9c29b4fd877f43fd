"""Pages under way: who was woken at which level, and who still has to arrive."""

from __future__ import annotations

from datetime import datetime

from mayday.domain.wire import Wire


class LevelState(Wire):
    targets: list[str]
    via: list[str]
    ack_within_s: int
    #: whether that is the severity's, and changes with it
    by_severity: bool = False


class Ladder(Wire):
    """An escalation under way: which level of which round, who was paged, until when somebody has to acknowledge."""

    path: str
    levels: list[LevelState]
    rounds: int = 1
    round: int = 1
    level: int = 0
    due_at: datetime | None = None
    text: str
    assigns: str | None = None
    join_within_s: int | None = None
    on_exhausted: LevelState | None = None
    paged: list[str] = []
    #: who was reached, by the index of the level
    reached: dict[str, list[str]] = {}
    #: who said that they cannot, and the levels of which nobody can: these are passed over
    declined: list[str] = []
    passed: list[int] = []
    acked_by: str | None = None
    acked_at: datetime | None = None
    opened_at: datetime
    exhausted_at: datetime | None = None
    nag_at: datetime | None = None
    nags: int = 0
    closed: bool = False
    sent: int = 0


class Join(Wire):
    """One who acknowledged and has to arrive: paged again until on the bridge, at most `rounds` times."""

    page: str
    person: str
    due_at: datetime
    within_s: int
    rounds: int = 0
    joined: bool = False
