"""The desk's ticket register: major incidents (MI-), problems (PRB-), changes (CHG-), follow-ups (ACT-), work notes;
work orders (WO-).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.effects import Wire
from mayday.records.desk.effects import next_number
from mayday.records.errors import UnknownRecord
from mayday.records.schema import TICKET_NOTES, TICKETS, WORK_ORDERS
from mayday.records.store import Store

TicketKind = Literal["incident", "problem", "change", "action"]
_SERIES: dict[TicketKind, str] = {"incident": "MI", "problem": "PRB", "change": "CHG", "action": "ACT"}


class TicketNote(Wire):
    id: int
    number: str
    text: str
    author: str
    written_at: datetime


class DeskTicket(Wire):
    number: str
    kind: TicketKind
    incident_id: str | None = None
    summary: str
    description: str | None = None
    state: Literal["open", "closed"]
    fields: dict[str, Any] = {}
    opened_at: datetime
    closed_at: datetime | None = None
    close_reason: str | None = None


class WorkOrder(Wire):
    """An approved change or fail-over handed to its implementer."""

    number: str
    action: str
    incident_id: str | None = None
    inputs: dict[str, Any] = {}
    approval: str | None = None
    approval_digest: str | None = None
    drill: bool = False
    ordered_at: datetime


class Tickets:
    """The register."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def open_in(
        self, connection: AsyncConnection, kind: TicketKind, *, incident_id: str | None, summary: str,
        description: str | None = None, fields: dict[str, Any] | None = None, number: str | None = None,
    ) -> str:  # fmt: skip
        """Open a ticket; returns its number. A given `number` that exists is taken as it is."""
        if number is None:
            number = f"{_SERIES[kind]}-{await next_number(self._store, connection, _SERIES[kind])}"
        await connection.execute(
            self._store.insert(TICKETS).on_conflict_do_nothing(index_elements=["number"]).values(
                number=number, kind=kind, incident_id=incident_id, summary=summary, description=description,
                state="open", fields=fields or {}, opened_at=self._store.now(),
            )
        )  # fmt: skip
        return number

    async def note_in(self, connection: AsyncConnection, number: str, text: str, author: str = "mayday") -> int:
        """Add a work note. Raises UnknownRecord."""
        if await connection.scalar(sa.select(TICKETS.c.number).where(TICKETS.c.number == number)) is None:
            raise UnknownRecord(f"no ticket {number}")
        row = {"number": number, "text": text, "author": author, "written_at": self._store.now()}
        insert = sa.insert(TICKET_NOTES).values(row).returning(TICKET_NOTES.c.id)
        note: int = (await connection.execute(insert)).scalar_one()
        return note

    async def close_in(self, connection: AsyncConnection, number: str, reason: str | None) -> None:
        """Close a ticket; a closed one stays as it is. Raises UnknownRecord."""
        found = await connection.scalar(sa.select(TICKETS.c.state).where(TICKETS.c.number == number))
        if found is None:
            raise UnknownRecord(f"no ticket {number}")
        await connection.execute(
            sa.update(TICKETS).where(TICKETS.c.number == number, TICKETS.c.state == "open")
            .values(state="closed", closed_at=self._store.now(), close_reason=reason)
        )  # fmt: skip

    async def reopen_in(self, connection: AsyncConnection, number: str) -> bool:
        """Open a closed ticket again; False where it is open. Raises UnknownRecord."""
        if await connection.scalar(sa.select(TICKETS.c.state).where(TICKETS.c.number == number)) is None:
            raise UnknownRecord(f"no ticket {number}")
        reopened = await connection.execute(
            sa.update(TICKETS).where(TICKETS.c.number == number, TICKETS.c.state != "open")
            .values(state="open", closed_at=None, close_reason=None)
        )  # fmt: skip
        return bool(reopened.rowcount)

    async def adopt_in(self, connection: AsyncConnection, child: str, major: str) -> None:
        """Let an incident's ticket point to the major one. Raises UnknownRecord."""
        rows = await connection.execute(sa.select(TICKETS).where(TICKETS.c.number.in_([child, major])))
        known = {row.number: row for row in rows}
        for number in (child, major):
            if number not in known or known[number].kind != "incident" or child == major:
                raise UnknownRecord(f"no incident {number}")
        fields = {**known[child].fields, "parent": major}
        await connection.execute(sa.update(TICKETS).where(TICKETS.c.number == child).values(fields=fields))

    async def children(self, major: str) -> list[str]:
        """Numbers of the open tickets that point to the major one."""
        query = sa.select(TICKETS).where(TICKETS.c.kind == "incident", TICKETS.c.state == "open")
        query = query.where(sa.type_coerce(TICKETS.c.fields, sa.Text).contains('"parent":'))
        async with self._store.read() as connection:
            rows = await connection.execute(query.order_by(TICKETS.c.number))
            return [row.number for row in rows if row.fields.get("parent") == major]

    async def order_in(self, connection: AsyncConnection, values: dict[str, Any]) -> str:
        """Hand out a work order; returns its number."""
        number = f"WO-{await next_number(self._store, connection, 'WO')}"
        await connection.execute(sa.insert(WORK_ORDERS).values(**values, number=number, ordered_at=self._store.now()))
        return number

    async def get(self, number: str) -> DeskTicket | None:
        async with self._store.read() as connection:
            row = (await connection.execute(sa.select(TICKETS).where(TICKETS.c.number == number))).first()
            return None if row is None else DeskTicket.model_validate(dict(row._mapping))

    async def notes(self, number: str) -> list[TicketNote]:
        query = sa.select(TICKET_NOTES).where(TICKET_NOTES.c.number == number).order_by(TICKET_NOTES.c.id)
        async with self._store.read() as connection:
            return [TicketNote.model_validate(dict(row._mapping)) for row in await connection.execute(query)]

    async def find(
        self, *, incident_id: str | None = None, kind: TicketKind | None = None,
        opened_from: datetime | None = None, limit: int = 500,
    ) -> list[DeskTicket]:  # fmt: skip
        """In the order in which they were opened."""
        query = sa.select(TICKETS).order_by(TICKETS.c.opened_at, TICKETS.c.number).limit(limit)
        if incident_id is not None:
            query = query.where(TICKETS.c.incident_id == incident_id)
        if kind is not None:
            query = query.where(TICKETS.c.kind == kind)
        if opened_from is not None:
            query = query.where(TICKETS.c.opened_at >= opened_from)
        async with self._store.read() as connection:
            return [DeskTicket.model_validate(dict(row._mapping)) for row in await connection.execute(query)]

    async def orders(self, incident_id: str | None = None) -> list[WorkOrder]:
        query = sa.select(WORK_ORDERS).order_by(WORK_ORDERS.c.ordered_at, WORK_ORDERS.c.number)
        if incident_id is not None:
            query = query.where(WORK_ORDERS.c.incident_id == incident_id)
        async with self._store.read() as connection:
            return [WorkOrder.model_validate(dict(row._mapping)) for row in await connection.execute(query)]
