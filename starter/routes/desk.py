"""The embedded desk, to look at: who is being rung, what was said, opened, mailed and posted.

The desk takes the place of every provider that is not set up. A page is acknowledged by its number, which is the same
as acknowledging it at the incident.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from mayday.domain.commands import Accept, Ack, Command, Decline
from mayday.domain.timeline import timestamp
from mayday.records.desk.pages import DeskPage
from starter import bodies
from starter.access import AsPerson, Principal, Reading
from starter.minting import command_id
from starter.once import OnceRoute, idempotency_key
from starter.parts import Here, Parts
from starter.problems import Problem

router = APIRouter(prefix="/api/v1/desk", tags=["desk"], route_class=OnceRoute)

MOST_PAGES = 100_000
Incident = Annotated[str | None, Query(description="of one incident only")]


@router.get("/pages")
async def pages(
    principal: Reading,
    parts: Here,
    incident: Incident = None,
    person: Annotated[str | None, Query(description="a person, `me`, or `all`; by default whoever asks")] = None,
    state: Annotated[str | None, Query(description="ringing, sent, acknowledged, closed; or `all`")] = "ringing",
) -> dict[str, Any]:
    """The pages that ring for somebody, newest last. `page` is what is acknowledged."""
    who = principal.person if person in (None, "me") else None if person == "all" else person
    found = await parts.records.desk.pages.find(
        incident_id=await _id(parts, incident),
        person=who,
        state=None if state in (None, "all") else _page_state(state),
    )
    return _items(found)


@router.post("/pages/{number}/ack")
async def acknowledge(
    number: Annotated[int, Path(ge=1, le=2**31)], request: Request, principal: AsPerson, parts: Here
) -> JSONResponse:
    """Answer a page by its number: an acknowledgement at the incident, or, for an offered role, its acceptance."""
    return await _answered(number, request, principal, parts, _answer_to)


@router.post("/pages/{number}/decline")
async def decline(
    number: Annotated[int, Path(ge=1, le=2**31)],
    body: bodies.DeclinedPageBody,
    request: Request,
    principal: AsPerson,
    parts: Here,
) -> JSONResponse:
    """Say by its number that you cannot take a page, or the role that it offers: the next is asked at once."""

    def declined(page: DeskPage, common: dict[str, Any]) -> Command:
        return Decline(**common, target=page.page, reason=body.reason)

    return await _answered(number, request, principal, parts, declined)


async def _answered(
    number: int,
    request: Request,
    principal: Principal,
    parts: Parts,
    answer: Callable[[DeskPage, dict[str, Any]], Command],
) -> JSONResponse:
    at = parts.clock()
    page = await _page(parts, number, principal.person)
    record = await parts.directory.find(page.incident_id)
    common: dict[str, Any] = {
        "id": command_id(f"{principal.token_id} {request.url.path}", idempotency_key(request)),
        "actor": principal.actor,
        "received_at": at,
    }
    decided = await parts.decisions.send(record, answer(page, common))
    return JSONResponse(decided.body, decided.status)


@router.get("/messages")
async def messages(
    principal: Reading,
    parts: Here,
    incident: Incident = None,
    channel: str | None = None,
    audience: str | None = None,
    limit: Annotated[int, Query(ge=1, le=5_000)] = 500,
) -> dict[str, Any]:
    """What was said in the desk's channels."""
    found = await parts.records.desk.chat.messages(
        incident_id=await _id(parts, incident), channel=channel, audience=audience, limit=limit
    )
    return _items(found)


@router.get("/channels")
async def channels(principal: Reading, parts: Here, incident: Incident = None) -> dict[str, Any]:
    """The desk's channels."""
    return _items(await parts.records.desk.chat.find(await _id(parts, incident)))


@router.get("/tickets")
async def tickets(principal: Reading, parts: Here, incident: Incident = None) -> dict[str, Any]:
    """Tickets of the desk's register, with their work notes."""
    found = await parts.records.desk.tickets.find(incident_id=await _id(parts, incident))
    items = []
    for ticket in found:
        notes = await parts.records.desk.tickets.notes(ticket.number)
        items.append({**_public(ticket), "notes": [_public(note) for note in notes]})
    return {"items": items, "next": None}


@router.get("/work-orders")
async def work_orders(principal: Reading, parts: Here, incident: Incident = None) -> dict[str, Any]:
    """Approved changes and fail-overs that were handed to their implementers."""
    return _items(await parts.records.desk.tickets.orders(await _id(parts, incident)))


@router.get("/bridges")
async def bridges(principal: Reading, parts: Here, incident: Incident = None) -> dict[str, Any]:
    """Where people meet."""
    return _items(await parts.records.desk.bridges.find(await _id(parts, incident)))


@router.get("/vendor-cases")
async def vendor_cases(principal: Reading, parts: Here, incident: Incident = None) -> dict[str, Any]:
    """Cases at vendors, with every contact made."""
    items = []
    for case in await parts.records.desk.cases.find(await _id(parts, incident)):
        contacts = await parts.records.desk.cases.contacts(case.number)
        items.append({**_public(case), "contacts": [_public(contact) for contact in contacts]})
    return {"items": items, "next": None}


@router.get("/mails")
async def mails(principal: Reading, parts: Here, incident: Incident = None) -> dict[str, Any]:
    """Mails that the desk would have sent."""
    return _items(await parts.records.desk.outbox.mails(await _id(parts, incident)))


@router.get("/invites")
async def invites(principal: Reading, parts: Here, incident: Incident = None) -> dict[str, Any]:
    """Calendar invites, as last sent."""
    return _items(await parts.records.desk.outbox.events(await _id(parts, incident)))


@router.get("/status")
async def status_posts(principal: Reading, parts: Here, incident: Incident = None) -> dict[str, Any]:
    """What the status page says, oldest first."""
    return _items(await parts.records.desk.outbox.status_posts(await _id(parts, incident)))


async def _page(parts: Parts, number: int, person: str | None) -> DeskPage:
    """Most people answer their own; a colleague's page is looked for among all."""
    for whose in (person, None):
        for page in await parts.records.desk.pages.find(person=whose, limit=MOST_PAGES):
            if page.id == number:
                return page
    raise Problem(404, "unknown_page", f"there is no page {number}")


def _answer_to(page: DeskPage, common: dict[str, Any]) -> Ack | Accept:
    if page.page.startswith("role:"):
        return Accept(**common, target=page.page.removeprefix("role:"))
    return Ack(**common, page=page.page)


async def _id(parts: Parts, incident: str | None) -> str | None:
    return (await parts.directory.find(incident)).id if incident is not None else None


def _page_state(state: str) -> Any:
    if state not in ("ringing", "sent", "acknowledged", "closed"):
        raise Problem(422, "invalid", f"state: {state} is none of ringing, sent, acknowledged, closed, all")
    return state


def _items(found: Any) -> dict[str, Any]:
    return {"items": [_public(item) for item in found], "next": None}


def _public(item: BaseModel) -> dict[str, Any]:
    """Plain data with times as the API writes them."""
    return {
        name: timestamp(value) if hasattr(value, "isoformat") else value
        for name, value in item.model_dump(exclude={"effect_key"}).items()
    }
