"""A request has one meaning, whoever reads it: a proxy before us must not see another one than we do.

two lengths (Content-Length beside Transfer-Encoding), or a header twice of which there is one: 400
a slash at the end of a path is not there: no redirect is made of an address that the caller chose
HEAD is GET without the body (RFC 9110, 9.3.2)
"""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from starter.problems import Problem, problem_response

__all__ = ["OneMeaning"]

ONCE = (
    b"authorization", b"content-length", b"content-type", b"host", b"idempotency-key", b"mayday-channel", b"origin",
    b"sec-fetch-site", b"transfer-encoding", b"x-csrf-token", b"x-mayday-token",
)  # fmt: skip


class OneMeaning:
    """ASGI middleware, around everything that decides."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        twofold = _twofold([name for name, _ in scope["headers"]])
        if twofold is not None:
            problem = Problem(400, "two_meanings", f"{twofold}: the request could be read in two ways",
                              headers={"Connection": "close"})  # fmt: skip
            await problem_response(problem)(scope, receive, send)
            return
        path = scope["path"]
        if len(path) > 1 and path.endswith("/"):
            scope = {**scope, "path": path.rstrip("/") or "/"}
        if scope["method"] == "HEAD":
            await self._without_body({**scope, "method": "GET"}, send)
            return
        await self._app(scope, receive, send)

    async def _without_body(self, scope: Scope, send: Send) -> None:
        asked, begun = False, asyncio.Event()

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b""})
                begun.set()

        async def gone() -> Message:
            """Nothing was sent, and a stream ends as soon as it has begun: nobody reads it."""
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await begun.wait()
            return {"type": "http.disconnect"}

        await self._app(scope, gone, headed)


def _twofold(names: list[bytes]) -> str | None:
    for name in ONCE:
        if names.count(name) > 1:
            return f"{name.decode()} twice"
    if b"content-length" in names and b"transfer-encoding" in names:
        return "content-length beside transfer-encoding"
    return None
