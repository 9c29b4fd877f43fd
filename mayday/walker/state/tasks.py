"""What waits for one person: tasks, the confirmation of an auto-declared incident, a candidate's acceptance."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from mayday.domain.wire import Wire
from mayday.walker.state.pages import LevelState


class TaskState(Wire):
    """Something that waits for one person: a form, a checklist, a manual stand-in for a failed automation."""

    id: str
    kind: Literal[
        "form", "task", "manual", "find_out", "fact", "confirm", "review", "resolve", "answer", "successor", "accept"
    ]
    text: str
    fields: dict[str, dict[str, Any]] = {}
    to: str | None = None
    by_not: list[str] = []
    opened_at: datetime
    due_at: datetime | None = None
    due_s: int | None = None
    overdue: int = 0
    on_overdue: LevelState | None = None
    accepted_by: str | None = None
    done_at: datetime | None = None
    done_by: str | None = None
    result: dict[str, Any] = {}
    owner: str = ""
    detail: dict[str, Any] = {}


class Confirmation(Wire):
    due_at: datetime
    confirmed_by: str | None = None
    lapsed: bool = False

    @property
    def open(self) -> bool:
        return self.confirmed_by is None and not self.lapsed


class Proposal(Wire):
    """A candidate that waits for acceptance."""

    remind_at: datetime
    expires_at: datetime
    every_s: int
    reminders: int = 0
