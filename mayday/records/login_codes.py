"""Codes that let one person in once: links, and codes sealed for the night the identity provider is down.

Only hashes are kept. A link's code is 256 random bits, a sealed code 100, so a slow hash would add nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from ulid import ULID

from mayday.domain.effects import Wire
from mayday.records.errors import UnknownRecord
from mayday.records.schema import LOGIN_CODES
from mayday.records.store import Store

CodeKind = Literal["link", "sealed"]
#: no 0, 1, I, L, O: read aloud and typed at 3 a.m.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
GROUPS, GROUP_LENGTH = 4, 5


class LoginCode(Wire):
    """What is known of a code; never the code itself. `person` is None for the owner's."""

    id: str
    kind: CodeKind
    person: str | None = None
    created_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


class LoginCodes:
    """Makes codes and takes each once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def make(
        self, kind: CodeKind, person: str | None, *, lasts: timedelta, created_by: str
    ) -> tuple[str, LoginCode]:
        """A new code and its record. The code is shown this once."""
        secret = secrets.token_urlsafe(32) if kind == "link" else _sealed()
        now = self._store.now()
        code = LoginCode(
            id=str(ULID()), kind=kind, person=person, created_by=created_by, created_at=now, expires_at=now + lasts
        )

        async def insert(connection: AsyncConnection) -> None:
            await connection.execute(sa.insert(LOGIN_CODES).values(**code.model_dump(), code_hash=_hash(kind, secret)))

        await self._store.commit(insert)
        return secret, code

    async def take(self, kind: CodeKind, secret: str) -> LoginCode | None:
        """The code if it was good until now: of any number of takers one gets it."""
        now, hashed = self._store.now(), _hash(kind, secret)
        good = (
            (LOGIN_CODES.c.code_hash == hashed)
            & LOGIN_CODES.c.used_at.is_(None)
            & LOGIN_CODES.c.revoked_at.is_(None)
            & (LOGIN_CODES.c.expires_at > now)
        )

        async def use(connection: AsyncConnection) -> LoginCode | None:
            if (await connection.execute(sa.update(LOGIN_CODES).where(good).values(used_at=now))).rowcount != 1:
                return None
            query = sa.select(LOGIN_CODES).where(LOGIN_CODES.c.code_hash == hashed)
            return _code((await connection.execute(query)).one())

        return await self._store.commit(use)

    async def known(self, kind: CodeKind, secret: str) -> LoginCode | None:
        """The code, whether or not it still lets anybody in; it is not used up."""
        query = sa.select(LOGIN_CODES).where(LOGIN_CODES.c.code_hash == _hash(kind, secret))
        async with self._store.read() as connection:
            row = (await connection.execute(query)).first()
        return _code(row) if row is not None else None

    async def find(self, kind: CodeKind) -> list[LoginCode]:
        """All codes of a kind, newest first."""
        query = sa.select(LOGIN_CODES).where(LOGIN_CODES.c.kind == kind).order_by(LOGIN_CODES.c.id.desc())
        async with self._store.read() as connection:
            return [_code(row) for row in await connection.execute(query)]

    async def withdraw(self, kind: CodeKind, created_by: str) -> int:
        """Codes that somebody made and nobody used let nobody in any more; returns how many there were."""
        unused = LOGIN_CODES.c.used_at.is_(None) & LOGIN_CODES.c.revoked_at.is_(None)
        which = sa.update(LOGIN_CODES).where(LOGIN_CODES.c.kind == kind, LOGIN_CODES.c.created_by == created_by, unused)

        async def update(connection: AsyncConnection) -> int:
            return (await connection.execute(which.values(revoked_at=self._store.now()))).rowcount

        return await self._store.commit(update)

    async def revoke(self, code_id: str) -> LoginCode:
        """The code lets nobody in any more. Raises UnknownRecord."""
        mine = LOGIN_CODES.c.id == code_id
        unused = mine & LOGIN_CODES.c.used_at.is_(None) & LOGIN_CODES.c.revoked_at.is_(None)

        async def update(connection: AsyncConnection) -> LoginCode | None:
            await connection.execute(sa.update(LOGIN_CODES).where(unused).values(revoked_at=self._store.now()))
            row = (await connection.execute(sa.select(LOGIN_CODES).where(mine))).first()
            return _code(row) if row is not None else None

        code = await self._store.commit(update)
        if code is None:
            raise UnknownRecord(f"no code {code_id}")
        return code


def _sealed() -> str:
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    return "-".join(groups)


def _hash(kind: CodeKind, secret: str) -> str:
    """Sealed codes are typed by people: case, spaces and dashes do not matter."""
    plain = secret if kind == "link" else "".join(secret.upper().replace("-", " ").split())
    return hashlib.sha256(f"{kind}:{plain}".encode("utf-8", "replace")).hexdigest()


def _code(row: sa.Row[Any]) -> LoginCode:
    return LoginCode.model_validate(dict(row._mapping))
