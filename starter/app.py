"""The FastAPI application of a starter, from its parts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec

import structlog
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mayday.records.errors import RecordsUnavailable
from starter import problems
from starter.body_limit import BodyLimit
from starter.entity_tags import EntityTags
from starter.knocking import Knocking
from starter.metrics import REQUEST_SECONDS, REQUESTS
from starter.one_meaning import OneMeaning
from starter.parts import Parts
from starter.reference import description
from starter.refusals import Refusals
from starter.routes import (
    access,
    decisions,
    desk,
    drills,
    health,
    incidents,
    names,
    oncall,
    previews,
    queue,
    tokens,
    webhooks,
)
from starter.safe_headers import SafeHeaders
from starter.ticket_watch import watching_tickets
from starter.trends import read_ahead

__all__ = ["create_app"]

log = structlog.get_logger(__name__)

#: routers of other subjects, mounted where they exist
FURTHER = (
    "starter.login", "starter.reference", "starter.reviews", "starter.archives", "starter.trends", "starter.console",
    "starter.chat", "starter.stream",
)  # fmt: skip
PRUNED_EVERY = 3600.0


def create_app(parts: Parts) -> FastAPI:
    """The whole application. Its lifespan runs the forwarder and drains at the end."""
    app = FastAPI(
        title="mayday",
        summary="Major incidents as durable workflows",
        version="1",
        openapi_url="/openapi.json",
        docs_url=None,  # starter.reference renders it: the framework's page loads scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # it builds the address of whatever Host the caller names
        lifespan=_lifespan,
    )
    app.state.parts = parts
    problems.install(app)
    for module in (
        health,
        webhooks,
        incidents,
        queue,
        decisions,
        previews,
        drills,
        desk,
        oncall,
        tokens,
        access,
        names,
    ):
        app.include_router(module.router)
    for name in FURTHER:
        if find_spec(name) is not None:
            router: APIRouter = import_module(name).router
            app.include_router(router)
    description.install(app)
    app.add_middleware(EntityTags)
    app.add_middleware(Knocking, clock=parts.clock)
    app.add_middleware(Refusals, records=parts.records, clock=parts.clock)
    app.add_middleware(BodyLimit, limit=parts.settings.max_body_bytes)
    app.add_middleware(OneMeaning)
    app.add_middleware(SafeHeaders, https=parts.settings.base_url.startswith("https://"))
    app.add_middleware(Measured)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    parts: Parts = app.state.parts
    await asyncio.to_thread(_know_routes, app)
    parts.forwarder.start()
    parts.courier.start()
    rounds = [
        asyncio.create_task(_prune(parts), name="prune"),
        asyncio.create_task(parts.watchdogs.run(), name="watchdogs"),
        asyncio.create_task(parts.drills.run(), name="drill-watch"),
        asyncio.create_task(read_ahead(parts), name="trends"),
    ]
    async with watching_tickets(parts):
        try:
            yield
        finally:
            for task in rounds:
                task.cancel()
            await asyncio.gather(*rounds, return_exceptions=True)  # each gives its connection back
            await parts.drain()
        log.info("starter_drained")


def _know_routes(app: FastAPI) -> None:
    """FastAPI reads the signatures of all routes when the first request comes: a tenth of a second that the first
    alert would wait. An address that nobody has asks them all."""
    for route in app.routes:
        route.matches({"type": "http", "method": "GET", "path": "/nobody/has/this", "root_path": "", "headers": []})


async def _prune(parts: Parts) -> None:
    """Old idempotency keys go; a missed round is caught up by the next."""
    while True:
        try:
            await parts.records.idempotency.prune()
        except RecordsUnavailable as error:
            log.warning("idempotency_not_pruned", reason=str(error))
        await asyncio.sleep(PRUNED_EVERY)


class Measured:
    """ASGI middleware: counts requests by route, never by address."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            REQUESTS.labels(method=scope["method"], route=route, status=str(status)).inc()
            REQUEST_SECONDS.labels(route=route).observe(time.perf_counter() - started)
