"""Request bodies of the API, as DESIGN fixes them. A misspelt field is refused; the actor is never a field."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from mayday.domain.commands import OverrideAction, VendorReplyKind
from mayday.domain.ranks import SeverityName
from mayday.language.catalog import Degree
from starter.scopes import Scope

__all__ = [
    "AcceptBody", "AckBody", "CandidateBody", "CodesBody", "CompletionBody", "CorrectBody", "DeclareBody",
    "DelegationBody", "EventBody", "Given", "HoldOutwardBody", "ImpactBody", "LinkBody", "MergeBody", "Moment",
    "NoteBody", "OverrideBody", "PreviewBody", "ReopenBody", "RoleBody", "ScheduleOverrideBody", "SeverityBody",
    "StatusBody", "TokenBody", "UpdateBody", "VendorReplyBody", "VoteBody",
]  # fmt: skip

Line = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(min_length=1, max_length=16_000)]
Reason = Annotated[str, Field(min_length=1, max_length=4_000)]
NOT_SAID_WHY = "no reason given"
"""Stands in the timeline where nobody has to say why, and nobody did."""


def _of_these_times(at: datetime) -> datetime:
    if not 2000 <= at.year < 2200:
        raise ValueError("a time of this century or the next")
    return at


Moment = Annotated[AwareDatetime, AfterValidator(_of_these_times)]
"""A time with its zone, that every calendar can reckon with."""


MOST_DEEP = 32
"""Levels of lists and objects in what a person or a program hands over. What is put around it on its way into a history
and back adds more, and a reader there gives up at about 200: the incident could never be written down."""


def not_too_deep(given: Any) -> Any:
    """A `ValueError` for what no later reader could take."""
    level, deep = [given], 0
    while level := [
        inner
        for each in level
        if isinstance(each, dict | list)
        for inner in (each.values() if isinstance(each, dict) else each)
    ]:
        deep += 1
        if deep > MOST_DEEP:
            raise ValueError(f"nested deeper than {MOST_DEEP} levels")
    return given


Given = Annotated[dict[str, Any], BeforeValidator(not_too_deep)]
"""What a person or a program hands over: fields of a name and a value of any kind."""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class DeclareBody(Body):
    """Give either `severity`, or `impact` and `urgency`. A service that the catalog does not have but one of nearly
    that name is asked back; `unknown_service` says that it is meant as it stands."""

    title: Line
    service: Name
    unknown_service: bool = False
    severity: SeverityName | None = None
    impact: Degree | None = None
    urgency: Degree | None = None
    summary: Annotated[str, Field(max_length=16_000)] = ""
    customers_affected: Annotated[int, Field(ge=0)] | None = None
    runbook: Name | None = None
    inputs: Given = {}
    drill: bool = False
    injects: Annotated[list[Given], Field(max_length=200)] = []

    @model_validator(mode="after")
    def _only_a_drill_has_injects(self) -> DeclareBody:
        if self.injects and not self.drill:
            raise ValueError("injects: only a drill lets things happen")
        return self

    @model_validator(mode="after")
    def _how_bad(self) -> DeclareBody:
        if self.severity is None and (self.impact is None or self.urgency is None):
            raise ValueError("say how bad it is: severity, or impact and urgency")
        if self.severity is not None and (self.impact is not None or self.urgency is not None):
            raise ValueError("give either severity, or impact and urgency")
        return self


class DrillBody(Body):
    """`inject` is an item of a scenario's timeline without its `at`: alert, vendor_reply, event or note; without it
    the next of the drill's scenario happens now."""

    action: Literal["pause", "resume", "end", "inject"]
    reason: Annotated[str, Field(max_length=4_000)] = ""
    inject: Given | None = None

    @model_validator(mode="after")
    def _said_why(self) -> DrillBody:
        if self.action != "inject" and not self.reason:
            raise ValueError("say why: everybody in the drill is told")
        if self.inject is not None and self.action != "inject":
            raise ValueError(f"`inject` does not go with `{self.action}`")
        return self


class VoteBody(Body):
    decision: Name
    choice: Name
    reason: Annotated[str, Field(max_length=4_000)] = ""
    on_behalf_of: Name | None = None
    heard_by: Name | None = None


class AckBody(Body):
    page: Name
    joined: bool | None = None


class AcceptBody(Body):
    """A role that was offered, or a task."""

    role: Name | None = None
    task: Name | None = None

    @model_validator(mode="after")
    def _one(self) -> AcceptBody:
        if (self.role is None) == (self.task is None):
            raise ValueError("give either role or task")
        return self


class DeclineBody(Body):
    """A role that was offered, or a page, and why you cannot take it."""

    role: Name | None = None
    page: Name | None = None
    reason: Reason

    @model_validator(mode="after")
    def _one(self) -> DeclineBody:
        if (self.role is None) == (self.page is None):
            raise ValueError("give either role or page")
        return self

    @property
    def target(self) -> str:
        return self.page or f"role:{(self.role or '').removeprefix('role:')}"


class DeclinedPageBody(Body):
    """Why a page that is named by its number cannot be taken."""

    reason: Reason


class CompletionBody(Body):
    task: Name
    result: Given = {}


class UpdateBody(Body):
    audience: Name
    text: Text


class CorrectBody(Body):
    text: Text


class PreviewBody(Body):
    """One of three: words for an `audience`, the correction of message `corrects`, or what the reader of review `task`
    would release, with `text` in the place of the task's own words."""

    audience: Name | None = None
    corrects: Annotated[int, Field(ge=1)] | None = None
    task: Name | None = None
    text: Annotated[str, Field(max_length=16_000)] = ""

    @model_validator(mode="after")
    def _of_one_message(self) -> PreviewBody:
        if [self.audience, self.corrects, self.task].count(None) != 2:
            raise ValueError("give one of audience, corrects and task")
        if self.task is None and not self.text:
            raise ValueError("text: a message needs words")
        return self


class NoteBody(Body):
    text: Text
    occurred_at: Moment | None = None


class SeverityBody(Body):
    severity: SeverityName
    reason: Reason


class StatusBody(Body):
    status: Literal["investigating", "identified", "mitigated", "resolved", "cancelled"]
    reason: Reason


class RoleBody(Body):
    role: Name
    person: Name


class EventBody(Body):
    name: Name
    data: Given = {}


class ImpactBody(Body):
    customers_affected: Annotated[int, Field(ge=0)] | None = None
    started_at: Moment | None = None
    ended_at: Moment | None = None

    @model_validator(mode="after")
    def _something(self) -> ImpactBody:
        if self.customers_affected is None and self.started_at is None and self.ended_at is None:
            raise ValueError("give customers_affected, started_at or ended_at")
        return self


class CandidateBody(Body):
    accept: bool
    reason: Annotated[str, Field(max_length=4_000)] = ""


class MergeBody(Body):
    into: Name
    reason: Reason = NOT_SAID_WHY


class ReopenBody(Body):
    reason: Reason = NOT_SAID_WHY


class DelegationBody(Body):
    to: Name
    decision: Name | None = None


class VendorReplyBody(Body):
    step: Name
    kind: VendorReplyKind
    text: Annotated[str, Field(max_length=16_000)] = ""
    occurred_at: Moment | None = None


class HoldOutwardBody(Body):
    on: bool
    reason: Reason


class OverrideBody(Body):
    """`step` is a path, `cadence:NAME` or `phase:ID`."""

    step: Name
    action: OverrideAction
    reason: Reason
    to: Name | None = None
    result: Given | None = None


class ScheduleOverrideBody(Body):
    """Somebody stands on a schedule for a while, whatever the rotation says."""

    schedule: Name
    person: Name
    from_at: Moment
    to_at: Moment
    reason: Annotated[str, Field(max_length=4_000)] | None = None


class TokenBody(Body):
    """For a person, or for a machine, which has a name and scopes. `level` at most what the catalog allows the person;
    `days` None never expires."""

    person: Name | None = None
    machine: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,59}$")] | None = None
    scopes: list[Scope] = []
    level: Literal["viewer", "responder", "approver", "administrator"] | None = None
    days: Annotated[int, Field(ge=1, le=3650)] | None = 90
    note: Annotated[str, Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def _whose(self) -> TokenBody:
        if (self.person is None) == (self.machine is None):
            raise ValueError("give either person or machine")
        if self.machine is not None and not self.scopes:
            raise ValueError("a machine's token has scopes: say what it is for")
        if self.machine is not None and "administer" in self.scopes:
            raise ValueError("a machine does not administer")
        return self


class LinkBody(Body):
    """`person` None means the owner."""

    person: Name | None = None


class CodesBody(Body):
    """`days`: how long the codes are good when nobody uses them."""

    person: Name
    count: Annotated[int, Field(ge=1, le=20)] = 5
    days: Annotated[int, Field(ge=1, le=366)] = 366
