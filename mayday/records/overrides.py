"""Schedule overrides made at run time ("I take Ana's shift tonight"): layered over those in the catalog."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from ulid import ULID

from mayday.domain.effects import Wire
from mayday.records.errors import UnknownRecord
from mayday.records.schema import OVERRIDES
from mayday.records.store import Store


class ScheduleOverride(Wire):
    """`person` stands on `schedule` from `from_at` until just before `to_at`."""

    id: str
    schedule: str
    from_at: datetime
    to_at: datetime
    person: str
    created_by: str
    created_at: datetime
    reason: str | None = None


class Overrides:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(
        self, schedule: str, person: str, from_at: datetime, to_at: datetime, *, created_by: str,
        reason: str | None = None,
    ) -> ScheduleOverride:  # fmt: skip
        """Raises ValueError when it would end before it begins."""
        if to_at <= from_at:
            raise ValueError("an override ends after it begins")
        override = ScheduleOverride(
            id=str(ULID()), schedule=schedule, from_at=from_at, to_at=to_at, person=person, created_by=created_by,
            created_at=self._store.now(), reason=reason,
        )  # fmt: skip
        async with self._store.write() as connection:
            await connection.execute(sa.insert(OVERRIDES).values(override.model_dump()))
        return override

    async def find(
        self, schedule: str | None = None, *, from_at: datetime | None = None, to_at: datetime | None = None
    ) -> list[ScheduleOverride]:
        """Those that touch the window, in the order in which they were made: the last one made wins."""
        query = sa.select(OVERRIDES).where(OVERRIDES.c.removed_at.is_(None)).order_by(OVERRIDES.c.id)
        if schedule is not None:
            query = query.where(OVERRIDES.c.schedule == schedule)
        if from_at is not None:
            query = query.where(OVERRIDES.c.to_at > from_at)
        if to_at is not None:
            query = query.where(OVERRIDES.c.from_at < to_at)
        async with self._store.read() as connection:
            return [ScheduleOverride.model_validate(dict(row._mapping)) for row in await connection.execute(query)]

    async def remove(self, override_id: str) -> None:
        """Raises UnknownRecord."""
        async with self._store.write() as connection:
            removed = await connection.execute(
                sa.update(OVERRIDES).where(OVERRIDES.c.id == override_id, OVERRIDES.c.removed_at.is_(None))
                .values(removed_at=self._store.now())
            )  # fmt: skip
        if removed.rowcount == 0:
            raise UnknownRecord(f"no override {override_id}")
