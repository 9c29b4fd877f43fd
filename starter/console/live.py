"""A page that is live: its pieces as they are now, and a beat, for as long as it is looked at by somebody who may."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse

from starter.console.sheets import HEADERS, signed
from starter.console.visitor import Visitor
from starter.feed import AT_MOST, BEAT_EVERY, Feed, event
from starter.parts import Parts
from starter.staying import while_let_in

__all__ = ["pieces_of", "streamed", "told"]


def streamed(request: Request, parts: Parts, visitor: Visitor, events: AsyncIterator[str]) -> StreamingResponse:
    """Events for as long as the visitor is logged in; then the page is told that they are not."""
    told_out = told("login", None)
    return StreamingResponse(
        while_let_in(request, parts, visitor.principal, events, farewell=told_out),
        media_type="text/event-stream",
        headers={**HEADERS, "X-Accel-Buffering": "no"},
    )


async def pieces_of(
    parts: Parts, feed: Feed[Any], visitor: Visitor, render: Callable[[], dict[str, str]]
) -> AsyncIterator[str]:
    """Server-sent events: `region` for each piece that has changed. `render` makes them of what the feed has seen."""
    loop = asyncio.get_running_loop()
    began, beat_at, version = loop.time(), loop.time(), -1
    had: dict[str, str] = {}
    async with feed.followed():
        yield "retry: 1000\n" + told("hello", {"now": parts.clock().isoformat()})
        while not feed.closed and loop.time() - began < AT_MOST:
            if feed.seen is not None and feed.version != version:
                version = feed.version
                for name, html in render().items():
                    if had.get(name) != html:
                        had[name] = html
                        yield told("region", {"name": name, "html": signed(html, visitor.csrf)})
            if loop.time() - beat_at >= BEAT_EVERY:
                beat_at = loop.time()
                yield told("beat", {"now": parts.clock().isoformat()})
            await feed.stirred(BEAT_EVERY)


def told(name: str, data: Any, *, number: int | None = None) -> str:
    """One event for the script; JSON keeps every line break out of the frame."""
    return event(name, json.dumps(data, separators=(",", ":")), number=number)
