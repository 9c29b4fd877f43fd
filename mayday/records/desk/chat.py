"""The desk's chat: a channel per incident, and one per audience that has no other place to be told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.effects import Wire
from mayday.records.schema import CHANNELS, MESSAGES
from mayday.records.store import Store


class DeskChannel(Wire):
    name: str
    incident_id: str | None = None
    topic: str | None = None
    members: list[str] = []
    opened_at: datetime
    archived_at: datetime | None = None


class DeskMessage(Wire):
    id: int
    incident_id: str | None = None
    channel: str
    audience: str | None = None
    author: str
    text: str
    pinned: bool = False
    drill: bool = False
    sent_at: datetime


class Channels:
    """Channels and what was said in them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def open_in(self, connection: AsyncConnection, name: str, incident_id: str | None, topic: str | None) -> str:
        """Open a channel; a taken name of another incident gets a number. Returns the name it has."""
        for number in range(1, 1000):
            candidate = name if number == 1 else f"{name}-{number}"
            row: dict[str, Any] = {"name": candidate, "incident_id": incident_id, "topic": topic, "members": []}
            insert = self._store.insert(CHANNELS).on_conflict_do_nothing(index_elements=["name"])
            added = await connection.execute(insert.values(**row, opened_at=self._store.now()))
            if added.rowcount == 1:
                return candidate
            owner = await connection.scalar(sa.select(CHANNELS.c.incident_id).where(CHANNELS.c.name == candidate))
            if owner == incident_id:
                await self._open_again(connection, candidate)
                return candidate
        raise ValueError(f"a thousand channels are called {name}")

    async def post_in(self, connection: AsyncConnection, values: dict[str, Any], *, own: bool) -> int:
        """Post in a channel (opened if need be), which is the incident's `own` or one that others read too; returns the
        message's id."""
        insert = self._store.insert(CHANNELS).on_conflict_do_nothing(index_elements=["name"])
        await connection.execute(insert.values(
            name=values["channel"], incident_id=values.get("incident_id") if own else None,
            topic=None, members=[], opened_at=self._store.now(),
        ))  # fmt: skip
        if own:
            await self._open_again(connection, values["channel"])
        statement = sa.insert(MESSAGES).values(**values, sent_at=self._store.now()).returning(MESSAGES.c.id)
        message_id: int = (await connection.execute(statement)).scalar_one()
        return message_id

    async def invite_in(self, connection: AsyncConnection, name: str, people: Sequence[str]) -> list[str]:
        """Add members; returns those who were not there before."""
        query = sa.select(CHANNELS.c.members).where(CHANNELS.c.name == name).with_for_update()
        members: list[str] = (await connection.scalar(query)) or []
        fresh = [person for person in dict.fromkeys(people) if person not in members]
        await connection.execute(sa.update(CHANNELS).where(CHANNELS.c.name == name).values(members=members + fresh))
        return fresh

    async def _open_again(self, connection: AsyncConnection, name: str) -> None:
        """Nobody talks in an archived channel: whoever says something in it opens it again."""
        statement = sa.update(CHANNELS).where(CHANNELS.c.name == name, CHANNELS.c.archived_at.is_not(None))
        await connection.execute(statement.values(archived_at=None))

    async def archive_in(self, connection: AsyncConnection, incident_id: str) -> int:
        archived = await connection.execute(
            sa.update(CHANNELS).where(CHANNELS.c.incident_id == incident_id, CHANNELS.c.archived_at.is_(None))
            .values(archived_at=self._store.now())
        )  # fmt: skip
        return archived.rowcount

    async def find(self, incident_id: str | None = None) -> list[DeskChannel]:
        query = sa.select(CHANNELS).order_by(CHANNELS.c.opened_at, CHANNELS.c.name)
        if incident_id is not None:
            query = query.where(CHANNELS.c.incident_id == incident_id)
        async with self._store.read() as connection:
            return [DeskChannel.model_validate(dict(row._mapping)) for row in await connection.execute(query)]

    async def messages(
        self, *, incident_id: str | None = None, channel: str | None = None, audience: str | None = None,
        limit: int = 500,
    ) -> list[DeskMessage]:  # fmt: skip
        """In the order in which they were posted."""
        query = sa.select(MESSAGES).order_by(MESSAGES.c.id).limit(limit)
        for column, value in (
            (MESSAGES.c.incident_id, incident_id), (MESSAGES.c.channel, channel), (MESSAGES.c.audience, audience),
        ):  # fmt: skip
            if value is not None:
                query = query.where(column == value)
        async with self._store.read() as connection:
            return [DeskMessage.model_validate(dict(row._mapping)) for row in await connection.execute(query)]
