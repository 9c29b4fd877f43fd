"""The catalog as its owners write it: people, schedules, services, vendors, audiences, rules (LANGUAGE.md "Catalog").

Several files make one catalog; each holds some of the kinds. Closed models: a misspelt key is refused.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from mayday.domain.calendars import BusinessCalendar
from mayday.domain.durations import Duration
from mayday.domain.oncall import Schedule
from mayday.domain.ranks import PriorityName, SeverityName
from mayday.language.runbook import Identifier, Ref, Shape, Via

Degree = Literal["high", "medium", "low"]
AccessLevel = Literal["viewer", "responder", "approver", "administrator", "owner"]


class Person(Shape):
    name: str
    email: str | None = None
    phone: str | None = None
    tz: str = "UTC"
    ids: dict[str, str] = Field({}, description="The person's id in other systems: slack, pagerduty, ...")
    delegate: Identifier | None = None


class Service(Shape):
    name: str | None = None
    owner: Ref | None = None
    vendor: Identifier | None = None
    tier: Annotated[int, Field(ge=1, le=5)] = 3
    depends_on: list[Identifier] = []
    runbooks: dict[SeverityName, Identifier] = {}
    links: dict[str, str] = {}


class StandingBridge(Shape):
    url: str
    phone: str | None = None


class Contract(Shape):
    ref: str
    hours: str = Field("24x7", description="24x7 or the name of a calendar")
    respond_within: dict[PriorityName, Duration] = {}
    resolve_within: dict[PriorityName, Duration] = {}
    updates_every: dict[PriorityName, Duration] = {}


class VendorContact(Shape):
    level: str
    after: Literal["breach"] | Duration | None = Field(None, description="`breach`, or a time after the breach")
    via: list[Via] = ["email"]
    email: str | None = None
    phone: str | None = None


class Vendor(Shape):
    name: str | None = None
    contract: Contract
    contacts: Annotated[list[VendorContact], Field(min_length=1)]
    disclosable: bool = False


class Audience(Shape):
    to: list[str] = []
    via: list[Via]
    review: Literal["required"] | None = None
    visibility: Literal["public", "internal", "restricted"] | None = None


class SeverityPolicy(Shape):
    major: bool = False
    priority: Literal["P1", "P2", "P3", "P4", "P5"]
    updates: dict[str, Duration] = {}
    ack_within: Duration
    resolve_within: Duration | None = None
    olas: dict[str, Duration] = {}
    description: str | None = None


class RouteIncident(Shape):
    service: str | None = None
    title: str | None = None
    impact: Degree | None = None
    urgency: Degree | None = None
    severity: SeverityName | None = None
    declare: Literal["auto", "propose"] = "propose"
    runbook: Identifier | None = None
    correlate_by: list[str] = ["service"]
    confirm_within: Duration | None = None
    accept_within: Duration | None = None
    resolve_on_clear: bool = Field(False, description="A resolved alert resolves the incident by itself")
    page: Ref | None = None
    inputs: dict[str, Any] = {}


class Route(Shape):
    """First match wins; children refine their parent. The last route matches everything and pages somebody."""

    match: dict[str, str | list[str]] = Field({}, description="label = value, a list of values, or ~regular expression")
    source: str | None = None
    incident: RouteIncident | None = None
    routes: list[Route] = []


class ActionSpec(Shape):
    """An entry of the action catalog: typed inputs and outputs, and an effect class."""

    effect: Literal["read", "notify", "reversible", "irreversible"]
    description: str | None = None
    inputs: dict[str, dict[str, Any]] = {}
    outputs: dict[str, dict[str, Any]] = {}
    on_error: Literal["manual", "continue", "fail"] | None = None
    timeout: Duration | None = None
    http: dict[str, Any] | None = Field(None, description="For actions of the house: an HTTP request with a mapping")


class Freeze(Shape):
    """A time in which changes are not wanted: shown beside the changes of the last hours, never in anybody's way."""

    name: str | None = None
    services: list[str] = Field([], description="Services that it is about; without any it is about all")
    from_: datetime = Field(alias="from", description="Begin, as `2026-12-20T00:00:00+01:00`")
    to: datetime = Field(description="End")

    @field_validator("from_", "to", mode="after")
    @classmethod
    def _with_a_zone(cls, value: datetime) -> datetime:
        if value.tzinfo is None:
            raise ValueError("needs a time zone: 2026-12-20T00:00:00+01:00, or a Z at the end")
        return value.astimezone(UTC)

    @model_validator(mode="after")
    def _ends_later(self) -> Freeze:
        if self.to <= self.from_:
            raise ValueError("it ends before it begins")
        return self


class Watchdog(Shape):
    """An alert that always fires: nobody hears of it while it comes, and somebody does when it does not."""

    source: str = Field("alertmanager", description="The webhook source that brings it")
    match: Annotated[dict[str, str | list[str]], Field(min_length=1, description="Labels, as in routes")]
    missing_after: Duration = Field(
        default_factory=lambda: Duration.parse("5m"), description="So long without it is an alert of its own"
    )
    labels: dict[str, str] = Field({}, description="Labels of that alert, for the routes: `service`, `severity`")

    @field_validator("missing_after", mode="after")
    @classmethod
    def _elapsed(cls, value: Duration) -> Duration:
        if value.is_business:
            raise ValueError("a watchdog barks at night too: write minutes or hours")
        return value


class SourceSignature(Shape):
    """An HMAC that a sender puts into a header, under `MAYDAY_WEBHOOK_<SOURCE>_SECRET`."""

    header: str
    algorithm: Literal["sha256", "sha512", "sha1"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = Field("", description="What stands before the signature, such as `sha256=`")
    timestamp_header: str | None = Field(None, description="Seconds since 1970, at most 5 minutes away, signed too")
    joined_by: str = Field(":", description="What stands between timestamp and body in what is signed")


class SourceMapping(Shape):
    """A system of the house that posts JSON to `/webhooks/<name>`: where in its body the alerts are.

    Texts and conditions may use `body`, `headers` (names in lower case) and `item`, one of `each`.
    """

    description: str | None = None
    each: str | None = Field(None, description="`{{ body.alerts }}`: a list with an alert each; else the body is one")
    when: str | None = Field(None, description="A condition: other items tell of no alert")
    title: str
    key: str = Field(description="What tells one alert from another, and is the same when it fires and when it ends")
    occurrence: str | None = Field(
        None, description="What is the same only when a message is sent again; else its content and the minute"
    )
    firing: str | None = Field(None, description="A condition; without `resolved`, what does not fire is over")
    resolved: str | None = Field(None, description="A condition; what is neither firing nor resolved is left out")
    started_at: str | None = Field(None, description="RFC 3339, or seconds, milliseconds or nanoseconds since 1970")
    labels: dict[str, str] = Field({}, description="One that has no value is left out; `service` and `severity` route")
    annotations: dict[str, str] = {}
    signature: SourceSignature | None = None


#: sources whose messages the house words: always there, and the catalog may say how they read
WORDED_SOURCES = frozenset({"generic", "everbridge"})
#: sources that mayday brings along; the catalog cannot give their names to another
VENDOR_SOURCES = frozenset({
    "alertmanager", "grafana", "datadog", "splunk", "newrelic", "dynatrace", "aws", "azure", "gcp", "pagerduty",
    "servicenow", "opsgenie", "jira", "bmc", "zoom", "twilio",
})  # fmt: skip


class Catalog(Shape):
    """The whole catalog: the union of the files in `runbooks/catalog/`."""

    apiVersion: Literal["catalog/v1"] = "catalog/v1"
    kind: Literal["Catalog"] = "Catalog"
    people: dict[Identifier, Person] = {}
    groups: dict[Identifier, list[Identifier]] = {}
    schedules: dict[Identifier, Schedule] = {}
    services: dict[str, Service] = {}
    bridges: dict[str, StandingBridge] = {}
    vendors: dict[Identifier, Vendor] = {}
    audiences: dict[Identifier, Audience] = {}
    severities: dict[SeverityName, SeverityPolicy] = {}
    calendars: dict[str, BusinessCalendar] = {}
    matrix: dict[Degree, dict[Degree, SeverityName]] = {}
    impact: dict[Degree, str] = {}
    urgency: dict[Degree, str] = {}
    access: dict[AccessLevel, list[Ref]] = {}
    authorities: dict[str, dict[SeverityName, list[Ref]]] = {}
    actions: dict[str, ActionSpec] = {}
    sources: dict[Identifier, SourceMapping] = {}
    freezes: dict[Identifier, Freeze] = {}
    watchdogs: dict[Identifier, Watchdog] = {}
    routes: list[Route] = []

    def cause_of(self, service: str) -> str:
        """The end of a service's `depends_on` chain: the first listed where it forks; a loop ends where it closes."""
        seen = [service]
        while (entry := self.services.get(seen[-1])) and entry.depends_on and entry.depends_on[0] not in seen:
            seen.append(entry.depends_on[0])
        return seen[-1]


Route.model_rebuild()
