"""What people ask of a review: one model a command, discriminated by `kind`; the rules are those of an incident's
commands (`mayday.domain.commands`): same refusal codes, same answer, the same command id answered the same twice."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from mayday.domain.commands import CommandBase
from mayday.domain.effects import Wire
from mayday.domain.review.owed import Priority


class AcceptOwnership(CommandBase):
    kind: Literal["accept_ownership"] = "accept_ownership"


class ReassignOwner(CommandBase):
    kind: Literal["reassign_owner"] = "reassign_owner"
    person: str
    reason: str = ""


class EditReport(CommandBase):
    """Write a section. `version` is the section's version that the writer has seen (0: none yet)."""

    kind: Literal["edit_report"] = "edit_report"
    section: str
    text: str
    version: int = 0


class SetState(CommandBase):
    kind: Literal["set_state"] = "set_state"
    state: Literal["draft", "in_review", "reviewed", "closed"]


class FillClosingForm(CommandBase):
    """Fields that are left out stay as they are."""

    kind: Literal["closing_form"] = "closing_form"
    category: str | None = None
    cause_code: str | None = None
    caused_by_change: bool | None = None
    change: str | None = None
    detected_by: str | None = None
    impact_started_at: datetime | None = None
    impact_ended_at: datetime | None = None
    workaround: str | None = None


class AddAction(CommandBase):
    """A follow-up. Without `due_at` the runbook's time for the priority counts (4 or 8 weeks)."""

    kind: Literal["add_action"] = "add_action"
    title: str
    owner: str
    priority: Priority = "normal"
    due_at: datetime | None = None


class CompleteAction(CommandBase):
    kind: Literal["complete_action"] = "complete_action"
    action: str
    result: str = ""


class DropAction(CommandBase):
    """No longer needed: a decision with a reason, not a completion."""

    kind: Literal["drop_action"] = "drop_action"
    action: str
    reason: str


class ReassignAction(CommandBase):
    kind: Literal["reassign_action"] = "reassign_action"
    action: str
    to: str
    reason: str = ""


class ExtendAction(CommandBase):
    kind: Literal["extend_action"] = "extend_action"
    action: str
    due_at: datetime
    reason: str


class TellAction(CommandBase):
    """What happened to an action's ticket where that is kept. Sent by the starter only; `over`: the work is done."""

    kind: Literal["tell_action"] = "tell_action"
    action: str
    text: str
    over: bool = False


class RescheduleMeeting(CommandBase):
    kind: Literal["reschedule_meeting"] = "reschedule_meeting"
    starts_at: datetime
    reason: str = ""


class Release(CommandBase):
    """A second person lets a final message go, or (`withhold`) says with a reason that it shall not."""

    kind: Literal["release"] = "release"
    item: str
    withhold: bool = False
    reason: str = ""


class Rewrite(CommandBase):
    """Change the text of a waiting final message; who does becomes its author, so another person releases it."""

    kind: Literal["rewrite"] = "rewrite"
    item: str
    text: str


class AnswerFinding(CommandBase):
    """Ratify or refuse a break-glass, confirm or deny a spoken vote."""

    kind: Literal["answer_finding"] = "answer_finding"
    finding: str
    yes: bool
    reason: str = ""


class SettleFinding(CommandBase):
    """What was done about a finding that cannot be ratified any more; a manager's word, kept with its author."""

    kind: Literal["settle_finding"] = "settle_finding"
    finding: str
    text: str


class ReceiveRca(CommandBase):
    kind: Literal["receive_rca"] = "receive_rca"
    vendor: str
    text: str


class SetProblem(CommandBase):
    """The problem record was opened by hand, or is another one."""

    kind: Literal["set_problem"] = "set_problem"
    number: str
    url: str = ""


class ReviewNote(CommandBase):
    kind: Literal["note"] = "note"
    text: str
    occurred_at: datetime | None = None


class Close(CommandBase):
    kind: Literal["close"] = "close"


class Withdraw(CommandBase):
    """The incident was reopened: the chain goes back to it. Answered with `head`, `next_seq` and what to carry over."""

    kind: Literal["withdraw"] = "withdraw"
    reason: str = ""


ReviewCommand = Annotated[
    AcceptOwnership
    | ReassignOwner
    | EditReport
    | SetState
    | FillClosingForm
    | AddAction
    | CompleteAction
    | DropAction
    | ReassignAction
    | ExtendAction
    | TellAction
    | RescheduleMeeting
    | Release
    | Rewrite
    | AnswerFinding
    | SettleFinding
    | ReceiveRca
    | SetProblem
    | ReviewNote
    | Close
    | Withdraw,
    Field(discriminator="kind"),
]
REVIEW_COMMAND: TypeAdapter[ReviewCommand] = TypeAdapter(ReviewCommand)


class ReviewEnvelope(Wire):
    """One pydantic model in: the wire form of a review's command. `signatures` as of a `CommandEnvelope`."""

    command: ReviewCommand
    signatures: dict[str, str] = {}
