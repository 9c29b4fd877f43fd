"""The file as a whole: phases, handlers, review."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from mayday.domain.durations import Duration
from mayday.domain.ranks import SeverityName
from mayday.language.runbook.messages import Cadence, TemplateText
from mayday.language.runbook.paging import EscalationPolicy, RoleSpec
from mayday.language.runbook.shapes import FieldSpec, Identifier, Ref, Shape
from mayday.language.runbook.steps import Step


class Metadata(Shape):
    name: Identifier
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.-]+)?$")]
    owner: str
    description: str | None = None


class AppliesTo(Shape):
    severity: list[SeverityName] = []
    service: list[str] = []


class Handler(Shape):
    event: str
    when: str | None = None
    steps: list[Step]


class Phase(Shape):
    id: Identifier
    name: str | None = None
    until: str | None = None
    steps: list[Step] = []
    doc: str | None = None


class Meeting(Shape):
    within: Duration | dict[SeverityName, Duration]
    attendees: str | list[Ref] = "{{ incident.responders }}"
    duration: Duration = Duration.parse("30m")
    calendar: str = "default"


class ActionRules(Shape):
    remind_every: Duration = Duration.parse("7d")
    due: dict[Literal["high", "normal"], Duration] = {}


class ObligationSpec(Shape):
    """Something that every incident of this runbook owes somebody beyond its end: a regulator's report, a letter."""

    id: Identifier
    text: str
    to: Ref
    within: Duration
    after: str = "resolved"
    when: str | None = None
    remind_every: Duration | None = None


class ReviewSpec(Shape):
    owner: Ref = "role.incident_commander"
    meeting: Meeting | None = None
    draft_before: Duration = Duration.parse("24h")
    problem_record: bool = True
    report_to: list[Ref] | None = None
    actions: ActionRules = ActionRules()
    obligations: list[ObligationSpec] = []


class Runbook(Shape):
    """A runbook file: `apiVersion: runbook/v1`, `kind: Runbook`."""

    apiVersion: Literal["runbook/v1"]
    kind: Literal["Runbook"]
    metadata: Metadata
    applies_to: AppliesTo = AppliesTo()
    inputs: dict[Identifier, FieldSpec] = {}
    vars: dict[Identifier, Any] = {}
    roles: dict[Identifier, RoleSpec] = {}
    escalations: dict[Identifier, EscalationPolicy] = {}
    cadences: dict[Identifier, Cadence] = {}
    handlers: list[Handler] = []
    phases: Annotated[list[Phase], Field(min_length=1)]
    templates: dict[Identifier, TemplateText] = {}
    review: ReviewSpec | None = None
    finally_: list[Step] = Field([], alias="finally")
