"""Drills in the console: their list, the form that starts one, and the score card afterwards.

Pausing, resuming, ending and letting something happen are buttons of the room (`deeds`).
"""

from __future__ import annotations

import json
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import UploadFile

from mayday.domain.incident import Inject
from mayday.language.documents import load_document
from mayday.language.injects import NoScenario, injects_in, scenarios_in
from starter.bodies import DeclareBody
from starter.console.declare_page import inputs_of, levels_of, services_of
from starter.console.deeds import Doing
from starter.console.drill_banner import banner_of
from starter.console.forms import Form, body_of, plain, texts, typed_fields
from starter.console.sheets import sheet
from starter.console.visitor import Looking, PageRoute
from starter.feed import feeds_of
from starter.injects import InjectRefused, injects_of
from starter.parts import Here, Parts
from starter.problems import Problem
from starter.routes import drills, incidents
from starter.routes.incidents import live_board

__all__ = ["router"]

router = APIRouter(route_class=PageRoute)
SHOWN = 50
GIVEN = ("title", "service", "severity", "runbook", "scenario")
Items = list[dict[str, Any]]


class _Scenario(NamedTuple):
    """What a form brings: the items, checked, and which scenario they are of."""

    items: Items
    injects: list[Inject]
    name: str


@router.get("/drills", response_class=HTMLResponse)
async def listed(
    request: Request, visitor: Looking, parts: Here, cursor: Annotated[str | None, Query(max_length=200)] = None
) -> HTMLResponse:
    """All drills, the latest first."""
    try:
        found = await parts.records.incidents.find(drill=True, limit=SHOWN, after=cursor)
    except ValueError:
        raise Problem(404, "not_found", "the list has no such place any more") from None
    return sheet(request, "drill/list.html", items=found.items, more=found.next)


@router.get("/drills/new", response_class=HTMLResponse)
async def form_page(request: Request, visitor: Doing, parts: Here) -> HTMLResponse:
    """The form; a runbook, a service or a scenario in the address is chosen already."""
    return _form(request, parts, dict(request.query_params))


@router.post("/drills/new", response_class=HTMLResponse)
async def start(request: Request, visitor: Doing, parts: Here) -> Response:
    """Starts it, or shows what would happen in it; a refusal keeps what was written."""
    form = await texts(request)
    scenario: _Scenario | None = None
    try:
        scenario = await _scenario(request, parts, form)
        if form.get("go") != "yes":
            return _form(request, parts, form, scenario=scenario)
        given = plain(form, "title", "service", "severity", "runbook")
        given |= {"inputs": typed_fields(form), "drill": True, "injects": scenario.items}
        answer = await incidents.declare(body_of(DeclareBody, given), visitor.principal, parts)
    except Problem as problem:
        if problem.status != 422:
            raise
        return _form(request, parts, form, problem, scenario)
    finally:
        await (await request.form()).close()
    feeds_of(parts).overview.nudge()
    return RedirectResponse(f"/incidents/{json.loads(bytes(answer.body))['id']}", 303)


@router.get("/incidents/{incident}/score-card", response_class=HTMLResponse)
async def score_card(incident: str, request: Request, visitor: Looking, parts: Here) -> HTMLResponse:
    """How fast each role was; of drills only."""
    record = await parts.directory.find(incident)
    card = await drills.card_of(parts, record)
    board = await live_board(parts, record) if record.is_open else None
    reviewed = record.status in ("resolved", "closed")
    return sheet(request, "drill/score.html", card=card, drill=banner_of(record, board), reviewed=reviewed)


async def _scenario(request: Request, parts: Parts, form: Form) -> _Scenario:
    """An uploaded file wins over one of the library, and that over what an earlier look has kept."""
    uploaded = (await request.form()).get("file")
    if isinstance(uploaded, UploadFile) and uploaded.filename:
        name = uploaded.filename[:200]
        try:
            items = injects_in(load_document(await uploaded.read(), name))
        except NoScenario as error:
            raise Problem(422, "invalid", f"scenario: {error}") from None
    elif form.get("scenario"):
        name = form["scenario"]
        known = scenarios_in(parts.settings.runbooks / "scenarios")
        if name not in known:
            raise Problem(422, "invalid", f"scenario: there is none of the name {name[:60]}")
        items = known[name][1]
    elif form.get("kept"):
        name, items = _kept(form["kept"])
    else:
        return _Scenario([], [], "")
    try:
        return _Scenario(items, injects_of(items, parts.clock()), name)
    except InjectRefused as error:
        raise Problem(422, "invalid", f"scenario {name}: {error}") from None


def _kept(text: str) -> tuple[str, Items]:
    try:
        name, items = json.loads(text)
    except ValueError:
        name, items = None, None
    if not isinstance(name, str) or not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Problem(422, "invalid", "scenario: choose it again")
    return name, items


def _form(
    request: Request,
    parts: Parts,
    given: Form,
    problem: Problem | None = None,
    scenario: _Scenario | None = None,
) -> HTMLResponse:
    uploaded = scenario is not None and scenario.items and scenario.name != given.get("scenario")
    return sheet(
        request,
        "drill/new.html",
        status=problem.status if problem else 200,
        problem=problem,
        given={name: given.get(name, "") for name in GIVEN},
        services=services_of(parts),
        levels=levels_of(parts),
        runbooks=parts.playbooks.library.names,
        inputs=inputs_of(parts, given.get("runbook", "")),
        scenarios=scenarios_in(parts.settings.runbooks / "scenarios"),
        injects=scenario.injects if scenario else [],
        kept=json.dumps([scenario.name, scenario.items], default=str) if scenario and uploaded else "",
        **{"from": scenario.name if scenario else ""},
    )
