"""Decision gates: what is approved, by whom, until when, and the way through broken glass."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mayday.domain.durations import Duration
from mayday.language.runbook.shapes import Ref, Shape, Via


class Subject(Shape):
    """The thing that a gate approves; its digest is in every vote."""

    action: str
    implementer: Ref | None = None
    plan: str | None = None
    backout: str | None = None
    change: str | None = None
    items: list[str] = []


class Voters(Shape):
    from_: list[Ref] = Field(alias="from", min_length=1)
    approvals: Annotated[int, Field(ge=1, le=50)] = 1
    required: list[Ref] = []
    veto: bool = False
    exclude: list[str] = ["requester", "implementer"]
    allow_self_approval: str | None = None
    delegates: bool = False
    via: list[Via] = ["push", "voice"]
    answer_within: Duration = Duration.parse("5m")


class GateTimeout(Shape):
    escalate: Ref | None = None
    extend: Duration | None = None
    then: str = "lapsed"
    allow_default_approve: str | None = None


class BreakGlass(Shape):
    by: Ref | list[Ref]
    second: Ref | list[Ref]
    ratify_within: Duration
