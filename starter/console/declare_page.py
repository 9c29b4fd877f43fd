"""Declaring an incident: title, service, how bad; the runbook follows from it, or is named."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from mayday.language.library import UnknownRunbook
from starter.bodies import DeclareBody
from starter.console.deeds import Doing
from starter.console.forms import Form, body_of, plain, texts, typed, typed_fields
from starter.console.sheets import sheet
from starter.console.visitor import PageRoute
from starter.console.waiting import Field
from starter.feed import feeds_of
from starter.parts import Here, Parts
from starter.problems import Problem
from starter.routes import incidents

__all__ = ["inputs_of", "levels_of", "router", "services_of"]

router = APIRouter(route_class=PageRoute)
GIVEN = (
    "title", "service", "unlisted", "severity", "impact", "urgency", "summary", "customers_affected", "runbook",
    "drill",
)  # fmt: skip


@router.get("/declare", response_class=HTMLResponse)
async def form_page(request: Request, visitor: Doing, parts: Here) -> HTMLResponse:
    """The form; a runbook in the address shows what it asks for."""
    return _form(request, parts, dict(request.query_params))


@router.post("/declare", response_class=HTMLResponse)
async def declare(request: Request, visitor: Doing, parts: Here) -> Response:
    """Opens it, or leads to the one that is open for the same cause; a refusal keeps what was written."""
    form = await texts(request)
    try:
        given = plain(form, "title", "service", "severity", "impact", "urgency", "summary", "runbook")
        if form.get("customers_affected"):
            given["customers_affected"] = typed("customers_affected", "integer", form["customers_affected"])
        if unlisted := form.get("unlisted", "").strip():
            given |= {"service": unlisted, "unknown_service": form.get("unknown_service") == "yes"}
        elif not form.get("service"):
            raise Problem(422, "invalid", "Say which service fails, or name what is not in the list.")
        inputs = typed_fields(form)
        body = body_of(DeclareBody, {**given, "inputs": inputs, "drill": form.get("drill") == "yes"})
        answer = await incidents.declare(body, visitor.principal, parts)
    except Problem as problem:
        if problem.status != 422:
            raise
        if problem.code == "unknown_service":
            problem.hint = "If it is something else, say so below the name."
        return _form(request, parts, form, problem)
    feeds_of(parts).overview.nudge()
    return RedirectResponse(f"/incidents/{json.loads(bytes(answer.body))['id']}", 303)


def _form(request: Request, parts: Parts, given: Form, problem: Problem | None = None) -> HTMLResponse:
    catalog = parts.playbooks.catalog
    return sheet(
        request,
        "declare.html",
        status=problem.status if problem else 200,
        problem=problem,
        given={name: given.get(name, "") for name in GIVEN},
        asked_back=problem is not None and problem.code == "unknown_service",
        services=services_of(parts),
        levels=levels_of(parts),
        impact=catalog.impact,
        urgency=catalog.urgency,
        runbooks=parts.playbooks.library.names,
        inputs=inputs_of(parts, given.get("runbook", "")),
    )


def services_of(parts: Parts) -> dict[str, str]:
    """The services of the catalog as a form shows them."""
    services = parts.playbooks.catalog.services
    return {name: entry.name or name.replace("_", " ") for name, entry in sorted(services.items())}


def levels_of(parts: Parts) -> list[tuple[str, str, str]]:
    """The severities with what they mean and their priority."""
    return [
        (name, policy.description or ("major" if policy.major else ""), policy.priority)
        for name, policy in sorted(parts.playbooks.catalog.severities.items())
    ]


def inputs_of(parts: Parts, runbook: str) -> list[Field]:
    """What a runbook asks for, as fields."""
    if not runbook:
        return []
    try:
        asked: dict[str, Any] = dict(parts.playbooks.library.runbook(runbook).inputs)
    except UnknownRunbook:
        return []
    return [
        Field(name, spec.type, spec.required and spec.default is None, list(spec.enum or []), _hint(spec), spec.default)
        for name, spec in asked.items()
    ]


def _hint(spec: Any) -> str:
    default = f"else {spec.default}" if spec.default is not None else ""
    return ", ".join(part for part in (spec.description, default) if part)
