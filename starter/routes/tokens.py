"""Bearer tokens of people: made, listed and revoked by administrators. The secret is shown once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter

from mayday.domain.timeline import timestamp
from mayday.language.catalog import AccessLevel
from mayday.records.errors import UnknownRecord
from mayday.records.tokens import Token
from starter.access import MACHINE, OWNER, Administering, Reading, level_of, rank
from starter.bodies import TokenBody
from starter.once import SealedOnceRoute
from starter.paging import Cursor, Limit, page
from starter.parts import Here
from starter.problems import Problem

router = APIRouter(prefix="/api/v1", tags=["access"], route_class=SealedOnceRoute)


@router.get("/me")
async def me(principal: Reading, parts: Here) -> dict[str, Any]:
    """Whose token this is."""
    person = parts.playbooks.at_the_door.people.get(principal.person or "")
    return {
        "person": principal.person,
        "machine": principal.machine,
        "name": person.name if person else None,
        "level": principal.level,
        "scopes": list(principal.scopes),
    }


@router.get("/tokens")
async def list_tokens(
    principal: Administering, parts: Here, person: str | None = None, limit: Limit = 200, cursor: Cursor = None
) -> dict[str, Any]:
    """Tokens, newest first, without their secrets; `machine:NAME` is a machine's."""
    found = [token for token in await parts.records.tokens.find() if person in (None, token.person or OWNER)]
    return page(found, limit, cursor, lambda token: token.id, public)


@router.post("/tokens", status_code=201)
async def create(body: TokenBody, principal: Administering, parts: Here) -> dict[str, Any]:
    """A new token for a person of the catalog, or for a machine. The secret is shown in this answer alone."""
    person = f"{MACHINE}{body.machine}" if body.machine else body.person or ""
    most: AccessLevel = "responder"
    if body.person is not None:
        catalog = parts.playbooks.at_the_door
        if body.person not in catalog.people:
            raise Problem(422, "invalid", f"person: {body.person} is not in the catalog")
        most = level_of(catalog, body.person, parts.clock())
    level = body.level or most
    if rank(level) > rank(most):
        raise Problem(422, "invalid", f"level: {parts.naming.actor(person)} is {most}, not {level}")
    if rank(level) > rank(principal.level):
        raise Problem(
            403, "forbidden", f"{parts.naming.actor(principal.actor)} is {principal.level}, and makes no token for more"
        )
    days = timedelta(days=body.days) if body.days is not None else None
    secret, token = await parts.records.tokens.create(
        person, level=level, scopes=sorted(set(body.scopes)), expires_after=days, note=body.note
    )
    await parts.records.audit.write(
        principal.actor, "token_created", channel="api",
        detail={"token": token.id, "person": person, "level": level, "scopes": token.scopes},
    )  # fmt: skip
    return {"token": secret, **public(token)}


@router.post("/tokens/{token_id}/revoke")
async def revoke(token_id: str, principal: Administering, parts: Here) -> dict[str, Any]:
    """End a token at once."""
    try:
        token = await parts.records.tokens.revoke(token_id)
    except UnknownRecord as error:
        raise Problem(404, "unknown_token", str(error)) from None
    await parts.records.audit.write(principal.actor, "token_revoked", channel="api", detail={"token": token_id})
    return public(token)


def public(token: Token) -> dict[str, Any]:
    """What is shown of a token."""
    return {
        name: timestamp(value) if hasattr(value, "isoformat") else value for name, value in token.model_dump().items()
    }
