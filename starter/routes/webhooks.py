"""`POST /webhooks/{source}`: alerts in (DESIGN.md, "HTTP")."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from mayday.providers.inbound import BadSignature, Delivery, InboundSource, Malformed, Unverifiable
from mayday.providers.sources import MAPPED, NAMES, inbound_source
from starter.intake import Unavailable
from starter.parcels import touched
from starter.parts import Here, Parts
from starter.problems import Problem
from starter.webhook_access import check_address, check_signature, check_token, options_of

router = APIRouter(tags=["webhooks"])

MOST_CALLBACKS = 50


@router.post("/webhooks/{source}", status_code=202, response_model=None)
async def receive(source: str, request: Request, parts: Here) -> Response:
    """Take a system's notification in: verified, kept, routed. Answered once nothing can be lost.

    `action` is what became of the alerts of an incident: opened, attached, resolved, ignored (resolved with nothing
    open) or queued (Temporal is silent: it is in the inbox and forwarded as soon as possible). `callbacks` says what
    became of people's answers to our own pages and tickets at that system: applied, pending, refused, ignored or
    queued.
    """
    known = inbound_source(source, parts.playbooks.catalog.sources)
    if known is None:
        there = sorted({*NAMES, *MAPPED, *parts.playbooks.catalog.sources})
        raise Problem(404, "unknown_source", f"there is no source {source[:60]}; there are {', '.join(there)}")
    headers = {name.lower(): value for name, value in request.headers.items()}
    query, options = dict(request.query_params), options_of(parts.settings, known)
    check_address(known, options, request.client.host if request.client else None)
    token_fits = check_token(parts.settings, known, options, headers, query)
    delivery = Delivery(
        raw=await request.body(), received_at=parts.clock(), headers=headers, query=query,
        url=_public_url(request, parts), options=options, token_fits=token_fits,
    )  # fmt: skip
    try:
        await check_signature(parts.settings, known, delivery, parts.fetch)
        if parts.draining:
            raise _try_again("this starter is stopping")
        return await _taken(known, delivery, parts)
    except Malformed as error:
        errors = [{"field": error.field, "reason": error.reason}] if error.field else None
        raise Problem(400, "malformed", str(error), errors=errors) from None
    except RecursionError:  # what the JSON parser just took can be too deep for whoever looks into it
        raise Problem(400, "malformed", "the body is nested too deeply") from None
    except BadSignature as error:
        raise Problem(401, "unauthenticated", str(error)) from None
    except (Unavailable, Unverifiable) as error:
        raise _try_again(str(error)) from None


async def _taken(source: InboundSource, delivery: Delivery, parts: Parts) -> Response:
    answer = await source.handshake(delivery, parts.settings.webhook_secrets(source.name), parts.fetch)
    if answer is not None:
        return JSONResponse(dict(answer), 200)
    said = source.callbacks(delivery)
    body: dict[str, Any] = {"incidents": touched(await parts.intake.take(source, delivery))}
    became = await parts.courier.take(source.name, delivery, said[:MOST_CALLBACKS])
    if became:
        body["callbacks"] = became
    spoken = source.reply(delivery, [str(each["state"]) for each in became])
    if spoken is not None:
        return Response(spoken[0], 200, media_type=spoken[1])
    return JSONResponse(body, 202)


def _public_url(request: Request, parts: Parts) -> str:
    """The address as the sender wrote it: behind a proxy the request shows another host."""
    asked = f"?{request.url.query}" if request.url.query else ""
    return f"{parts.settings.base_url}{request.url.path}{asked}"


def _try_again(detail: str) -> Problem:
    return Problem(503, "unavailable", detail, headers={"Retry-After": "5"})
