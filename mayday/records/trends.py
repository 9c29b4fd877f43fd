"""The facts that trends are summed up from: one small row an incident, renewed when its timeline has grown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.report.kpis import Figures, figures_of
from mayday.domain.report.trends import IncidentFacts, facts_of
from mayday.records.schema import INCIDENTS, TREND_FACTS
from mayday.records.store import Store
from mayday.records.timeline import Timelines

#: so many changed rows are asked for by name; more are read with all others
FEW = 200
#: so many are parsed in one piece
AT_ONCE = 500

_ALL_SEQS = sa.func.aggregate_strings(TREND_FACTS.c.incident_id + " " + sa.cast(TREND_FACTS.c.seq, sa.Text), "\n")
"""`incident_id seq` of all, as one text: ten thousand rows would cost more than what is done with them."""


class Trends:
    """Facts of ended incidents. Those that were read stay in memory (some 2 KiB each), and only changed ones are read
    again: a page of ten thousand incidents is a sum over what is here already."""

    def __init__(self, store: Store, timeline: Timelines) -> None:
        self._store = store
        self._timeline = timeline
        self._seqs: dict[str, int] = {}
        self._figures: dict[str, Figures] = {}
        self._version: tuple[int, int] | None = None
        self._reading = asyncio.Lock()

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

    async def find(self, opened_from: datetime | None = None, opened_to: datetime | None = None) -> list[Figures]:
        """Figures of the incidents opened in a time, oldest first."""
        async with self._reading:
            version = await self.version()
            if version != self._version:
                await self._read_changed()
                self._version = version
            kept = list(self._figures.values())
        return [
            facts
            for facts in kept
            if (opened_from is None or facts.opened_at >= opened_from)
            and (opened_to is None or facts.opened_at < opened_to)
        ]

    async def _read_changed(self) -> None:
        """Bring what is kept up to what is stored."""
        seqs, figures = dict(self._seqs), dict(self._figures)
        query = sa.select(TREND_FACTS.c.incident_id, TREND_FACTS.c.seq, TREND_FACTS.c.facts)
        async with self._store.read() as connection:
            if seqs:
                stored = _pairs((await connection.execute(sa.select(_ALL_SEQS))).scalar_one())
                for name in [name for name, seq in seqs.items() if stored.get(name) != seq]:
                    del seqs[name]
                    figures.pop(name, None)
                if len(stored) - len(seqs) <= FEW:
                    query = query.where(TREND_FACTS.c.incident_id.in_(stored.keys() - seqs.keys()))
            async for rows in (await connection.stream(query)).partitions(AT_ONCE):
                rows = [row for row in rows if row.incident_id not in seqs]
                # a parser holds everything else up: between the pieces, others come
                figures |= await asyncio.to_thread(_parsed, [row.facts for row in rows if row.facts is not None])
                seqs |= {row.incident_id: row.seq for row in rows}
        self._seqs = seqs
        self._figures = dict(sorted(figures.items(), key=_by_time))

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
            "facts": facts.stored() if facts else None,
        }  # fmt: skip
        upsert = self._store.insert(TREND_FACTS).values(row)
        changed = {name: value for name, value in row.items() if name != "incident_id"}

        async def put(connection: AsyncConnection) -> None:
            await connection.execute(upsert.on_conflict_do_update(index_elements=["incident_id"], set_=changed))

        await self._store.commit(put)


def _parsed(texts: Sequence[str]) -> dict[str, Figures]:
    found = [IncidentFacts.read(raw) for raw in json.loads(f"[{','.join(texts)}]")]
    return {facts.incident_id: figures_of(facts) for facts in found}


def _pairs(lines: str | None) -> dict[str, int]:
    pairs = (line.rpartition(" ") for line in (lines or "").splitlines())
    return {name: int(seq) for name, _, seq in pairs}


def _by_time(item: tuple[str, Figures]) -> tuple[datetime, str]:
    return item[1].opened_at, item[0]
