"""`Idempotency-Key` of the API: the same request sent twice is answered twice and done once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from mayday.records.errors import KeyReused
from mayday.records.schema import IDEMPOTENCY
from mayday.records.store import Store

#: a request that never finished (the starter died) may be tried again after this: no request takes longer, and the
#: command ids made from the key keep one that does from being applied twice
ABANDONED_AFTER = timedelta(seconds=20)


class Stored(NamedTuple):
    """The first answer. `status` is None while the first request is still being worked on (HTTP 409)."""

    status: int | None
    body: Any


class IdempotencyKeys:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def begin(self, principal: str, key: str, fingerprint: str) -> Stored | None:
        """None: go on, the key is now yours. Else what was answered, or is being worked on.

        Raises KeyReused when the key came with another request before.
        """
        mine = (IDEMPOTENCY.c.principal == principal) & (IDEMPOTENCY.c.key == key)
        now = self._store.now()
        values = {"principal": principal, "key": key, "fingerprint": fingerprint, "created_at": now}
        async with self._store.write() as connection:
            insert = self._store.insert(IDEMPOTENCY).on_conflict_do_nothing(index_elements=["principal", "key"])
            if (await connection.execute(insert.values(values))).rowcount == 1:
                return None
            row = (await connection.execute(sa.select(IDEMPOTENCY).where(mine).with_for_update())).one()
            if row.fingerprint != fingerprint:
                raise KeyReused(f"the idempotency key {key} was used for another request")
            if row.status is None and row.created_at <= now - ABANDONED_AFTER:
                await connection.execute(sa.update(IDEMPOTENCY).where(mine).values(created_at=now))
                return None
            return Stored(row.status, row.body)

    async def finish(self, principal: str, key: str, status: int, body: Any) -> None:
        """Keep the answer."""
        mine = (IDEMPOTENCY.c.principal == principal) & (IDEMPOTENCY.c.key == key)
        async with self._store.write() as connection:
            await connection.execute(sa.update(IDEMPOTENCY).where(mine).values(status=status, body=body))

    async def release(self, principal: str, key: str) -> None:
        """Forget an unfinished key: the request failed in a way that a retry may cure."""
        mine = (IDEMPOTENCY.c.principal == principal) & (IDEMPOTENCY.c.key == key) & IDEMPOTENCY.c.status.is_(None)
        async with self._store.write() as connection:
            await connection.execute(sa.delete(IDEMPOTENCY).where(mine))

    async def prune(self, older_than: timedelta = timedelta(days=7)) -> int:
        """Delete old keys; returns how many."""
        async with self._store.write() as connection:
            old = IDEMPOTENCY.c.created_at < self._store.now() - older_than
            return (await connection.execute(sa.delete(IDEMPOTENCY).where(old))).rowcount
