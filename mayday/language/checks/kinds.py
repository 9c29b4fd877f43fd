"""Static types of the expression language, and those of every name a runbook can use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mayday.domain.incident import BUILT_IN_ROLES
from mayday.domain.ranks import RANKED
from mayday.language.catalog import ActionSpec
from mayday.language.checks.layout import Layout
from mayday.language.runbook import FieldSpec, Runbook, Step

__all__ = ["ANY", "INCIDENT", "Kind", "field_kind", "names_of", "ranked_words", "result_fields"]


@dataclass(frozen=True, slots=True)
class Kind:
    """The static type of a value. `fields` None means that any field may be there."""

    name: str
    fields: Mapping[str, Kind] | None = None
    item: Kind | None = None
    words: tuple[str, ...] = ()
    """All values that it can have, where they are known."""

    @property
    def ranked(self) -> bool:
        return self.name in ("severity", "status", "priority")


ANY = Kind("any")
STRING, INTEGER, NUMBER, BOOLEAN = Kind("string"), Kind("integer"), Kind("number"), Kind("boolean")
DATETIME, DURATION, OPEN = Kind("datetime"), Kind("duration"), Kind("mapping")
STRINGS = Kind("list", item=STRING)


def ranked_words(name: str) -> tuple[str, ...]:
    """The words of a ranked class by its name in small letters."""
    return next((tuple(word.value for word in kind) for kind in RANKED if kind.__name__.lower() == name), ())


def _ranked(name: str) -> Kind:
    return Kind(name, words=ranked_words(name))


INCIDENT: dict[str, Kind] = {
    "id": STRING,
    "title": STRING,
    "summary": STRING,
    "service": STRING,
    "service_name": STRING,
    "services": STRINGS,
    "severity": _ranked("severity"),
    "priority": _ranked("priority"),
    "status": _ranked("status"),
    "status_since": DATETIME,
    "opened_at": DATETIME,
    "declared_at": DATETIME,
    "impact_started_at": DATETIME,
    "impact_ended_at": DATETIME,
    "resolved_at": DATETIME,
    "customers_affected": INTEGER,
    "commander": STRING,
    "responders": STRINGS,
    "declared_by": STRING,
    "ticket": STRING,
    "channel": STRING,
    "problem": STRING,
    "alerts": INTEGER,
    "drill": BOOLEAN,
    "url": STRING,
}
"""`incident.*`; the walker builds the same names (a test holds the two together)."""

PUBLIC_FIELDS = (
    "title",
    "service",
    "service_name",
    "services",
    "status",
    "status_since",
    "opened_at",
    "impact_started_at",
    "resolved_at",
)
"""Fields of an incident that a text for customers may use; the rest is internal (LANGUAGE.md "Talking")."""

_PENDING = Kind(
    "mapping", {"id": STRING, "kind": STRING, "text": STRING, "due_at": DATETIME, "then": STRING, "for": STRINGS}
)
EXTRA: dict[str, Kind] = {
    "event": OPEN,
    "alert": Kind(
        "mapping",
        {
            "labels": OPEN,
            "annotations": OPEN,
            "title": STRING,
            "source": STRING,
            "state": STRING,
            "started_at": DATETIME,
        },
    ),
    "update": STRING,
    "next_update_at": DATETIME,
    "audience": STRING,
    "pending": Kind("list", item=_PENDING),
}
"""Names that are in scope only in some places."""

_STATUSES = (
    "pending", "running", "acknowledged", "exhausted", "decided", "replied", "done", "skipped", "failed", "timed_out",
    "cancelled",
)  # fmt: skip
GATE_OUTCOMES = ("approved", "rejected", "lapsed", "withdrawn", "unapproved_emergency")


def field_kind(kind: str, words: Iterable[object] = ()) -> Kind:
    """The type of an input, of a form's field, of an action's parameter."""
    if kind in ("string", "person"):
        return Kind("string", words=tuple(word for word in words if isinstance(word, str)))
    return {
        "integer": INTEGER,
        "number": NUMBER,
        "boolean": BOOLEAN,
        "datetime": DATETIME,
        "list": Kind("list", item=ANY),
    }.get(kind, ANY)


def _spec_kind(spec: FieldSpec) -> Kind:
    return field_kind(spec.type, spec.enum or ())


def result_fields(step: Step, actions: Mapping[str, ActionSpec]) -> Mapping[str, Kind] | None:
    """What `steps.ID.result` holds once the step is done; None where only the run knows."""
    if step.do is not None:
        action = actions.get(step.do)
        if action is None:
            return None
        return {name: field_kind(str(spec.get("type", "string"))) for name, spec in action.outputs.items()}
    form = step.ask or step.task
    if form is not None:
        return {name: _spec_kind(spec) for name, spec in form.fields.items()}
    return {
        "page": {"acknowledged_by": STRING},
        "send": {"n": INTEGER, "text": STRING, "held": STRING},
        "engage": {"case": STRING},
        "decide": {"outcome": STRING, "reason": STRING},
        "repeat": {"rounds": INTEGER},
        "wait": None if step.wait and step.wait.event else {},
        "call": None,
    }.get(step.verb, {})


def names_of(runbook: Runbook, layout: Layout, actions: Mapping[str, ActionSpec]) -> dict[str, Kind]:
    """Every first name that an expression of this runbook can use everywhere, with its type."""
    steps: dict[str, Kind] = {}
    decisions: dict[str, Kind] = {}
    variables = {name: _literal_kind(value) for name, value in runbook.vars.items()}
    for placed in layout.steps:
        step = placed.step
        result = Kind("mapping", result_fields(step, actions))
        steps[step.id] = Kind("mapping", {"status": Kind("string", words=_STATUSES), "result": result})
        if step.decide is not None:
            decisions[step.id] = _decision(step)
        for name in step.set or {}:
            variables[name] = ANY
    roles = {*runbook.roles, *BUILT_IN_ROLES, *(placed.step.assigns for placed in layout.steps if placed.step.assigns)}
    return {
        "incident": Kind("mapping", INCIDENT),
        "inputs": Kind("mapping", {name: _spec_kind(spec) for name, spec in runbook.inputs.items()}),
        "vars": Kind("mapping", variables),
        "roles": Kind("mapping", dict.fromkeys(sorted(roles), STRING)),
        "bridge": Kind("mapping", {"url": STRING, "phone": STRING}),
        "steps": Kind("mapping", steps),
        "decisions": Kind("mapping", decisions),
        "now": DATETIME,
    }


def _decision(step: Step) -> Kind:
    outcomes = (*GATE_OUTCOMES, *(step.options or ()), *(step.outcomes or ()))
    return Kind(
        "mapping",
        {
            "outcome": Kind("string", words=tuple(dict.fromkeys(outcomes))),
            "reason": STRING,
            "ref": STRING,
            "digest": STRING,
            "approvals": INTEGER,
        },
    )


def _literal_kind(value: object) -> Kind:
    match value:
        case bool():
            return BOOLEAN
        case int():
            return INTEGER
        case float():
            return NUMBER
        case str():
            return STRING
        case list():
            return Kind("list", item=ANY)
        case dict():
            return OPEN
    return ANY
