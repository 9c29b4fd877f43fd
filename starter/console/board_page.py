"""The board: one row an incident, what needs a human soonest first; live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from mayday.domain.incident import Board, Pending
from mayday.records.incidents import IncidentRecord
from starter.console.incident_page import told
from starter.console.names import Names
from starter.console.sheets import HEADERS, part, sheet, signed
from starter.console.visitor import Looking, PageRoute, Visitor
from starter.console.waiting import HUMAN
from starter.feed import AT_MOST, BEAT_EVERY, Overview, OverviewFeed, feeds_of
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
async def stream(visitor: Looking, parts: Here) -> StreamingResponse:
    """The board as it changes."""
    events = _events(parts, feeds_of(parts).overview, visitor)
    return StreamingResponse(events, media_type="text/event-stream", headers={**HEADERS, "X-Accel-Buffering": "no"})


async def _events(parts: Parts, feed: OverviewFeed, visitor: Visitor) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    began, beat_at, version = loop.time(), loop.time(), -1
    had: dict[str, str] = {}
    async with feed.followed():
        yield "retry: 1000\n" + told("hello", {"now": parts.clock().isoformat()})
        while not feed.closed and loop.time() - began < AT_MOST:
            if feed.seen is not None and feed.version != version:
                version = feed.version
                for name, html in _pieces(parts, feed, feed.seen, visitor).items():
                    if had.get(name) != html:
                        had[name] = html
                        yield told("region", {"name": name, "html": signed(html, visitor.csrf)})
            if loop.time() - beat_at >= BEAT_EVERY:
                beat_at = loop.time()
                yield told("beat", {"now": parts.clock().isoformat()})
            await feed.stirred(BEAT_EVERY)


def _pieces(parts: Parts, feed: OverviewFeed, overview: Overview, visitor: Visitor) -> dict[str, str]:
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
