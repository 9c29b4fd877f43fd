"""Plans by digest: what an incident was run by, kept for replays, what-ifs and the report."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from mayday.records.schema import PLANS
from mayday.records.store import Store


class Plans:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def put(self, digest: str, plan: dict[str, Any]) -> None:
        """Keep the canonical JSON of a plan; a known digest changes nothing."""
        insert = self._store.insert(PLANS).on_conflict_do_nothing(index_elements=["digest"])
        async with self._store.write() as connection:
            await connection.execute(insert.values(digest=digest, plan=plan, stored_at=self._store.now()))

    async def get(self, digest: str) -> dict[str, Any] | None:
        query = sa.select(PLANS.c.plan).where(PLANS.c.digest == digest)
        async with self._store.read() as connection:
            plan: dict[str, Any] | None = await connection.scalar(query)
            return plan
