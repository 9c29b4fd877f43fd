"""The desk's bridge list: where people meet, and whether it is still open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.effects import Wire
from mayday.records.schema import BRIDGES
from mayday.records.store import Store


class DeskBridge(Wire):
    id: str
    incident_id: str | None = None
    name: str
    kind: str
    url: str
    phone: str | None = None
    opened_at: datetime
    closed_at: datetime | None = None


class Bridges:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def open_in(self, connection: AsyncConnection, bridge: DeskBridge) -> None:
        await connection.execute(sa.insert(BRIDGES).values(bridge.model_dump()))

    async def close_in(self, connection: AsyncConnection, incident_id: str, urls: Sequence[str] | None = None) -> int:
        """Close all bridges of an incident, or those at `urls`; returns how many were open."""
        statement = sa.update(BRIDGES).where(BRIDGES.c.incident_id == incident_id, BRIDGES.c.closed_at.is_(None))
        if urls is not None:
            statement = statement.where(BRIDGES.c.url.in_(urls))
        closed = await connection.execute(statement.values(closed_at=self._store.now()))
        return closed.rowcount

    async def open_urls_in(self, connection: AsyncConnection) -> set[str]:
        """Where somebody meets now."""
        return set((await connection.execute(sa.select(BRIDGES.c.url).where(BRIDGES.c.closed_at.is_(None)))).scalars())

    async def get(self, bridge_id: str) -> DeskBridge | None:
        async with self._store.read() as connection:
            row = (await connection.execute(sa.select(BRIDGES).where(BRIDGES.c.id == bridge_id))).first()
            return None if row is None else DeskBridge.model_validate(dict(row._mapping))

    async def find(self, incident_id: str | None = None) -> list[DeskBridge]:
        query = sa.select(BRIDGES).order_by(BRIDGES.c.opened_at, BRIDGES.c.id)
        if incident_id is not None:
            query = query.where(BRIDGES.c.incident_id == incident_id)
        async with self._store.read() as connection:
            return [DeskBridge.model_validate(dict(row._mapping)) for row in await connection.execute(query)]
