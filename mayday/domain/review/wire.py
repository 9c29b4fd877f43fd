"""What starts a review, what it asks of the outside, and what it shows: the wire models of the review.

The review begins when the incident's run has written `finished`. From then on it alone appends to the incident's
chain, so its input carries the head and the number of the next entry. Times are aware UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from mayday.domain.effects import IncidentCard, SendRequest, SentVia, Unreached, Wire
from mayday.domain.review.owed import Finding, FollowUp, Obligation, PendingFinal, PlannedObligation, VendorRca

MEETING_SLOT = "calendar.meeting_slot"
SEND_INVITE = "review.send_invite"
DRAFT_REPORT, SEND_REPORT = "review.draft_report", "review.send_report"
SAVE = "review.save"
OPEN_PROBLEM = "itsm.open_problem"
OPEN_ACTION, NOTE_ACTION, CLOSE_ACTION = "itsm.open_action", "itsm.note_action", "itsm.close_action"

ReviewStatus = Literal["draft", "in_review", "reviewed", "closed", "withdrawn"]


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
    #: what somebody said in the night that helps meanwhile
    workaround: str | None = None
    head: str
    next_seq: int = 1
    clock_offset_s: int = 0
    finals: list[PendingFinal] = []
    findings: list[Finding] = []
    vendor_rcas: list[VendorRca] = []
    obligations: list[PlannedObligation] = []
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
    """What a closed incident says about itself, for trends, and what helps whoever has it next.

    Nothing is closed while one of these is empty, but for `change` and `workaround`: there need not be one.
    """

    category: str | None = None
    cause_code: str | None = None
    caused_by_change: bool | None = None
    change: str | None = None
    detected_by: str | None = None
    impact_started_at: datetime | None = None
    impact_ended_at: datetime | None = None
    workaround: str | None = None

    def missing(self) -> list[str]:
        needed = ("category", "cause_code", "caused_by_change", "detected_by", "impact_started_at", "impact_ended_at")
        return [name for name in needed if getattr(self, name) in (None, "")]


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
    #: who may, by command (`kind`, or `kind:what`); a kind that is not in it is everybody's. None: nobody has said
    may: dict[str, list[str]] | None = None
    revision: int = 0
    finished: bool = False
    seq: int = 0
    head: str = ""


class SaveReview(Wire):
    """Keep the board in the records; a lower `revision` than the stored one changes nothing."""

    effect_key: str
    board: ReviewBoard
