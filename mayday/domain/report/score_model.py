"""What stands on the score card of a drill (`mayday.domain.report.score_card`)."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from mayday.domain.wire import Wire


class Pace(Wire):
    """How long something took: `n` times, mean and longest in seconds, None where it never happened."""

    n: int = 0
    mean_s: int | None = None
    longest_s: int | None = None


class RoleScore(Wire):
    """`acknowledged` from the page to the answer, `decided` from the question to the vote, `done` from the task to its
    result; `late` tasks were overdue, `offered_s` is how long the role was offered before somebody held it."""

    role: str
    acknowledged: Pace = Pace()
    decided: Pace = Pace()
    done: Pace = Pace()
    late: int = 0
    offered_s: int | None = None


class UpdateScore(Wire):
    """Updates to one audience: `on_time` of `due`, the longest gap between two in seconds."""

    audience: str
    due: int = 0
    on_time: int = 0
    missed: int = 0
    longest_gap_s: int | None = None
    first_after_s: int | None = None


class Pause(Wire):
    """Time in which the drill stood back, and why."""

    from_at: datetime
    until_at: datetime | None = None
    reason: str = ""


class ScoreCard(Wire):
    incident_id: str
    title: str = ""
    service: str = ""
    roles: list[RoleScore] = Field([], description="in the order of their names, which is no ranking")
    updates: list[UpdateScore] = []
    unanswered: list[str] = Field([], description="pages that nobody acknowledged, gates that nobody decided")
    pauses: list[Pause] = []
