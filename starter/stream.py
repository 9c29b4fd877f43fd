"""An incident's timeline as server-sent events, for programs: every entry in order, from where the caller was.

    id: 38
    event: entry
    data: {"seq": 38, "at": ..., "kind": "voted", ...}      as in `/timeline`

`Last-Event-ID` (or `?after=`) resumes without a gap; `event: beat` comes every few seconds. All callers of one
incident, and all pages that show it, share one look at its run.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from starter.access import Reading
from starter.asked import AskedRoute
from starter.feed import AT_MOST, BEAT_EVERY, IncidentFeed, event, feeds_of, place_of
from starter.parts import Here, Parts
from starter.staying import while_let_in

__all__ = ["router"]

AT_A_TIME = 200
"""Entries in one write."""

router = APIRouter(prefix="/api/v1/incidents", tags=["incidents"], route_class=AskedRoute)


@router.get(
    "/{incident}/stream",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def stream(
    incident: str,
    request: Request,
    principal: Reading,
    parts: Here,
    after: Annotated[int, Query(ge=0, le=2**53, description="entries with a higher seq")] = 0,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """The timeline as it grows: server-sent events `entry` (its id is the seq) and `beat`."""
    record = await parts.directory.find(incident)
    events = _events(parts, feeds_of(parts).incident(record.id), place_of(last_event_id, after))
    events = while_let_in(request, parts, principal, events)
    return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def _events(parts: Parts, feed: IncidentFeed, seq: int) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    began = beat_at = loop.time()
    async with feed.followed():
        yield "retry: 1000\n\n"
        while not feed.closed and loop.time() - began < AT_MOST:
            news: list[str] = []
            for entry in feed.after(seq):
                seq = entry.seq
                said = feed.said.get(seq)
                if said is None:
                    said = feed.said[seq] = event("entry", json.dumps(entry.public()), number=seq)
                    feed.forget_old()
                news.append(said)
                if len(news) == AT_A_TIME:  # whoever comes late gets a long night in pieces
                    yield "".join(news)
                    news.clear()
            if loop.time() - beat_at >= BEAT_EVERY:
                beat_at = loop.time()
                news.append(event("beat", json.dumps({"now": parts.clock().isoformat()})))
            if news:
                yield "".join(news)
            await feed.stirred(BEAT_EVERY)
