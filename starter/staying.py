"""Who follows a stream may do so as long as they are let in: a log-out, a revoked token, a level that is lowered
or a person who left the catalog ends it. What this starter ended is followed before anything more is told; what
another starter ended, or time did, within `ASKED_EVERY`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request

from mayday.records.errors import RecordsUnavailable
from starter.access import Principal
from starter.parts import Parts
from starter.problems import Problem

__all__ = ["ASKED_EVERY", "while_let_in"]

ASKED_EVERY = 4.0
"""Seconds. A stream says something at least that often (`feed.BEAT_EVERY`), so that it also ends within that time."""


async def while_let_in(
    request: Request, parts: Parts, principal: Principal, events: AsyncIterator[str], farewell: str = ""
) -> AsyncIterator[str]:
    """The events for as long as the caller is who they were, with the level that they had; then `farewell`.

    Whoever has another level than before comes again and is shown what goes with it: their stream ends without one.
    """
    loop = asyncio.get_running_loop()
    asked_at, known = loop.time(), _ended(parts)
    async for news in events:
        if loop.time() - asked_at >= ASKED_EVERY or _ended(parts) != known:
            asked_at, known = loop.time(), _ended(parts)
            now = await _now(request, parts)
            if now != principal:
                if now is None and farewell:
                    yield farewell
                return
        yield news


def _ended(parts: Parts) -> tuple[int, int, int]:
    """Moves when this starter ends a session or a token, or takes another catalog."""
    return parts.records.sessions.ends, parts.records.tokens.ends, id(parts.playbooks.at_the_door)


async def _now(request: Request, parts: Parts) -> Principal | None:
    authorization = request.headers.get("authorization")
    try:
        if authorization is not None:
            return await parts.access.principal(authorization)
        return await parts.sessions.principal(request)
    except (Problem, RecordsUnavailable):
        return None
