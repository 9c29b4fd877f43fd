"""Reviews and follow-up actions as lists show them; the review workflow is the authority and saves its state here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from mayday.domain.effects import Wire
from mayday.records.listing import Listing, cursor, parse_cursor
from mayday.records.schema import INCIDENTS, REPORTS, REVIEW_ACTIONS, REVIEWS
from mayday.records.store import Store


class FollowUp(Wire):
    """One action of a review. `data` holds what else the workflow knows of it."""

    incident_id: str
    id: str
    owner: str | None = None
    state: str = "open"
    due_at: datetime | None = None
    data: dict[str, Any] = {}


class ListedAction(FollowUp):
    """An action with what is worth knowing of its incident."""

    incident_title: str = ""
    service: str | None = None
    severity: str = ""
    drill: bool = False

    def item(self) -> dict[str, Any]:
        """As lists show it, whoever asks."""
        known = {"incident_id", "incident_title", "service", "severity", "drill"}
        return {**self.data, **self.model_dump(mode="json", include=known)}


class ReviewRecord(Wire):
    """One review. `data` is the workflow's own state as JSON."""

    incident_id: str
    workflow_id: str
    state: str
    owner: str | None = None
    meeting_at: datetime | None = None
    revision: int = 0
    updated_at: datetime | None = None
    data: dict[str, Any] = {}


class Report(Wire):
    """One version of a review's report, as Markdown."""

    incident_id: str
    version: int
    text: str
    digest: str
    drafted_at: datetime


class Reviews:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def save(self, review: ReviewRecord, actions: Sequence[FollowUp] = ()) -> None:
        """Replace a review and its actions with what the workflow says, unless a higher revision is stored."""
        values = {**review.model_dump(), "updated_at": self._store.now()}
        changed = {name: value for name, value in values.items() if name != "incident_id"}
        upsert = self._store.insert(REVIEWS).values(values)
        newer = REVIEWS.c.revision <= review.revision
        upsert = upsert.on_conflict_do_update(index_elements=["incident_id"], set_=changed, where=newer)
        async with self._store.write() as connection:
            if (await connection.execute(upsert)).rowcount == 0:
                return
            await connection.execute(
                sa.delete(REVIEW_ACTIONS).where(REVIEW_ACTIONS.c.incident_id == review.incident_id)
            )
            if actions:
                await connection.execute(
                    sa.insert(REVIEW_ACTIONS),
                    [{**action.model_dump(), "incident_id": review.incident_id} for action in actions],
                )

    async def get(self, incident_id: str) -> ReviewRecord | None:
        async with self._store.read() as connection:
            row = (await connection.execute(sa.select(REVIEWS).where(REVIEWS.c.incident_id == incident_id))).first()
            return None if row is None else ReviewRecord.model_validate(dict(row._mapping))

    async def find(self, *, state: str | None = None, limit: int = 200) -> list[ReviewRecord]:
        """Last changed first."""
        query = sa.select(REVIEWS).order_by(REVIEWS.c.updated_at.desc(), REVIEWS.c.incident_id).limit(limit)
        if state is not None:
            query = query.where(REVIEWS.c.state == state)
        async with self._store.read() as connection:
            return [ReviewRecord.model_validate(dict(row._mapping)) for row in await connection.execute(query)]

    async def listed(
        self, *, state: str | None = None, owner: str | None = None, limit: int = 200, after: str | None = None
    ) -> Listing[ReviewRecord]:
        """Last changed first, page by page. `after` is a cursor of this list (ValueError if it is not)."""
        of = REVIEWS.c
        query = sa.select(REVIEWS).order_by(of.updated_at.desc(), of.incident_id).limit(limit + 1)
        for column, value in ((of.state, state), (of.owner, owner)):
            if value is not None:
                query = query.where(column == value)
        if after is not None:
            at, place = parse_cursor(after)
            query = query.where((of.updated_at < at) | ((of.updated_at == at) & (of.incident_id > place)))
        async with self._store.read() as connection:
            found = [ReviewRecord.model_validate(dict(row._mapping)) for row in await connection.execute(query)]
        more, found = len(found) > limit, found[:limit]
        last = found[-1] if more else None
        return Listing(found, cursor(last.updated_at, last.incident_id) if last and last.updated_at else None)

    async def actions(
        self, *, incident_id: str | None = None, owner: str | None = None, state: str | None = None, limit: int = 500
    ) -> list[FollowUp]:
        """What is due first comes first."""
        of = REVIEW_ACTIONS.c
        query = sa.select(REVIEW_ACTIONS).limit(limit)
        query = query.order_by(of.due_at.is_(None), of.due_at, of.incident_id, of.id)
        for column, value in ((of.incident_id, incident_id), (of.owner, owner), (of.state, state)):
            if value is not None:
                query = query.where(column == value)
        async with self._store.read() as connection:
            return [FollowUp.model_validate(dict(row._mapping)) for row in await connection.execute(query)]

    async def ledger(
        self, *, owner: str | None = None, state: str | None = "open", service: str | None = None,
        overdue_at: datetime | None = None, limit: int = 50, after: str | None = None,
    ) -> Listing[ListedAction]:  # fmt: skip
        """Actions of all incidents, what is due first comes first. `overdue_at`: only what was due by then.

        `after` is a cursor of this list (ValueError if it is not).
        """
        of, about = REVIEW_ACTIONS.c, INCIDENTS.c
        query = (
            sa.select(REVIEW_ACTIONS, about.title.label("incident_title"), about.service, about.severity, about.drill)
            .join(INCIDENTS, of.incident_id == about.id)
            .where(of.due_at.is_not(None))
            .order_by(of.due_at, of.incident_id, of.id)
            .limit(limit + 1)
        )
        for column, value in ((of.owner, owner), (of.state, state), (about.service, service)):
            if value is not None:
                query = query.where(column == value)
        if overdue_at is not None:
            query = query.where(of.due_at <= overdue_at)
        if after is not None:
            due_at, name = parse_cursor(after)
            incident, _, action = name.partition("/")
            place = sa.tuple_(of.due_at, of.incident_id, of.id)
            query = query.where(place > sa.tuple_(sa.literal(due_at, of.due_at.type), incident, action))
        async with self._store.read() as connection:
            found = [ListedAction.model_validate(dict(row._mapping)) for row in await connection.execute(query)]
        more, found = len(found) > limit, found[:limit]
        last = found[-1] if more else None
        following = cursor(last.due_at, f"{last.incident_id}/{last.id}") if last and last.due_at else None
        return Listing(found, following)

    async def boards(self, incidents: Collection[str]) -> dict[str, dict[str, Any]]:
        """What is stored of these reviews, by incident."""
        query = sa.select(REVIEWS.c.incident_id, REVIEWS.c.data).where(REVIEWS.c.incident_id.in_(incidents))
        if not incidents:
            return {}
        async with self._store.read() as connection:
            return {row.incident_id: row.data for row in await connection.execute(query)}

    async def put_report(self, report: Report) -> None:
        """Keep a version of the report; drafted again, the newer text stands."""
        values = report.model_dump()
        upsert = self._store.insert(REPORTS).values(values)
        changed = {"text": report.text, "digest": report.digest, "drafted_at": report.drafted_at}
        async with self._store.write() as connection:
            await connection.execute(
                upsert.on_conflict_do_update(index_elements=["incident_id", "version"], set_=changed)
            )

    async def report(self, incident_id: str, version: int | None = None) -> Report | None:
        """A version of the report; the newest by default."""
        query = sa.select(REPORTS).where(REPORTS.c.incident_id == incident_id).order_by(REPORTS.c.version.desc())
        if version is not None:
            query = query.where(REPORTS.c.version == version)
        async with self._store.read() as connection:
            row = (await connection.execute(query.limit(1))).first()
            return None if row is None else Report.model_validate(dict(row._mapping))

    async def versions(self, incident_id: str) -> list[tuple[int, datetime]]:
        """Which versions of the report there are, and when each was drafted; oldest first."""
        query = sa.select(REPORTS.c.version, REPORTS.c.drafted_at).where(REPORTS.c.incident_id == incident_id)
        async with self._store.read() as connection:
            return [
                (row.version, row.drafted_at) for row in await connection.execute(query.order_by(REPORTS.c.version))
            ]

    async def reports(self, incident_id: str) -> list[Report]:
        """All versions, oldest first."""
        query = sa.select(REPORTS).where(REPORTS.c.incident_id == incident_id).order_by(REPORTS.c.version)
        async with self._store.read() as connection:
            return [Report.model_validate(dict(row._mapping)) for row in await connection.execute(query)]
