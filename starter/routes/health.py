"""Whether the starter lives, whether it can work, and what Prometheus may know."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import suppress
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from mayday.records.errors import RecordsUnavailable
from starter.gateway import TemporalSilent
from starter.metrics import DATA_FREE_BYTES, RECORDS_WRITABLE, REGISTRY
from starter.parts import Here, Parts

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """200 while the process lives."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(parts: Here) -> JSONResponse:
    """200 while alerts can be taken in: the store or Temporal takes them. Says which does not, and why."""
    temporal, records = await asyncio.gather(_temporal(parts), _records(parts))
    ready = not parts.draining and "ok" in (temporal, records)
    body: dict[str, Any] = {
        "status": "draining" if parts.draining else "ok" if ready else "unavailable",
        "temporal": temporal,
        "records": records,
        "runbooks": len(parts.playbooks.library.names),
    }
    return JSONResponse(body, 200 if ready else 503)


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(parts: Here) -> Response:
    """Prometheus text format."""
    RECORDS_WRITABLE.set(parts.records.store.trouble is None)
    with suppress(OSError):
        DATA_FREE_BYTES.set(shutil.disk_usage(parts.settings.data).free)
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


async def _temporal(parts: Parts) -> str:
    try:
        async with asyncio.timeout(2):
            await parts.gateway.ping()
    except (TemporalSilent, TimeoutError):
        return "silent"
    return "ok"


async def _records(parts: Parts) -> str:
    try:
        async with asyncio.timeout(2):
            await parts.records.ping()
    except RecordsUnavailable as error:
        return "unavailable" if error.why == "unreachable" else error.why
    except TimeoutError:
        return "unavailable"
    return "ok"
