"""Decision gates and the votes in them."""

from __future__ import annotations

from datetime import datetime

from mayday.domain.wire import Wire


class Ballot(Wire):
    person: str
    choice: str
    reason: str = ""
    at: datetime
    recorded_by: str | None = None
    heard_by: str | None = None
    witnessed: bool = True
    confirmed: bool = True


class Gate(Wire):
    """A decision gate from opening to outcome, and what the outcome still owes afterwards."""

    path: str
    question: str
    opened_at: datetime
    ready: bool = False
    seats: list[str] = []
    #: seats by role and schedule, resolved again on handover
    sources: list[str] = []
    resolved: dict[str, list[str]] = {}
    approvals: int
    required: list[str] = []
    #: who sits for a required voter that may not vote: their delegate
    stands_in: dict[str, str] = {}
    veto: bool = False
    excluded: dict[str, str] = {}
    delegates: bool = False
    via: list[str] = []
    answer_within_s: int = 300
    answer_at: datetime | None = None
    delegates_paged: bool = False
    options: list[str] = []
    ballots: dict[str, Ballot] = {}
    requester: str | None = None
    implementer: str | None = None
    due_at: datetime | None = None
    remind_every_s: int | None = None
    remind_at: datetime | None = None
    escalate: str | None = None
    extend_s: int = 0
    escalated: bool = False
    then: str = "lapsed"
    digest: str = ""
    ref: str = ""
    #: the change that the gate is about, as the runbook names it; where the start input asks for it
    change: str | None = None
    outcome: str | None = None
    outcome_at: datetime | None = None
    reason: str | None = None
    verbal: bool = False
    break_by: list[str] = []
    break_second: list[str] = []
    ratify_within_s: int | None = None
    broken_by: dict[str, str] = {}
    ratifies: str | None = None
    void: bool = False
    pages: int = 0
