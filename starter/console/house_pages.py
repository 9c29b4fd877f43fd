"""What the house works by: its runbooks with their pictures, and its integrations with their health."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from mayday.catalogs import FixedCatalog
from mayday.language.explanation import explain_runbook
from mayday.language.library import UnknownRunbook
from mayday.language.picture import picture_of
from mayday.language.picture_svg import svg_of
from mayday.providers.checks import carried_out
from mayday.providers.offers import CheckResult, Offer
from mayday.providers.registry import VENDORS, made_offers, serving
from mayday.providers.sources import MAPPED, NAMES
from mayday.records.inbox import InboxRow
from mayday.records.presence import Living
from mayday.settings import SettingsError
from starter.console.sheets import sheet
from starter.console.visitor import Looking, PageRoute
from starter.parts import Here, Parts
from starter.problems import Problem
from starter.routes.health import readyz

__all__ = ["router"]

router = APIRouter(route_class=PageRoute)
LOOKED_BACK = 500
ALIVE_SECONDS = 120


@router.get("/runbooks", response_class=HTMLResponse)
async def runbooks(request: Request, visitor: Looking, parts: Here) -> HTMLResponse:
    """What would be walked when."""
    library = parts.playbooks.library
    books = [library.runbook(name) for name in library.names]
    return sheet(request, "runbooks.html", books=books)


@router.get("/runbooks/{name}", response_class=HTMLResponse)
async def runbook(name: str, request: Request, visitor: Looking, parts: Here) -> HTMLResponse:
    """One runbook: its picture, and the same in words."""
    try:
        book = parts.playbooks.library.runbook(name)
    except UnknownRunbook:
        raise Problem(404, "not_found", f"there is no runbook {name[:60]}") from None
    catalog = parts.playbooks.catalog
    return sheet(
        request,
        "runbook.html",
        book=book,
        picture=Markup(svg_of(picture_of(book, catalog))),
        lines=[(len(line) - len(line.lstrip()), line.strip()) for line in explain_runbook(book, catalog)],
    )


@router.get("/integrations", response_class=HTMLResponse)
async def integrations(
    request: Request, visitor: Looking, parts: Here, check: Annotated[bool, Query()] = False
) -> HTMLResponse:
    """Where alerts come in and by which system words leave; an administrator may have each looked at for real."""
    if check and not visitor.principal.at_least("administrator"):
        raise Problem(403, "forbidden", f"{visitor.name} is no administrator: looking at vendors takes their time")
    ready = (await readyz(parts)).body
    now = parts.clock()
    seen = await parts.records.presence.last_alive(now)
    workers = await parts.records.presence.living(now - timedelta(seconds=ALIVE_SECONDS))
    outward = await _outward(parts, check=check)
    return sheet(
        request,
        "integrations.html",
        ready=bytes(ready).decode(),
        worker_seen=seen,
        workers=[_worker(each, outward["ports"]) for each in workers],
        inbox=await parts.records.inbox.count(),
        sources=await _sources(parts),
        checked=check,
        **outward,
    )


def _worker(living: Living, own: list[tuple[str, list[str]]]) -> dict[str, Any]:
    """A worker as it last told of itself; `differs`: it does not serve a port as this starter is set to."""
    report = living.report or {}
    served = [(name.replace("_", " "), list(names)) for name, names in report.get("served", {}).items()]
    health = [(name, [tuple(each) for each in found]) for name, found in report.get("health", {}).items()]
    looked = {name for name, _ in health}
    return {
        "host": report.get("host") or living.process,
        "build": report.get("build"),
        "since": living.started_at,
        "told": living.report is not None,
        "ports": served,
        "differs": bool(served) and dict(served) != dict(own),
        "looked_at": report.get("looked_at"),
        "health": health,
        "unlooked": [name for name in report.get("vendors", []) if name not in looked],
    }


async def _sources(parts: Parts) -> list[dict[str, Any]]:
    last: dict[str, InboxRow] = {}
    for row in await parts.records.inbox.find(limit=LOOKED_BACK):
        last.setdefault(row.source, row)
    names = sorted({*NAMES, *MAPPED, *parts.playbooks.catalog.sources})
    found = []
    for name in names:
        open_ = bool(parts.settings.webhook_token(name) or parts.settings.webhook_secrets(name))
        seen = last.get(name)
        found.append(
            {
                "name": name,
                "open": open_,
                "last": seen.received_at if seen else None,
                "title": seen.event.title if seen else None,
                "error": seen.error if seen else None,
            }
        )
    return sorted(found, key=lambda source: (not source["open"], source["last"] is None, source["name"]))


async def _outward(parts: Parts, *, check: bool) -> dict[str, Any]:
    """Which adapters serve each port with the settings that this process has."""
    catalog = FixedCatalog(parts.playbooks.catalog)
    async with httpx.AsyncClient(follow_redirects=False) as client:
        try:
            offers = made_offers(parts.settings, parts.records, catalog, client)
            served = [(name.replace("_", " "), names) for name, names in serving(offers, parts.settings).items()]
        except SettingsError as error:
            return {"wrong": str(error), "ports": [], "vendors": [], "checks": []}
        checks = [await _looked_at(name, offer) for name, offer in offers.items()] if check else []
    return {"wrong": "", "ports": served, "vendors": [(name, name in offers) for name in VENDORS], "checks": checks}


async def _looked_at(name: str, offer: Offer) -> tuple[str, list[CheckResult]]:
    return name, [await carried_out(look) for look in offer.checks]
