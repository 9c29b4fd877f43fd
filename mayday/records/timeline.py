"""Timelines: appended once, in order, never edited. A batch that arrives twice is stored once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.timeline import GENESIS, Entry
from mayday.records.errors import ChainConflict
from mayday.records.schema import TIMELINE
from mayday.records.store import Store


class Head(NamedTuple):
    """The end of a chain: the last number and its hash."""

    seq: int
    hash: str


class Timelines:
    """The chains of all incidents."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def append(self, incident_id: str, entries: Sequence[Entry]) -> int:
        """Store `entries`, those already there again not; returns how many were new.

        Raises ChainConflict, and stores nothing, when an entry differs from the stored one of its number or does not
        follow from the one before it. Raises RecordsUnavailable.
        """
        async with self._store.write() as connection:
            return await self.append_in(connection, incident_id, entries)

    async def append_in(self, connection: AsyncConnection, incident_id: str, entries: Sequence[Entry]) -> int:
        """`append` inside the caller's transaction."""
        if not entries:
            return 0
        ordered = sorted(entries, key=lambda entry: entry.seq)
        stored = await self._hashes(connection, incident_id, ordered[0].seq - 1, ordered[-1].seq)
        wrong = [entry.seq for entry in ordered if _contradicts(entry, stored)]
        if wrong:
            raise ChainConflict(incident_id, wrong)
        fresh = [entry for entry in ordered if entry.seq not in stored]
        if fresh:
            await connection.execute(
                self._store.insert(TIMELINE).on_conflict_do_nothing(index_elements=["incident_id", "seq"]),
                [{"incident_id": incident_id, **entry.model_dump()} for entry in fresh],
            )
        return len(fresh)

    async def entries(self, incident_id: str, *, after: int = 0, limit: int | None = None) -> list[Entry]:
        """Entries numbered above `after`, in order."""
        query = sa.select(TIMELINE).where(TIMELINE.c.incident_id == incident_id, TIMELINE.c.seq > after)
        query = query.order_by(TIMELINE.c.seq)
        if limit is not None:
            query = query.limit(limit)
        async with self._store.read() as connection:
            return [Entry.model_validate(dict(row._mapping)) for row in await connection.execute(query)]

    async def head(self, incident_id: str) -> Head:
        """The last stored entry's number and hash; `(0, GENESIS)` for an unknown incident."""
        query = sa.select(TIMELINE.c.seq, TIMELINE.c.hash).where(TIMELINE.c.incident_id == incident_id)
        async with self._store.read() as connection:
            row = (await connection.execute(query.order_by(TIMELINE.c.seq.desc()).limit(1))).first()
            return Head(0, GENESIS) if row is None else Head(row.seq, row.hash)

    async def _hashes(self, connection: AsyncConnection, incident_id: str, first: int, last: int) -> dict[int, str]:
        query = sa.select(TIMELINE.c.seq, TIMELINE.c.hash).where(
            TIMELINE.c.incident_id == incident_id, TIMELINE.c.seq.between(first, last)
        )
        stored: dict[int, str] = {0: GENESIS} if first == 0 else {}
        rows = await connection.execute(query)
        stored.update({row.seq: row.hash for row in rows})
        return stored


def _contradicts(entry: Entry, stored: dict[int, str]) -> bool:
    if stored.get(entry.seq, entry.hash) != entry.hash:
        return True
    return stored.get(entry.seq - 1, entry.prev_hash) != entry.prev_hash
