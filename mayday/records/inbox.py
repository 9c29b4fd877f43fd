"""The inbox: every verified alert is here before anything else happens with it (DESIGN.md, idea 5).

A storm is committed in groups: callers that arrive while one transaction is being synced to disk share the next one, so
the cost of a disk sync is spread over all of them and `commit` still returns only when its rows are durable.

States: `new` (accepted, not yet at Temporal) -> `forwarded` (started or signalled a run) or `done` (nothing to do: a
resolved alert without an incident, or taken by a closing run) or `failed` (cannot be forwarded; kept, shown by doctor).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from ulid import ULID

from mayday.domain.effects import Wire
from mayday.domain.incident import AlertEvent
from mayday.records.columns import Written, storable
from mayday.records.group_commit import GroupCommit
from mayday.records.many_rows import insert_new
from mayday.records.schema import DELIVERIES, INBOX
from mayday.records.store import Store

#: most alerts in one transaction
MOST_ROWS = 2_000
#: rows that are looked through for the beginning of an alert
LOOKED_BACK = 50_000

#: what stands in the `error` of a row that was kept with `held_until`
HELD = "held"

InboxState = Literal["new", "forwarded", "done", "failed"]


@dataclass(slots=True)
class InboxItem:
    """One normalised alert of a delivery. `decision` is what routing made of it, kept for whoever forwards it."""

    event: AlertEvent
    correlation_key: str | None = None
    workflow_id: str | None = None
    #: plain data, or a model
    decision: Any = None
    #: nobody forwards it before then; `error` says `held` until somebody does
    held_until: datetime | None = None
    #: the event as JSON, from whoever has it already
    text: Written | None = None


class Kept(NamedTuple):
    """What became of an item: its row, and whether this delivery was the first to bring it."""

    id: int
    new: bool


class InboxRow(Wire):
    """A stored alert."""

    id: int
    dedupe_key: str
    source: str
    received_at: datetime
    state: InboxState
    event: AlertEvent
    correlation_key: str | None = None
    workflow_id: str | None = None
    decision: dict[str, Any] | None = None
    error: str | None = None
    attempts: int = 0


class _Delivery(NamedTuple):
    source: str
    body: bytes
    received_at: datetime
    items: Sequence[InboxItem]


class Inbox:
    """Accepts deliveries and hands out what still has to be forwarded."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._group: GroupCommit[_Delivery, list[Kept]] = GroupCommit(
            self._write, most=MOST_ROWS, weight=lambda d: len(d.items)
        )

    async def commit(
        self, items: Sequence[InboxItem], *, source: str, body: bytes, received_at: datetime | None = None
    ) -> list[Kept]:
        """Keep a verified body and its alerts; returns, in order, once they are on disk.

        An alert whose dedupe key is already stored is not stored again (`Kept.new` is false, `id` the first one's row).
        Raises RecordsUnavailable.
        """
        if not items:
            return []
        return await self._group.submit(_Delivery(source, body, received_at or self._store.now(), items))

    async def claim(
        self, limit: int = 200, lease: timedelta = timedelta(seconds=10), came_before: datetime | None = None
    ) -> list[InboxRow]:
        """The oldest `new` rows that no other forwarder holds, now held by the caller for `lease`. Those that did
        not come before `came_before` are left to the request that brings them, unless somebody has tried them."""
        now = self._store.now()
        free = (INBOX.c.state == "new") & (INBOX.c.leased_until.is_(None) | (INBOX.c.leased_until <= now))
        if came_before is not None:
            free &= (INBOX.c.received_at <= came_before) | (INBOX.c.attempts > 0)
        async with self._store.write() as connection:
            ids = list(await connection.scalars(
                sa.select(INBOX.c.id).where(free).order_by(INBOX.c.id).limit(limit).with_for_update(skip_locked=True)
            ))  # fmt: skip
            if not ids:
                return []
            await connection.execute(
                sa.update(INBOX).where(INBOX.c.id.in_(ids))
                .values(leased_until=now + lease, attempts=INBOX.c.attempts + 1)
            )  # fmt: skip
            rows = await connection.execute(sa.select(INBOX).where(INBOX.c.id.in_(ids)).order_by(INBOX.c.id))
            return [_row(row) for row in rows]

    async def settle(
        self, ids: Sequence[int], state: InboxState, *, decision: dict[str, Any] | None = None, error: str | None = None
    ) -> None:
        """Note what became of rows; `new` gives them back to the next `claim`."""
        if not ids:
            return
        values: dict[str, Any] = {"state": state, "leased_until": None, "error": error}
        if decision is not None:
            values["decision"] = decision
        if state != "new":
            values["handled_at"] = self._store.now()
        async with self._store.write() as connection:
            for start in range(0, len(ids), 500):
                chunk = list(ids[start : start + 500])
                await connection.execute(sa.update(INBOX).where(INBOX.c.id.in_(chunk)).values(**values))

    async def forget(self, before: datetime, most: int = 1000) -> int:
        """Drop what was handled before then, oldest first, with the bodies that it came in; returns how many alerts.

        What is still to be forwarded stays however old it is. Call it until it returns less than `most`.
        """
        async with self._store.write() as connection:
            oldest = await connection.execute(
                sa.select(INBOX.c.id, INBOX.c.state, INBOX.c.handled_at, INBOX.c.delivery_id)
                .order_by(INBOX.c.id)
                .limit(most)
            )
            gone = [
                row for row in oldest if row.state != "new" and row.handled_at is not None and row.handled_at < before
            ]
            for start in range(0, len(gone), 500):
                chunk = gone[start : start + 500]
                await connection.execute(sa.delete(INBOX).where(INBOX.c.id.in_([row.id for row in chunk])))
                bodies = {row.delivery_id for row in chunk}
                still = sa.select(INBOX.c.delivery_id).where(INBOX.c.delivery_id.in_(bodies))
                await connection.execute(
                    sa.delete(DELIVERIES).where(DELIVERIES.c.id.in_(bodies) & DELIVERIES.c.id.not_in(still))
                )
        return len(gone)

    async def look(self, workflow_id: str, since: datetime | None = None, limit: int = 200) -> list[InboxRow]:
        """Firing alerts for a run that it has not been given yet: the last thing a closing run does."""
        wanted = (INBOX.c.workflow_id == workflow_id) & (INBOX.c.state == "new") & (INBOX.c.alert_state == "firing")
        if since is not None:
            wanted &= INBOX.c.received_at >= since
        async with self._store.read() as connection:
            rows = await connection.execute(sa.select(INBOX).where(wanted).order_by(INBOX.c.id).limit(limit))
            return [_row(row) for row in rows]

    async def find(self, state: InboxState | None = None, limit: int = 99, before: int | None = None) -> list[InboxRow]:
        """Newest first; `before` is the id of the last row of the previous page."""
        query = sa.select(INBOX).order_by(INBOX.c.id.desc()).limit(limit)
        if state:
            query = query.where(INBOX.c.state == state)
        if before is not None:
            query = query.where(INBOX.c.id < before)
        async with self._store.read() as connection:
            return [_row(row) for row in await connection.execute(query)]

    async def last_firing(self, source: str, alert_key: str) -> InboxRow | None:
        """The newest row with which an alert of this source fired, among the last `LOOKED_BACK` of all sources."""
        return await self._last(source, alert_key, "firing")

    async def cleared_since(self, row: InboxRow) -> bool:
        """Whether its source has said, after this row, that the alert is over."""
        last = await self._last(row.source, row.event.alert_key, "resolved")
        return last is not None and last.id > row.id

    async def _last(self, source: str, alert_key: str, state: str) -> InboxRow | None:
        text = sa.type_coerce(INBOX.c.event, sa.Text)
        newest = sa.select(sa.func.max(INBOX.c.id)).scalar_subquery()
        marked = f'"alert_key":{json.dumps(alert_key)}'
        query = (
            sa.select(INBOX).order_by(INBOX.c.id.desc()).limit(20)
            .where(INBOX.c.id > newest - LOOKED_BACK, INBOX.c.source == source, INBOX.c.alert_state == state)
            .where(text.contains(marked, autoescape=True))
        )  # fmt: skip
        async with self._store.read() as connection:
            rows = [_row(row) for row in await connection.execute(query)]
        return next((row for row in rows if row.event.alert_key == alert_key), None)

    async def get(self, row_id: int) -> InboxRow | None:
        async with self._store.read() as connection:
            row = (await connection.execute(sa.select(INBOX).where(INBOX.c.id == row_id))).first()
            return None if row is None else _row(row)

    async def body(self, row_id: int) -> bytes | None:
        """The raw body that brought the alert, as received."""
        query = sa.select(DELIVERIES.c.body).join(INBOX, INBOX.c.delivery_id == DELIVERIES.c.id)
        async with self._store.read() as connection:
            body: bytes | None = await connection.scalar(query.where(INBOX.c.id == row_id))
            return body

    async def count(self) -> dict[str, int]:
        """Rows per state."""
        async with self._store.read() as connection:
            query = sa.select(INBOX.c.state, sa.func.count().label("n")).group_by(INBOX.c.state)
            rows = await connection.execute(query)
            return {row.state: row.n for row in rows}

    async def close(self) -> None:
        """Commit what is waiting, then stop accepting."""
        await self._group.close()

    async def _write(self, deliveries: list[_Delivery]) -> list[list[Kept]]:
        ids = [str(ULID()) for _ in deliveries]
        keys = [[storable(item.event.dedupe_key) for item in delivery.items] for delivery in deliveries]
        rows: dict[str, tuple[Any, ...]] = {}
        brought_by: dict[str, str] = {}
        for delivery_id, delivery, its in zip(ids, deliveries, keys, strict=True):
            for key, item in zip(its, delivery.items, strict=True):
                if key not in rows:
                    rows[key] = _values(key, delivery_id, delivery, item)
                    brought_by[key] = delivery_id
        # sorted, so that two processes lock the same keys in the same order
        ordered = [rows[key] for key in sorted(rows)]
        async with self._store.write() as connection:
            fresh: dict[str, int] = await insert_new(connection, INBOX, INBOX.c.dedupe_key, COLUMNS, ordered)
            known = await _ids_of(connection, [key for key in rows if key not in fresh])
            used = {brought_by[key] for key in fresh}
            bodies = [
                {"id": delivery_id, "source": d.source, "received_at": d.received_at, "body": d.body}
                for delivery_id, d in zip(ids, deliveries, strict=True) if delivery_id in used
            ]  # fmt: skip
            if bodies:
                await connection.execute(sa.insert(DELIVERIES), bodies)
        return [
            [Kept(fresh.get(key) or known[key], new=key in fresh and brought_by[key] == delivery_id) for key in its]
            for delivery_id, its in zip(ids, keys, strict=True)
        ]


COLUMNS = (
    "dedupe_key", "delivery_id", "source", "received_at", "state", "alert_state", "correlation_key", "workflow_id",
    "event", "decision", "attempts", "leased_until", "error",
)  # fmt: skip


def _values(key: str, delivery_id: str, delivery: _Delivery, item: InboxItem) -> tuple[Any, ...]:
    """In the order of `COLUMNS`."""
    return (
        key, delivery_id, delivery.source, delivery.received_at, "new", item.event.state, item.correlation_key,
        item.workflow_id, item.text or item.event, item.decision, 0, item.held_until,
        HELD if item.held_until else None,
    )  # fmt: skip


async def _ids_of(connection: AsyncConnection, keys: list[str]) -> dict[str, int]:
    known: dict[str, int] = {}
    for start in range(0, len(keys), 500):
        chunk = keys[start : start + 500]
        result = await connection.execute(
            sa.select(INBOX.c.dedupe_key, INBOX.c.id).where(INBOX.c.dedupe_key.in_(chunk))
        )
        known.update({row.dedupe_key: row.id for row in result})
    return known


def _row(row: sa.Row[Any]) -> InboxRow:
    found = InboxRow.model_validate(dict(row._mapping))
    found.event.inbox_id = found.id
    return found
