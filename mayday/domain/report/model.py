"""The report of an incident as data: what the timeline says, and the places where people have to write.

Times are aware UTC, lengths whole seconds. Every number comes with what it was measured from and to, because two
readers mean two things by "MTTR".
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from mayday.domain.report.score_model import ScoreCard
from mayday.domain.review.owed import Finding, FollowUp, VendorRca
from mayday.domain.review.wire import ClosingForm, ReviewMeeting, WrittenSection
from mayday.domain.timeline_words import NAMELESS, Naming
from mayday.domain.wire import Wire


class ClockFact(Wire):
    """`seconds` is None where one end never happened; `n` is how many things were measured."""

    name: str
    definition: str
    seconds: int | None = None
    n: int = 0
    from_at: datetime | None = None
    to_at: datetime | None = None


class Span(Wire):
    """`until_at` None: still so at the end of the timeline."""

    from_at: datetime
    until_at: datetime | None = None
    seconds: int = 0
    note: str = ""


class PhaseFact(Wire):
    phase: str
    name: str = ""
    entered_at: datetime | None = None
    left_at: datetime | None = None
    seconds: int | None = None
    how: str = ""


class VoteFact(Wire):
    """One vote as it was given; a later vote of the same person replaces it in the count, not in this list."""

    person: str
    choice: str
    reason: str = ""
    at: datetime
    on_behalf_of: str | None = None
    heard_by: str | None = None
    confirmed: bool | None = None
    recorded_by: str | None = None


class OutcomeFact(Wire):
    outcome: str
    at: datetime
    reason: str = ""
    seconds: int | None = None
    ratifies: str | None = None


class DecisionFact(Wire):
    id: str
    question: str = ""
    opened_at: datetime | None = None
    due_at: datetime | None = None
    requester: str | None = None
    voters: list[str] = []
    approvals: int | None = None
    required: list[str] = []
    digest: str | None = None
    votes: list[VoteFact] = []
    outcomes: list[OutcomeFact] = []
    events: list[str] = []
    findings: list[str] = []

    @property
    def outcome(self) -> str:
        return self.outcomes[-1].outcome if self.outcomes else "undecided"


class MessageFact(Wire):
    at: datetime
    purpose: str
    text: str = ""
    via: list[str] = []
    by: str = ""
    problem: str = ""


class AudienceFact(Wire):
    """`on_time` of `due` regular updates left when they should; `longest_gap_s` is between two messages that left."""

    audience: str
    sent: list[MessageFact] = []
    missed: list[datetime] = []
    problems: list[MessageFact] = []
    holding: int = 0
    due: int = 0
    on_time: int = 0
    longest_gap_s: int | None = None
    first_after_s: int | None = None


class VendorFact(Wire):
    """A vendor against its contract. `breaches` are the evidence: which clock, due when, from when, under what."""

    step: str
    vendor: str
    case: str | None = None
    contract: str | None = None
    priority: str | None = None
    engaged_at: datetime | None = None
    first_contact_at: datetime | None = None
    first_reply_at: datetime | None = None
    closed_at: datetime | None = None
    response_s: int | None = None
    paused_s: int = 0
    pauses: list[str] = []
    escalations: list[str] = []
    breaches: list[str] = []
    replies: list[str] = []


class EventFact(Wire):
    """Something worth a line: an override, a step added by hand, a failure."""

    at: datetime
    actor: str
    text: str


StepState = Literal[
    "in time",
    "late",
    "by hand",
    "skipped",
    "overridden",
    "cancelled",
    "failed",
    "not reached",
    "not called for",
    "no trace",
]


class StepFact(Wire):
    """A step of the plan and what became of it. `note` says why it was not done in time."""

    path: str
    phase: str
    what: str = ""
    how: StepState
    note: str = ""
    began_at: datetime | None = None
    ended_at: datetime | None = None
    seconds: int | None = None


class PromiseFact(Wire):
    """A promise to customers (SLA), or of teams to each other (OLA). `kept` None: it cannot be judged."""

    kind: Literal["SLA", "OLA"]
    name: str
    limit_s: int | None = None
    took_s: int | None = None
    kept: bool | None = None
    note: str = ""


class Report(Wire):
    """Everything; `report.markdown.render` makes a text of it."""

    incident_id: str
    title: str = ""
    severity: str = ""
    service: str = ""
    runbook: str = ""
    drill: bool = False
    status: str = ""
    opened_at: datetime | None = None
    resolved_at: datetime | None = None
    impact_started_at: datetime | None = None
    impact_ended_at: datetime | None = None
    customers_affected: int | None = None
    alerts: int = 0
    reopened: int = 0
    ticket: str | None = None
    problem: str | None = None
    clocks: list[ClockFact] = []
    leaderless: list[Span] = []
    commanders: list[EventFact] = []
    #: person ids, in the order in which they took command
    led_by: list[str] = []
    severities: list[EventFact] = []
    phases: list[PhaseFact] = []
    decisions: list[DecisionFact] = []
    audiences: list[AudienceFact] = []
    promises: list[PromiseFact] = []
    #: None where the plan is not known
    steps: list[StepFact] | None = None
    vendors: list[VendorFact] = []
    interventions: list[EventFact] = []
    failures: list[EventFact] = []
    notes: list[EventFact] = []
    exceptions: list[str] = []
    timeline: list[EventFact] = []
    naming: Naming = NAMELESS
    #: of drills only
    score: ScoreCard | None = None
    version: int = 0
    drafted_at: datetime | None = None
    written: dict[str, WrittenSection] = {}
    owner: str | None = None
    state: str = ""
    meeting: ReviewMeeting | None = None
    form: ClosingForm = ClosingForm()
    actions: list[FollowUp] = []
    findings: list[Finding] = []
    vendor_rcas: list[VendorRca] = []
    entries: int = 0
    head: str = ""
    broken_at: int | None = None
