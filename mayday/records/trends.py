"""The facts that trends are summed up from: one small row an incident, renewed when its timeline has grown."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.report.trends import IncidentFacts, facts_of
from mayday.records.schema import INCIDENTS, TREND_FACTS
from mayday.records.store import Store
from mayday.records.timeline import Timelines


class Trends:
    """Facts of ended incidents."""

    def __init__(self, store: Store, timeline: Timelines) -> None:
        self._store = store
        self._timeline = timeline

    async def renew(self, limit: int = 50) -> int:
        """Make the facts of ended incidents that have none, or whose timeline has grown; how many were made."""
        known = sa.func.coalesce(TREND_FACTS.c.seq, 0)
        query = (
            sa.select(INCIDENTS.c.id, INCIDENTS.c.seq)
            .outerjoin(TREND_FACTS, TREND_FACTS.c.incident_id == INCIDENTS.c.id)
            .where(INCIDENTS.c.ended_at.is_not(None), INCIDENTS.c.seq > known)
            .order_by(INCIDENTS.c.ended_at, INCIDENTS.c.id)
            .limit(limit)
        )
        async with self._store.read() as connection:
            behind = [(row.id, row.seq) for row in await connection.execute(query)]
        for incident_id, seq in behind:
            facts = facts_of(incident_id, await self._timeline.entries(incident_id))
            await self._put(incident_id, seq, facts)
        return len(behind)

    async def find(self, opened_from: datetime | None = None, opened_to: datetime | None = None) -> list[IncidentFacts]:
        """Facts of the incidents opened in a time, oldest first."""
        query = sa.select(TREND_FACTS.c.facts).where(TREND_FACTS.c.facts.is_not(None))
        if opened_from is not None:
            query = query.where(TREND_FACTS.c.opened_at >= opened_from)
        if opened_to is not None:
            query = query.where(TREND_FACTS.c.opened_at < opened_to)
        async with self._store.read() as connection:
            rows = await connection.scalars(query.order_by(TREND_FACTS.c.opened_at, TREND_FACTS.c.incident_id))
            return [IncidentFacts.model_validate_json(row) for row in rows]

    async def version(self) -> tuple[int, int]:
        """Changes whenever a fact does."""
        query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(TREND_FACTS.c.seq), 0)).select_from(TREND_FACTS)
        async with self._store.read() as connection:
            count, entries = (await connection.execute(query)).one()
            return int(count), int(entries)

    async def _put(self, incident_id: str, seq: int, facts: IncidentFacts | None) -> None:
        row = {
            "incident_id": incident_id, "seq": seq,
            "opened_at": facts.opened_at if facts else self._store.now(),
            "facts": facts.model_dump_json(exclude_defaults=True) if facts else None,
        }  # fmt: skip
        upsert = self._store.insert(TREND_FACTS).values(row)
        changed = {name: value for name, value in row.items() if name != "incident_id"}

        async def put(connection: AsyncConnection) -> None:
            await connection.execute(upsert.on_conflict_do_update(index_elements=["incident_id"], set_=changed))

        await self._store.commit(put)
