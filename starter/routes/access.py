"""Ways in that administrators make for people: one-time links, sealed codes; and who is logged in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from mayday.domain.review import ReviewBoard
from mayday.domain.timeline import plain, timestamp
from mayday.records.errors import UnknownRecord
from mayday.records.login_codes import LoginCode
from mayday.records.reviews import ReviewRecord
from mayday.signing import LOOKED_UP_EVERY
from starter.access import OWNER, Administering, Principal, level_of, rank
from starter.bodies import CodesBody, LinkBody
from starter.once import SealedOnceRoute
from starter.paging import Cursor, Limit, page
from starter.parts import Here, Parts
from starter.problems import Problem

router = APIRouter(prefix="/api/v1/access", tags=["access"], route_class=SealedOnceRoute)

LINK_LASTS = timedelta(hours=1)


@router.post("/links", status_code=201)
async def make_link(body: LinkBody, principal: Administering, parts: Here) -> dict[str, Any]:
    """A link that lets one person in, once, within the hour. The owner's own is made by the owner alone."""
    _may_let_in(parts, principal, body.person)
    secret, code = await parts.records.login_codes.make(
        "link", body.person, lasts=LINK_LASTS, created_by=principal.actor
    )
    await _audit(parts, principal, "login_link_made", {"code": code.id, "person": body.person or OWNER})
    return {"url": f"{parts.settings.base_url}/login/link/{secret}", **public(code)}


@router.post("/codes", status_code=201)
async def seal_codes(body: CodesBody, principal: Administering, parts: Here) -> dict[str, Any]:
    """Codes to print and lock away: each lets that person in once, also when no identity provider answers."""
    _may_let_in(parts, principal, body.person)
    items = []
    for _ in range(body.count):
        secret, code = await parts.records.login_codes.make(
            "sealed", body.person, lasts=timedelta(days=body.days), created_by=principal.actor
        )
        items.append({"code": secret, **public(code)})
    made = {"codes": [item["id"] for item in items], "person": body.person}
    await _audit(parts, principal, "login_codes_made", made)
    return {"items": items, "next": None}


@router.get("/codes")
async def list_codes(
    principal: Administering, parts: Here, person: str | None = None, limit: Limit = 200, cursor: Cursor = None
) -> dict[str, Any]:
    """Sealed codes, newest first: whose, and whether they were used. Never the codes themselves."""
    found = [code for code in await parts.records.login_codes.find("sealed") if person in (None, code.person)]
    return page(found, limit, cursor, lambda code: code.id, public)


@router.post("/codes/{code_id}/revoke")
async def revoke_code(code_id: str, principal: Administering, parts: Here) -> dict[str, Any]:
    """A code, or a link, lets nobody in any more."""
    try:
        code = await parts.records.login_codes.revoke(code_id)
    except UnknownRecord as error:
        raise Problem(404, "unknown_code", str(error)) from None
    await _audit(parts, principal, "login_code_revoked", {"code": code_id})
    return public(code)


@router.get("/sessions")
async def list_sessions(
    principal: Administering, parts: Here, person: str | None = None, limit: Limit = 200, cursor: Cursor = None
) -> dict[str, Any]:
    """Who is logged in with a browser, newest first."""
    found = [one for one in await parts.records.sessions.find() if person in (None, one.person or OWNER)]
    return page(found, limit, cursor, lambda session: session.id, lambda session: plain(session.model_dump()))


@router.post("/sessions/{session_id}/end")
async def end_session(session_id: str, principal: Administering, parts: Here) -> dict[str, Any]:
    """Log a browser out, at once."""
    ended = await parts.records.sessions.end(session_id=session_id)
    if not ended:
        raise Problem(404, "unknown_session", f"no open session {session_id}")
    await _audit(parts, principal, "session_ended", {"session": session_id})
    return {"ended": ended}


@router.get("/audit")
async def list_audit(
    principal: Administering,
    parts: Here,
    actor: str | None = None,
    incident: str | None = None,
    limit: Limit = 100,
    cursor: Annotated[int | None, Query(ge=1, le=2**62, description="`next` of the page before")] = None,
) -> dict[str, Any]:
    """Who tried what through which door and what came of it, newest first. Nothing here is ever changed."""
    rows = await parts.records.audit.find(actor=actor, incident_id=incident, limit=limit + 1, before=cursor)
    more = str(rows[limit - 1].id) if len(rows) > limit else None
    return {"items": [plain(row.model_dump()) for row in rows[:limit]], "next": more}


@router.get("/signing-keys")
async def list_keys(principal: Administering, parts: Here) -> dict[str, Any]:
    """Keys that decisions are signed with, newest first; never the keys themselves."""
    keys = await parts.records.keys.in_use("decisions")
    return {"items": [{"id": key.id, "created_at": timestamp(key.created_at)} for key in keys], "next": None}


@router.post("/signing-keys", status_code=201)
async def add_key(principal: Administering, parts: Here) -> dict[str, Any]:
    """Rotate: decisions are signed with this key too, and incidents opened from now on know it. The old one goes once
    no open incident needs it."""
    key = await parts.records.keys.add("decisions")
    await _audit(parts, principal, "signing_key_added", {"key": key.id})
    return {"id": key.id, "created_at": timestamp(key.created_at)}


@router.post("/signing-keys/{key_id}/retire")
async def retire_key(key_id: str, principal: Administering, parts: Here) -> dict[str, Any]:
    """Sign with a key no more, and forget it. Refused while an open incident or review may know no other."""
    keys = await parts.records.keys.in_use("decisions")
    if key_id not in {key.id for key in keys}:
        raise Problem(404, "unknown_key", f"no signing key {key_id} is in use")
    others = [key.created_at for key in keys if key.id != key_id]
    if not others:
        raise Problem(409, "key_in_use", "it is the only one", hint="add another first")
    known_since = min(others) + LOOKED_UP_EVERY  # by then every starter has read the others
    needing = [
        record.id
        for record in (await parts.records.incidents.find(open_only=True, limit=500)).items
        if record.opened_at < known_since
    ]
    reviews = await parts.records.reviews.find(limit=500)
    needing += [
        f"the review of {one.incident_id}" for one in reviews if one.state != "closed" and _opened(one) < known_since
    ]
    if needing:
        more = f" and {len(needing) - 5} more" if len(needing) > 5 else ""
        detail = f"{', '.join(needing[:5])}{more} may know only this key"
        raise Problem(409, "key_in_use", detail, hint="wait for their end")
    await parts.records.keys.retire(key_id)
    await _audit(parts, principal, "signing_key_retired", {"key": key_id})
    return {"retired": key_id}


def _opened(review: ReviewRecord) -> datetime:
    return ReviewBoard.model_validate(review.data).opened_at


def _may_let_in(parts: Parts, principal: Principal, person: str | None) -> None:
    """Nobody makes a way in that is wider than their own."""
    if person is None:
        if principal.level != OWNER:
            raise Problem(403, "forbidden", f"{parts.naming.actor(principal.actor)} is not the owner")
        return
    catalog = parts.playbooks.at_the_door
    if person not in catalog.people:
        raise Problem(422, "invalid", f"person: {person} is not in the catalog")
    if rank(level_of(catalog, person, parts.clock())) > rank(principal.level):
        names = parts.naming
        raise Problem(403, "forbidden", f"{names.of(person)} may do more than {names.actor(principal.actor)}")


async def _audit(parts: Parts, principal: Principal, action: str, detail: dict[str, Any]) -> None:
    await parts.records.audit.write(principal.actor, action, channel="api", detail=detail)


def public(code: LoginCode) -> dict[str, Any]:
    shown: dict[str, Any] = plain(code.model_dump())
    return shown
