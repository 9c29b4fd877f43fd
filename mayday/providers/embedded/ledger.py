"""The records store behind the ports of flushes, of the closing run's last look, and of reviews."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mayday.domain.effects import FlushReceipt, FlushRequest, LookRequest
from mayday.domain.incident import AlertEvent
from mayday.domain.ports import Unnoted
from mayday.domain.review.wire import ReviewBoard
from mayday.domain.timeline import Entry
from mayday.providers.embedded.failures import provider_errors
from mayday.records.records import Records
from mayday.records.reviews import FollowUp, Report, ReviewRecord


class RecordsLedger:
    def __init__(self, records: Records) -> None:
        self._records = records

    async def keep(self, request: FlushRequest) -> FlushReceipt:
        with provider_errors():
            return await self._records.flushes.keep(request)

    async def unnoted(self, incident_id: str) -> Unnoted | None:
        with provider_errors():
            return await self._records.flushes.unnoted(incident_id)

    async def noted(self, incident_id: str, seq: int) -> None:
        with provider_errors():
            await self._records.flushes.noted(incident_id, seq)

    async def ticket_of(self, incident_id: str) -> str | None:
        with provider_errors():
            found = await self._records.incidents.get(incident_id)
        return found.board.ticket if found and found.board else None


class RecordsMemory:
    def __init__(self, records: Records) -> None:
        self._records = records

    async def last_alive(self, before: datetime) -> datetime | None:
        with provider_errors():
            return await self._records.presence.last_alive(before)

    async def commanded_by(self, person: str, severity: str, besides: str) -> str | None:
        with provider_errors():
            found = await self._records.incidents.find(open_only=True, severities=[severity], drill=False, limit=500)
        for incident in found.items:
            roles = incident.board.roles if incident.board and incident.id != besides and incident.is_open else []
            if any(role.role == "incident_commander" and role.person == person for role in roles):
                return incident.id
        return None


class RecordsIntake:
    def __init__(self, records: Records) -> None:
        self._records = records

    async def look(self, request: LookRequest) -> list[AlertEvent]:
        with provider_errors():
            rows = await self._records.inbox.look(request.workflow_id, request.since_at, request.limit)
        return [row.event for row in rows]


class RecordsReviews:
    """Reviews as lists show them; the whole board goes along as JSON."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def save(self, board: ReviewBoard) -> None:
        review = ReviewRecord(
            incident_id=board.incident_id, workflow_id=f"review/{board.incident_id}", state=board.state,
            owner=board.owner, meeting_at=board.meeting.starts_at if board.meeting else None, revision=board.revision,
            data=board.model_dump(mode="json", by_alias=True),
        )  # fmt: skip
        actions = [
            FollowUp(
                incident_id=board.incident_id, id=action.id, owner=action.owner, state=action.state,
                due_at=action.due_at, data=action.model_dump(mode="json"),
            )
            for action in board.actions
        ]  # fmt: skip
        with provider_errors():
            await self._records.reviews.save(review, actions)

    async def entries(self, incident_id: str, up_to_seq: int) -> list[Entry]:
        with provider_errors():
            stored = await self._records.timeline.entries(incident_id)
        return [entry for entry in stored if entry.seq <= up_to_seq]

    async def plan(self, digest: str) -> dict[str, Any] | None:
        with provider_errors():
            return await self._records.plans.get(digest)

    async def report(self, incident_id: str, version: int) -> str | None:
        with provider_errors():
            found = await self._records.reviews.report(incident_id, version)
        return found.text if found is not None else None

    async def put_report(self, incident_id: str, version: int, text: str, digest: str, drafted_at: datetime) -> None:
        report = Report(incident_id=incident_id, version=version, text=text, digest=digest, drafted_at=drafted_at)
        with provider_errors():
            await self._records.reviews.put_report(report)
