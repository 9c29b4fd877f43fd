"""A real HTTP server that answers as it is told and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple


class Seen(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class HttpDouble:
    """Answers the queued answers in turn, then 200 `{}`."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[Seen] = []
        self._answers: deque[bytes | None] = deque()

    def answer(self, status: int, body: Any = None, headers: dict[str, str] | None = None) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = {"Content-Type": "application/json", "Content-Length": str(len(raw)), "Connection": "close"}
        head = "".join(f"{name}: {value}\r\n" for name, value in {**lines, **(headers or {})}.items())
        self._answers.append(f"HTTP/1.1 {status} x\r\n{head}\r\n".encode() + raw)

    def hang_up(self) -> None:
        """Take the next request and close the connection without an answer."""
        self._answers.append(None)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, path, _ = request.split(" ")
        self.seen.append(Seen(method, path, headers, body))
        if not self._answers:
            self.answer(200, {})
        answer = self._answers.popleft()
        if answer is not None:
            writer.write(answer)
            await writer.drain()


@asynccontextmanager
async def serve() -> AsyncIterator[HttpDouble]:
    double = HttpDouble()
    server = await asyncio.start_server(double.handle, "127.0.0.1", 0)
    async with server:
        double.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield double
