"""What vendors' pagers were asked to ring: written before the call leaves, so that a second try knows of the first.

calling        begun; whether the vendor has it is not known (the worker died, or there was no answer)
ringing        the vendor has it, and somebody has to answer
sent           the vendor has it, and nobody has to
acknowledged   somebody answered at the vendor
closed         stopped
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.effects import Wire
from mayday.records.schema import PAGER_CALLS
from mayday.records.store import Store

__all__ = ["CallState", "PagerCall", "PagerCalls"]

CallState = Literal["calling", "ringing", "sent", "acknowledged", "closed"]
#: what a closed page has to stop; `calling` may ring after all
STOPPABLE: tuple[CallState, ...] = ("calling", "ringing", "sent", "acknowledged")


class PagerCall(Wire):
    """One call to one person at one vendor. `ref` is the vendor's own id of it."""

    effect_key: str
    provider: str
    incident_id: str
    page: str
    purpose: str
    person: str
    target: str
    channel: str
    urgent: bool
    ref: str | None = None
    state: CallState
    begun_at: datetime
    changed_at: datetime


class PagerCalls:
    """The calls at vendors, by effect key and provider."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def begin(self, effect_key: str, provider: str, values: dict[str, Any]) -> PagerCall | None:
        """Note that the call is about to leave. Returns the earlier try where there was one, else None."""
        now = self._store.now()
        insert = self._store.insert(PAGER_CALLS).values(
            **values, effect_key=effect_key, provider=provider, state="calling", begun_at=now, changed_at=now
        )
        insert = insert.on_conflict_do_nothing(index_elements=["effect_key", "provider"])

        async def begin(connection: AsyncConnection) -> PagerCall | None:
            if (await connection.execute(insert)).rowcount:
                return None
            row = (await connection.execute(sa.select(PAGER_CALLS).where(*_of(effect_key, provider)))).one()
            return PagerCall.model_validate(dict(row._mapping))

        return await self._store.commit(begin)

    async def note(self, effect_key: str, provider: str, state: CallState, ref: str | None = None) -> bool:
        """The call's new state; what is acknowledged or closed never rings again. Returns whether it changed."""
        over = ("acknowledged", "closed") if state in ("ringing", "sent") else (state,)
        changes: dict[str, Any] = {"state": state, "changed_at": self._store.now()}
        if ref is not None:
            changes["ref"] = ref
        update = sa.update(PAGER_CALLS).where(*_of(effect_key, provider), PAGER_CALLS.c.state.not_in(over))

        async def change(connection: AsyncConnection) -> bool:
            return bool((await connection.execute(update.values(**changes))).rowcount)

        return await self._store.commit(change)

    async def forget(self, effect_key: str, provider: str) -> None:
        """It is certain that the vendor does not have it: the next try is a first one."""
        gone = sa.delete(PAGER_CALLS).where(*_of(effect_key, provider), PAGER_CALLS.c.state == "calling")
        async with self._store.write() as connection:
            await connection.execute(gone)

    async def find(
        self, *, incident_id: str | None = None, page: str | None = None, provider: str | None = None,
        states: Iterable[CallState] = (), since: datetime | None = None, under: str | None = None,
        ref: str | None = None, limit: int = 500, newest: bool = False,
    ) -> list[PagerCall]:  # fmt: skip
        """Oldest first; `newest` says which `limit` leaves. `under` is an effect key: of calls below it; `ref` is the
        vendor's own id."""
        order = (PAGER_CALLS.c.begun_at, PAGER_CALLS.c.effect_key)
        query = sa.select(PAGER_CALLS).order_by(*(each.desc() if newest else each for each in order)).limit(limit)
        for column, value in (
            (PAGER_CALLS.c.incident_id, incident_id), (PAGER_CALLS.c.page, page), (PAGER_CALLS.c.provider, provider),
            (PAGER_CALLS.c.ref, ref),
        ):  # fmt: skip
            if value is not None:
                query = query.where(column == value)
        if wanted := list(states):
            query = query.where(PAGER_CALLS.c.state.in_(wanted))
        if since is not None:
            query = query.where(PAGER_CALLS.c.begun_at >= since)
        if under is not None:
            query = query.where(PAGER_CALLS.c.effect_key.startswith(f"{under}/", autoescape=True))
        async with self._store.read() as connection:
            found = [PagerCall.model_validate(dict(row._mapping)) for row in await connection.execute(query)]
        return found[::-1] if newest else found

    def now(self) -> datetime:
        """The store's clock."""
        return self._store.now()


def _of(effect_key: str, provider: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return PAGER_CALLS.c.effect_key == effect_key, PAGER_CALLS.c.provider == provider
