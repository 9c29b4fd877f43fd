"""Who was turned away at the door goes into the audit log: who, at which door, why, from where.

The workflow's own refusals are written down by `decisions`; logins by the login itself. What one address knocks at
again and again is written down thirty times a minute and no more.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mayday.records.errors import RecordsUnavailable
from mayday.records.records import Records
from starter.limits import Allowance

__all__ = ["Refusals"]

log = structlog.get_logger(__name__)

TURNED_AWAY = frozenset({401, 403, 429})
MOST, WINDOW = 30, timedelta(minutes=1)
OWN_AUDIT = ("/login", "/logout")


class Refusals:
    """ASGI middleware. `request.state.refusal` is the problem's code, `principal` who it was."""

    def __init__(self, app: ASGIApp, *, records: Records, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._records = records
        self._written = Allowance(MOST, WINDOW, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._app(scope, receive, watched)
        if status in TURNED_AWAY and not scope["path"].startswith(OWN_AUDIT):
            await self._write(scope, status)

    async def _write(self, scope: Scope, status: int) -> None:
        address = scope["client"][0] if scope.get("client") else "unknown"
        if self._written.wait(address):
            return
        self._written.count(address)
        state = scope.get("state", {})
        principal = state.get("principal")
        actor = principal.actor if principal is not None else state.get("seen_as", "unknown")
        route = getattr(scope.get("route"), "path", "none")
        detail = {"status": status, "path": scope["path"][:200], "address": address}
        outcome = str(state.get("refusal", status))
        try:
            await self._records.audit.write(actor, f"{scope['method']} {route}", outcome, channel="door", detail=detail)
        except RecordsUnavailable as error:
            log.warning("refusal_not_written", actor=actor, route=route, outcome=outcome, reason=str(error))
