"""What happens to those who knock too often: with wrong credentials, or faster than alerts can be kept.

Whoever shows wrong credentials again and again is told to wait (429 with Retry-After); whoever shows right ones from
the same address gets in all the same, so that nobody shuts a sender out by knocking beside it. A webhook that comes
while too many are being kept gets a 503 with Retry-After: senders try that again, while they drop an alert on most 4xx.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from starter.limits import Allowance
from starter.problems import Problem, problem_response

__all__ = ["AT_ONCE", "Knocking"]

WRONG, WINDOW = 60, timedelta(minutes=1)
AT_ONCE = 512
"""Webhooks that are being kept at the same time; each waits for one commit, so this is seconds of work."""
BUSY = "too many alerts at once: send it again"
WEBHOOKS = ("/webhooks/", "/callbacks/")
OWN_LIMITS = ("/login", "/logout")


class Knocking:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, *, clock: Callable[[], datetime], at_once: int = AT_ONCE) -> None:
        self._app = app
        self._wrong = Allowance(WRONG, WINDOW, clock)
        self._at_once = at_once
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(OWN_LIMITS):
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith(WEBHOOKS):
            if self._inside >= self._at_once:
                busy = Problem(503, "busy", BUSY, headers={"Retry-After": "2"})
                await problem_response(busy)(scope, receive, send)
                return
            await self._with_a_place(scope, receive, send)
            return
        await self._let_in(scope, receive, send)

    async def _with_a_place(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Taken once the whole body is there: whoever sends theirs letter by letter keeps no alert out."""
        taken = False

        async def placed() -> Message:
            nonlocal taken
            message = await receive()
            if not taken and message["type"] == "http.request" and not message.get("more_body", False):
                if self._inside >= self._at_once:
                    raise HTTPException(503, BUSY, headers={"Retry-After": "2"})
                taken = True
                self._inside += 1
            return message

        try:
            await self._let_in(scope, placed, send)
        finally:
            self._inside -= taken

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = scope["client"][0] if scope.get("client") else "unknown"
        instead: Problem | None = None

        async def watched(message: Message) -> None:
            nonlocal instead
            if message["type"] == "http.response.start" and message["status"] == 401:
                wait = self._wrong.wait(address)
                self._wrong.count(address)
                if wait:
                    detail = "wrong credentials again and again: wait before you try others"
                    instead = Problem(429, "too_many", detail, headers={"Retry-After": str(wait)})
                    await problem_response(instead)(scope, receive, send)
            if instead is None:
                await send(message)

        await self._app(scope, receive, watched)
