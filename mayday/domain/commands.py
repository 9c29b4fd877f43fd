"""What people and machines ask of an open incident: one model a command, discriminated by `kind`.

A command reaches the workflow as an update (answered or refused at once) or as a signal (same rules; a refusal is a
timeline entry). `actor` is the authenticated person's catalog id; `received_at` is the starter's own stamp and decides
whether an answer came in time (DESIGN.md, idea 6).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from mayday.domain.effects import Wire
from mayday.domain.incident import Inject

RefusalCode = Literal["not_open", "closed", "not_a_voter", "excluded", "not_yours", "unknown", "invalid", "unsigned"]
TURNED_AWAY = 20
"""So many commands without a valid signature are written down one by one, of more every hundredth."""
OverrideAction = Literal["skip", "retry", "complete", "cancel", "reassign", "pause", "resume", "end_phase"]
VendorReplyKind = Literal["reply", "eta", "downgrade", "waiting_on_us", "resumed", "resolved"]


class Refusal(Wire):
    """Why a command was not carried out, in words for the person who sent it."""

    code: RefusalCode
    reason: str


class Answer(Wire):
    """What the sender of a command is told: `state` is applied, refused or pending."""

    state: Literal["applied", "refused", "pending"] = "applied"
    entry: int | None = None
    detail: dict[str, Any] = {}
    refusal: Refusal | None = None


class CommandBase(Wire):
    id: str
    actor: str
    channel: str = "api"
    received_at: datetime


class Ack(CommandBase):
    kind: Literal["ack"] = "ack"
    page: str
    joined: bool | None = None


class Accept(CommandBase):
    """Accept a role that was offered, or a task."""

    kind: Literal["accept"] = "accept"
    target: str


class Decline(CommandBase):
    """Say that one cannot: a role that is offered (`role:NAME`), or a page (its id). The next is asked at once."""

    kind: Literal["decline"] = "decline"
    target: str
    reason: str


class Vote(CommandBase):
    kind: Literal["vote"] = "vote"
    decision: str
    choice: str
    reason: str = ""
    on_behalf_of: str | None = None
    heard_by: str | None = None


class Complete(CommandBase):
    kind: Literal["complete"] = "complete"
    task: str
    result: dict[str, Any] = {}


class Update(CommandBase):
    kind: Literal["update"] = "update"
    audience: str
    text: str


class Correct(CommandBase):
    """Correct the n-th sent message (counted from 1) to the same recipients; a second person releases it."""

    kind: Literal["correct"] = "correct"
    n: int
    text: str


class Note(CommandBase):
    kind: Literal["note"] = "note"
    text: str
    occurred_at: datetime | None = None


class SetSeverity(CommandBase):
    kind: Literal["severity"] = "severity"
    severity: str
    reason: str


class SetStatus(CommandBase):
    kind: Literal["status"] = "status"
    status: str
    reason: str


class AssignRole(CommandBase):
    kind: Literal["role"] = "role"
    role: str
    person: str


class Event(CommandBase):
    kind: Literal["event"] = "event"
    name: str
    data: dict[str, Any] = {}


class AddStep(CommandBase):
    """An ad-hoc step in the language's own shape."""

    kind: Literal["add_step"] = "add_step"
    step: dict[str, Any]


class Candidate(CommandBase):
    kind: Literal["candidate"] = "candidate"
    accept: bool
    reason: str = ""


class Merge(CommandBase):
    """Merge this incident into another; `into_workflow` is filled in by the starter."""

    kind: Literal["merge"] = "merge"
    into: str
    into_workflow: str | None = None
    reason: str


class Reopen(CommandBase):
    kind: Literal["reopen"] = "reopen"
    reason: str


class Delegate(CommandBase):
    kind: Literal["delegate"] = "delegate"
    to: str
    decision: str | None = None


class HoldOutward(CommandBase):
    kind: Literal["hold_outward"] = "hold_outward"
    on: bool
    reason: str


class Impact(CommandBase):
    kind: Literal["impact"] = "impact"
    customers_affected: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


class VendorReply(CommandBase):
    kind: Literal["vendor_reply"] = "vendor_reply"
    step: str
    reply: VendorReplyKind
    text: str = ""
    occurred_at: datetime | None = None


class Drill(CommandBase):
    """A drill stands back, goes on, or ends; or lets something happen now: `inject`, else the next of its scenario.

    `incident` is the real one that it stands back for.
    """

    kind: Literal["drill"] = "drill"
    action: Literal["pause", "resume", "end", "inject"]
    reason: str = ""
    incident: str | None = None
    inject: Inject | None = None


class Override(CommandBase):
    """`step` is a path, `cadence:NAME` or `phase:ID`."""

    kind: Literal["override"] = "override"
    step: str
    action: OverrideAction
    reason: str
    to: str | None = None
    result: dict[str, Any] | None = None


Command = Annotated[
    Ack | Accept | Decline | Vote | Complete | Update | Correct | Note | SetSeverity | SetStatus | AssignRole | Event
    | AddStep | Candidate | Merge | Reopen | Delegate | HoldOutward | Impact | VendorReply | Override | Drill,
    Field(discriminator="kind"),
]  # fmt: skip
COMMAND: TypeAdapter[Command] = TypeAdapter(Command)


class CommandEnvelope(Wire):
    """One pydantic model in: the wire form of a command.

    `signatures` are by public key, both base64: Ed25519 over `mayday.domain.signed.decision_bytes`.
    """

    command: Command
    signatures: dict[str, str] = {}
