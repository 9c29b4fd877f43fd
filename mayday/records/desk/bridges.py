"""The desk's bridge list: where people meet, and whether it is still open."""

from __future__ import annotations

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

    async def close_in(self, connection: AsyncConnection, incident_id: str) -> int:
        """Close all bridges of an incident; returns how many were open."""
        closed = await connection.execute(
            sa.update(BRIDGES).where(BRIDGES.c.incident_id == incident_id, BRIDGES.c.closed_at.is_(None))
            .values(closed_at=self._store.now())
        )  # fmt: skip
        return closed.rowcount

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
