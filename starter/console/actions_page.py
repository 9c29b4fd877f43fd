"""The ledger of follow-up actions: who owes what after which incident, until when, in which ticket."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from starter.console.names import Names
from starter.console.rights import Rights
from starter.console.sheets import sheet
from starter.console.visitor import Looking, PageRoute
from starter.parts import Here
from starter.reviews import list_actions

__all__ = ["router"]

router = APIRouter(route_class=PageRoute)
PAGE = 50


@router.get("/actions", response_class=HTMLResponse)
async def page(
    request: Request,
    visitor: Looking,
    parts: Here,
    owner: Annotated[str, Query(max_length=100)] = "",
    state: Annotated[Literal["open", "done", "dropped", "all"], Query()] = "open",
    service: Annotated[str, Query(max_length=100)] = "",
    overdue: Annotated[bool, Query()] = False,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> HTMLResponse:
    """The same list as `GET /api/v1/actions`, a page at a time; `?owner=me` are the visitor's own."""
    chosen: dict[str, Any] = {"owner": owner, "state": state, "service": service, "overdue": overdue}
    found = await list_actions(
        visitor.principal, parts, owner=owner or None, state=state, service=service or None, overdue=overdue,
        limit=PAGE, cursor=cursor,
    )  # fmt: skip
    names = Names(parts.playbooks.catalog)
    reviews = {item["incident_id"] for item in found["items"] if item["state"] == "open"} if visitor.acts else set()
    boards = await parts.records.reviews.boards(reviews)
    rights = {
        review: Rights.of(board.get("may"), visitor, names, looking=board.get("viewers") or ())
        for review, board in ({review: boards.get(review, {}) for review in reviews}).items()
    }
    kept = {name: value for name, value in chosen.items() if value}
    return sheet(
        request,
        "actions.html",
        items=found["items"],
        following=f"/actions?{urlencode({**kept, 'cursor': found['next']})}" if found["next"] else None,
        first=cursor is None,
        chosen=chosen,
        names=names,
        rights=rights,
        people=names.people,
        services=sorted(parts.playbooks.catalog.services),
    )
