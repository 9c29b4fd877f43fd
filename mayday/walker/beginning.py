"""The beginning: the fresh state, the first entries, and what a declaration sets going."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mayday.domain.incident import StartInput
from mayday.language.plan import Plan
from mayday.walker import alerts, cadences, candidates, roles, service_levels
from mayday.walker.state import IncidentState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def fresh_state(start: StartInput, plan: Plan) -> IncidentState:
    defaults = {name: spec.default for name, spec in plan.runbook.inputs.items() if spec.default is not None}
    return IncidentState(
        id=start.id,
        title=start.title,
        summary=start.summary,
        service=start.service,
        services=list(dict.fromkeys([start.service, *start.services])),
        severity=start.severity,
        status="candidate" if start.declare == "propose" else "investigating",
        status_at=start.opened_at,
        opened_at=start.opened_at,
        declared_by=start.declared_by,
        auto_declared=start.declare == "auto",
        customers_affected=start.customers_affected,
        impact_started_at=start.impact_started_at,
        inputs={**defaults, **start.inputs},
    )


def open_incident(w: Walker) -> None:
    """The first entry names what was pinned; alerts come next; then the declaration, or the proposal."""
    start, runbook = w.start, w.plan.runbook.metadata
    w.entry(
        "opened",
        start.declared_by or start.source,
        None,
        title=start.title,
        severity=start.severity,
        service=start.service,
        runbook=f"{runbook.name}@{runbook.version}",
        plan=start.plan_digest,
        declare=start.declare,
        drill=start.drill or None,
        inputs=w.state.inputs or None,
        summary=start.summary or None,
        customers_affected=start.customers_affected,
    )
    alerts.attach(w, start.events)
    w.state.started = True
    if start.declare == "propose":
        candidates.propose(w)
    else:
        declare(w, start.declared_by or start.source)


def declare(w: Walker, by: str) -> None:
    """It is an incident: roles are offered, clocks and cadences start, the phases begin."""
    w.state.declared_at = w.now
    if w.start.declare != "manual":
        w.entry("declared", by, None, severity=w.state.severity, auto=w.start.declare == "auto" or None)
    roles.open_roles(w)
    if w.start.declare == "auto":
        candidates.ask_confirmation(w)
    service_levels.start(w)
    cadences.start(w, "opened")
