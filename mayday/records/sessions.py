"""Who is logged in with a browser. As of a token, only the hash of a session's secret is kept; ending one ends it
everywhere at once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from ulid import ULID

from mayday.domain.effects import Wire
from mayday.records.schema import SESSIONS
from mayday.records.store import Store

LoginMethod = Literal["link", "code", "token", "oidc"]
#: `seen_at` is moved on that often at most
NOTED_EVERY = timedelta(minutes=1)
#: ended and expired sessions are listed that long
KEPT = timedelta(days=30)


class Session(Wire):
    """A login. `person` is None for the owner; `token_id` is set when it hangs on a token, and ends with that."""

    id: str
    person: str | None = None
    method: LoginMethod
    token_id: str | None = None
    began_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None


class Sessions:
    """Opens, reads and ends sessions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.ends = 0
        """How often this process ended one: whoever follows something looks again whether they may."""

    async def open(
        self, person: str | None, *, method: LoginMethod, lasts: timedelta, token_id: str | None = None
    ) -> tuple[str, Session]:
        """A new session and its secret, which is not kept."""
        secret, now = secrets.token_urlsafe(32), self._store.now()
        session = Session(
            id=str(ULID()), person=person, method=method, token_id=token_id, began_at=now, seen_at=now,
            expires_at=now + lasts,
        )  # fmt: skip

        async def insert(connection: AsyncConnection) -> None:
            await connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.expires_at < now - KEPT))
            await connection.execute(sa.insert(SESSIONS).values(**session.model_dump(), secret_hash=_hash(secret)))

        await self._store.commit(insert)
        return secret, session

    async def read(self, secret: str, *, idle: timedelta) -> Session | None:
        """The session of a secret unless it ended, expired or was idle for too long; it is seen now."""
        now = self._store.now()
        async with self._store.read() as connection:
            query = sa.select(SESSIONS).where(SESSIONS.c.secret_hash == _hash(secret))
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        session = _session(row)
        if session.ended_at is not None or session.expires_at <= now or session.seen_at + idle <= now:
            return None
        if now - session.seen_at >= NOTED_EVERY:
            session = session.model_copy(update={"seen_at": now})

            async def seen(connection: AsyncConnection) -> None:
                await connection.execute(sa.update(SESSIONS).where(SESSIONS.c.id == session.id).values(seen_at=now))

            await self._store.commit(seen)
        return session

    async def end(self, *, session_id: str | None = None, person: str | None = None) -> int:
        """End a session, or all of a person; returns how many ended."""
        which = SESSIONS.c.id == session_id if session_id is not None else SESSIONS.c.person == person
        statement = sa.update(SESSIONS).where(which, SESSIONS.c.ended_at.is_(None))

        async def ended(connection: AsyncConnection) -> int:
            return (await connection.execute(statement.values(ended_at=self._store.now()))).rowcount

        count = await self._store.commit(ended)
        self.ends += 1
        return count

    async def find(self) -> list[Session]:
        """Sessions that are open, newest first."""
        query = sa.select(SESSIONS).where(SESSIONS.c.ended_at.is_(None), SESSIONS.c.expires_at > self._store.now())
        async with self._store.read() as connection:
            return [_session(row) for row in await connection.execute(query.order_by(SESSIONS.c.id.desc()))]

    async def owner_was_here(self) -> bool:
        """Whether the owner ever logged in."""
        async with self._store.read() as connection:
            query = sa.select(SESSIONS.c.id).where(SESSIONS.c.person.is_(None)).limit(1)
            return await connection.scalar(query) is not None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _session(row: sa.Row[Any]) -> Session:
    return Session.model_validate(dict(row._mapping))
