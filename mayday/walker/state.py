"""Everything that an incident is at a moment, as data keyed by step path: serialise it and walk on elsewhere.

Deadlines are absolute UTC times. Long-lived things (ladders, gates, tasks, engagements, cadences, roles) live beside
the steps that opened them, because they outlive them: an acknowledgement still counts after exhaustion, a vendor's
clock runs on while the next step is walked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from mayday.domain.commands import Event
from mayday.domain.effects import EffectRequest, SendPurpose, Wire
from mayday.domain.timeline import GENESIS, Entry
from mayday.language.plan import PlanVendor

StepStatus = Literal[
    "running", "acknowledged", "exhausted", "decided", "replied", "done", "skipped", "failed", "timed_out", "cancelled"
]


class StepState(Wire):
    """One step under way or over. `over` says whether the steps after it may go on."""

    path: str
    verb: str
    status: StepStatus = "running"
    over: bool = False
    started_at: datetime
    ended_at: datetime | None = None
    due_at: datetime | None = None
    occurrence: int = 1
    attempt: int = 0
    retry_at: datetime | None = None
    effect: str | None = None
    background: bool = False
    ad_hoc_by: str | None = None
    #: which nested list runs now: an outcome, a branch, `on_timeout`, `on_error`
    place: str | None = None
    #: rounds of a repeat, items of a for_each, events seen
    round: int = 0
    next_round_at: datetime | None = None
    items: list[Any] | None = None
    result: dict[str, Any] = {}


class Flight(Wire):
    """An effect asked for and not yet answered. `owner` is `kind:name` of who gets the answer."""

    request: EffectRequest
    owner: str
    asked_at: datetime
    purpose: str = ""
    data: dict[str, Any] = {}


class LevelState(Wire):
    targets: list[str]
    via: list[str]
    ack_within_s: int


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


class CadenceReview(Wire):
    opened_at: datetime
    nag_at: datetime | None = None
    deputy_at: datetime | None = None
    text: str | None = None
    released_by: str | None = None


class CadenceState(Wire):
    name: str
    audience: str
    every_s: int
    set_by_hand: bool = False
    started_at: datetime
    anchor_at: datetime
    due_at: datetime
    last_sent_at: datetime | None = None
    last_manual_at: datetime | None = None
    ticks: int = 0
    holding_in_row: int = 0
    paused: bool = False
    stopped: bool = False
    review: CadenceReview | None = None


class Sent(Wire):
    """A message that left, or waits to leave (`held`)."""

    n: int
    audience: str
    subject: str
    text: str
    purpose: SendPurpose
    step: str
    at: datetime
    by: str = "system"
    held: str | None = None
    dropped: bool = False
    delivered: bool = False


class Clock(Wire):
    """A contract or service-level clock: warned at 75 %, breached at its end; paused time does not run."""

    name: str
    started_at: datetime
    due_at: datetime | None = None
    limit_s: int = 0
    warned: bool = False
    breached_at: datetime | None = None
    stopped_at: datetime | None = None


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


class Offer(Wire):
    """A role offered to somebody, from the roster or as a handover."""

    role: str
    targets: list[str]
    people: list[str] = []
    offered_at: datetime
    due_at: datetime
    by: str = "system"
    handover: bool = False
    rung: int = 0
    round: int = 1


class HolderShift(Wire):
    """When the shift of a role's holder ends, as far as the roster says; `sure` once it was asked at that time."""

    since: datetime
    ref: str | None = None
    ends_at: datetime | None = None
    incoming: str | None = None
    asking: bool = False
    sure: bool = False
    settled: bool = False


class RoleState(Wire):
    role: str
    person: str | None = None
    since: datetime | None = None
    unfilled: bool = False
    offer: Offer | None = None
    #: who was offered it so far and may still take it while it climbs
    asked: list[str] = []
    warned_at: datetime | None = None
    shift: HolderShift | None = None
    tried: int = 0


class HandlerRun(Wire):
    index: int
    event: dict[str, Any]
    run: int
    over: bool = False


class AlertTotals(Wire):
    seen: int = 0
    #: what fires still, and which alerts were seen, by `alerts.mark`
    firing: dict[str, int] = {}
    recent: list[str] = []
    listed: int = 0
    pending: int = 0
    pending_resolved: int = 0
    summary_at: datetime | None = None


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


class Final(Wire):
    """The last message to an outside audience: waits for a second person, then goes to the review."""

    cadence: str
    audience: str
    template: str
    subject: str
    text: str
    due_at: datetime
    state: Literal["waiting", "released", "left_to_review"] = "waiting"


class Outage(Wire):
    """Time in which the system itself was away; `known` once somebody said when it was last alive."""

    from_at: datetime
    to_at: datetime
    known: bool = False


class IncidentState(Wire):
    """The whole incident. Small enough to be the input of the next run (under 1 MiB)."""

    id: str
    started: bool = False
    title: str
    summary: str = ""
    service: str
    services: list[str] = []
    severity: str
    priority: str | None = None
    status: str = "investigating"
    status_at: datetime
    opened_at: datetime
    declared_at: datetime | None = None
    declared_by: str | None = None
    auto_declared: bool = False
    customers_affected: int | None = None
    impact_started_at: datetime | None = None
    impact_ended_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    responders: list[str] = []
    bridge_url: str | None = None
    bridge_phone: str | None = None
    ticket: str | None = None
    chat_channel: str | None = None
    problem: str | None = None
    inputs: dict[str, Any] = {}
    variables: dict[str, Any] = {}
    roles: dict[str, RoleState] = {}
    steps: dict[str, StepState] = {}
    background: list[str] = []
    ad_hoc: dict[str, dict[str, Any]] = {}
    ad_hoc_order: list[str] = []
    phase: int = -1
    phase_entered_at: datetime | None = None
    phases_left: list[str] = []
    phase_end_asked: str | None = None
    runbook_end_asked: str | None = None
    skip_phases: bool = False
    walked: bool = False
    ladders: dict[str, Ladder] = {}
    joins: list[Join] = []
    gates: dict[str, Gate] = {}
    tasks: dict[str, TaskState] = {}
    cadences: dict[str, CadenceState] = {}
    engagements: dict[str, Engagement] = {}
    clocks: dict[str, Clock] = {}
    handler_runs: list[HandlerRun] = []
    events: list[Event] = []
    consumed: dict[str, list[str]] = {}
    alerts: AlertTotals = AlertTotals()
    confirmation: Confirmation | None = None
    proposal: Proposal | None = None
    sent: list[Sent] = []
    #: pages that woke somebody and were not silenced since
    ringing: list[str] = []
    #: pages that somebody has seen and that can still be answered
    seen: list[str] = []
    #: audiences that have heard something
    told: list[str] = []
    finals: list[Final] = []
    hold_outward: bool = False
    delegations: dict[str, str] = {}
    flights: dict[str, Flight] = {}
    counters: dict[str, int] = {}
    outages: list[Outage] = []
    wake_at: datetime | None = None
    applied: dict[str, dict[str, Any]] = {}
    ending: str | None = None
    finished: bool = False
    reopened: int = 0
    merged_into: str | None = None
    merged_into_workflow: str | None = None
    #: what a review that a reopening withdrew leaves to the next one
    review_carried: dict[str, Any] | None = None
    survivor_ended: bool = False
    absorbed: dict[str, str] = {}
    adopted_vendors: dict[str, PlanVendor] = {}
    seq: int = 0
    head: str = GENESIS
    entries: list[Entry] = []
