"""The audit log: who tried what through which door, and what came of it. Refusals are here, not on the timeline."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.effects import Wire
from mayday.records.schema import AUDIT
from mayday.records.store import Store


class AuditRow(Wire):
    """`outcome` is `ok`, `pending`, or the code of a refusal."""

    id: int
    at: datetime
    actor: str
    action: str
    outcome: str
    incident_id: str | None = None
    channel: str | None = None
    detail: dict[str, Any] = {}


class Audit:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def write(
        self, actor: str, action: str, outcome: str = "ok", *, incident_id: str | None = None,
        channel: str | None = None, detail: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Append a row. Raises RecordsUnavailable."""
        row = {"actor": actor, "action": action, "outcome": outcome, "incident_id": incident_id, "channel": channel}
        statement = sa.insert(AUDIT).values(**row, detail=detail or {}, at=self._store.now())

        async def append(connection: AsyncConnection) -> None:
            await connection.execute(statement)

        await self._store.commit(append)

    async def find(
        self, *, incident_id: str | None = None, actor: str | None = None, limit: int = 100, before: int | None = None
    ) -> list[AuditRow]:
        """Newest first; `before` is the id of the previous page's last row."""
        query = sa.select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
        if incident_id is not None:
            query = query.where(AUDIT.c.incident_id == incident_id)
        if actor is not None:
            query = query.where(AUDIT.c.actor == actor)
        if before is not None:
            query = query.where(AUDIT.c.id < before)
        async with self._store.read() as connection:
            return [AuditRow.model_validate(dict(row._mapping)) for row in await connection.execute(query)]
