"""The board: one row an incident, what needs a human soonest first; live."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from mayday.domain.incident import Board, Pending
from mayday.records.incidents import IncidentRecord
from starter.console.live import pieces_of, streamed
from starter.console.names import Names
from starter.console.sheets import part, sheet
from starter.console.visitor import Looking, PageRoute, Visitor
from starter.console.waiting import HUMAN
from starter.feed import Overview, OverviewFeed, feeds_of
from starter.parts import Here, Parts

__all__ = ["router"]

router = APIRouter(route_class=PageRoute)
_LAST = datetime.max.replace(tzinfo=UTC)
OLD = datetime(2000, 1, 1, tzinfo=UTC)


@router.get("/", response_class=HTMLResponse)
async def page(request: Request, visitor: Looking, parts: Here) -> HTMLResponse:
    """Everything that is open."""
    overview = await feeds_of(parts).overview.fresh()
    return sheet(request, "board.html", overview=overview, **_facts(parts, overview, visitor))


@router.get("/stream")
async def stream(request: Request, visitor: Looking, parts: Here) -> StreamingResponse:
    """The board as it changes."""
    feed = feeds_of(parts).overview
    events = pieces_of(parts, feed, visitor, lambda: _pieces(parts, feed, visitor))
    return streamed(request, parts, visitor, events)


def _pieces(parts: Parts, feed: OverviewFeed, visitor: Visitor) -> dict[str, str]:
    overview = feed.seen
    if overview is None:
        return {}
    known: dict[str, str] | None = feed.rendered.get(visitor.key)
    if known is None:
        facts = _facts(parts, overview, visitor) | {"now": OLD}  # clocks are ticked by the browser
        known = {name: part(f"board/{name}.html", **facts) for name in ("open", "recent")}
        feed.rendered[visitor.key] = known
    return known


def _facts(parts: Parts, overview: Overview, visitor: Visitor) -> dict[str, Any]:
    names = Names(parts.playbooks.catalog)
    rows = [_row(record, board, names, visitor) for record, board in overview.items]
    rows.sort(key=lambda row: (row["soonest"], row["severity"], row["opened_at"]))
    return {"rows": rows, "recent": overview.recent, "acts": visitor.acts}


def _row(record: IncidentRecord, board: Board | None, names: Names, visitor: Visitor) -> dict[str, Any]:
    waiting = [item for item in board.pending if item.kind in HUMAN] if board else []
    waiting.sort(key=lambda item: (visitor.person not in item.for_, item.due_at or _LAST))
    commander = (
        next((role.person for role in board.roles if role.role == "incident_commander"), None) if board else None
    )
    return {
        "id": record.id,
        "severity": board.severity if board else record.severity,
        "title": board.title if board else record.title,
        "drill": record.drill,
        "paused": bool(board and board.drill_paused_at),
        "services": [names.service(name) for name in record.services],
        "opened_at": record.opened_at,
        "status": board.status if board else record.status,
        "commander": names.person(commander) if commander else None,
        "first": _first(waiting, names, visitor),
        "more": max(len(waiting) - 1, 0),
        "next_update_at": board.next_update_at if board else None,
        "soonest": min((item.due_at for item in waiting if item.due_at), default=_LAST),
    }


def _first(waiting: list[Pending], names: Names, visitor: Visitor) -> dict[str, Any] | None:
    if not waiting:
        return None
    item = waiting[0]
    return {"text": names.text(item.text), "due_at": item.due_at, "mine": visitor.person in item.for_}
