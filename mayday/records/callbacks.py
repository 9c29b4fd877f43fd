"""What vendors told us of our own calls, kept before it is answered, as alerts are (DESIGN.md, idea 5).

A lane holds what is about one incident. Only the oldest `new` row of a lane can be claimed, so each incident hears in
the order of arrival, whichever starter delivers.

States: `new` -> `done` (the incident has it, refused it, or there is no such incident: see `outcome`) or `failed` (it
cannot be delivered; kept, shown by doctor).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from ulid import ULID

from mayday.domain.effects import Wire
from mayday.records.columns import storable
from mayday.records.schema import CALLBACKS, DELIVERIES
from mayday.records.store import Store

__all__ = ["CallbackInbox", "CallbackItem", "CallbackRow", "CallbackState"]

CallbackState = Literal["new", "done", "failed"]


class CallbackItem(NamedTuple):
    """One deed at a vendor. `dedupe_key` is the same whenever the same deed is told, `callback` its wire form."""

    dedupe_key: str
    lane: str
    callback: dict[str, Any]


class CallbackRow(Wire):
    """A stored callback; `outcome` is what became of it, once it is known."""

    id: int
    dedupe_key: str
    lane: str
    source: str
    received_at: datetime
    state: CallbackState
    callback: dict[str, Any]
    outcome: dict[str, Any] | None = None
    error: str | None = None
    attempts: int = 0


class CallbackInbox:
    """Accepts what vendors tell, and hands out what is to be delivered next."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def commit(
        self, items: Sequence[CallbackItem], *, source: str, body: bytes, received_at: datetime
    ) -> list[CallbackRow]:
        """Keep them with the body that brought them; returns their rows, in order, once they are on disk.

        What was told before keeps its first row. Raises RecordsUnavailable.
        """
        keys = [storable(item.dedupe_key) for item in items]
        delivery = str(ULID())
        rows = [
            {
                "dedupe_key": key, "delivery_id": delivery, "lane": storable(item.lane), "source": source,
                "received_at": received_at, "state": "new", "callback": item.callback, "attempts": 0,
            }
            for key, item in {key: (key, item) for key, item in zip(keys, items, strict=True)}.values()
        ]  # fmt: skip

        async def keep(connection: AsyncConnection) -> dict[str, CallbackRow]:
            insert = self._store.insert(CALLBACKS).on_conflict_do_nothing(index_elements=["dedupe_key"])
            added = (await connection.execute(insert.returning(CALLBACKS.c.id), rows)).all()
            if added:
                values = {"id": delivery, "source": source, "received_at": received_at, "body": body}
                await connection.execute(sa.insert(DELIVERIES).values(**values))
            found = await connection.execute(sa.select(CALLBACKS).where(CALLBACKS.c.dedupe_key.in_(keys)))
            return {row.dedupe_key: _row(row) for row in found}

        kept = await self._store.commit(keep) if rows else {}
        return [kept[key] for key in keys]

    async def claim(self, lane: str, lease: timedelta) -> CallbackRow | None:
        """The lane's oldest `new` row, now held by the caller for `lease`; None when another starter holds it."""
        now = self._store.now()
        oldest = sa.select(sa.func.min(CALLBACKS.c.id)).where(CALLBACKS.c.lane == lane, CALLBACKS.c.state == "new")
        free = CALLBACKS.c.leased_until.is_(None) | (CALLBACKS.c.leased_until <= now)
        take = (
            sa.update(CALLBACKS)
            .where(CALLBACKS.c.id == oldest.scalar_subquery(), CALLBACKS.c.state == "new", free)
            .values(leased_until=now + lease, attempts=CALLBACKS.c.attempts + 1)
            .returning(CALLBACKS)
        )

        async def claim(connection: AsyncConnection) -> CallbackRow | None:
            row = (await connection.execute(take)).first()
            return None if row is None else _row(row)

        return await self._store.commit(claim)

    async def settle(
        self, row_id: int, state: CallbackState, *, outcome: dict[str, Any] | None = None, error: str | None = None
    ) -> None:
        """Note what became of a row; `new` gives it back to the next `claim`."""
        values: dict[str, Any] = {"state": state, "leased_until": None, "outcome": outcome, "error": error}
        if state != "new":
            values["handled_at"] = self._store.now()

        async def settle(connection: AsyncConnection) -> None:
            await connection.execute(sa.update(CALLBACKS).where(CALLBACKS.c.id == row_id).values(**values))

        await self._store.commit(settle)

    async def lanes(self, limit: int = 200) -> list[str]:
        """Lanes in which something waits, the one that has waited longest first."""
        first = sa.func.min(CALLBACKS.c.id)
        query = sa.select(CALLBACKS.c.lane).where(CALLBACKS.c.state == "new").group_by(CALLBACKS.c.lane)
        async with self._store.read() as connection:
            return list(await connection.scalars(query.order_by(first).limit(limit)))

    async def get(self, row_id: int) -> CallbackRow | None:
        async with self._store.read() as connection:
            row = (await connection.execute(sa.select(CALLBACKS).where(CALLBACKS.c.id == row_id))).first()
            return None if row is None else _row(row)

    async def body(self, row_id: int) -> bytes | None:
        """The raw body that brought it, as received."""
        query = sa.select(DELIVERIES.c.body).join(CALLBACKS, CALLBACKS.c.delivery_id == DELIVERIES.c.id)
        async with self._store.read() as connection:
            body: bytes | None = await connection.scalar(query.where(CALLBACKS.c.id == row_id))
            return body

    async def count(self) -> dict[str, int]:
        """Rows per state."""
        async with self._store.read() as connection:
            query = sa.select(CALLBACKS.c.state, sa.func.count().label("n")).group_by(CALLBACKS.c.state)
            return {row.state: row.n for row in await connection.execute(query)}

    async def forget(self, before: datetime, most: int = 1000) -> int:
        """Drop what was handled before then, oldest first, with the bodies that it came in; returns how many."""
        old = sa.select(CALLBACKS.c.id, CALLBACKS.c.delivery_id).where(
            CALLBACKS.c.state != "new", CALLBACKS.c.handled_at < before
        )
        async with self._store.write() as connection:
            gone = (await connection.execute(old.order_by(CALLBACKS.c.id).limit(most))).all()
            for start in range(0, len(gone), 500):
                chunk = gone[start : start + 500]
                await connection.execute(sa.delete(CALLBACKS).where(CALLBACKS.c.id.in_([row.id for row in chunk])))
                bodies = {row.delivery_id for row in chunk}
                still = sa.select(CALLBACKS.c.delivery_id).where(CALLBACKS.c.delivery_id.in_(bodies))
                await connection.execute(
                    sa.delete(DELIVERIES).where(DELIVERIES.c.id.in_(bodies) & DELIVERIES.c.id.not_in(still))
                )
        return len(gone)


def _row(row: sa.Row[Any]) -> CallbackRow:
    return CallbackRow.model_validate(dict(row._mapping))
