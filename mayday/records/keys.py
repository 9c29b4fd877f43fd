"""Keys that all starters of a house share: for session cookies, and for signing decisions.

They are kept beside the tokens' hashes: whoever may write this store can let anybody in anyway. Several signing keys
stand side by side while they are rotated.
"""

from __future__ import annotations

import base64
import secrets
from datetime import datetime
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from ulid import ULID

from mayday.records.errors import UnknownRecord
from mayday.records.schema import HOUSE_KEYS
from mayday.records.store import Store

Purpose = Literal["sessions", "decisions"]
KEY_BYTES = 32


class HouseKey(NamedTuple):
    """32 random bytes and what they are for. `repr` shows no secret."""

    id: str
    purpose: str
    secret: bytes
    created_at: datetime

    def __repr__(self) -> str:
        return f"HouseKey({self.id}, {self.purpose})"


class HouseKeys:
    """Makes, lists and retires keys."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def in_use(self, purpose: Purpose) -> list[HouseKey]:
        """Keys that are not retired, the newest first; the first call makes one."""
        found = await self._find(purpose)
        if found:
            return found

        async def first(connection: AsyncConnection) -> None:
            held = await connection.scalar(
                sa.select(sa.func.count()).where(HOUSE_KEYS.c.purpose == purpose, HOUSE_KEYS.c.retired_at.is_(None))
            )
            if not held:
                # One id for the first key: of two starters that begin at once, one makes it and both read it.
                insert = self._store.insert(HOUSE_KEYS).on_conflict_do_nothing(index_elements=["id"])
                await connection.execute(insert.values(self._fresh(purpose, f"first-{purpose}")))

        await self._store.commit(first)
        return await self._find(purpose) or [await self.add(purpose)]

    async def add(self, purpose: Purpose) -> HouseKey:
        """A further key, the newest from now on."""
        values = self._fresh(purpose, str(ULID()))

        async def insert(connection: AsyncConnection) -> None:
            await connection.execute(sa.insert(HOUSE_KEYS).values(values))

        await self._store.commit(insert)
        return _key(values)

    async def retire(self, key_id: str) -> None:
        """A key that is used no more. Raises UnknownRecord."""

        async def update(connection: AsyncConnection) -> int:
            ended = await connection.execute(
                sa.update(HOUSE_KEYS).where(HOUSE_KEYS.c.id == key_id).values(retired_at=self._store.now(), secret="")
            )
            return ended.rowcount

        if await self._store.commit(update) == 0:
            raise UnknownRecord(f"no key {key_id}")

    async def _find(self, purpose: Purpose) -> list[HouseKey]:
        query = (
            sa.select(HOUSE_KEYS)
            .where(HOUSE_KEYS.c.purpose == purpose, HOUSE_KEYS.c.retired_at.is_(None))
            .order_by(HOUSE_KEYS.c.created_at.desc(), HOUSE_KEYS.c.id.desc())
        )
        async with self._store.read() as connection:
            return [_key(dict(row._mapping)) for row in await connection.execute(query)]

    def _fresh(self, purpose: Purpose, key_id: str) -> dict[str, Any]:
        secret = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
        return {"id": key_id, "purpose": purpose, "secret": secret, "created_at": self._store.now()}


def _key(row: dict[str, Any]) -> HouseKey:
    return HouseKey(row["id"], row["purpose"], base64.b64decode(row["secret"]), row["created_at"])
