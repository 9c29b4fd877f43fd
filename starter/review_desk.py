"""The starter's side of reviews: commands on their way, and the board from wherever it can be had."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from fastapi.responses import JSONResponse

from mayday.domain.commands import Answer
from mayday.domain.review import ReviewBoard, ReviewCommand
from mayday.domain.timeline import stamped, timestamp
from mayday.records.errors import RecordsUnavailable
from mayday.records.incidents import IncidentRecord
from starter.gateway import CommandRefused, NoSuchRun, NotAccepted
from starter.metrics import COMMANDS
from starter.minting import review_workflow_id
from starter.parts import Parts
from starter.problems import Problem

__all__ = ["board_of", "item_of", "send", "url_of"]

log = structlog.get_logger(__name__)

LIVE_WITHIN = timedelta(seconds=1.5)
"""How long a page waits for the review's workflow before it shows what the store knows."""


async def send(parts: Parts, record: IncidentRecord, command: ReviewCommand) -> JSONResponse:
    workflow_id, envelope = review_workflow_id(record.id), await parts.signer.for_review(record.id, command)
    try:
        try:
            answer = await parts.gateway.command(workflow_id, envelope)
        except NotAccepted:
            await parts.gateway.signal_command(workflow_id, envelope)
            answer = Answer(state="pending")
    except CommandRefused as refused:
        await _audit(parts, record, command, refused.code)
        raise Problem(422 if refused.code == "invalid" else 409, refused.code, refused.reason) from None
    except NoSuchRun:
        stored = await parts.records.reviews.get(record.id)
        if stored is None:
            raise await _unknown(parts, record) from None
        await _audit(parts, record, command, "closed")
        raise Problem(409, "closed", f"the review of {record.id} has ended ({stored.state})") from None
    await _audit(parts, record, command, "pending" if answer.state == "pending" else "ok")
    if answer.state == "pending":
        return JSONResponse({"state": "pending", "command": command.id}, 202)
    done = {"state": answer.state, "entry": answer.entry, "detail": answer.detail, "command": command.id}
    return JSONResponse(done, 200)


async def _audit(parts: Parts, record: IncidentRecord, command: ReviewCommand, outcome: str) -> None:
    COMMANDS.labels(kind=command.kind, outcome=outcome).inc()
    detail = stamped(command, exclude={"actor", "channel", "kind"}, exclude_none=True)
    try:
        await parts.records.audit.write(
            command.actor,
            f"review.{command.kind}",
            outcome,
            incident_id=record.id,
            channel=command.channel,
            detail=detail,
        )
    except RecordsUnavailable as error:
        log.warning("audit_not_written", actor=command.actor, action=command.kind, outcome=outcome, reason=str(error))


async def board_of(parts: Parts, record: IncidentRecord) -> ReviewBoard:
    """The review as its workflow sees it, else as last stored; a 404 `Problem` where there is none."""
    live = await parts.gateway.review_board(record.id, LIVE_WITHIN)
    if live is not None:
        return live
    stored = await parts.records.reviews.get(record.id)
    if stored is None:
        raise await _unknown(parts, record)
    return ReviewBoard.model_validate(stored.data)


_NEVER = ("cancelled", "rejected")


async def _unknown(parts: Parts, record: IncidentRecord) -> Problem:
    """Why there is none: it has not begun, it never will, or another incident's review tells of it."""
    detail = f"{record.id} has no review: it is {record.status}"
    hint = "a review begins once the incident is resolved and its last words have left"
    if record.status == "merged":
        entries = await parts.records.timeline.entries(record.id)
        into = next((str(entry.data.get("into")) for entry in reversed(entries) if entry.kind == "merged_into"), "")
        hint = f"the review of {into or 'the incident that it was merged into'} tells of both"
    elif record.status in _NEVER:
        hint = f"what was {record.status} is not reviewed"
    return Problem(404, "no_review", detail, hint=hint)


def item_of(parts: Parts, board: ReviewBoard) -> dict[str, Any]:
    open_actions = [action for action in board.actions if action.state == "open"]
    meeting = board.meeting if board.meeting and not board.meeting.cancelled else None
    return {
        "id": board.incident_id,
        "title": board.title,
        "severity": board.severity,
        "service": board.service,
        "drill": board.drill,
        "state": board.state,
        "owner": board.owner,
        "accepted": board.accepted,
        "meeting_at": timestamp(meeting.starts_at) if meeting else None,
        "resolved_at": timestamp(board.resolved_at),
        "closed_at": timestamp(board.closed_at) if board.closed_at else None,
        "open_actions": len(open_actions),
        "owed": len(board.ledger),
        "finished": board.finished,
        "url": url_of(parts, board.incident_id),
    }


def url_of(parts: Parts, incident_id: str) -> str:
    return f"{parts.settings.base_url}/reviews/{incident_id}"
