"""`ETag` on what the API shows: who has the answer already gets a 304 and no body.

The tag is of the answer's bytes, so it needs no bookkeeping and is never wrong; the work of making the answer is done
all the same. Streams and other media are let through untouched.
"""

from __future__ import annotations

import hashlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["EntityTags"]

KEPT_WITH_304 = (b"cache-control", b"content-location", b"date", b"etag", b"expires", b"vary")


class EntityTags:
    """ASGI middleware for GET below `/api/`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        wanted = Headers(scope=scope).get("if-none-match", "")
        held: Message | None = None
        body = bytearray()

        async def tagged(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                if message["status"] == 200 and Headers(raw=message["headers"]).get("content-type", "").startswith(
                    "application/json"
                ):
                    held = message
                    return
            elif held is not None and message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if message.get("more_body"):
                    return
                await _answer(held, bytes(body), wanted, send)
                return
            await send(message)

        await self._app(scope, receive, tagged)


async def _answer(start: Message, body: bytes, wanted: str, send: Send) -> None:
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    MutableHeaders(scope=start)["ETag"] = tag
    if matches(wanted, tag):
        kept = [(name, value) for name, value in start["headers"] if name in KEPT_WITH_304]
        await send({**start, "status": 304, "headers": kept})
        await send({"type": "http.response.body", "body": b""})
        return
    await send(start)
    await send({"type": "http.response.body", "body": body})


def matches(wanted: str, tag: str) -> bool:
    """Whether `If-None-Match` names the tag (RFC 9110, 13.1.2: compared weakly)."""
    if wanted.strip() == "*":
        return True
    return tag in {one.strip().removeprefix("W/") for one in wanted.split(",")}
