"""A scenario: a runbook's test in virtual time, as its author writes it (LANGUAGE.md "Scenario").

Every item of the timeline has a moment `at` and either one action of a person or machine, or an `expect`. The models
are closed like those of runbooks: a misspelt key is refused.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from mayday.domain.commands import Refusal, RefusalCode
from mayday.domain.durations import Duration, parse_offset
from mayday.domain.ranks import SeverityName
from mayday.domain.signed import UNSIGNED
from mayday.language.runbook import Identifier, Shape
from mayday.language.scenario_handover import Handover

#: verbs of a timeline, in the order of the language reference; each is a key of an item
ACTIONS = (
    "declare", "alert", "ack", "accept", "decline", "vote", "delegate", "complete", "update", "correct", "note",
    "severity", "status", "impact", "role", "event", "override", "add_step", "candidate", "confirm", "merge", "reopen",
    "hold_outward",
    "vendor_reply", "outage", "outage_told", "absorbed", "turned_away", "drill",
)  # fmt: skip
#: actions that no person sends
UNATTENDED = ("declare", "alert", "event", "vendor_reply", "outage", "outage_told", "absorbed", "turned_away")
EXPECTATIONS = (
    "task", "paged", "decided", "undecided", "action", "sent", "status", "vendor_breached", "never", "finished",
)  # fmt: skip


def _moment(text: str) -> str:
    parse_offset(text)
    return text


OFFSET = r"^T\+(?=[0-9])(?:[0-9]+w)?(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+(?:[.][0-9]{1,3})?s)?$"
Moment = Annotated[
    str,
    AfterValidator(_moment),
    Field(description="T+ and a duration since the start: T+1h30m", json_schema_extra={"pattern": OFFSET}),
]


class ScenarioMetadata(Shape):
    name: str
    description: str | None = None


class GivenIncident(Shape):
    """What is declared at the start. Without `declare` a person declared it by hand."""

    title: str
    service: str
    severity: SeverityName = "SEV1"
    summary: str = ""
    services: list[str] = []
    customers_affected: int | None = None
    declare: Literal["auto", "propose", "manual"] = "manual"
    declared_by: str | None = None
    source: str | None = None
    confirm_within: Duration | None = None
    accept_within: Duration | None = None
    page: str | None = None
    resolve_on_clear: bool = False
    impact_started_at: datetime | None = None
    drill: bool = False


class Given(Shape):
    """`roles` are held from the start. Without `incident`, the first `declare` or `alert` of the timeline opens it."""

    start: datetime
    incident: GivenIncident | None = None
    inputs: dict[Identifier, Any] = {}
    roles: dict[Identifier, str] = {}

    @model_validator(mode="after")
    def _aware(self) -> Given:
        if self.start.tzinfo is None:
            raise ValueError("`start` needs a zone, for example 2026-03-02T02:10:00Z")
        return self


class Mock(Shape):
    """How an action or a port behaves. The first `fail` calls fail, then it returns; `hang` never answers."""

    return_: dict[str, Any] | None = Field(None, alias="return")
    fail: Annotated[int, Field(ge=0, le=1000)] = 0
    after: Duration | None = None
    hang: bool = False
    error: Literal["unreachable", "ambiguous", "rate_limited", "refused", "unauthorised", "broken"] = "unreachable"
    message: str | None = None


class Expectation(Shape):
    """One thing that has happened by a moment; `undecided` is open at it, `never` has not happened."""

    task: str | None = None
    paged: str | None = None
    decided: str | None = None
    undecided: str | None = None
    action: str | None = None
    sent: str | None = None
    status: str | None = None
    vendor_breached: str | None = None
    never: Expectation | None = None
    finished: Moment | Literal[True] | None = None

    outcome: str | None = Field(None, description="with `decided`: what came out")
    with_: dict[str, Any] | None = Field(None, alias="with", description="with `action`: some of its inputs")
    page: str | None = Field(None, description="with `paged`: for which page, role, gate or task")
    to: Moment | None = Field(None, description="end of the time that `max_gap` and `count` look at")
    from_: Moment | None = Field(None, alias="from", description="start of that time; without it, the start")
    audience: str | None = Field(None, description="with `sent`: to which audience")
    text: str | None = Field(None, description="with `sent`: what the text holds")
    count: Annotated[int, Field(ge=0)] | None = None
    max_gap: Duration | None = None

    @property
    def kind(self) -> str:
        return next(name for name in EXPECTATIONS if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _one_kind(self) -> Expectation:
        kinds = [name for name in EXPECTATIONS if getattr(self, name) is not None]
        if len(kinds) != 1:
            raise ValueError(f"an expectation has exactly one of {', '.join(EXPECTATIONS)}")
        allowed = {
            "task": {"count"}, "paged": {"page", "count", "from_", "to"}, "decided": {"outcome"},
            "action": {"with_", "count"}, "sent": {"audience", "text", "count", "max_gap", "from_", "to"},
        }.get(kinds[0], set())  # fmt: skip
        extra = {name for name in self.model_fields_set if getattr(self, name) is not None} - {kinds[0]} - allowed
        if extra:
            raise ValueError(f"`{sorted(extra)[0].rstrip('_')}` does not go with `{kinds[0]}`")
        return self


class OutageTold(Shape):
    """A worker that came back says from when to when nobody could answer (ADR 0124)."""

    from_at: AwareDatetime = Field(description="since when nobody could answer, with its zone")
    to_at: AwareDatetime = Field(description="and until when")


class TurnedAway(Shape):
    """A decision that nobody of the house signed: it leaves an entry and changes nothing (ADR 0067)."""

    command: str = Field(description="what it wanted: vote, status, ...; absorbed, for another incident's handover")
    claimed: str = Field(description="from whom it says that it comes")
    code: RefusalCode = Field(UNSIGNED.code, description="why it is not believed, as a code")
    reason: str = Field(UNSIGNED.reason, description="and in words")

    @property
    def refusal(self) -> Refusal:
        return Refusal(code=self.code, reason=self.reason)


class TimelineItem(Shape):
    """At a moment somebody does something, or something is expected. `refused` makes a refusal the right answer."""

    at: Moment
    expect: Expectation | None = None
    refused: str | None = None
    by: str | None = None

    declare: dict[str, Any] | None = None
    alert: dict[str, Any] | list[dict[str, Any]] | None = None
    ack: str | None = None
    accept: str | None = None
    decline: str | None = Field(None, description="a role as role:NAME, or a page's step")
    vote: str | None = None
    delegate: str | None = Field(None, description="to whom")
    complete: str | None = None
    update: str | None = Field(None, description="the audience")
    correct: int | None = None
    note: str | None = None
    severity: SeverityName | None = None
    status: str | None = None
    impact: dict[str, Any] | None = None
    role: str | None = None
    event: str | None = None
    override: str | None = Field(None, description="a step's path, cadence:NAME or phase:ID")
    add_step: dict[str, Any] | None = None
    candidate: Literal["accept", "reject"] | None = None
    confirm: str | None = None
    merge: str | None = Field(None, description="the incident that survives")
    reopen: Literal[True] | None = None
    hold_outward: bool | None = None
    vendor_reply: str | None = Field(None, description="the engagement's step")
    outage: Duration | None = Field(None, description="the engine does not run from now for that long")
    outage_told: OutageTold | None = Field(None, description="a worker that came back tells of an outage")
    absorbed: Handover | None = Field(None, description="what another incident handed over as it was merged in")
    turned_away: TurnedAway | None = Field(None, description="a decision arrives that nobody of the house signed")

    drill: Literal["pause", "resume", "end", "inject"] | None = Field(
        None, description="a drill stands back, goes on, ends, or lets something happen now"
    )
    inject: dict[str, Any] | None = Field(
        None, description="with `drill: inject`: what happens; without it, what the drill's scenario has next"
    )
    incident: str | None = Field(None, description="with `drill`: the real incident that it stands back for")
    channel: str | None = Field(None, description="how it came: api, cli, chat, ...; `scenario` by default")
    told: bool | None = Field(
        None, description="with `outage`: whether the worker that comes back tells of it; of more than a minute it does"
    )
    signalled: Literal[True] | None = Field(None, description="nobody waits for the answer: a refusal is an entry")
    joined: bool | None = None
    choice: str | None = None
    reason: str | None = None
    on_behalf_of: str | None = None
    heard_by: str | None = None
    decision: str | None = None
    result: dict[str, Any] | None = None
    text: str | None = None
    occurred_at: datetime | None = None
    person: str | None = None
    data: dict[str, Any] | None = None
    action: Literal["skip", "retry", "complete", "cancel", "reassign", "pause", "resume", "end_phase"] | None = None
    to: str | None = None
    kind: Literal["reply", "eta", "downgrade", "waiting_on_us", "resumed", "resolved"] | None = None

    @property
    def offset(self) -> timedelta:
        return parse_offset(self.at)

    @property
    def verb(self) -> str:
        """The action's key, or `expect`."""
        return next(name for name in ("expect", *ACTIONS) if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _one_action(self) -> TimelineItem:
        verbs = [name for name in ("expect", *ACTIONS) if getattr(self, name) is not None]
        if len(verbs) != 1:
            raise ValueError(f"an item has exactly one action ({', '.join(ACTIONS)}) or an `expect`")
        verb = verbs[0]
        allowed = {"at", verb, *ITEM_KEYS.get(verb, ())}
        if verb not in ("expect", "outage", "outage_told", "absorbed", "turned_away"):
            allowed |= {"by", "refused", "channel", "signalled"}
        extra = sorted(name for name in self.model_fields_set - allowed if getattr(self, name) is not None)
        if extra:
            raise ValueError(f"`{extra[0]}` does not go with `{verb}`")
        if self.by is None and verb not in (*UNATTENDED, "expect"):
            raise ValueError(f"`{verb}` needs `by`: the person who does it")
        missing = [name for name in REQUIRED_KEYS.get(verb, ()) if getattr(self, name) is None]
        if missing:
            raise ValueError(f"`{verb}` needs `{missing[0]}`")
        return self


#: which keys go with which action, besides `at`, `by` and `refused`
ITEM_KEYS: dict[str, tuple[str, ...]] = {
    "ack": ("joined",),
    "vote": ("choice", "reason", "on_behalf_of", "heard_by"),
    "delegate": ("decision",),
    "complete": ("result",),
    "confirm": ("result",),
    "update": ("text",),
    "correct": ("text",),
    "note": ("occurred_at",),
    "severity": ("reason",),
    "status": ("reason",),
    "role": ("person",),
    "event": ("data",),
    "override": ("action", "reason", "to", "result"),
    "candidate": ("reason",),
    "merge": ("reason",),
    "reopen": ("reason",),
    "decline": ("reason",),
    "hold_outward": ("reason",),
    "vendor_reply": ("kind", "text", "occurred_at"),
    "drill": ("reason", "incident", "inject"),
    "outage": ("told",),
}
REQUIRED_KEYS: dict[str, tuple[str, ...]] = {
    "decline": ("reason",),
    "vote": ("choice",),
    "update": ("text",),
    "correct": ("text",),
    "role": ("person",),
    "override": ("action",),
    "vendor_reply": ("kind",),
}


class RecordedAnswer(Shape):
    """How an effect was answered: that many milliseconds after it was asked for; `hang`: it never was."""

    after_ms: Annotated[int, Field(ge=0)] = 0
    return_: dict[str, Any] | None = Field(None, alias="return")
    fail: dict[str, Any] | None = Field(None, description="code, message, ambiguous?")
    hang: bool = False


class Recorded(Shape):
    """What only a real incident has. `mayday review scenario` writes it; without it the scenario is a rehearsal.

    `plan` is the pinned plan, in the place of what `runbook` names now. `answers` are what effects met, by their key.
    """

    plan: dict[str, Any]
    id: str
    alerts: list[dict[str, Any]] = []
    on_call: dict[str, list[str]] = {}
    base_url: str = ""
    answers: dict[str, RecordedAnswer] = {}
    injects: list[dict[str, Any]] = []


class Scenario(Shape):
    """A scenario file: `apiVersion: runbook/v1`, `kind: Scenario`. `runbook` is a path beside it, or a name."""

    apiVersion: Literal["runbook/v1"]
    kind: Literal["Scenario"]
    metadata: ScenarioMetadata
    runbook: str
    given: Given
    mocks: dict[str, Mock | list[Mock]] = {}
    timeline: list[TimelineItem] = []
    expect: list[Expectation] = []
    catalog: dict[str, Any] = Field({}, description="entries of the catalog that differ in this scenario")
    recorded: Recorded | None = Field(None, description="of an incident that happened: `mayday review scenario`")

    @model_validator(mode="after")
    def _opens(self) -> Scenario:
        if self.given.incident is None and not any(item.verb in ("declare", "alert") for item in self.timeline):
            raise ValueError("`given.incident`, or a `declare` or `alert` in the timeline, has to open the incident")
        return self


Expectation.model_rebuild()
