"""What the desk would have sent: mails, invites, status page posts. Read by people instead of by servers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.effects import Wire
from mayday.records.schema import CALENDAR_EVENTS, MAILS, STATUS_POSTS
from mayday.records.store import Store


class DeskMail(Wire):
    """`attachments` are {filename, content_type, text}."""

    id: int
    incident_id: str | None = None
    recipients: list[str]
    subject: str
    text: str
    attachments: list[dict[str, str]] = []
    drill: bool = False
    queued_at: datetime


class CalendarEvent(Wire):
    """An invite as last sent: `sequence` grows with every change, `method` is REQUEST or CANCEL (RFC 5546)."""

    uid: str
    sequence: int
    incident_id: str | None = None
    method: str
    summary: str
    start_at: datetime
    end_at: datetime
    attendees: list[str]
    ics: str
    updated_at: datetime


class StatusPost(Wire):
    id: int
    incident_id: str | None = None
    service: str
    status: str
    title: str
    text: str
    purpose: str
    drill: bool = False
    posted_at: datetime


class Outbox:
    """Mails, invites and status posts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def mail_in(self, connection: AsyncConnection, values: dict[str, Any]) -> int:
        statement = sa.insert(MAILS).values(**values, queued_at=self._store.now()).returning(MAILS.c.id)
        mail_id: int = (await connection.execute(statement)).scalar_one()
        return mail_id

    async def invite_in(self, connection: AsyncConnection, event: CalendarEvent) -> None:
        """Store the newest form of an event; an older SEQUENCE never replaces a newer one."""
        values = event.model_dump()
        await connection.execute(
            self._store.insert(CALENDAR_EVENTS).values(values).on_conflict_do_update(
                index_elements=["uid"], set_={name: value for name, value in values.items() if name != "uid"},
                where=CALENDAR_EVENTS.c.sequence < event.sequence,
            )
        )  # fmt: skip

    async def status_in(self, connection: AsyncConnection, values: dict[str, Any]) -> int:
        statement = sa.insert(STATUS_POSTS).values(**values, posted_at=self._store.now()).returning(STATUS_POSTS.c.id)
        post_id: int = (await connection.execute(statement)).scalar_one()
        return post_id

    async def sequence_in(self, connection: AsyncConnection, uid: str) -> int | None:
        """The stored SEQUENCE of an event, or None."""
        query = sa.select(CALENDAR_EVENTS.c.sequence).where(CALENDAR_EVENTS.c.uid == uid)
        sequence: int | None = await connection.scalar(query)
        return sequence

    async def mails(self, incident_id: str | None = None, limit: int = 500) -> list[DeskMail]:
        query = sa.select(MAILS).order_by(MAILS.c.id).limit(limit)
        if incident_id is not None:
            query = query.where(MAILS.c.incident_id == incident_id)
        async with self._store.read() as connection:
            return [DeskMail.model_validate(dict(row._mapping)) for row in await connection.execute(query)]

    async def events(self, incident_id: str | None = None) -> list[CalendarEvent]:
        query = sa.select(CALENDAR_EVENTS).order_by(CALENDAR_EVENTS.c.start_at, CALENDAR_EVENTS.c.uid)
        if incident_id is not None:
            query = query.where(CALENDAR_EVENTS.c.incident_id == incident_id)
        async with self._store.read() as connection:
            return [CalendarEvent.model_validate(dict(row._mapping)) for row in await connection.execute(query)]

    async def status_posts(self, incident_id: str | None = None, limit: int = 500) -> list[StatusPost]:
        query = sa.select(STATUS_POSTS).order_by(STATUS_POSTS.c.id).limit(limit)
        if incident_id is not None:
            query = query.where(STATUS_POSTS.c.incident_id == incident_id)
        async with self._store.read() as connection:
            return [StatusPost.model_validate(dict(row._mapping)) for row in await connection.execute(query)]
