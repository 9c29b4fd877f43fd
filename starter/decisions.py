"""What people decide, on its way to the incident: as an update that is answered, else as a signal that is not.

    applied            200 {"state": "applied", "entry": 12, ...}
    not taken in 5 s   202 {"state": "pending"}: the same command was signalled; the same id is applied once
    refused            409 with the workflow's code and reason (422 for `invalid`)
    ended              409 closed

Every try leaves an audit row; the timeline hears only of what was applied.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import structlog

from mayday.domain.commands import Ack, Answer, Command, Complete, Reopen, Vote
from mayday.domain.timeline import stamped
from mayday.domain.timeline_words import Naming, refusal
from mayday.records.errors import RecordsUnavailable
from mayday.records.incidents import IncidentRecord
from mayday.records.records import Records
from mayday.signing import Signer
from starter.delivery import Delivery
from starter.gateway import CommandRefused, Gateway, NoSuchRun, NotAccepted
from starter.metrics import COMMANDS
from starter.minting import short_id
from starter.open_now import MISNAMED, open_now
from starter.problems import Problem
from starter.reopening import Reopening

__all__ = ["Decided", "Decisions"]

log = structlog.get_logger(__name__)

SHOWN_IN_LISTS = frozenset({"severity", "status", "candidate", "merge", "reopen"})
LIVE_WITHIN = timedelta(seconds=1)


class Decided(NamedTuple):
    """HTTP status and body."""

    status: int
    body: dict[str, Any]


class Decisions:
    """Sends commands to incidents."""

    def __init__(
        self, gateway: Gateway, records: Records, delivery: Delivery, reopening: Reopening, signer: Signer,
        naming: Callable[[], Naming],
    ) -> None:  # fmt: skip
        self._gateway = gateway
        self._records = records
        self._delivery = delivery
        self._reopening = reopening
        self._signer = signer
        self._naming = naming

    async def send(self, record: IncidentRecord, command: Command) -> Decided:
        """The answer, or a `Problem` with the reason. Raises `TemporalSilent`."""
        try:
            answer = await self._apply(record, command)
        except CommandRefused as refused:
            await self._audit(record, command, refused.code)
            raise Problem(
                422 if refused.code == "invalid" else 409, refused.code, refusal(refused.reason, self._naming()),
                hint=await self._meant(record, command, refused.code),
            ) from None  # fmt: skip
        except NoSuchRun:
            self._delivery.forget(record.workflow_id)
            await self._audit(record, command, "closed")
            raise Problem(
                409, "closed", f"{short_id(record.id)} has ended ({await self._last_status(record)})",
                hint=_after_the_end(record, command),
            ) from None  # fmt: skip
        await self._audit(record, command, "pending" if answer.state == "pending" else "ok")
        if answer.state == "pending":
            return Decided(202, {"state": "pending", "command": command.id})
        if isinstance(command, Ack):
            await self._silence(record, command)
        if command.kind in SHOWN_IN_LISTS:
            await self._list_again(record)
        return Decided(
            200, {"state": answer.state, "entry": answer.entry, "detail": answer.detail, "command": command.id}
        )  # fmt: skip

    async def _apply(self, record: IncidentRecord, command: Command) -> Answer:
        if isinstance(command, Reopen):
            self._delivery.forget(record.workflow_id)
            try:
                return await self._reopening.by_person(record, command)
            except NotAccepted:  # it runs still, and no worker takes the command now
                await self._gateway.signal_command(
                    record.workflow_id, await self._signer.for_incident(record.id, command)
                )
                return Answer(state="pending")
        try:
            return await self._to_its_run(record, command)
        except NoSuchRun:  # what was known of it may be old: it may have been reopened since
            self._delivery.forget(record.workflow_id)
            return await self._to_its_run(record, command)

    async def _to_its_run(self, record: IncidentRecord, command: Command) -> Answer:
        """Only to a run of this incident: the next one of the same cause has the same workflow id."""
        envelope = await self._signer.for_incident(record.id, command)
        chain = await self._delivery.chain_of(record.workflow_id, record.id)
        try:
            return await self._gateway.command(record.workflow_id, envelope, chain)
        except NotAccepted:
            await self._gateway.signal_command(record.workflow_id, envelope)
            return Answer(state="pending")

    async def _list_again(self, record: IncidentRecord) -> None:
        """Lists are read from the store, which hears of a change with the next flush: tell it now. A flush that was
        faster stands."""
        board = await self._gateway.board(record.workflow_id, LIVE_WITHIN)
        if board is None or board.id != record.id:
            return
        changed = {"severity": board.severity, "status": board.status, "title": board.title, "services": board.services}
        try:
            latest = await self._records.incidents.get(record.id) or record
            ended_at = latest.ended_at if board.finished else None
            await self._records.incidents.save(latest.model_copy(update={**changed, "ended_at": ended_at}))
        except RecordsUnavailable as error:
            log.warning("list_not_updated", incident=record.id, reason=str(error))

    async def _silence(self, record: IncidentRecord, ack: Ack) -> None:
        """The desk's own pager stops at once; the workflow closes pages at every provider, this one too, anyway."""
        try:
            await self._records.desk.pages.acknowledge(record.id, ack.page, ack.actor)
        except RecordsUnavailable as error:
            log.warning("desk_page_not_acknowledged", incident=record.id, page=ack.page, reason=str(error))

    async def _last_status(self, record: IncidentRecord) -> str:
        try:
            latest = await self._records.incidents.get(record.id)
        except RecordsUnavailable:
            latest = None
        return (latest or record).status

    async def _meant(self, record: IncidentRecord, command: Command, code: str) -> str | None:
        if code not in MISNAMED:
            return None
        board = await self._gateway.board(record.workflow_id, LIVE_WITHIN)
        return open_now(command, code, board.pending) if board is not None and board.id == record.id else None

    async def _audit(self, record: IncidentRecord, command: Command, outcome: str) -> None:
        COMMANDS.labels(kind=command.kind, outcome=outcome).inc()
        detail = stamped(command, exclude={"actor", "channel", "kind"}, exclude_none=True)
        try:
            await self._records.audit.write(
                command.actor, command.kind, outcome, incident_id=record.id, channel=command.channel, detail=detail
            )
        except RecordsUnavailable as error:
            log.warning(
                "audit_not_written", actor=command.actor, action=command.kind, outcome=outcome, reason=str(error)
            )


def _after_the_end(record: IncidentRecord, command: Command) -> str:
    """What can still be done. Ratifications and confirmations went to the review, with all that was owed."""
    owed = command.decision if isinstance(command, Vote) else command.task if isinstance(command, Complete) else ""
    if owed.startswith(("ratify:", "confirm:")):
        return (
            f"the review asks for it now: `mayday review finding {record.id} '{owed}' --yes`, or --no --reason WHY; "
            f"POST /api/v1/reviews/{record.id}/findings"
        )
    return "within 24 hours of the end it can be reopened"
