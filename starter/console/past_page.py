"""All incidents, the latest first, with a search: where a reviewer finds the night of half a year ago."""

from __future__ import annotations

from typing import Annotated, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from mayday.domain.incident import STATUSES
from mayday.domain.ranks import SeverityName
from starter.console.names import Names
from starter.console.sheets import sheet
from starter.console.visitor import Looking, PageRoute
from starter.parts import Here
from starter.problems import Problem

__all__ = ["router"]

router = APIRouter(route_class=PageRoute)

SHOWN = 50
SEVERITIES: tuple[str, ...] = get_args(SeverityName)
REVIEWED = ("resolved", "closed")


@router.get("/incidents", response_class=HTMLResponse)
async def page(
    request: Request,
    visitor: Looking,
    parts: Here,
    text: Annotated[str, Query(max_length=200)] = "",
    service: Annotated[str, Query(max_length=200)] = "",
    severity: Annotated[str, Query()] = "",
    status: Annotated[str, Query()] = "",
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Those that the search names, fifty at a time."""
    if (severity and severity not in SEVERITIES) or (status and status not in STATUSES):
        raise Problem(404, "not_found", "there is no such severity or status")
    try:
        found = await parts.records.incidents.find(
            text=text.strip() or None,
            service=service or None,
            severities=[severity] if severity else [],
            statuses=[status] if status else [],
            limit=SHOWN,
            after=cursor or None,
        )
    except ValueError:
        raise Problem(404, "not_found", "the list has no such place any more") from None
    asked = {"text": text, "service": service, "severity": severity, "status": status}
    more = urlencode({name: value for name, value in {**asked, "cursor": found.next or ""}.items() if value})
    return sheet(
        request,
        "past.html",
        items=found.items,
        more=more if found.next else None,
        asked=asked,
        later=bool(cursor),
        names=Names(parts.playbooks.catalog),
        services=sorted(parts.playbooks.catalog.services),
        severities=SEVERITIES,
        statuses=STATUSES,
        reviewed=REVIEWED,
    )
