"""Most of a bad night is not in the file: steps that commander or deputy add while the incident runs.

One form a kind. It is held to the checks of the runbook language before it goes to the incident: what they find is said
beside the field, and what was written stays.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from mayday.domain.incident import BUILT_IN_ROLES
from mayday.language.catalog import Catalog
from mayday.language.plan import Plan
from mayday.records.incidents import IncidentRecord
from starter.console.deeds import command_of, may
from starter.console.drill_banner import banner_of
from starter.console.forms import lines
from starter.console.names import Names
from starter.console.rights import Rights
from starter.console.sheets import sheet, spoken
from starter.console.step_forms import ANSWERS, KINDS, Many, errors_by_field, step_of
from starter.console.visitor import Looking, PageRoute
from starter.feed import feeds_of
from starter.parts import Here, Parts
from starter.problems import Problem
from starter.routes import decisions
from starter.routes.decisions import Sending
from starter.routes.incidents import live_board

__all__ = ["router"]

router = APIRouter(route_class=PageRoute)

Kinds = Annotated[str, Query(max_length=20)]
Choices = list[tuple[str, str]]
SHOWN_ERRORS = (409, 422)


@router.get("/incidents/{incident}/steps", response_class=HTMLResponse)
async def form_page(
    incident: str, request: Request, visitor: Looking, parts: Here, kind: Kinds = "page"
) -> HTMLResponse:
    """The form of one kind."""
    may(visitor, by_person=False)
    record = await parts.directory.find(incident)
    known, board = _known(kind), await live_board(parts, record)
    rights = Rights.of(board.may if board is not None else None, visitor, Names(parts.playbooks.catalog))
    if not rights.may("add_step"):
        whose = rights.who("add_step") or "commander and deputy"
        raise Problem(403, "not_yours", f"steps are added by {whose}", hint="tell them what is needed, or write a note")
    return await _form(request, parts, record, known, {})


@router.post("/incidents/{incident}/steps", response_class=HTMLResponse)
async def add(incident: str, request: Request, visitor: Looking, parts: Here, kind: Kinds = "page") -> Response:
    """Adds the step and leads back to the room; a refusal keeps what was written."""
    at = parts.clock()
    may(visitor, by_person=False)
    record = await parts.directory.find(incident)
    form = await _texts(request)
    said = {name: "\n".join(values) for name, values in form.items()}
    sending = Sending(parts, record, {
        "id": command_of(visitor, request, {**said, "kind": kind}),
        "actor": visitor.principal.actor,
        "channel": "console",
        "received_at": at,
    })  # fmt: skip
    try:
        await decisions.add_step(step_of(_known(kind), form), sending)
    except Problem as problem:
        if problem.status not in SHOWN_ERRORS:
            raise
        return await _form(request, parts, record, kind, form, problem)
    feeds_of(parts).nudge(record.id)
    return RedirectResponse(f"/incidents/{record.id}", 303)


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise Problem(404, "not_found", f"there is no step of the kind {kind}")
    return kind


async def _texts(request: Request) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in (await request.form()).multi_items():
        if isinstance(value, str):
            found.setdefault(name, []).append(lines(value))
    return found


async def _form(
    request: Request, parts: Parts, record: IncidentRecord, kind: str, given: Many, problem: Problem | None = None
) -> HTMLResponse:
    beside, rest = errors_by_field(kind, problem) if problem else ({}, [])
    return sheet(
        request,
        "step.html",
        status=problem.status if problem else 200,
        incident=record,
        drill=banner_of(record),
        kind=kind,
        kinds={name: each.name for name, each in KINDS.items()},
        does=KINDS[kind].does,
        given=given,
        beside=beside,
        rest=rest,
        refused=problem is not None,
        answers=ANSWERS,
        **await _choices(parts, record),
    )


async def _choices(parts: Parts, record: IncidentRecord) -> dict[str, Any]:
    """Whom and what a step may name: people of the catalog, and what the pinned plan knows of vendors and audiences."""
    pinned = await parts.records.plans.get(record.plan_digest) if record.plan_digest else None
    plan = Plan.model_validate(pinned) if pinned is not None else None
    catalog = parts.playbooks.catalog
    names = Names(catalog)
    vendors = list(plan.vendors) if plan is not None else list(catalog.vendors)
    audiences = list(plan.audiences) if plan is not None else list(catalog.audiences)
    policies = list(plan.runbook.escalations) if plan is not None else []
    return {
        "policies": [(name, spoken(name)) for name in policies],
        "whom": _people(catalog, plan, names),
        "vendors": [(f"vendor.{name}", names.vendor(name)) for name in sorted(vendors)],
        "audiences": [(f"audience.{name}", spoken(name)) for name in sorted(audiences)],
        "channels": ("push", "sms", "voice", "email", "chat"),
        "actions": sorted(plan.actions) if plan is not None else [],
    }


def _people(catalog: Catalog, plan: Plan | None, names: Names) -> dict[str, Choices]:
    """References by their sort, for lists to choose from."""
    roles = [*BUILT_IN_ROLES, *(name for name in (plan.runbook.roles if plan else ()) if name not in BUILT_IN_ROLES)]
    return {
        "Roles": [(f"role.{name}", spoken(name)) for name in roles],
        "On call": [(f"schedule.{name}", f"{spoken(name)} on call") for name in sorted(catalog.schedules)],
        "Groups": [(f"group.{name}", spoken(name)) for name in sorted(catalog.groups)],
        "People": [(f"person.{person}", name) for person, name in names.people.items()],
    }
