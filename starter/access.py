"""The door: who calls, and what their token lets them try. Whether they may is decided by the workflow's own rules.

A token belongs to a person of the catalog. The owner's token (of `mayday.json`) administers and declares, and never
votes, acknowledges or accepts: those are a person's word.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from mayday.language.catalog import AccessLevel, Catalog
from mayday.records.errors import RecordsUnavailable
from mayday.records.records import Records
from mayday.records.tokens import Token
from starter.problems import Problem

__all__ = [
    "OWNER",
    "Access",
    "Acting",
    "Administering",
    "AsPerson",
    "Principal",
    "Reading",
    "level_of",
    "people_behind",
]

OWNER = "owner"
ORDER: tuple[AccessLevel, ...] = ("viewer", "responder", "approver", "administrator", "owner")
REMEMBERED_FOR = timedelta(minutes=15)
"""A token that was good is good that long while the store does not answer: people act while the database is down."""
REMEMBERED = 1_000


class Principal(NamedTuple):
    """Who calls. `person` is None for the owner."""

    person: str | None
    level: str
    token_id: str

    @property
    def actor(self) -> str:
        """How the timeline names them."""
        return self.person or OWNER

    def at_least(self, level: AccessLevel) -> bool:
        return ORDER.index(self.level) >= ORDER.index(level) if self.level in ORDER else False


class Access:
    """Checks bearer tokens against the store."""

    def __init__(self, records: Records, catalog: Callable[[], Catalog], clock: Callable[[], datetime]) -> None:
        self._records = records
        self._catalog = catalog
        self._now = clock
        self._good: OrderedDict[str, tuple[datetime, Token]] = OrderedDict()

    async def principal(self, authorization: str | None) -> Principal:
        """The caller of a request; a 401 `Problem` otherwise."""
        scheme, _, secret = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise _unknown("a bearer token is needed", "mayday token create --person NAME makes one")
        token = await self._verified(secret.strip())
        if token is None:
            raise _unknown(
                "the token is unknown, expired or revoked", "mayday token create --person NAME makes a new one"
            )
        if token.person is not None and token.person not in self._catalog().people:
            raise Problem(403, "not_in_catalog", f"{token.person} is not in the catalog any more")
        return Principal(token.person, token.level, token.id)

    async def _verified(self, secret: str) -> Token | None:
        key = hashlib.sha256(secret.encode()).hexdigest()
        try:
            token = await self._records.tokens.verify(secret)
        except RecordsUnavailable:
            seen_at, token = self._good.get(key, (None, None))
            if seen_at is None or token is None or self._now() - seen_at > REMEMBERED_FOR:
                raise
            return token if token.expires_at is None or token.expires_at > self._now() else None
        if token is None:
            self._good.pop(key, None)
            return None
        self._good[key] = (self._now(), token)
        self._good.move_to_end(key)
        while len(self._good) > REMEMBERED:
            self._good.popitem(last=False)
        return token


def level_of(catalog: Catalog, person: str) -> AccessLevel:
    """The highest level that the catalog's `access` gives a person; somebody that it does not name is a responder."""
    named = [level for level in ORDER if person in people_behind(catalog, catalog.access.get(level, []))]
    return named[-1] if named else "responder"


def people_behind(catalog: Catalog, refs: list[str]) -> set[str]:
    """Every person that references of the catalog may mean."""
    from mayday.domain.oncall import people_of

    found: set[str] = set()
    for ref in refs:
        kind, _, name = ref.partition(".")
        if kind == "person":
            found.add(name)
        elif kind == "group":
            found.update(catalog.groups.get(name, []))
        elif kind == "schedule" and name in catalog.schedules:
            found.update(people_of(catalog.schedules[name]))
    return found


def _unknown(detail: str, hint: str) -> Problem:
    headers = {"WWW-Authenticate": 'Bearer realm="mayday"'}
    return Problem(401, "unauthenticated", detail, hint=hint, headers=headers)


async def _caller(request: Request) -> Principal:
    """Looked up once a request."""
    known: Principal | None = getattr(request.state, "principal", None)
    if known is None:
        access: Access = request.app.state.parts.access
        known = await access.principal(request.headers.get("authorization"))
        request.state.principal = known
    return known


async def _acting(principal: Annotated[Principal, Depends(_caller)]) -> Principal:
    if not principal.at_least("responder"):
        raise Problem(403, "forbidden", f"{principal.actor} may only look (viewer)")
    return principal


async def _as_person(principal: Annotated[Principal, Depends(_acting)]) -> Principal:
    if principal.person is None:
        raise Problem(
            403, "needs_a_person", "the owner's token never votes, acknowledges or accepts; it takes a person's token",
            hint="mayday token create --person NAME, then MAYDAY_TOKEN=...",
        )  # fmt: skip
    return principal


async def _administering(principal: Annotated[Principal, Depends(_caller)]) -> Principal:
    if not principal.at_least("administrator"):
        raise Problem(403, "forbidden", f"{principal.actor} is no administrator")
    return principal


Reading = Annotated[Principal, Depends(_caller)]
Acting = Annotated[Principal, Depends(_acting)]
AsPerson = Annotated[Principal, Depends(_as_person)]
Administering = Annotated[Principal, Depends(_administering)]
caller = _caller
