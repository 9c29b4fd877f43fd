"""A page that is live: its pieces as they are now, and a beat, for as long as it is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from starter.console.incident_page import told
from starter.console.sheets import signed
from starter.console.visitor import Visitor
from starter.feed import AT_MOST, BEAT_EVERY, Feed
from starter.parts import Parts

__all__ = ["pieces_of"]


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
