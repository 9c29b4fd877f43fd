"""Incidents: declare, list, show, timeline."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from mayday.domain.commands import Note
from mayday.domain.incident import ENDED, STATUSES, Board, StartInput
from mayday.domain.ranks import SeverityName
from mayday.domain.timeline import Entry, timestamp
from mayday.language.library import UnknownRunbook
from mayday.language.service_names import service_named, services_like
from mayday.records.errors import RecordsUnavailable
from mayday.records.incidents import IncidentRecord
from starter.access import Acting, Reading
from starter.bodies import DeclareBody, Moment
from starter.directory import record_of
from starter.gateway import TemporalSilent
from starter.injects import InjectRefused
from starter.minting import short_id
from starter.once import OnceRoute
from starter.opening import Declared
from starter.parts import Here, Parts
from starter.playbooks import InputRefused
from starter.problems import Problem

log = structlog.get_logger(__name__)

router = APIRouter(prefix="/api/v1/incidents", tags=["incidents"], route_class=OnceRoute)

LIVE_WITHIN = timedelta(seconds=1.5)
"""How long a page waits for the run before it shows what the store knows."""


@router.post("", status_code=201)
async def declare(body: DeclareBody, principal: Acting, parts: Here) -> JSONResponse:
    """Declare an incident. 201 with the new one; 200 with the open one when its cause has one already."""
    declared = Declared(actor=principal.actor, **body.model_dump(exclude={"unknown_service"}))
    warnings = _of_the_catalog(parts, body)
    _, workflow_id = parts.openings.key_of(declared)
    try:
        start = await parts.openings.by_hand(declared)
    except UnknownRunbook as error:
        raise _invalid("runbook", str(error)) from None
    except InjectRefused as error:
        raise _invalid("injects", str(error)) from None
    except InputRefused as error:
        raise _invalid(f"inputs.{error.name}", error.reason) from None
    started = await parts.gateway.start(start, again=True)
    if not started.opened:
        incident, _ = await parts.delivery.whose(workflow_id)
        if incident is None:
            raise Problem(503, "temporal_silent", "the open incident cannot be told", headers={"Retry-After": "1"})
        record = await parts.directory.find(incident)
        await _note_declared_again(parts, record, principal.actor, start)
        return JSONResponse(_with_url(parts, record.item()), 200)
    parts.delivery.remember(workflow_id, start.id, started.run_id)
    await parts.delivery.note_opened(start, started.run_id)
    await _audit(parts, principal.actor, start.id, body)
    item = _with_url(parts, record_of(start, started.run_id).item())
    if warnings:
        item["warnings"] = warnings
    return JSONResponse(item, 201, headers={"Location": item["url"]})


def _of_the_catalog(parts: Parts, body: DeclareBody) -> list[str]:
    """What has to be said of a service that the catalog does not have. One that looks mistyped is asked back: it would
    miss its runbook, its owner and the alerts of its cause. What resembles nothing is declared at once: most of a bad
    night is not in the catalog either (docs/adr/0126)."""
    catalog = parts.playbooks.catalog
    service = service_named(catalog, body.service)
    if service in catalog.services:
        return []
    near = services_like(catalog, service)
    if near and not body.unknown_service:
        meant = " or ".join(near)
        reason = f"{service} is not in the catalog; did you mean {meant}?"
        raise Problem(
            422, "unknown_service", f"service: {reason}", errors=[{"field": "service", "reason": reason}],
            hint="if it is something else, declare it with unknown_service: true",
        )  # fmt: skip
    return [f"{service} is not in the catalog: it has no owner to page, and only alerts of that name belong to it"]


async def _note_declared_again(parts: Parts, record: IncidentRecord, actor: str, start: StartInput) -> None:
    """What somebody else saw of the same cause is told to those who are on it: nobody reads it anywhere else."""
    if start.title == record.title:  # the same words: a form that was sent twice
        return
    words = f"Declared again, as {start.severity} on {start.service}: {start.title}"
    note = Note(
        id=f"declared-{start.id}", actor=actor, channel="api", received_at=parts.clock(),
        text=f"{words}\n{start.summary}" if start.summary else words,
    )  # fmt: skip
    try:
        await parts.decisions.send(record, note)
    except (Problem, TemporalSilent) as error:  # the answer stands: it names the open one
        log.warning("declaration_not_noted", incident=record.id, actor=actor, reason=str(error))


@router.get("")
async def list_incidents(
    principal: Reading,
    parts: Here,
    status: Annotated[list[str] | None, Query(description="one or several; `open` means: not ended")] = None,
    severity: Annotated[list[SeverityName] | None, Query()] = None,
    service: str | None = None,
    drill: bool | None = None,
    text: str | None = None,
    opened_from: Moment | None = None,
    opened_to: Moment | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: str | None = None,
) -> dict[str, Any]:
    """Newest first, page by page."""
    wanted = [one for one in status or [] if one != "open"]
    unknown = sorted(set(wanted) - set(STATUSES))
    if unknown:
        raise _invalid("status", f"{unknown[0]} is no status; there are open, {', '.join(STATUSES)}")
    try:
        listing = await parts.records.incidents.find(
            statuses=wanted,
            severities=list(severity or []),
            service=service,
            drill=drill,
            open_only="open" in (status or []),
            text=text,
            opened_from=opened_from,
            opened_to=opened_to,
            limit=limit,
            after=cursor,
        )
    except ValueError as error:
        raise _invalid("cursor", str(error)) from None
    return {"items": [_with_url(parts, record.item()) for record in listing.items], "next": listing.next}


@router.get("/{incident}")
async def show(incident: str, principal: Reading, parts: Here) -> dict[str, Any]:
    """An incident as it is now: what its run says, or, where that does not answer, what was last stored (`live`)."""
    record = await parts.directory.find(incident)
    board = await live_board(parts, record)
    return shown(parts, record, board or record.board, live=board is not None)


@router.get("/{incident}/timeline")
async def timeline(
    incident: str,
    principal: Reading,
    parts: Here,
    after: Annotated[int, Query(ge=0, le=2**53, description="entries with a higher seq")] = 0,
    kind: Annotated[list[str] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
) -> dict[str, Any]:
    """The timeline, in order: stored entries, and those that the run has not flushed yet."""
    record = await parts.directory.find(incident)
    entries = await merged_timeline(parts, record, after)
    page = entries[:limit]
    more = str(page[-1].seq) if len(entries) > limit else None
    naming = parts.naming
    wanted = [entry.named(naming).public() for entry in page if not kind or entry.kind in kind]
    return {"items": wanted, "next": more}


async def merged_timeline(parts: Parts, record: IncidentRecord, after: int = 0) -> list[Entry]:
    """Stored entries with the run's own behind them, by seq."""
    return await stored_and_fresh(parts, record, after, ask_run=await _is_its_run(parts, record))


async def stored_and_fresh(parts: Parts, record: IncidentRecord, after: int, *, ask_run: bool) -> list[Entry]:
    """Entries after a number: the stored ones and, with `ask_run`, those that the run has not flushed yet."""
    try:
        stored = await parts.records.timeline.entries(record.id, after=after)
    except RecordsUnavailable:
        stored = []
    since = stored[-1].seq if stored else after
    fresh = await parts.gateway.timeline(record.workflow_id, since, LIVE_WITHIN) if ask_run else []
    by_seq = {entry.seq: entry for entry in stored}
    for entry in fresh or []:
        by_seq.setdefault(entry.seq, entry)
    return [by_seq[seq] for seq in sorted(by_seq) if seq > after]


def shown(parts: Parts, record: IncidentRecord, board: Board | None, *, live: bool) -> dict[str, Any]:
    """The answer of `show`: the list item with everything on the board."""
    item = _with_url(parts, record.item())
    item |= {"short_id": short_id(record.id), "live": live, "pending": [], "ended_at": None}
    if record.ended_at is not None:
        item["ended_at"] = timestamp(record.ended_at)
    if board is None:
        return item
    facts = board.model_dump(mode="python", by_alias=True)
    shown = item | {name: _plain(value) for name, value in facts.items()} | {"short_id": short_id(record.id)}
    return shown if live else shown | {"status": record.status}  # the review may have closed it since


async def live_board(parts: Parts, record: IncidentRecord) -> Board | None:
    """The board as the run itself shows it; None when it does not answer in time or is another incident's by now."""
    if not await _is_its_run(parts, record):
        return None
    board = await parts.gateway.board(record.workflow_id, LIVE_WITHIN)
    return board if board is not None and board.id == record.id else None


async def _is_its_run(parts: Parts, record: IncidentRecord) -> bool:
    """Whether the run under its workflow id is this incident's: an ended one may have been reopened a moment ago, or
    the next incident of the same cause may run there."""
    if record.ended_at is None and record.status not in ENDED:
        return True
    try:
        async with asyncio.timeout(LIVE_WITHIN.total_seconds()):
            view = await parts.gateway.describe(record.workflow_id)
    except (TemporalSilent, TimeoutError):
        return False
    return view is not None and view.running and view.incident_id in (None, record.id)


def _with_url(parts: Parts, item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "url": f"{parts.settings.base_url}/incidents/{item['id']}"}


def _plain(value: Any) -> Any:
    """Times as the API writes them."""
    if hasattr(value, "isoformat"):
        return timestamp(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


async def _audit(parts: Parts, actor: str, incident: str, body: DeclareBody) -> None:
    try:
        await parts.records.audit.write(
            actor, "declare", incident_id=incident, channel="api", detail=body.model_dump(exclude_none=True)
        )  # fmt: skip
    except RecordsUnavailable:
        pass  # the declaration is on the timeline; the audit has it from there


def _invalid(field: str, reason: str) -> Problem:
    return Problem(422, "invalid", f"{field}: {reason}", errors=[{"field": field, "reason": reason}])


__all__ = ["LIVE_WITHIN", "live_board", "merged_timeline", "router", "shown", "stored_and_fresh"]
