"""How a scenario's incident is opened: by what is given, by hand, or by an alert along the catalog's routes."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from mayday.domain.incident import EDITION, AlertEvent, Inject, StartInput
from mayday.language.catalog import Catalog
from mayday.language.plan import Plan
from mayday.language.routing import correlation_key, route_alert
from mayday.language.scenario import Given, GivenIncident, Recorded

#: the alphabet of ULIDs (Crockford's base 32)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def incident_id(name: str) -> str:
    """An id in the form of those that the starter mints, the same for each run of the same scenario."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:16])
    digits = [_ALPHABET[(number >> (5 * place)) & 31] for place in range(26)]
    return "INC-" + "".join(digits)


def workflow_id(key: str) -> str:
    return "incident/" + hashlib.sha256(key.encode()).hexdigest()[:20]


def start_of(
    name: str, given: Given, incident: GivenIncident, plan: Plan, catalog: Catalog, at: datetime
) -> StartInput:
    """The start input for an incident that is given, or declared by hand."""
    key = correlation_key(catalog, incident.service)
    declared_by = incident.declared_by
    if declared_by is None and incident.declare == "manual":
        declared_by = given.roles.get("incident_commander")
    return StartInput(
        id=incident_id(name),
        workflow_id=workflow_id(key),
        correlation_key=key,
        plan=pinned(plan),
        plan_digest=plan.digest or plan.compute_digest(),
        title=incident.title,
        summary=incident.summary,
        service=incident.service,
        services=incident.services or [incident.service],
        severity=incident.severity,
        declare=incident.declare,
        declared_by=declared_by,
        source=incident.source or ("manual" if incident.declare == "manual" else "scenario"),
        inputs=given.inputs,
        roles=given.roles,
        customers_affected=incident.customers_affected,
        confirm_within=str(incident.confirm_within) if incident.confirm_within else None,
        accept_within=str(incident.accept_within) if incident.accept_within else None,
        page=incident.page,
        resolve_on_clear=incident.resolve_on_clear,
        drill=incident.drill,
        opened_at=at,
        impact_started_at=incident.impact_started_at,
        settles_seen=True,
        settles_told=True,
        tells_changes=True,
        merges_cross=True,
        later_rules=True,
        gives_time_back=True,
        edition=EDITION,
    )


def start_of_alert(
    name: str, given: Given, alert: AlertEvent, plan: Plan, catalog: Catalog, at: datetime
) -> StartInput:
    """The start input for an incident that an alert opens, by the route that takes it."""
    route = route_alert(catalog, alert)
    return StartInput(
        id=incident_id(name),
        workflow_id=workflow_id(route.correlation_key),
        correlation_key=route.correlation_key,
        plan=pinned(plan),
        plan_digest=plan.digest or plan.compute_digest(),
        title=route.title,
        service=route.service,
        services=route.services,
        severity=route.severity,
        declare=route.declare,
        source=alert.source,
        inputs={**route.inputs, **given.inputs},
        roles=given.roles,
        confirm_within=route.confirm_within,
        accept_within=route.accept_within,
        page=route.page,
        resolve_on_clear=route.resolve_on_clear,
        opened_at=at,
        impact_started_at=alert.started_at,
        events=[alert],
        settles_seen=True,
        settles_told=True,
        tells_changes=True,
        merges_cross=True,
        later_rules=True,
        gives_time_back=True,
        edition=EDITION,
    )


def as_recorded(start: StartInput, recorded: Recorded) -> StartInput:
    """The start of an incident that happened: its own id, its alerts, who was on call."""
    alerts = [alert_of(alert, number, start.opened_at) for number, alert in enumerate(recorded.alerts)]
    own = {"id": recorded.id, "events": alerts, "on_call": recorded.on_call, "base_url": recorded.base_url}
    own["injects"] = [Inject.model_validate(inject) for inject in recorded.injects]
    return start.model_copy(update=own)


def alert_of(data: dict[str, Any], number: int, at: datetime) -> AlertEvent:
    """An alert as a scenario writes it; the `number` of its item stands for the ids that a source would give."""
    labels = {str(key): str(value) for key, value in data.get("labels", {}).items()}
    key = data.get("alert_key") or data.get("key") or data.get("title") or "alert"
    return AlertEvent(
        source=data.get("source", "scenario"),
        dedupe_key=str(data.get("dedupe_key", f"scenario-{number}")),
        alert_key=str(key),
        state=data.get("state", "firing"),
        title=str(data.get("title", key)),
        labels=labels,
        annotations={str(name): str(value) for name, value in data.get("annotations", {}).items()},
        started_at=data.get("started_at"),
        received_at=data.get("received_at") or at,
        inbox_id=data.get("inbox_id"),
        count=data.get("count", 1),
    )


def pinned(plan: Plan) -> dict[str, Any]:
    """A plan as the start input carries it."""
    return {**plan.canonical(), "digest": plan.digest or plan.compute_digest()}
