"""Incidents as lists and pages show them: a projection of each run's board, updated by every flush."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.effects import Wire
from mayday.domain.incident import ENDED, Board
from mayday.domain.timeline import GENESIS, timestamp
from mayday.records.listing import Listing, cursor, parse_cursor
from mayday.records.schema import INCIDENTS
from mayday.records.store import Store


class IncidentRecord(Wire):
    """One incident. `board` is the last one flushed; an open incident's workflow knows better."""

    id: str
    workflow_id: str
    run_id: str | None = None
    correlation_key: str | None = None
    title: str
    severity: str
    status: str
    service: str | None = None
    services: list[str] = []
    drill: bool = False
    opened_at: datetime
    ended_at: datetime | None = None
    plan_digest: str | None = None
    board: Board | None = None
    head: str = GENESIS
    seq: int = 0
    noted_seq: int = 0
    noting_seq: int = 0

    @property
    def is_open(self) -> bool:
        return self.ended_at is None and self.status not in ENDED

    def item(self) -> dict[str, Any]:
        """The list item of API and CLI."""
        return {
            "id": self.id, "workflow_id": self.workflow_id, "title": self.title, "severity": self.severity,
            "status": self.status, "services": self.services, "opened_at": timestamp(self.opened_at),
            "drill": self.drill,
        }  # fmt: skip


class Incidents:
    """Reads and writes of the incidents table."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def opened(self, incident: IncidentRecord) -> IncidentRecord:
        """Note a started incident; if it is already there, what is stored stays and is returned."""

        async def insert(connection: AsyncConnection) -> IncidentRecord:
            await connection.execute(
                self._store.insert(INCIDENTS)
                .on_conflict_do_nothing(index_elements=["id"])
                .values(self._values(incident))
            )
            row = (await connection.execute(sa.select(INCIDENTS).where(INCIDENTS.c.id == incident.id))).one()
            return _record(row)

        return await self._store.commit(insert)

    async def save(self, incident: IncidentRecord) -> None:
        """Insert or update; an older state (lower seq) never replaces a newer one."""
        async with self._store.write() as connection:
            await self.save_in(connection, incident)

    async def save_in(self, connection: AsyncConnection, incident: IncidentRecord) -> None:
        """`save` inside the caller's transaction."""
        values = self._values(incident)
        fixed = ("id", "opened_at", "noted_seq", "noting_seq")
        kept = {name: value for name, value in values.items() if name not in fixed and value is not None}
        kept["ended_at"] = incident.ended_at
        await connection.execute(
            self._store.insert(INCIDENTS).values(values)
            .on_conflict_do_update(index_elements=["id"], set_=kept, where=INCIDENTS.c.seq <= incident.seq)
        )  # fmt: skip

    async def get(self, incident_id: str) -> IncidentRecord | None:
        async with self._store.read() as connection:
            row = (await connection.execute(sa.select(INCIDENTS).where(INCIDENTS.c.id == incident_id))).first()
            return None if row is None else _record(row)

    async def by_workflow(self, workflow_id: str) -> IncidentRecord | None:
        """The newest incident that ran, or runs, under this workflow id."""
        return await self._newest(INCIDENTS.c.workflow_id == workflow_id)

    async def by_correlation_key(self, key: str) -> IncidentRecord | None:
        """The newest incident of this key, open or not."""
        return await self._newest(INCIDENTS.c.correlation_key == key)

    async def find(
        self, *, statuses: Sequence[str] = (), severities: Sequence[str] = (), service: str | None = None,
        drill: bool | None = None, open_only: bool = False, text: str | None = None,
        opened_from: datetime | None = None, opened_to: datetime | None = None,
        limit: int = 50, after: str | None = None,
    ) -> Listing[IncidentRecord]:  # fmt: skip
        """Newest first. `after` is a cursor of this list (ValueError if it is not)."""
        query = sa.select(INCIDENTS).order_by(INCIDENTS.c.opened_at.desc(), INCIDENTS.c.id.desc()).limit(limit + 1)
        if statuses:
            query = query.where(INCIDENTS.c.status.in_(list(statuses)))
        if severities:
            query = query.where(INCIDENTS.c.severity.in_(list(severities)))
        if service:
            services = sa.type_coerce(INCIDENTS.c.services, sa.Text)
            query = query.where(services.contains(json.dumps(service), autoescape=True))
        if drill is not None:
            query = query.where(INCIDENTS.c.drill == drill)
        if open_only:
            query = query.where(INCIDENTS.c.ended_at.is_(None))
        if text:
            query = query.where(INCIDENTS.c.title.icontains(text, autoescape=True))
        if opened_from:
            query = query.where(INCIDENTS.c.opened_at >= opened_from)
        if opened_to:
            query = query.where(INCIDENTS.c.opened_at < opened_to)
        if after:
            at, last = parse_cursor(after)
            query = query.where(
                (INCIDENTS.c.opened_at < at) | ((INCIDENTS.c.opened_at == at) & (INCIDENTS.c.id < last))
            )
        async with self._store.read() as connection:
            found = [_record(row) for row in await connection.execute(query)]
        more = len(found) > limit
        found = found[:limit]
        return Listing(found, cursor(found[-1].opened_at, found[-1].id) if more else None)

    async def _newest(self, wanted: sa.ColumnElement[bool]) -> IncidentRecord | None:
        newest = (INCIDENTS.c.opened_at.desc(), INCIDENTS.c.id.desc())
        query = sa.select(INCIDENTS).where(wanted).order_by(*newest).limit(1)
        async with self._store.read() as connection:
            row = (await connection.execute(query)).first()
            return None if row is None else _record(row)

    def _values(self, incident: IncidentRecord) -> dict[str, Any]:
        values = incident.model_dump(exclude={"board"})
        board = incident.board and incident.board.model_dump(mode="json", by_alias=True)
        return {**values, "board": board, "updated_at": self._store.now()}


def _record(row: sa.Row[Any]) -> IncidentRecord:
    return IncidentRecord.model_validate(dict(row._mapping))
