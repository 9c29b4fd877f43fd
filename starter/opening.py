"""Start inputs: what an incident begins with, whether an alert or a person opens it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from mayday.domain.incident import EDITION, StartInput
from mayday.language.catalog import Degree
from mayday.language.routing import correlation_key, severity_of
from mayday.language.service_names import service_named
from mayday.signing import Signer
from starter.injects import injects_of
from starter.minting import incident_id, workflow_id
from starter.parcels import Parcel
from starter.playbooks import Playbooks, fitting_inputs

__all__ = ["Declared", "House", "Openings"]


class House(NamedTuple):
    """What every start input of this starter carries."""

    base_url: str = ""
    continue_as_new_after: int = 4_000
    search_attributes: bool = False
    clock_offset_s: int = 0
    settles_seen: bool = True
    tells_changes: bool = True
    settles_told: bool = True
    merges_cross: bool = True
    later_rules: bool = True
    gives_time_back: bool = True
    edition: int = EDITION


class Declared(NamedTuple):
    """What a person says when declaring."""

    title: str
    service: str
    actor: str
    severity: str | None = None
    impact: Degree | None = None
    urgency: Degree | None = None
    summary: str = ""
    customers_affected: int | None = None
    runbook: str | None = None
    inputs: dict[str, Any] = {}
    drill: bool = False
    injects: list[dict[str, Any]] = []


class Openings:
    """Makes start inputs; nothing else mints incidents."""

    def __init__(self, playbooks: Playbooks, house: House, signer: Signer, clock: Callable[[], datetime]) -> None:
        self._playbooks = playbooks
        self._signer = signer
        self._house = house
        self._now = clock

    def reached(self, search_attributes: bool) -> None:
        """What the server turned out to know; until then incidents start without search attributes."""
        self._house = self._house._replace(search_attributes=search_attributes)

    async def from_alert(self, parcel: Parcel) -> StartInput:
        """For the alert that opens an incident. Always possible: what does not fit is left out and logged."""
        routed, event, now = parcel.routed, parcel.event, self._now()
        runbook = self._playbooks.choose_anyway(routed.service, routed.severity, routed.runbook)
        plan, digest = await self._playbooks.pinned(runbook, routed.service, now)
        return StartInput(
            id=incident_id(now),
            workflow_id=parcel.workflow_id,
            correlation_key=routed.correlation_key,
            plan=plan,
            plan_digest=digest,
            title=routed.title,
            summary=event.annotations.get("description", "")[:2000],
            service=routed.service,
            services=routed.services,
            severity=routed.severity,
            declare=routed.declare,
            source=event.source,
            inputs=fitting_inputs(runbook, routed.inputs, strict=False),
            confirm_within=routed.confirm_within,
            accept_within=routed.accept_within,
            page=routed.page,
            resolve_on_clear=routed.resolve_on_clear,
            opened_at=now,
            impact_started_at=event.started_at,
            decision_keys=await self._signer.pinned(),
            **self._house._asdict(),
        )

    def key_of(self, declared: Declared) -> tuple[str, str]:
        """Correlation key and workflow id of what a person declares: the same key as an alert of that service has.

        A drill has a key of its own, so that it never swallows an alert, nor an incident a drill.
        """
        key = correlation_key(self._playbooks.catalog, self.service_of(declared))
        key = f"drill|{key}" if declared.drill else key
        return key, workflow_id(key)

    def service_of(self, declared: Declared) -> str:
        return service_named(self._playbooks.catalog, declared.service)

    async def by_hand(self, declared: Declared) -> StartInput:
        """For an incident that a person declares. Raises `UnknownRunbook` and `InputRefused`."""
        now = self._now()
        service = self.service_of(declared)
        catalog = self._playbooks.catalog
        severity = declared.severity or severity_of(catalog, declared.impact, declared.urgency)
        runbook = self._playbooks.choose(service, severity, declared.runbook)
        inputs = fitting_inputs(runbook, declared.inputs, strict=True)
        plan, digest = await self._playbooks.pinned(runbook, service, now)
        key, run = self.key_of(declared)
        return StartInput(
            id=incident_id(now),
            workflow_id=run,
            correlation_key=key,
            plan=plan,
            plan_digest=digest,
            title=declared.title,
            summary=declared.summary,
            service=service,
            services=[service],
            severity=severity,
            declare="manual",
            declared_by=declared.actor,
            source="manual",
            inputs=inputs,
            customers_affected=declared.customers_affected,
            drill=declared.drill,
            injects=injects_of(declared.injects, now) if declared.drill else [],
            opened_at=now,
            decision_keys=await self._signer.pinned(),
            **self._house._asdict(),
        )
