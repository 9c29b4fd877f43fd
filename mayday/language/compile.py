"""From a runbook to the plan that is pinned in an incident's start input, with everything it names.

The plan holds ids and structure of the whole catalog, because people add steps to a running incident that name what
the runbook did not. Names that depend on the incident (`service.owner`) are resolved for the service it is about.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mayday.domain.oncall import people_of
from mayday.language import library_codes as codes
from mayday.language.actions import BUILT_IN
from mayday.language.catalog import Catalog, Service
from mayday.language.documents import Document
from mayday.language.findings import Finding
from mayday.language.plan import Plan, PlanContact, PlanPerson, PlanSchedule, PlanService, PlanVendor
from mayday.language.runbook import Runbook, all_steps

if TYPE_CHECKING:
    from mayday.language.library import Library

__all__ = ["LARGEST_PLAN", "SERVICE_OWNER", "Compiled", "compile_plan", "called_runbooks"]

LARGEST_PLAN = 256 * 1024
"""Bytes of canonical JSON."""
SERVICE_OWNER = "service.owner"
"""The reference to who owns the incident's service; without an owner, the commander's role."""
NO_OWNER = "role.incident_commander"


@dataclass(slots=True)
class Compiled:
    """A plan, and what only shows once it is put together (its size)."""

    plan: Plan
    findings: list[Finding] = field(default_factory=list)


def compile_plan(
    runbook: Runbook,
    catalog: Catalog,
    library: Library,
    *,
    service: str | None = None,
    document: Document | None = None,
) -> Compiled:
    """The plan of a checked runbook, with its digest.

    `service` is the incident's, for `service.owner`; without it the name stays and the plan is for reading only.
    """
    calls = called_runbooks(runbook, library)
    templates = dict(library.templates)
    for called in (*calls.values(), runbook):
        templates |= called.templates
    plan = Plan(
        runbook=runbook,
        calls=calls,
        templates=templates,
        actions={**BUILT_IN, **catalog.actions},
        people={
            name: PlanPerson(id=name, name=person.name, delegate=person.delegate)
            for name, person in catalog.people.items()
        },
        groups=catalog.groups,
        schedules={name: PlanSchedule(people=people_of(entry)) for name, entry in catalog.schedules.items()},
        services={name: _service(entry) for name, entry in catalog.services.items()},
        vendors={name: _vendor(catalog, name) for name in catalog.vendors},
        audiences=catalog.audiences,
        severities={str(name): policy for name, policy in catalog.severities.items()},
        authorities={
            name: {str(severity): refs for severity, refs in entry.items()}
            for name, entry in catalog.authorities.items()
        },
        access={str(level): refs for level, refs in catalog.access.items()},
        bridges=catalog.bridges,
    )
    if service is not None:
        plan = Plan.model_validate(_resolve_owner(plan.canonical(), catalog, service))
    plan.digest = plan.compute_digest()
    return Compiled(plan, list(_too_large(plan, document)))


def called_runbooks(runbook: Runbook, library: Library) -> dict[str, Runbook]:
    """Every runbook that is called, from here or from one that is called, by the reference that calls it."""
    found: dict[str, Runbook] = {}
    waiting = [runbook]
    while waiting:
        current = waiting.pop()
        for step in all_steps(_top_steps(current)):
            if step.call is not None and step.call not in found:
                found[step.call] = library.runbook(step.call)
                waiting.append(found[step.call])
    return found


def _top_steps(runbook: Runbook) -> list[Any]:
    phases = [step for phase in runbook.phases for step in phase.steps]
    handlers = [step for handler in runbook.handlers for step in handler.steps]
    return [*phases, *handlers, *runbook.finally_]


def _service(entry: Service) -> PlanService:
    return PlanService(
        name=entry.name,
        owner=entry.owner,
        vendor=entry.vendor,
        tier=entry.tier,
        depends_on=list(entry.depends_on),
        links=entry.links,
    )


def _vendor(catalog: Catalog, name: str) -> PlanVendor:
    vendor = catalog.vendors[name]
    contacts = [
        PlanContact(level=contact.level, after=str(contact.after) if contact.after else None, via=contact.via)
        for contact in vendor.contacts
    ]
    return PlanVendor(
        name=vendor.name or name, contract=vendor.contract, contacts=contacts, disclosable=vendor.disclosable
    )


def _resolve_owner(data: Any, catalog: Catalog, service: str) -> Any:
    """`service.owner` as the owner of this service, of the next it depends on that has one, or the commander."""
    owner = _owner_of(catalog, service)

    def replaced(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: replaced(item) for key, item in value.items()}
        if isinstance(value, list):
            return [replaced(item) for item in value]
        return owner if value == SERVICE_OWNER else value

    return {**data, "runbook": replaced(data["runbook"]), "calls": replaced(data.get("calls", {}))}


def _owner_of(catalog: Catalog, service: str) -> str:
    seen: list[str] = []
    while service not in seen:
        seen.append(service)
        entry = catalog.services.get(service)
        if entry is None:
            break
        if entry.owner:
            return entry.owner
        service = entry.depends_on[0] if entry.depends_on else service
    return NO_OWNER


def _too_large(plan: Plan, document: Document | None) -> list[Finding]:
    text = json.dumps(plan.canonical(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    size = len(text.encode())
    if size <= LARGEST_PLAN:
        return []
    message = f"the plan has {size} bytes, {LARGEST_PLAN} are allowed"
    where = document or Document(plan.runbook.metadata.name)
    return [where.find(codes.PLAN_SIZE, ("metadata",), message, "split the runbook, or shorten its texts")]
