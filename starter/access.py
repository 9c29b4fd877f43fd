"""The door: who calls, and what they may try. Whether it counts is decided by the workflow's own rules.

A caller shows a bearer token, or the session cookie of a browser (`sessions`). Both belong to a person of the catalog,
and never give more than its `access` gives that person at this moment. The owner (the token of `mayday.json`, the link
of `mayday up`) administers and declares, and never votes, acknowledges or accepts: those are a person's word.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Generic, NamedTuple, TypeVar

from fastapi import Depends, Request

from mayday.domain.oncall import standing
from mayday.domain.timeline_words import NAMELESS
from mayday.language.catalog import AccessLevel, Catalog
from mayday.records.errors import RecordsUnavailable
from mayday.records.records import Records
from mayday.records.tokens import Token
from starter.problems import Problem
from starter.scopes import needed

__all__ = [
    "OWNER",
    "Access",
    "Acting",
    "Administering",
    "AsPerson",
    "Principal",
    "Reading",
    "Remembered",
    "level_of",
    "people_behind",
]

OWNER = "owner"
MACHINE = "machine:"
"""Marks a program's token among those of people, whose ids have no colon."""
ORDER: tuple[AccessLevel, ...] = ("viewer", "responder", "approver", "administrator", "owner")
REMEMBERED_FOR = timedelta(minutes=15)
"""A token that was good is good that long while the store does not answer: people act while the database is down."""
REMEMBERED = 1_000


Known = TypeVar("Known")


class Principal(NamedTuple):
    """Who calls. `person` is None for the owner; `session_id` is set when a browser's cookie says so."""

    person: str | None
    level: str
    token_id: str
    session_id: str | None = None
    scopes: tuple[str, ...] = ()
    """What the token is limited to; nothing: to its level alone."""
    machine: str | None = None
    """The name of a program with a token of its own; it has no person, and so never decides."""

    @classmethod
    def of_token(cls, token: Token, most: str) -> Principal:
        """The bearer of a token, at its level or at what the catalog gives now, whichever is less."""
        level, scopes = min(token.level, most, key=rank), tuple(token.scopes)
        if token.person is not None and token.person.startswith(MACHINE):
            return cls(None, level, token.id, scopes=scopes, machine=token.person.removeprefix(MACHINE))
        return cls(token.person, level, token.id, scopes=scopes)

    @property
    def actor(self) -> str:
        """How the timeline names them."""
        return self.person or (f"{MACHINE}{self.machine}" if self.machine else OWNER)

    def at_least(self, level: AccessLevel) -> bool:
        return rank(self.level) >= rank(level)


def rank(level: str) -> int:
    """A level's place from viewer (0) to owner; -1 for what is no level."""
    return ORDER.index(level) if level in ORDER else -1


class Remembered(Generic[Known]):
    """What was good a moment ago, by the hash of its secret: for the time in which the store does not answer."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._now = clock
        self._good: OrderedDict[str, tuple[datetime, Known]] = OrderedDict()

    def keep(self, secret: str, known: Known) -> None:
        key = _digest(secret)
        self._good[key] = (self._now(), known)
        self._good.move_to_end(key)
        while len(self._good) > REMEMBERED:
            self._good.popitem(last=False)

    def of(self, secret: str) -> Known | None:
        seen_at, known = self._good.get(_digest(secret), (None, None))
        return known if seen_at is not None and self._now() - seen_at <= REMEMBERED_FOR else None

    def forget(self, secret: str) -> None:
        self._good.pop(_digest(secret), None)

    def forget_if(self, gone: Callable[[Known], bool]) -> None:
        for key in [key for key, (_, known) in self._good.items() if gone(known)]:
            del self._good[key]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


class Access:
    """Checks bearer tokens against the store."""

    def __init__(self, records: Records, catalog: Callable[[], Catalog], clock: Callable[[], datetime]) -> None:
        self._records = records
        self._catalog = catalog
        self._now = clock
        self._good: Remembered[Token] = Remembered(clock)

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
        if token.person is None:
            return Principal.of_token(token, OWNER)
        if token.person.startswith(MACHINE):
            return Principal.of_token(token, "responder")
        catalog = self._catalog()
        if token.person not in catalog.people:
            raise Problem(403, "not_in_catalog", f"{token.person} is not in the catalog any more")
        return Principal.of_token(token, level_of(catalog, token.person, self._now()))

    async def _verified(self, secret: str) -> Token | None:
        try:
            token = await self._records.tokens.verify(secret)
        except RecordsUnavailable:
            token = self._good.of(secret)
            if token is None:
                raise
            return token if token.expires_at is None or token.expires_at > self._now() else None
        if token is None:
            self._good.forget(secret)
        else:
            self._good.keep(secret, token)
        return token


def level_of(catalog: Catalog, person: str, at: datetime) -> AccessLevel:
    """The highest level that the catalog's `access` gives a person at a moment; who is not named is a responder."""
    named = [level for level in ORDER if person in people_behind(catalog, catalog.access.get(level, []), at)]
    return named[-1] if named else "responder"


def people_behind(catalog: Catalog, refs: list[str], at: datetime) -> set[str]:
    """Every person that references of the catalog mean at a moment.

    A schedule means everybody of its rotation, whoever's turn it is, and besides them who stands in by an override, as
    long as that lasts. Overrides made at run time give no level: who may make them is not who may give access.
    """
    found: set[str] = set()
    for ref in refs:
        kind, _, name = ref.partition(".")
        if kind == "person":
            found.add(name)
        elif kind == "group":
            found.update(catalog.groups.get(name, []))
        elif kind == "schedule" and name in catalog.schedules:
            found.update(standing(catalog.schedules[name], at))
    return found


def _unknown(detail: str, hint: str) -> Problem:
    headers = {"WWW-Authenticate": 'Bearer realm="mayday"'}
    return Problem(401, "unauthenticated", detail, hint=hint, headers=headers)


async def _caller(request: Request) -> Principal:
    """Looked up once a request. A cookie counts for a change only together with the proof that our page sent it."""
    known: Principal | None = getattr(request.state, "principal", None)
    if known is None:
        parts = request.app.state.parts
        authorization = request.headers.get("authorization")
        if authorization is None:
            known = await parts.sessions.principal(request)
            if known is not None:
                request.state.seen_as = known.actor
                await parts.sessions.check_csrf(request)
        if known is None:
            known = await parts.access.principal(authorization)
        request.state.principal = known
        _check_scope(request, known)
    return known


def _called(request: Request, principal: Principal) -> str:
    """Their name."""
    return str(request.app.state.parts.naming.actor(principal.actor))


def _check_scope(request: Request, principal: Principal) -> None:
    if principal.scopes:
        wanted = needed(request.method, getattr(request.scope.get("route"), "path", ""))
        if wanted and not wanted & set(principal.scopes):
            raise Problem(
                403, "out_of_scope",
                f"the token of {_called(request, principal)} is for {', '.join(principal.scopes)} only",
                hint=f"this takes the scope {' or '.join(sorted(wanted))}",
            )  # fmt: skip


async def _acting(principal: Annotated[Principal, Depends(_caller)]) -> Principal:
    if not principal.at_least("responder"):
        raise Problem(403, "forbidden", "you may only look (viewer)")
    return principal


async def _as_person(principal: Annotated[Principal, Depends(_acting)]) -> Principal:
    if principal.person is None:
        raise Problem(
            403, "needs_a_person",
            f"{NAMELESS.actor(principal.actor)} never votes, acknowledges or accepts; it takes a person's token",
            hint="mayday token create --person NAME, then MAYDAY_TOKEN=...",
        )  # fmt: skip
    return principal


async def _administering(request: Request, principal: Annotated[Principal, Depends(_caller)]) -> Principal:
    if not principal.at_least("administrator"):
        raise Problem(403, "forbidden", f"{_called(request, principal)} is no administrator")
    return principal


Reading = Annotated[Principal, Depends(_caller)]
Acting = Annotated[Principal, Depends(_acting)]
AsPerson = Annotated[Principal, Depends(_as_person)]
Administering = Annotated[Principal, Depends(_administering)]
caller = _caller
