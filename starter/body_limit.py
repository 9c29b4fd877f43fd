"""No request may make us hold more than a limit in memory: what is over it is refused while it is read."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BodyLimit"]


class BodyLimit:
    """ASGI middleware that counts what is read; whoever reads too much gets a 413.

    An error of the framework's own kind: FastAPI makes a 400 of any other that comes up while it reads a body.

    Counting where the body is read, and not before, lets a wrong address or credential be answered first. What the
    sender goes on sending is thrown away by the server.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = _declared_length(scope)
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            if declared > self._limit:
                raise self._too_large()
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                raise self._too_large()
            return message

        await self._app(scope, counted, send)

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"a body has at most {self._limit} bytes")


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
