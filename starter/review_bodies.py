"""Request bodies of reviews. A misspelt field is refused; the actor is never a field."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from starter.bodies import Body, Moment, Name, Reason, Text

__all__ = [
    "ActionBody", "ClosingFormBody", "CompleteBody", "DropBody", "EditBody", "ExtendBody", "FindingBody", "MeetingBody",
    "OwnerBody", "ProblemBody", "RcaBody", "ReassignBody", "ReleaseBody", "RewriteBody", "SettleBody", "StateBody",
]  # fmt: skip

Words = Annotated[str, Field(max_length=4_000)]


class OwnerBody(Body):
    person: Name
    reason: Words = ""


class EditBody(Body):
    """`version` is the section's version that you have read; 0 where nobody has written yet."""

    section: Name
    text: Annotated[str, Field(min_length=1, max_length=20_000)]
    version: Annotated[int, Field(ge=0)] = 0


class StateBody(Body):
    state: Literal["draft", "in_review", "reviewed", "closed"]

    @field_validator("state", mode="before")
    @classmethod
    def _as_people_say_it(cls, value: object) -> object:
        return value.strip().lower().replace(" ", "_").replace("-", "_") if isinstance(value, str) else value


class ClosingFormBody(Body):
    """Fields that are left out stay as they are."""

    category: Name | None = None
    cause_code: Name | None = None
    caused_by_change: bool | None = None
    change: Name | None = None
    detected_by: Name | None = None
    impact_started_at: Moment | None = None
    impact_ended_at: Moment | None = None
    workaround: Annotated[str, Field(min_length=1, max_length=2000)] | None = None

    @model_validator(mode="after")
    def _something(self) -> ClosingFormBody:
        if not self.model_dump(exclude_none=True):
            raise ValueError(f"give one of {', '.join(type(self).model_fields)}")
        return self


class MeetingBody(Body):
    starts_at: Moment
    reason: Words = ""


class ActionBody(Body):
    """Without `due_at` the runbook's time for the priority counts."""

    title: Annotated[str, Field(min_length=1, max_length=500)]
    owner: Name
    priority: Literal["high", "normal"] = "normal"
    due_at: Moment | None = None


class CompleteBody(Body):
    result: Words = ""


class DropBody(Body):
    reason: Reason


class ReassignBody(Body):
    to: Name
    reason: Words = ""


class ExtendBody(Body):
    due_at: Moment
    reason: Reason


class ReleaseBody(Body):
    """`withhold` needs a reason: the message shall not go."""

    item: Name
    withhold: bool = False
    reason: Words = ""


class RewriteBody(Body):
    item: Name
    text: Text


class FindingBody(Body):
    """Ratify or refuse, confirm or deny. A no needs a reason."""

    finding: Name
    yes: bool
    reason: Words = ""


class SettleBody(Body):
    """What was done about a finding that stays one."""

    finding: Name
    text: Reason


class RcaBody(Body):
    vendor: Name
    text: Text


class ProblemBody(Body):
    number: Name
    url: Words = ""
