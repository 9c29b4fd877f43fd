"""When each alert that always fires was last seen, and since when it is missing: survives every restart."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.effects import Wire
from mayday.records.schema import WATCHDOGS
from mayday.records.store import Store

__all__ = ["NOBODY_LISTENED", "WatchdogRow", "Watchdogs"]

NOBODY_LISTENED = timedelta(minutes=1)
"""Between two looks more than this: no starter was there that could have heard it, and the time does not count."""


class WatchdogRow(Wire):
    """`due_from` is from when its silence counts: `seen_at`, later by the time in which nobody listened."""

    name: str
    due_from: datetime
    checked_at: datetime
    seen_at: datetime | None = None
    missing_since: datetime | None = None


class Watchdogs:
    """One row a watchdog, shared by all starters."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def seen(self, name: str, at: datetime) -> None:
        """It fired."""
        insert = self._store.insert(WATCHDOGS).values(name=name, due_from=at, checked_at=at, seen_at=at)
        insert = insert.on_conflict_do_update(index_elements=["name"], set_={"due_from": at, "seen_at": at})

        async def note(connection: AsyncConnection) -> None:
            await connection.execute(insert)

        await self._store.commit(note)

    async def look(self, name: str) -> WatchdogRow:
        """How it is now; a look of a starter that listens. The first look is when its silence begins to count."""
        now = self._store.now()

        async def look(connection: AsyncConnection) -> WatchdogRow:
            first = self._store.insert(WATCHDOGS).values(name=name, due_from=now, checked_at=now)
            await connection.execute(first.on_conflict_do_nothing(index_elements=["name"]))
            mine = WATCHDOGS.c.name == name
            row = WatchdogRow.model_validate(
                dict((await connection.execute(sa.select(WATCHDOGS).where(mine).with_for_update())).one()._mapping)
            )
            away = now - row.checked_at
            if away > NOBODY_LISTENED:
                row.due_from = min(row.due_from + away, now)
            row.checked_at = now
            changes = {"due_from": row.due_from, "checked_at": now}
            await connection.execute(sa.update(WATCHDOGS).where(mine).values(**changes))
            return row

        return await self._store.commit(look)

    async def missing(self, name: str, since: datetime | None) -> None:
        """From now on its absence has been told, or (None) its return."""

        async def note(connection: AsyncConnection) -> None:
            mine = WATCHDOGS.c.name == name
            await connection.execute(sa.update(WATCHDOGS).where(mine).values(missing_since=since))

        await self._store.commit(note)

    async def all(self) -> list[WatchdogRow]:
        """Every one that was ever looked for."""
        async with self._store.read() as connection:
            rows = await connection.execute(sa.select(WATCHDOGS).order_by(WATCHDOGS.c.name))
            return [WatchdogRow.model_validate(dict(row._mapping)) for row in rows]
