"""Bearer tokens. Only the sha256 of a token is kept: it is 256 random bits, so a slow hash would add nothing."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from ulid import ULID

from mayday.domain.effects import Wire
from mayday.records.errors import UnknownRecord
from mayday.records.schema import TOKENS
from mayday.records.store import Store

#: recognisable in logs and to secret scanners
PREFIX = "mayday_"


class Token(Wire):
    """What is known of a token; never the token itself. `person` is None for the owner token."""

    id: str
    person: str | None = None
    level: str
    scopes: list[str] = []
    note: str | None = None
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class Tokens:
    """Issues, checks and revokes tokens."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.ends = 0
        """How often this process revoked one: whoever follows something looks again whether they may."""

    async def create(
        self, person: str | None, *, level: str = "responder", scopes: Sequence[str] = (),
        expires_after: timedelta | None = None, note: str | None = None,
    ) -> tuple[str, Token]:  # fmt: skip
        """A new token and its record. The secret is shown this once."""
        secret = PREFIX + secrets.token_urlsafe(32)
        return secret, await self.adopt(
            secret, person, level=level, scopes=scopes, expires_after=expires_after, note=note
        )

    async def adopt(
        self, secret: str, person: str | None, *, level: str, scopes: Sequence[str] = (),
        expires_after: timedelta | None = None, note: str | None = None,
    ) -> Token:  # fmt: skip
        """Make an existing secret (the owner's, in `mayday.json`) valid; the same one again changes nothing."""
        now = self._store.now()
        token = Token(
            id=str(ULID()), person=person, level=level, scopes=list(scopes), note=note, created_at=now,
            expires_at=now + expires_after if expires_after is not None else None,
        )  # fmt: skip
        values = {**token.model_dump(), "secret_hash": _hash(secret)}
        async with self._store.write() as connection:
            await connection.execute(
                self._store.insert(TOKENS).on_conflict_do_nothing(index_elements=["secret_hash"]).values(values)
            )
            row = (await connection.execute(sa.select(TOKENS).where(TOKENS.c.secret_hash == _hash(secret)))).one()
            return _token(row)

    async def verify(self, secret: str) -> Token | None:
        """The token if it is known, not expired and not revoked."""
        async with self._store.read() as connection:
            row = (await connection.execute(sa.select(TOKENS).where(TOKENS.c.secret_hash == _hash(secret)))).first()
        return self._good(row)

    async def known(self, secret: str) -> Token | None:
        """The token, whether or not it is still good."""
        async with self._store.read() as connection:
            row = (await connection.execute(sa.select(TOKENS).where(TOKENS.c.secret_hash == _hash(secret)))).first()
        return _token(row) if row is not None else None

    async def get(self, token_id: str) -> Token | None:
        """The token of an id if it is known, not expired and not revoked."""
        async with self._store.read() as connection:
            row = (await connection.execute(sa.select(TOKENS).where(TOKENS.c.id == token_id))).first()
        return self._good(row)

    async def find(self) -> list[Token]:
        """All tokens, newest first."""
        async with self._store.read() as connection:
            return [_token(row) for row in await connection.execute(sa.select(TOKENS).order_by(TOKENS.c.id.desc()))]

    async def revoke(self, token_id: str) -> Token:
        """Ends a token at once; again changes nothing. Raises UnknownRecord."""
        async with self._store.write() as connection:
            await connection.execute(
                sa.update(TOKENS).where(TOKENS.c.id == token_id, TOKENS.c.revoked_at.is_(None))
                .values(revoked_at=self._store.now())
            )  # fmt: skip
            row = (await connection.execute(sa.select(TOKENS).where(TOKENS.c.id == token_id))).first()
        if row is None:
            raise UnknownRecord(f"no token {token_id}")
        self.ends += 1
        return _token(row)

    def _good(self, row: sa.Row[Any] | None) -> Token | None:
        if row is None:
            return None
        token = _token(row)
        expired = token.expires_at is not None and token.expires_at <= self._store.now()
        return None if expired or token.revoked_at is not None else token


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: sa.Row[Any]) -> Token:
    return Token.model_validate(dict(row._mapping))
