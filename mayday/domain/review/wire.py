"""What starts a review, what it asks of the outside, and what it shows: the wire models of the review.

The review begins when the incident's run has written `finished`. From then on it alone appends to the incident's
chain, so its input carries the head and the number of the next entry. Times are aware UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from mayday.domain.durations import Duration
from mayday.domain.effects import IncidentCard, SendRequest, SentVia, Unreached, Wire

MEETING_SLOT = "calendar.meeting_slot"
SEND_INVITE = "review.send_invite"
DRAFT_REPORT, SEND_REPORT = "review.draft_report", "review.send_report"
SAVE = "review.save"
OPEN_PROBLEM = "itsm.open_problem"
OPEN_ACTION, NOTE_ACTION, CLOSE_ACTION = "itsm.open_action", "itsm.note_action", "itsm.close_action"

ReviewStatus = Literal["draft", "in_review", "reviewed", "closed", "withdrawn"]
Priority = Literal["high", "normal"]
FindingKind = Literal["ratification", "confirmation", "exception"]


class MeetingRule(Wire):
    """When the review meeting is held: by severity, in elapsed time or in business days of `calendar`."""

    within: Duration | dict[str, Duration] = {
        "SEV1": Duration.parse("3 days"),
        "SEV2": Duration.parse("5 business days"),
    }
    duration: Duration = Duration.parse("30m")
    calendar: str = "default"

    def for_severity(self, severity: str) -> Duration | None:
        """The time limit for `severity`; None: this severity has no meeting."""
        return self.within.get(severity) if isinstance(self.within, dict) else self.within


class ActionRule(Wire):
    """How follow-up actions are chased. Defaults: 4 and 8 weeks [Atlassian incident handbook], reminded weekly."""

    remind_every: Duration = Duration.parse("7d")
    due: dict[str, Duration] = {}

    def due_after(self, priority: str) -> Duration:
        default = "4w" if priority == "high" else "8w"
        return self.due.get(priority) or Duration.parse(default)


class ReviewRules(Wire):
    """The runbook's `review:` block as the review reads it; a runbook without one has these defaults."""

    meeting: MeetingRule | None = None
    draft_before: Duration = Duration.parse("24h")
    problem_record: bool = True
    actions: ActionRule = ActionRule()

    @classmethod
    def of(cls, spec: dict[str, Any] | None) -> ReviewRules:
        return cls.model_validate(spec) if spec is not None else cls(meeting=MeetingRule())


class PendingFinal(Wire):
    """A customers' final message that waits for a second person (LANGUAGE.md "Cadence").

    `readers` are refs of those who are asked to release it; `author` is None for a text that no person wrote.
    """

    id: str
    audience: str
    template: str = ""
    subject: str = ""
    text: str
    to: list[str] = []
    via: list[str] = ["status_page"]
    readers: list[str] = []
    author: str | None = None
    since_at: datetime | None = None
    next_reminder_at: datetime | None = None
    reminders: int = 0
    released_at: datetime | None = None
    released_by: str | None = None
    withheld: str | None = None
    attempts: int = 0
    sending: bool = False

    @property
    def open(self) -> bool:
        return self.released_at is None and self.withheld is None


class Finding(Wire):
    """Something that the incident left unproven: an unratified break-glass, a spoken vote without its confirmation.

    `people` may answer it, `excluded` may not (who broke the glass). A ratification takes as many yeses as its gate
    did: `approvals` that include all `required`; `yes` holds those that were given, also before the incident ended.
    A refused ratification stays open as a finding until a manager settles it in words; it never becomes an approval.
    """

    id: str
    kind: FindingKind
    decision: str
    text: str
    people: list[str] = []
    excluded: list[str] = []
    approvals: int = 1
    required: list[str] = []
    yes: list[str] = []
    due_at: datetime | None = None
    answer: Literal["ratified", "refused", "confirmed", "denied", "late"] | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    reason: str = ""
    expired: bool = False
    next_reminder_at: datetime | None = None
    settled_by: str | None = None
    settlement: str = ""

    @property
    def open(self) -> bool:
        return self.settled_by is None and self.answer not in ("ratified", "confirmed")


class VendorRca(Wire):
    """A vendor owes its root cause analysis: reminded weekly, given up with an entry after 30 days."""

    vendor: str
    name: str = ""
    case: str | None = None
    contract: str | None = None
    priority: str = "P1"
    level: str = "support"
    via: list[str] = ["email"]
    asked: int = 0
    due_at: datetime | None = None
    next_ask_at: datetime | None = None
    received_at: datetime | None = None
    missing: bool = False
    text: str = ""

    @property
    def open(self) -> bool:
        return self.received_at is None and not self.missing


class ReportReader(Wire):
    """Who reads the report: an audience of the plan, or people; `to` and `via` as a message's."""

    audience: str
    to: list[str] = []
    via: list[str] = ["email"]


class SentReport(Wire):
    """One version of the report on its way to one reader. `at` is when a channel carried it; `again`: another one
    went before it."""

    audience: str
    version: int
    at: datetime | None = None
    via: list[str] = []
    missed: list[str] = []
    tries: int = 0
    next_try_at: datetime | None = None
    again: bool = False


class SendReport(SendRequest):
    """Send a version of the report: `text` before it, all of it by mail, elsewhere `text` alone."""

    version: int


class ReviewAccess(Wire):
    """Who may act in a review by the catalog's `access`, as the incident's plan has it. Person ids.

    `viewers`: whose highest level is viewer; `administrators`: administrators and owners.
    """

    viewers: list[str] = []
    administrators: list[str] = []


class ReviewInput(Wire):
    """The start input of the review's workflow.

    `owner`, `deputy`, `commander` are person ids; `service_owners` are refs (`schedule.X`, `person.X`) of the next
    people responsible. `members` resolves refs to the persons who may stand on them. `carried` is what a review that
    was withdrawn by a reopening left behind; `state` is set only by continue-as-new.
    """

    incident_id: str
    card: IncidentCard
    severity: str
    spec: dict[str, Any] | None = None
    owner: str | None = None
    deputy: str | None = None
    commander: str | None = None
    service_owners: list[str] = []
    members: dict[str, list[str]] = {}
    managers: list[str] = []
    responders: list[str] = []
    attendees: list[str] = []
    people: dict[str, str] = {}
    opened_at: datetime
    resolved_at: datetime
    impact_started_at: datetime | None = None
    impact_ended_at: datetime | None = None
    head: str
    next_seq: int = 1
    clock_offset_s: int = 0
    finals: list[PendingFinal] = []
    findings: list[Finding] = []
    vendor_rcas: list[VendorRca] = []
    continue_as_new_after: int = 4000
    base_url: str = ""
    carried: dict[str, Any] | None = None
    state: dict[str, Any] | None = None
    #: whether each follow-up action gets a ticket; a review that an older worker began has none
    action_tickets: bool = False
    #: whom the report is sent to; a review that an older worker began sends it to nobody
    readers: list[ReportReader] = []
    #: as the incident's: decisions without a signature by one of these keys do not count
    decision_keys: list[str] = []
    #: None in a review that an older worker began: it asks nobody who writes, and replays so (docs/adr/0113)
    access: ReviewAccess | None = None


class SlotRequest(Wire):
    """Find a time for the review meeting: at the latest `within` after `after_at`, in the calendar's open hours."""

    effect_key: str
    after_at: datetime
    not_before_at: datetime
    within: str
    duration: str
    calendar: str = "default"


class Slot(Wire):
    """`late`: the calendar has no open time before `deadline_at` (weekend, holidays), so it is the first after it."""

    starts_at: datetime
    ends_at: datetime
    deadline_at: datetime
    late: bool = False
    tz: str = "UTC"


class InviteRequest(Wire):
    """Mail an invitation (iCalendar). `uid` stays, `sequence` rises with each change (RFC 5545, 3.8.7.4)."""

    effect_key: str
    incident: IncidentCard
    method: Literal["REQUEST", "CANCEL"] = "REQUEST"
    uid: str
    sequence: int
    stamped_at: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str = ""
    url: str = ""
    attendees: list[str] = []


class InviteReceipt(Wire):
    sent: list[SentVia] = []
    unreached: list[Unreached] = []


class WrittenSection(Wire):
    """What people wrote; `version` counts the edits of this section from 1."""

    text: str
    version: int
    author: str
    at: datetime


class DraftRequest(Wire):
    """Draft (or draft again) the report from the stored timeline, with the sections that people wrote."""

    effect_key: str
    incident: IncidentCard
    version: int
    drafted_at: datetime
    up_to_seq: int
    sections: dict[str, WrittenSection] = {}
    board: dict[str, Any] = {}


class DraftReceipt(Wire):
    version: int
    digest: str = ""
    entries: int = 0


class FollowUp(Wire):
    """A follow-up action: chased until it is done, or dropped with a reason."""

    id: str
    title: str
    owner: str
    priority: Priority = "normal"
    due_at: datetime
    added_at: datetime
    added_by: str
    state: Literal["open", "done", "dropped"] = "open"
    ended_at: datetime | None = None
    ended_by: str | None = None
    result: str = ""
    extended: int = 0
    next_reminder_at: datetime | None = None
    reminders: int = 0
    overdue_notices: int = 0
    #: its ticket, whether that was closed where it is kept, and why there is none
    ticket: str | None = None
    ticket_url: str | None = None
    ticket_over: bool = False
    ticket_failed: str | None = None


class ReviewMeeting(Wire):
    starts_at: datetime
    ends_at: datetime
    deadline_at: datetime | None = None
    late: bool = False
    uid: str
    sequence: int = 0
    attendees: list[str] = []
    cancelled: bool = False


class ClosingForm(Wire):
    """What a closed incident says about itself, for trends: nothing is closed while one of these is empty."""

    category: str | None = None
    cause_code: str | None = None
    caused_by_change: bool | None = None
    change: str | None = None
    detected_by: str | None = None
    impact_started_at: datetime | None = None
    impact_ended_at: datetime | None = None

    def missing(self) -> list[str]:
        needed = ("category", "cause_code", "caused_by_change", "detected_by", "impact_started_at", "impact_ended_at")
        return [name for name in needed if getattr(self, name) in (None, "")]


class Obligation(Wire):
    """One line of the ledger: who owes what by when. Open ones are reminded until they are met."""

    id: str
    kind: Literal["ownership", "meeting", "report", "closing", "action", "release", "finding", "vendor_rca", "problem"]
    for_: list[str] = Field([], alias="for")
    text: str
    due_at: datetime | None = None
    overdue: bool = False


class ReviewBoard(Wire):
    """Answer of the `review` query, and what the records keep of a review."""

    incident_id: str
    title: str
    severity: str
    service: str
    drill: bool = False
    state: ReviewStatus
    owner: str | None = None
    accepted: bool = False
    offered_to: list[str] = []
    opened_at: datetime
    resolved_at: datetime
    closed_at: datetime | None = None
    meeting: ReviewMeeting | None = None
    report_version: int = 0
    readers: list[ReportReader] = []
    sent_reports: list[SentReport] = []
    sections: dict[str, WrittenSection] = {}
    problem: str | None = None
    problem_url: str | None = None
    form: ClosingForm = ClosingForm()
    missing: list[str] = []
    actions: list[FollowUp] = []
    finals: list[PendingFinal] = []
    findings: list[Finding] = []
    vendor_rcas: list[VendorRca] = []
    ledger: list[Obligation] = []
    #: who may write in it; None: whoever the door lets in
    writers: list[str] | None = None
    viewers: list[str] = []
    revision: int = 0
    finished: bool = False
    seq: int = 0
    head: str = ""


class SaveReview(Wire):
    """Keep the board in the records; a lower `revision` than the stored one changes nothing."""

    effect_key: str
    board: ReviewBoard
