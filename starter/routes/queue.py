"""One queue a person: what waits for them over all open incidents, the soonest first (STORIES 4)."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query

from mayday.domain.incident import Board, Pending
from mayday.domain.timeline import stamped
from mayday.records.incidents import IncidentRecord
from starter.access import Reading
from starter.asked import AskedRoute
from starter.parts import Here, Parts
from starter.routes.incidents import live_board

router = APIRouter(prefix="/api/v1/queue", tags=["incidents"], route_class=AskedRoute)

MOST_INCIDENTS = 500
AT_ONCE = 20
"""Boards asked for at the same time: a storm of incidents must not make a storm of queries."""


@router.get("")
async def queue(
    principal: Reading,
    parts: Here,
    person: Annotated[str | None, Query(description="a person, `me`, or `all`; by default whoever asks")] = None,
) -> dict[str, Any]:
    """What waits for a person: pages, roles, decisions, tasks and reviews of every open incident."""
    who = principal.person if person in (None, "me") else None if person == "all" else person
    listing = await parts.records.incidents.find(open_only=True, limit=MOST_INCIDENTS)
    gate = asyncio.Semaphore(AT_ONCE)

    async def board_of(record: IncidentRecord) -> Board | None:
        async with gate:
            return await live_board(parts, record) or record.board

    boards = await asyncio.gather(*(board_of(record) for record in listing.items))
    items = [
        _item(parts, record, waiting)
        for record, board in zip(listing.items, boards, strict=True)
        for waiting in (board.pending if board else [])
        if waiting.kind not in ("cadence", "wait", "vendor") and (who is None or who in waiting.for_)
    ]
    items.sort(key=lambda item: (item["due_at"] is None, item["due_at"] or "", item["severity"], item["incident"]))
    return {"items": items, "next": None}


def _item(parts: Parts, record: IncidentRecord, waiting: Pending) -> dict[str, Any]:
    asked = stamped(waiting, by_alias=True)
    return {"incident": record.id, "title": record.title, "severity": record.severity, **asked}
