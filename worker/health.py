"""What the worker is doing, and the little HTTP server that says so (`MAYDAY_WORKER_PORT`)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

log = structlog.get_logger(__name__)

State = Literal["starting", "replaying", "polling", "draining", "stopped"]

_REQUEST_WITHIN_SECONDS = 5.0


class WorkerHealth:
    """The worker's state; `/healthz` is 200 while the process lives, `/readyz` only while it polls."""

    def __init__(self) -> None:
        self.state: State = "starting"
        self.replayed = 0
        self._changed = asyncio.Condition()

    async def enter(self, state: State) -> None:
        """Notes a new state and wakes who waits for it."""
        async with self._changed:
            self.state = state
            self._changed.notify_all()
        log.info("worker_state_changed", state=state)

    async def reached(self, state: State) -> None:
        """Returns once the worker is in `state`."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.state == state)

    @property
    def ready(self) -> bool:
        """Whether the worker takes work."""
        return self.state == "polling"


@asynccontextmanager
async def serve_health(health: WorkerHealth, host: str, port: int) -> AsyncIterator[int]:
    """Answers `/healthz`, `/readyz` and `/metrics`; yields the port (a free one for 0)."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_WITHIN_SECONDS):
                line = await reader.readline()
                status, kind, body = _response(health, line.decode("latin-1"))
                head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
                writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
                await writer.drain()
        except (TimeoutError, OSError, ValueError) as error:
            log.debug("health_request_failed", reason=str(error))
        finally:
            writer.close()

    server = await asyncio.start_server(answer, host, port)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


def _response(health: WorkerHealth, request_line: str) -> tuple[str, str, bytes]:
    path = request_line.split(" ")[1].partition("?")[0] if request_line.count(" ") >= 2 else ""
    if path == "/metrics":
        return "200 OK", CONTENT_TYPE_LATEST, generate_latest()
    if path not in {"/healthz", "/readyz"}:
        return "404 Not Found", "text/plain; charset=utf-8", b"not found\n"
    body = json.dumps({"state": health.state, "replayed": health.replayed}).encode()
    ok = path == "/healthz" or health.ready
    return ("200 OK" if ok else "503 Service Unavailable"), "application/json", body
