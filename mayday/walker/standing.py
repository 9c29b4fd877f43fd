"""Where the incident stands: status, severity, impact; who may change them and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mayday.domain.commands import Impact, Refusal, SetSeverity, SetStatus
from mayday.domain.incident import ENDED, SEVERITIES
from mayday.domain.ranks import Severity
from mayday.domain.timeline import parse_timestamp
from mayday.walker import cadences, coming_back, engagements, ladders, people, registry, roles, service_levels, tasks
from mayday.walker.state import IncidentState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

#: statuses a person or a step can set; the others have their own ways in
SETTABLE = ("investigating", "identified", "mitigated", "resolved", "cancelled")


def unfit(action: str, inputs: dict[str, Any]) -> str | None:
    """What is wrong with the inputs of an action that changes the incident itself: values that are known only now."""
    given = {"incident.set_status": ("status", SETTABLE), "incident.set_severity": ("severity", SEVERITIES)}
    if action in given:
        name, known = given[action]
        value = inputs.get(name)
        return None if value in known else f"{name}: {value!r} is not one of {', '.join(known)}"
    if action == "incident.set_impact" and int(inputs["customers_affected"]) < 0:
        return "customers_affected: cannot be negative"
    return None


def carry_out(w: Walker, action: str, inputs: dict[str, Any], path: str) -> None:
    """The catalog actions that change the incident itself."""
    if action == "incident.set_status":
        status = str(inputs.get("status"))
        if status in SETTABLE:
            set_status(w, status, str(inputs.get("reason", "")), "system", path)
    elif action == "incident.set_severity":
        severity = str(inputs.get("severity"))
        if severity in SEVERITIES:
            set_severity(w, severity, str(inputs.get("reason", "")), "system", path)
    elif action == "incident.set_impact":
        w.state.customers_affected = int(inputs["customers_affected"])
        w.entry("impact_set", "system", path, customers_affected=w.state.customers_affected)


# status ---------------------------------------------------------------------------------------------------------


def status_refusal(w: Walker, command: SetStatus) -> Refusal | None:
    if not people.leads(w, command.actor):
        return Refusal(code="not_yours", reason="the status is set by commander or deputy")
    if command.status not in SETTABLE:
        return Refusal(code="invalid", reason=f"status: {command.status!r} is not one of {', '.join(SETTABLE)}")
    if command.status == w.state.status:
        return Refusal(code="closed", reason=f"the incident is {command.status} already")
    if w.state.status == "candidate":
        return Refusal(code="not_open", reason="this is a candidate: accept or reject it")
    return None


def status_by_person(w: Walker, command: SetStatus) -> dict[str, Any]:
    """A person who sets resolved or cancelled leaves the phase and skips the later ones."""
    if command.status in ("resolved", "cancelled"):
        w.state.skip_phases = True
        w.state.resolved_by = command.actor
    set_status(w, command.status, command.reason, command.actor, None)
    return {"status": command.status}


def set_status(w: Walker, status: str, reason: str, by: str, step: str | None) -> None:
    state = w.state
    if state.status == status:
        return
    before, state.status, state.status_at = state.status, status, w.now
    if status == "mitigated" and state.mitigated_at is None:
        state.mitigated_at = w.now
    if status == "resolved":
        state.resolved_at = w.now
        state.mitigated_at = state.mitigated_at or w.now
    elif status in ("investigating", "identified"):
        state.resolved_at = None
    w.entry("status_changed", by, step, status=status, before=before, reason=reason)
    if status in ENDED:
        tasks.close(w, "resolve_incident", f"the incident is {status}", by)
    if status in ("resolved", "cancelled", "merged"):
        engagements.end_all(w, f"incident {status}")
        _stop_ladders(w, status)
    elif before == "resolved" and w.start.edition >= 2:  # not over after all, before anything had ended
        for case in coming_back.resting(w):
            engagements.take_up(w, case, reason)
        roles.offer_command_again(w)
    service_levels.status_changed(w)
    registry.emit(w, "status.changed", {"status": status, "before": before})
    registry.emit(w, f"status.{status}", {"before": before})


def _stop_ladders(w: Walker, status: str) -> None:
    """Nothing rings for an incident that is over (zombie pages: Grafana OnCall #3111)."""
    for ladder in w.state.ladders.values():
        if ladder.acked_by is None and not ladder.closed:
            ladder.closed = True
            w.stop_page(ladder.path, f"incident {status}")
            step = w.state.steps.get(ladder.path)
            if step is not None and not step.over:
                registry.page_over(w, ladder.path, "cancelled")
    for join in w.state.joins:
        join.joined = True
    for role in w.state.roles.values():
        role.again_at = None
        if role.offer is not None:
            role.offer = None
            w.silence(f"role:{role.role}", f"incident {status}")


# severity -------------------------------------------------------------------------------------------------------


def severity_refusal(w: Walker, command: SetSeverity) -> Refusal | None:
    if not people.leads(w, command.actor):
        return Refusal(code="not_yours", reason="the severity is set by commander or deputy")
    if command.severity not in SEVERITIES:
        return Refusal(code="invalid", reason=f"severity: {command.severity!r} is not one of {', '.join(SEVERITIES)}")
    if command.severity == w.state.severity:
        return Refusal(code="closed", reason=f"the severity is {command.severity} already")
    return None


def severity_by_person(w: Walker, command: SetSeverity) -> dict[str, Any]:
    set_severity(w, command.severity, command.reason, command.actor, None)
    return {"severity": command.severity}


def set_severity(w: Walker, severity: str, reason: str, by: str, step: str | None) -> None:
    """The new severity's updates, ack_within and resolve_within apply unless set by hand; plan and steps stay."""
    before = w.state.severity
    if before == severity:
        return
    w.state.severity = severity
    w.entry("severity_changed", by, step, severity=severity, before=before, reason=reason)
    cadences.severity_changed(w)
    ladders.severity_changed(w)
    roles.severity_changed(w)
    service_levels.severity_changed(w)
    data = {"severity": severity, "before": before}
    registry.emit(w, "severity.changed", data)
    registry.emit(w, "severity.raised" if Severity(severity) > before else "severity.lowered", data)


# impact ---------------------------------------------------------------------------------------------------------


def impact_refusal(w: Walker, command: Impact) -> Refusal | None:
    if not people.reports(w, command.actor):
        return Refusal(code="not_yours", reason="impact comes from a person of the catalog")
    if command.customers_affected is None and command.started_at is None and command.ended_at is None:
        return Refusal(code="invalid", reason="one of customers_affected, started_at, ended_at is needed")
    if command.customers_affected is not None and command.customers_affected < 0:
        return Refusal(code="invalid", reason="customers_affected: cannot be negative")
    started = command.started_at or w.state.impact_started_at
    if started and command.ended_at and command.ended_at < started:
        return Refusal(code="invalid", reason="ended_at: lies before the start of the impact")
    return None


def impact_by_person(w: Walker, command: Impact) -> dict[str, Any]:
    state = w.state
    people.respond(w, command.actor)
    if command.customers_affected is not None:
        state.customers_affected = command.customers_affected
        tasks.close(w, "fact:incident.customers_affected", "it was set", command.actor)
    if command.started_at is not None:
        state.impact_started_at = command.started_at
        tasks.close(w, "fact:incident.impact_started_at", "it was set", command.actor)
    if command.ended_at is not None:
        state.impact_ended_at = command.ended_at
    w.entry(
        "impact_set",
        command.actor,
        None,
        customers_affected=command.customers_affected,
        started_at=command.started_at,
        ended_at=command.ended_at,
    )
    return {}


def learn_fact(w: Walker, name: str, value: Any, by: str) -> None:
    """The answer to `fact:...`: a fact of the incident, or a variable."""
    kind, _, field = name.partition(".")
    if kind == "incident" and field in IncidentState.model_fields:
        is_time = field.endswith("_at") and isinstance(value, str)
        setattr(w.state, field, parse_timestamp(value) if is_time else value)
    elif kind == "vars":
        w.state.variables[field] = value
    elif kind == "inputs":
        w.state.inputs[field] = value
    w.entry("fact_learned", by, None, name=name, value=value)
