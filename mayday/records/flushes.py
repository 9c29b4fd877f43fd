"""Flushes: a batch of entries and the board in one transaction, and what the ticket still has to be told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.effects import FlushReceipt, FlushRequest
from mayday.domain.incident import ENDED, Board
from mayday.domain.ports import Unnoted
from mayday.domain.timeline import Entry, parse_timestamp
from mayday.records.errors import ChainConflict
from mayday.records.incidents import IncidentRecord, Incidents
from mayday.records.schema import INCIDENTS, TIMELINE
from mayday.records.store import Store
from mayday.records.timeline import Timelines

#: most entries in one work note; more follow with the next one
NOTE_ENTRIES = 200


class Flushes:
    """What an incident's run keeps here."""

    def __init__(self, store: Store, timeline: Timelines, incidents: Incidents) -> None:
        self._store = store
        self._timeline = timeline
        self._incidents = incidents

    async def keep(self, request: FlushRequest) -> FlushReceipt:
        """Store a batch and the board; again changes nothing. Raises RecordsUnavailable.

        Entries that contradict the store are named in `conflicts` and none of the batch is stored; the board is kept
        all the same, so that people see the incident as its run does.
        """
        conflicts: list[int] = []
        stored = 0

        async def entries_and_board(connection: AsyncConnection) -> int:
            added = await self._timeline.append_in(connection, request.incident_id, request.entries)
            await self._board(connection, request)
            return added

        async def board_alone(connection: AsyncConnection) -> None:
            await self._board(connection, request)

        try:
            stored = await self._store.commit(entries_and_board)
        except ChainConflict as conflict:
            conflicts = conflict.seqs
            await self._store.commit(board_alone)
        head = await self._timeline.head(request.incident_id)
        return FlushReceipt(stored=stored, seq=head.seq, head=head.hash, conflicts=conflicts)

    async def unnoted(self, incident_id: str) -> Unnoted | None:
        """The entries after the last work note, and the ticket; None without either.

        The range is fixed here until `noted`: a note that may have been written is written again as the same one.
        """
        incident = await self._incidents.get(incident_id)
        ticket = incident.board.ticket if incident and incident.board else None
        if incident is None or ticket is None:
            return None
        entries = await self._timeline.entries(incident_id, after=incident.noted_seq, limit=NOTE_ENTRIES)
        if not entries:
            return None
        if incident.noting_seq > incident.noted_seq:
            return Unnoted(
                ticket=ticket,
                drill=incident.drill,
                entries=[entry for entry in entries if entry.seq <= incident.noting_seq],
            )
        last = entries[-1].seq
        mine = (INCIDENTS.c.id == incident_id) & (INCIDENTS.c.noting_seq == incident.noting_seq)
        fixed = await self._update(sa.update(INCIDENTS).where(mine).values(noting_seq=last))
        return (
            Unnoted(ticket=ticket, drill=incident.drill, entries=entries) if fixed else await self.unnoted(incident_id)
        )

    async def noted(self, incident_id: str, seq: int) -> None:
        """The ticket holds everything up to `seq`."""
        mine = (INCIDENTS.c.id == incident_id) & (INCIDENTS.c.noted_seq < seq)
        await self._update(sa.update(INCIDENTS).where(mine).values(noted_seq=seq))

    async def _update(self, statement: sa.Update) -> int:
        """How many rows changed."""

        async def run(connection: AsyncConnection) -> int:
            return (await connection.execute(statement)).rowcount

        return await self._store.commit(run)

    async def _board(self, connection: AsyncConnection, request: FlushRequest) -> None:
        board = request.board
        if board is not None:
            record = _record(board, request, await self._ended_at(connection, board, request.entries))
            await self._incidents.save_in(connection, record)
        elif request.entries:
            last = request.entries[-1]
            changed: dict[str, Any] = {"seq": last.seq, "head": last.hash, "updated_at": self._store.now()}
            if request.status is not None:
                changed["status"] = request.status
            mine = (INCIDENTS.c.id == request.incident_id) & (INCIDENTS.c.seq <= last.seq)
            await connection.execute(sa.update(INCIDENTS).where(mine).values(changed))

    async def _ended_at(self, connection: AsyncConnection, board: Board, batch: list[Entry]) -> datetime | None:
        """When the run ended: its entry `finished`, else the last entry; None while it is open."""
        if not board.finished and board.status not in ENDED:
            return None
        known = await connection.scalar(sa.select(INCIDENTS.c.ended_at).where(INCIDENTS.c.id == board.id))
        if known is not None and not any(entry.kind == "finished" for entry in batch):
            return known  # type: ignore[no-any-return] # the column's type is UtcDateTime
        query = sa.select(TIMELINE.c.at).where(TIMELINE.c.incident_id == board.id)
        last_first = (TIMELINE.c.kind != sa.literal("finished"), TIMELINE.c.seq.desc())
        at = await connection.scalar(query.order_by(*last_first).limit(1))
        return parse_timestamp(at) if at else self._store.now()


def _record(board: Board, request: FlushRequest, ended_at: datetime | None) -> IncidentRecord:
    return IncidentRecord(
        id=board.id, workflow_id=board.workflow_id, run_id=request.run_id, correlation_key=request.correlation_key,
        title=board.title, severity=board.severity, status=request.status or board.status, service=board.service,
        services=board.services, drill=board.drill, opened_at=board.opened_at, ended_at=ended_at,
        plan_digest=board.plan_digest or None, board=board, head=board.head, seq=board.seq,
    )  # fmt: skip
