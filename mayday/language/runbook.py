"""The runbook as its author writes it: closed pydantic models of LANGUAGE.md.

The same models stand in the compiled plan, so what was read is what is run. Unknown keys are errors; texts in
`{{ ... }}` stay texts here and are evaluated by the walker when their step is reached.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mayday.domain.durations import Duration
from mayday.domain.ranks import SeverityName

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
Ref = Annotated[str, Field(min_length=1, max_length=200, description="person.X, role.X, group.X, schedule.X")]
Via = Literal["push", "sms", "voice", "email", "chat", "status_page", "calendar"]


class Shape(BaseModel):
    """A closed piece of YAML: a misspelt key is refused, never ignored."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=False, str_strip_whitespace=False)


class Metadata(Shape):
    name: Identifier
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.-]+)?$")]
    owner: str
    description: str | None = None


class AppliesTo(Shape):
    severity: list[SeverityName] = []
    service: list[str] = []


class FieldSpec(Shape):
    """One typed value: of an input, of a form, of an action's parameters."""

    type: Literal["string", "integer", "number", "boolean", "list", "datetime", "person"] = "string"
    enum: list[str | int] | None = None
    default: Any = None
    required: bool = True
    description: str | None = None
    visibility: Literal["public", "internal", "restricted"] = "internal"


class RoleSpec(Shape):
    from_: Ref | None = Field(
        None, alias="from", description="Who is offered the role first: schedule.X, person.X, group.X"
    )
    fallback: Ref | None = Field(
        None, description="Offered next, when nobody accepted within the severity's ack_within"
    )
    description: str | None = None


class Level(Shape):
    notify: Ref | list[Ref]
    via: list[Via] = ["push", "voice"]
    ack_within: Duration

    @property
    def targets(self) -> list[str]:
        return [self.notify] if isinstance(self.notify, str) else list(self.notify)


class Notify(Shape):
    notify: Ref | list[Ref]
    via: list[Via] = ["push", "voice"]

    @property
    def targets(self) -> list[str]:
        return [self.notify] if isinstance(self.notify, str) else list(self.notify)


class EscalationPolicy(Shape):
    levels: Annotated[list[Level], Field(min_length=1, max_length=20)]
    repeat: Annotated[int, Field(ge=1, le=20)] = 1
    on_exhausted: Notify | None = None


class ReviewBy(Shape):
    """A person reads a message before it leaves."""

    by: Ref
    within: Duration
    on_timeout: Literal["send_holding_line", "send", "skip"] = "send_holding_line"


class Message(Shape):
    template: Identifier | None = None
    text: str | None = None
    subject: str | None = None
    to: Ref
    via: list[Via] | None = None
    review: ReviewBy | None = None

    @model_validator(mode="after")
    def _one_body(self) -> Message:
        if (self.template is None) == (self.text is None):
            raise ValueError("a message has either a `template` or a `text`")
        return self


class Cadence(Shape):
    start: str = Field("opened", description="opened, PHASE.entered or PHASE.done")
    every: Duration
    until: str
    send: Message
    review: ReviewBy | None = None
    skip_if_sent_within: Duration | None = None
    final: dict[Literal["resolved", "cancelled", "mitigated", "closed"], Identifier] = {}


class Retry(Shape):
    attempts: Annotated[int, Field(ge=1, le=20)] = 3
    backoff: Duration = Duration.parse("5s")
    max_backoff: Duration = Duration.parse("1m")


class Manual(Shape):
    to: Ref | None = None
    due: Duration | None = None


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


class Form(Shape):
    to: Ref | None = None
    question: str
    fields: dict[Identifier, FieldSpec] = {}
    due: Duration | None = None
    on_overdue: Notify | None = None


class Task(Shape):
    to: Ref | None = None
    text: str
    items: list[str] = []
    fields: dict[Identifier, FieldSpec] = {}
    due: Duration | None = None
    on_overdue: Notify | None = None


class Wait(Shape):
    for_: Duration | None = Field(None, alias="for")
    until: str | None = None
    event: str | None = None
    when: str | None = Field(None, description="Only events for which this holds; `event.*` is in scope")

    @model_validator(mode="after")
    def _one_kind(self) -> Wait:
        if sum(x is not None for x in (self.for_, self.until, self.event)) != 1:
            raise ValueError("a wait has exactly one of `for`, `until`, `event`")
        return self


class Branch(Shape):
    when: str
    steps: list[Step]


class ForEach(Shape):
    in_: str | list[Any] = Field(alias="in")
    as_: Identifier = Field(alias="as")
    max: Annotated[int, Field(ge=1, le=100)] = 100
    concurrency: Annotated[int, Field(ge=1, le=100)] = 1
    steps: list[Step] | None = None


class Repeat(Shape):
    every: Duration | None = None
    until: str | None = None
    max: Annotated[int, Field(ge=1, le=1000)] | None = None
    steps: list[Step] | None = None


VERBS = (
    "do", "send", "page", "engage", "decide", "ask", "task", "wait", "choose", "parallel", "for_each", "repeat",
    "steps", "call", "set", "set_cadence", "log", "end",
)  # fmt: skip

#: which keys go with which verb, besides the common ones
VERB_KEYS: dict[str, tuple[str, ...]] = {
    "do": ("with",),
    "send": (),
    "page": ("message", "join_within", "assigns", "via"),
    "engage": ("with",),
    "decide": ("subject", "voters", "options", "outcomes", "remind_every", "verbal", "break_glass"),
    "ask": (),
    "task": (),
    "wait": (),
    "choose": ("else",),
    "parallel": ("join",),
    "for_each": ("steps",),
    "repeat": ("steps",),
    "steps": (),
    "call": ("with",),
    "set": (),
    "set_cadence": ("every",),
    "log": (),
    "end": (),
}
COMMON_KEYS = ("id", "name", "when", "background", "timeout", "on_timeout", "retry", "on_error", "manual", "doc")


class Step(Shape):
    """One step: exactly one verb key, the keys that go with it, and the common keys."""

    id: Identifier
    name: str | None = None
    when: str | None = None
    background: bool = False
    timeout: Duration | None = None
    on_timeout: GateTimeout | list[Step] | None = None
    retry: Retry | None = None
    on_error: Literal["manual", "continue", "fail"] | list[Step] | None = None
    manual: Manual | None = None
    doc: str | None = None

    do: str | None = None
    with_: dict[str, Any] | None = Field(None, alias="with")
    send: Message | None = None
    page: str | None = None
    message: str | None = None
    join_within: Duration | None = None
    assigns: Identifier | None = None
    via: list[Via] | None = None
    engage: str | None = None
    decide: str | None = None
    subject: Subject | None = None
    voters: Voters | None = None
    options: list[Identifier] | None = None
    outcomes: dict[Identifier, list[Step]] | None = None
    remind_every: Duration | None = None
    verbal: Literal["allowed"] | None = None
    break_glass: BreakGlass | None = None
    ask: Form | None = None
    task: Task | None = None
    wait: Wait | None = None
    choose: list[Branch] | None = None
    else_: list[Step] | None = Field(None, alias="else")
    parallel: dict[Identifier, list[Step]] | None = None
    join: Literal["all", "any"] | int | None = None
    for_each: ForEach | None = None
    repeat: Repeat | None = None
    steps: list[Step] | None = None
    call: str | None = None
    set: dict[Identifier, Any] | None = None
    set_cadence: str | None = None
    every: Duration | None = None
    log: str | None = None
    end: Literal["phase", "runbook"] | None = None

    @property
    def verb(self) -> str:
        """The one verb of this step."""
        for verb in VERBS:
            if verb != "steps" and getattr(self, verb) is not None:
                return verb
        return "steps"

    @property
    def body(self) -> list[Step]:
        """The steps of a block, `repeat` or `for_each`, wherever the author wrote them."""
        inner = self.for_each or self.repeat
        if inner is not None and inner.steps is not None:
            return inner.steps
        return self.steps or []

    def children(self) -> list[tuple[str, list[Step]]]:
        """Every nested list of steps with the name of its place (`outcomes.approved`, `else`, ...)."""
        places: list[tuple[str, list[Step]]] = []
        if self.body:
            places.append(("steps", self.body))
        for index, branch in enumerate(self.choose or []):
            places.append((f"choose[{index}]", branch.steps))
        places.append(("else", self.else_ or []))
        places += [(f"parallel.{name}", steps) for name, steps in (self.parallel or {}).items()]
        places += [(f"outcomes.{name}", steps) for name, steps in (self.outcomes or {}).items()]
        if isinstance(self.on_timeout, list):
            places.append(("on_timeout", self.on_timeout))
        if isinstance(self.on_error, list):
            places.append(("on_error", self.on_error))
        return [place for place in places if place[1]]

    @model_validator(mode="after")
    def _exactly_one_verb(self) -> Step:
        keys = {name.rstrip("_") for name in self.model_fields_set}
        verbs = [v for v in VERBS if v in keys and getattr(self, "set" if v == "set" else v) is not None]
        if len(verbs) == 2 and "steps" in verbs and {"for_each", "repeat"} & set(verbs):
            verbs.remove("steps")
        if not verbs:
            raise ValueError(f"step `{self.id}` has no verb; one of {', '.join(VERBS)} is needed")
        if len(verbs) > 1:
            raise ValueError(f"step `{self.id}` has {len(verbs)} verbs ({', '.join(verbs)}); exactly one is needed")
        allowed = {verbs[0], *COMMON_KEYS, *VERB_KEYS[verbs[0]]}
        extra = sorted(keys - allowed)
        if extra:
            raise ValueError(f"`{extra[0]}` does not go with `{verbs[0]}` in step `{self.id}`")
        return self


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


class ReviewSpec(Shape):
    owner: Ref = "role.incident_commander"
    meeting: Meeting | None = None
    draft_before: Duration = Duration.parse("24h")
    problem_record: bool = True
    actions: ActionRules = ActionRules()


class TemplateText(Shape):
    """A message template: text, subject, and for outside audiences who approved it until when."""

    subject: str | None = None
    text: str
    audience: str | None = None
    approved_by: str | None = None
    valid_until: str | None = None


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


def all_steps(steps: list[Step]) -> list[Step]:
    """Every step of a list, depth first, in the order it is written."""
    found: list[Step] = []
    for step in steps:
        found.append(step)
        for _, nested in step.children():
            found += all_steps(nested)
    return found


for _model in (Branch, ForEach, Repeat, Step, Handler, Phase, Runbook):
    _model.model_rebuild()
