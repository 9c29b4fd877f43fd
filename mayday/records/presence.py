"""Presence: from when to when each worker lived and reached Temporal.

After an outage the walker asks when the system was last alive, because the time in which nobody could answer does not
count against people (LANGUAGE.md "Waiting").
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from ulid import ULID

from mayday.records.schema import PRESENCE
from mayday.records.store import Store

#: older lives are forgotten: no open deadline reaches back further
KEPT = timedelta(days=30)
#: clocks of machines differ by less
AHEAD = timedelta(minutes=1)
#: between a process and a life of it that is over
_PAST = "~"


class Living(NamedTuple):
    """A process that lives, and what it last said of itself (`worker.provider_report`); None while it has not."""

    process: str
    started_at: datetime
    last_seen_at: datetime
    report: dict[str, Any] | None


class Presence:
    """A row a process life; its end is moved on while it lives."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def began(self, process: str) -> None:
        """A process lives from now on. `process` is unique to this life."""
        now = self._store.now()
        async with self._store.write() as connection:
            await connection.execute(sa.delete(PRESENCE).where(PRESENCE.c.last_seen_at < now - KEPT))
            await connection.execute(sa.insert(PRESENCE).values(process=process, started_at=now, last_seen_at=now))

    async def seen(self, process: str) -> None:
        """It still lives."""
        async with self._store.write() as connection:
            await connection.execute(
                sa.update(PRESENCE).where(PRESENCE.c.process == process).values(last_seen_at=self._store.now())
            )

    async def began_again(self, process: str) -> None:
        """It lives again after it was away: what it said before stays a life of its own."""
        now = self._store.now()
        before = sa.select(PRESENCE.c.started_at, PRESENCE.c.last_seen_at).where(PRESENCE.c.process == process)
        async with self._store.write() as connection:
            life = (await connection.execute(before)).one_or_none()
            if life is None:
                await connection.execute(sa.insert(PRESENCE).values(process=process, started_at=now, last_seen_at=now))
                return
            past = {"process": f"{process}{_PAST}{ULID()}", "started_at": life.started_at}
            await connection.execute(sa.insert(PRESENCE).values(**past, last_seen_at=life.last_seen_at))
            mine = sa.update(PRESENCE).where(PRESENCE.c.process == process)
            await connection.execute(mine.values(started_at=now, last_seen_at=now))

    async def told(self, process: str, report: dict[str, Any]) -> bool:
        """It says something of itself; false while it has not begun."""
        query = sa.update(PRESENCE).where(PRESENCE.c.process == process).values(report=report)
        async with self._store.write() as connection:
            return bool((await connection.execute(query)).rowcount)

    async def living(self, since: datetime) -> list[Living]:
        """Processes that were seen since then, the newest first."""
        of_now = PRESENCE.c.process.not_like(f"%{_PAST}%")
        query = sa.select(PRESENCE).where(PRESENCE.c.last_seen_at >= since, of_now)
        query = query.order_by(PRESENCE.c.started_at.desc())
        async with self._store.read() as connection:
            return [
                Living(row.process, row.started_at, row.last_seen_at, row.report)
                for row in await connection.execute(query)
            ]

    async def last_life(self) -> datetime | None:
        """When any process lived last; None when nobody knows. What a wrong clock wrote into the future counts for
        nothing: it would hide every outage until then."""
        now = self._store.now()
        query = sa.select(sa.func.max(PRESENCE.c.last_seen_at)).where(PRESENCE.c.last_seen_at <= now + AHEAD)
        async with self._store.read() as connection:
            found: datetime | None = (await connection.execute(query)).scalar()
        return None if found is None else min(found, now)

    async def last_alive(self, before: datetime) -> datetime | None:
        """The last moment not after `before` at which any process lived, or None when nobody knows."""
        query = sa.select(PRESENCE.c.last_seen_at).where(PRESENCE.c.started_at <= before)
        async with self._store.read() as connection:
            found = [row.last_seen_at for row in await connection.execute(query)]
        return max((min(seen, before) for seen in found), default=None)
