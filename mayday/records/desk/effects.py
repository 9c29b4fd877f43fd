"""What the embedded desk did already, by effect key: the same effect asked for twice is done once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.records.schema import COUNTERS, EFFECTS
from mayday.records.store import Store

Act = Callable[[AsyncConnection], Awaitable[dict[str, Any]]]


class EffectLog:
    """One row per effect, written in the transaction that carries the effect out."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def once(self, effect_key: str, kind: str, incident_id: str | None, act: Act) -> dict[str, Any]:
        """Carry `act` out unless this key was carried out before; returns its result, then or now.

        `act` gets the transaction's connection; when it raises, nothing of it is kept and the key stays free.
        Two callers at once: one acts, the other waits and gets the same result.
        """
        row: dict[str, Any] = {"effect_key": effect_key, "kind": kind, "incident_id": incident_id, "result": {}}
        claim = self._store.insert(EFFECTS).on_conflict_do_nothing(index_elements=["effect_key"])

        async def carry_out(connection: AsyncConnection) -> dict[str, Any]:
            claimed = await connection.execute(claim.values(**row, done_at=self._store.now()))
            mine = EFFECTS.c.effect_key == effect_key
            if claimed.rowcount == 0:
                known: dict[str, Any] = (await connection.execute(sa.select(EFFECTS.c.result).where(mine))).scalar_one()
                return known
            result = await act(connection)
            await connection.execute(sa.update(EFFECTS).where(mine).values(result=result))
            return result

        return await self._store.commit(carry_out)

    async def get(self, effect_key: str) -> dict[str, Any] | None:
        """The result of an effect, or None: it was never carried out here."""
        query = sa.select(EFFECTS.c.result).where(EFFECTS.c.effect_key == effect_key)
        async with self._store.read() as connection:
            result: dict[str, Any] | None = await connection.scalar(query)
            return result

    async def under(self, incident_id: str, effect_key: str) -> dict[str, dict[str, Any]]:
        """Results by key of what was done for an incident under `{effect_key}/...`."""
        prefix = f"{effect_key}/"
        mine = (EFFECTS.c.incident_id == incident_id) & EFFECTS.c.effect_key.startswith(prefix, autoescape=True)
        async with self._store.read() as connection:
            rows = await connection.execute(sa.select(EFFECTS.c.effect_key, EFFECTS.c.result).where(mine))
            return {row.effect_key: row.result for row in rows}

    async def keys(self, incident_id: str | None = None) -> list[tuple[str, str]]:
        """(effect key, kind) in order of key: what fault tests compare."""
        query = sa.select(EFFECTS.c.effect_key, EFFECTS.c.kind).order_by(EFFECTS.c.effect_key)
        if incident_id:
            query = query.where(EFFECTS.c.incident_id == incident_id)
        async with self._store.read() as connection:
            return [(key, kind) for key, kind in await connection.execute(query)]


async def next_number(store: Store, connection: AsyncConnection, series: str, first: int = 1001) -> int:
    """The next number of a series; a rolled back transaction gives its number back."""
    statement = store.insert(COUNTERS).values(name=series, value=first)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"value": COUNTERS.c.value + 1})
    number: int = (await connection.execute(statement.returning(COUNTERS.c.value))).scalar_one()
    return number
