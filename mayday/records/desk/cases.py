"""The desk's vendor register: cases (VC-) and every contact made."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.effects import Wire
from mayday.records.desk.effects import next_number
from mayday.records.schema import VENDOR_CASES, VENDOR_CONTACTS
from mayday.records.store import Store


class DeskCase(Wire):
    number: str
    vendor: str
    incident_id: str | None = None
    priority: str
    summary: str
    opened_at: datetime


class CaseContact(Wire):
    """A call or mail to a contact of the vendor's ladder: evidence when a contract is breached."""

    id: int
    number: str
    level: str
    channel: str
    address: str | None = None
    text: str
    contacted_at: datetime


class Cases:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def open_in(
        self, connection: AsyncConnection, vendor: str, incident_id: str | None, priority: str, summary: str
    ) -> str:
        """Open a case; returns its number."""
        number = f"VC-{await next_number(self._store, connection, 'VC')}"
        row = {"number": number, "vendor": vendor, "incident_id": incident_id, "priority": priority, "summary": summary}
        await connection.execute(sa.insert(VENDOR_CASES).values(**row, opened_at=self._store.now()))
        return number

    async def contact_in(
        self, connection: AsyncConnection, number: str, level: str, channel: str, address: str | None, text: str
    ) -> int:
        row = {"number": number, "level": level, "channel": channel, "address": address, "text": text}
        statement = sa.insert(VENDOR_CONTACTS).values(**row, contacted_at=self._store.now())
        contact: int = (await connection.execute(statement.returning(VENDOR_CONTACTS.c.id))).scalar_one()
        return contact

    async def find(self, incident_id: str | None = None, vendor: str | None = None) -> list[DeskCase]:
        query = sa.select(VENDOR_CASES).order_by(VENDOR_CASES.c.opened_at, VENDOR_CASES.c.number)
        if incident_id is not None:
            query = query.where(VENDOR_CASES.c.incident_id == incident_id)
        if vendor is not None:
            query = query.where(VENDOR_CASES.c.vendor == vendor)
        async with self._store.read() as connection:
            return [DeskCase.model_validate(dict(row._mapping)) for row in await connection.execute(query)]

    async def contacts(self, number: str) -> list[CaseContact]:
        query = sa.select(VENDOR_CONTACTS).where(VENDOR_CONTACTS.c.number == number).order_by(VENDOR_CONTACTS.c.id)
        async with self._store.read() as connection:
            return [CaseContact.model_validate(dict(row._mapping)) for row in await connection.execute(query)]
