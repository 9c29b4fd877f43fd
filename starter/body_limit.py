"""No request may make us hold more than a limit in memory, or wait for it for ever: what is over it is refused while it
is read."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["WHOLE_WITHIN", "BodyLimit"]

WHOLE_WITHIN = 30.0
"""Seconds from the first look at a body to its end."""


class BodyLimit:
    """ASGI middleware that counts what is read; whoever sends too much gets a 413, and too slowly a 408.

    An error of the framework's own kind: FastAPI makes a 400 of any other that comes up while it reads a body.

    Counting where the body is read, and not before, lets a wrong address or credential be answered first. What the
    sender goes on sending is thrown away by the server.
    """

    def __init__(self, app: ASGIApp, limit: int, within: float = WHOLE_WITHIN) -> None:
        self._app = app
        self._limit = limit
        self._within = within

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        loop = asyncio.get_running_loop()
        declared = _declared_length(scope)
        taken, whole, until = 0, False, 0.0

        async def counted() -> Message:
            nonlocal taken, whole, until
            if declared > self._limit:
                raise self._too_large()
            if whole:  # what comes now is that the caller has gone
                return await receive()
            until = until or loop.time() + self._within
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise self._too_slow() from None
            taken += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if taken > self._limit:
                raise self._too_large()
            return message

        await self._app(scope, counted, send)

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"a body has at most {self._limit} bytes")

    def _too_slow(self) -> HTTPException:
        detail = f"a body is sent within {self._within:g} seconds"
        return HTTPException(408, detail, headers={"Connection": "close"})


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
