"""The embedded desk's own pages: a ticket with its work notes, and the room behind a bridge's link."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from starter.console.sheets import sheet
from starter.console.visitor import Looking, PageRoute
from starter.parts import Here
from starter.problems import Problem

__all__ = ["router"]

router = APIRouter(route_class=PageRoute)


@router.get("/desk/tickets/{number}", response_class=HTMLResponse)
async def ticket(number: str, request: Request, visitor: Looking, parts: Here) -> HTMLResponse:
    """A ticket of the desk's register."""
    found = await parts.records.desk.tickets.get(number.strip().upper())
    if found is None:
        raise Problem(404, "unknown_ticket", f"the desk has no ticket {number[:60]}")
    notes = await parts.records.desk.tickets.notes(found.number)
    return sheet(request, "ticket.html", ticket=found, notes=notes)


@router.get("/bridges/{bridge_id}", response_class=HTMLResponse)
async def bridge(bridge_id: str, request: Request, visitor: Looking, parts: Here) -> HTMLResponse:
    """Where people of an incident meet while no meeting provider is set up: who is called, and by which number."""
    found = await parts.records.desk.bridges.get(bridge_id)
    if found is None:
        raise Problem(404, "unknown_bridge", f"the desk has no bridge {bridge_id[:60]}")
    record = await parts.records.incidents.get(found.incident_id) if found.incident_id else None
    standing = parts.playbooks.catalog.bridges.get("standing")
    return sheet(request, "bridge.html", bridge=found, incident=record, standing=standing)
