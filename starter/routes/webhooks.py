"""`POST /webhooks/{source}`: alerts in (DESIGN.md, "HTTP")."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from mayday.providers.inbound import Delivery, Malformed
from mayday.providers.sources import NAMES, inbound_source
from starter.intake import Unavailable
from starter.parcels import touched
from starter.parts import Here
from starter.problems import Problem
from starter.webhook_access import check_signature, check_token

router = APIRouter(tags=["webhooks"])


@router.post("/webhooks/{source}", status_code=202)
async def receive(source: str, request: Request, parts: Here) -> JSONResponse:
    """Take a monitoring system's notification in: verified, kept, routed. Answered once nothing can be lost.

    `action` is what became of the alerts of an incident: opened, attached, resolved, ignored (resolved with nothing
    open) or queued (Temporal is silent: it is in the inbox and forwarded as soon as possible).
    """
    known = inbound_source(source)
    if known is None:
        raise Problem(404, "unknown_source", f"there is no source {source[:60]}; there are {', '.join(sorted(NAMES))}")
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = dict(request.query_params)
    check_token(parts.settings, known, headers, query)
    delivery = Delivery(
        raw=await request.body(), received_at=parts.clock(), headers=headers, query=query, url=str(request.url)
    )
    check_signature(parts.settings, known, delivery)
    if parts.draining:
        raise _try_again("this starter is stopping")
    try:
        results = await parts.intake.take(known, delivery)
    except Malformed as error:
        errors = [{"field": error.field, "reason": error.reason}] if error.field else None
        raise Problem(400, "malformed", str(error), errors=errors) from None
    except Unavailable as error:
        raise _try_again(str(error)) from None
    body: dict[str, Any] = {"incidents": touched(results)}
    return JSONResponse(body, 202)


def _try_again(detail: str) -> Problem:
    return Problem(503, "unavailable", detail, headers={"Retry-After": "5"})
