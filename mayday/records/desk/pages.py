"""The desk's pager: a page rings until somebody acknowledges it or its incident closes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.effects import Wire
from mayday.records.schema import PAGES
from mayday.records.store import Store

PageState = Literal["ringing", "sent", "acknowledged", "closed"]


class DeskPage(Wire):
    """One call to one person on one channel. `page` is the id under which it is answered; `sent` waits for nobody."""

    id: int
    effect_key: str
    incident_id: str
    page: str
    purpose: str
    person: str
    target: str
    channel: str
    text: str
    urgent: bool
    drill: bool
    state: PageState
    rang_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    closed_at: datetime | None = None
    close_reason: str | None = None


class Pages:
    """The pages of the desk."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def ring_in(self, connection: AsyncConnection, values: dict[str, Any]) -> int:
        """Add a page in the caller's transaction; returns its id."""
        state = "ringing" if values["urgent"] else "sent"
        statement = sa.insert(PAGES).values(**values, state=state, rang_at=self._store.now()).returning(PAGES.c.id)
        page_id: int = (await connection.execute(statement)).scalar_one()
        return page_id

    async def acknowledge(self, incident_id: str, page: str, person: str) -> int:
        """Somebody answered: their own page is acknowledged, the others of it stop. Returns how many rang."""
        now = self._store.now()
        ringing = (PAGES.c.incident_id == incident_id) & (PAGES.c.page == page) & (PAGES.c.state == "ringing")
        async with self._store.write() as connection:
            own = await connection.execute(
                sa.update(PAGES).where(ringing, PAGES.c.person == person)
                .values(state="acknowledged", acknowledged_at=now, acknowledged_by=person)
            )  # fmt: skip
            others = await connection.execute(
                sa.update(PAGES).where(ringing)
                .values(state="closed", closed_at=now, close_reason=f"acknowledged by {person}")
            )  # fmt: skip
            return own.rowcount + others.rowcount

    async def close_in(
        self, connection: AsyncConnection, incident_id: str, page: str, reason: str, person: str | None = None
    ) -> int:
        """Stop what still rings of a page, or of it for one person, in the caller's transaction; returns how many."""
        statement = sa.update(PAGES).where(
            PAGES.c.incident_id == incident_id, PAGES.c.page == page, PAGES.c.state == "ringing"
        )
        if person is not None:
            statement = statement.where(PAGES.c.person == person)
        closed = await connection.execute(
            statement.values(state="closed", closed_at=self._store.now(), close_reason=reason)
        )
        return closed.rowcount

    async def find(
        self, *, incident_id: str | None = None, person: str | None = None, page: str | None = None,
        state: PageState | None = None, limit: int = 500,
    ) -> list[DeskPage]:  # fmt: skip
        """In the order in which they rang."""
        query = sa.select(PAGES).order_by(PAGES.c.id).limit(limit)
        for column, value in (
            (PAGES.c.incident_id, incident_id), (PAGES.c.person, person), (PAGES.c.page, page), (PAGES.c.state, state),
        ):  # fmt: skip
            if value is not None:
                query = query.where(column == value)
        async with self._store.read() as connection:
            return [DeskPage.model_validate(dict(row._mapping)) for row in await connection.execute(query)]
