"""What a review is still owed: final messages, findings, vendors' analyses, follow-up actions, and the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from mayday.domain.durations import Duration
from mayday.domain.effects import Wire

Priority = Literal["high", "normal"]
FindingKind = Literal["ratification", "confirmation", "exception"]


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
    did: `approvals` that include all `required`; `yes` and `no` hold those that were given, also before the incident
    ended. It is refused by what would reject the gate: a no with `veto`, or as soon as the yeses cannot come together
    any more. Reviews that began before `as_gate` are refused by a single no.
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
    veto: bool = False
    as_gate: bool = False
    yes: list[str] = []
    no: list[str] = []
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


class PlannedObligation(Wire):
    """What the runbook owes beyond the incident's end (docs/adr/0142), as the incident hands it over.

    `due_at` is None while it waits for another, `after`, to be done: then it is owed `within` that.
    """

    id: str
    text: str
    owner: str
    within: Duration
    due_at: datetime | None = None
    after: str | None = None
    every: Duration | None = None


class FollowUp(Wire):
    """A follow-up action: chased until it is done, or dropped with a reason.

    `obligation`: which of the runbook's it is; `every`: how often its owner is reminded, where that has a rhythm of
    its own.
    """

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
    obligation: str | None = None
    every: Duration | None = None
    #: its ticket, whether that was closed where it is kept, and why there is none
    ticket: str | None = None
    ticket_url: str | None = None
    ticket_over: bool = False
    ticket_failed: str | None = None


class Obligation(Wire):
    """One line of the ledger: who owes what by when. Open ones are reminded until they are met."""

    id: str
    kind: Literal["ownership", "meeting", "report", "closing", "action", "release", "finding", "vendor_rca", "problem"]
    for_: list[str] = Field([], alias="for")
    text: str
    due_at: datetime | None = None
    overdue: bool = False
