"""Steps: one verb each, the keys that go with it, and the steps nested in it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from mayday.domain.durations import Duration
from mayday.language.runbook.gates import BreakGlass, GateTimeout, Subject, Voters
from mayday.language.runbook.messages import Message
from mayday.language.runbook.shapes import FieldSpec, Identifier, Notify, Ref, Shape, Via


class Retry(Shape):
    attempts: Annotated[int, Field(ge=1, le=20)] = 3
    backoff: Duration = Duration.parse("5s")
    max_backoff: Duration = Duration.parse("1m")


class Manual(Shape):
    to: Ref | None = None
    due: Duration | None = None


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


def all_steps(steps: list[Step]) -> list[Step]:
    """Every step of a list, depth first, in the order it is written."""
    found: list[Step] = []
    for step in steps:
        found.append(step)
        for _, nested in step.children():
            found += all_steps(nested)
    return found


for _model in (Branch, ForEach, Repeat, Step):
    _model.model_rebuild()
