"""Reviews over HTTP: look, write, close, and what is owed for weeks. The actor is the authenticated person.

The live board comes from the review's workflow; where that does not answer, or has ended, from the records.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from mayday.domain.review import PEOPLE_SECTIONS, ReviewBoard, ReviewCommand
from mayday.domain.review import commands as review_commands
from mayday.domain.timeline import first_broken, plain, timestamp
from mayday.records.incidents import IncidentRecord
from mayday.records.reviews import ListedAction
from starter import review_bodies as bodies
from starter.access import Acting, AsPerson, Reading
from starter.arrival import Arrived
from starter.bodies import NoteBody
from starter.once import OnceRoute
from starter.paging import Cursor
from starter.parts import Here, Parts
from starter.problems import Problem
from starter.report_desk import HTML, MARKDOWN, PDF, article_of, as_document, report_of
from starter.review_desk import board_of, item_of, send, url_of

__all__ = ["reviews_router", "router"]

router = reviews_router = APIRouter(prefix="/api/v1", tags=["reviews"], route_class=OnceRoute)


# -- looking


@router.get("/reviews")
async def list_reviews(
    principal: Reading,
    parts: Here,
    state: Annotated[str | None, Query(description="draft, in_review, reviewed, closed; or `open`")] = None,
    owner: Annotated[str | None, Query(description="a person, or `me`")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Reviews, last changed first, as last stored, page by page. `open` are those that still owe something."""
    who, stored = principal.person if owner == "me" else owner, None if state in (None, "open") else state
    if owner is not None and who is None:
        return {"items": [], "next": None}
    shown: list[ReviewBoard] = []
    while True:  # whether one still owes something stands in its board: pages are read until enough of them do
        wanted = limit - len(shown)
        try:
            found = await parts.records.reviews.listed(state=stored, owner=who, limit=wanted, after=cursor)
        except ValueError as error:
            raise Problem(422, "invalid", f"cursor: {error}") from None
        boards = [ReviewBoard.model_validate(record.data) for record in found.items]
        shown += [board for board in boards if state != "open" or not board.finished]
        cursor = found.next
        if cursor is None or len(shown) >= limit:
            return {"items": [item_of(parts, board) for board in shown], "next": cursor}


@router.get("/actions")
async def list_actions(
    principal: Reading,
    parts: Here,
    owner: Annotated[str | None, Query(description="a person, or `me`")] = None,
    state: Annotated[Literal["open", "done", "dropped", "all"], Query()] = "open",
    service: Annotated[str | None, Query(description="of incidents of this service")] = None,
    overdue: Annotated[bool, Query(description="only what is past its date")] = False,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> dict[str, Any]:
    """The ledger: follow-up actions of all reviews, what is due first comes first, page by page."""
    now = parts.clock()
    try:
        listing = await parts.records.reviews.ledger(
            owner=(principal.person or "") if owner == "me" else owner,
            state=None if state == "all" else state,
            service=service,
            overdue_at=now if overdue else None,
            limit=limit,
            after=cursor,
        )
    except ValueError as error:
        raise Problem(422, "invalid", f"cursor: {error}") from None
    return {"items": [_action(parts, found, now) for found in listing.items], "next": listing.next}


def _action(parts: Parts, found: ListedAction, now: datetime) -> dict[str, Any]:
    late = found.state == "open" and found.due_at is not None and found.due_at <= now
    return {**found.item(), "overdue": late, "url": url_of(parts, found.incident_id)}


@router.get("/reviews/{incident}")
async def show(incident: str, principal: Reading, parts: Here) -> dict[str, Any]:
    """A review with everything that is still owed, by whom, until when."""
    board = await board_of(parts, await parts.directory.find(incident))
    return {**plain(board.model_dump(mode="python", by_alias=True)), "url": url_of(parts, board.incident_id)}


@router.get("/reviews/{incident}/report", response_model=None)
async def report(
    incident: str,
    request: Request,
    principal: Reading,
    parts: Here,
    version: Annotated[
        int | None, Query(ge=1, le=2**31, description="an earlier version; the newest by default")
    ] = None,
) -> Response:
    """The report as the `Accept` header asks: `text/markdown`, `text/html`, `application/pdf`, else JSON.

    Before the first draft it is made from what is known. Paper is printed by a browser that is installed here.
    """
    record = await parts.directory.find(incident)
    board = await board_of(parts, record)
    written = await report_of(parts, record, board, version)
    accept = request.headers.get("accept", "")
    for form in (MARKDOWN, PDF, HTML):
        if form in accept:
            return await as_document(parts, record, written, form)
    versions = [
        {"version": number, "drafted_at": timestamp(at)}
        for number, at in await parts.records.reviews.versions(record.id)
    ]
    sections = {name: section.model_dump(mode="json") for name, section in board.sections.items()}
    return JSONResponse(
        {
            "incident_id": record.id,
            "version": written.version,
            "drafted_at": timestamp(written.drafted_at),
            "versions": versions,
            "markdown": written.text,
            "sections": sections,
            "unwritten": {name: what for name, what in PEOPLE_SECTIONS.items() if name not in sections},
        }
    )


@router.get("/reviews/{incident}/article", response_model=None)
async def article(incident: str, request: Request, principal: Reading, parts: Here) -> Response:
    """A draft of a knowledge article, from what is known by now: `text/markdown` where the `Accept` header asks for it,
    else JSON."""
    record = await parts.directory.find(incident)
    text = await article_of(parts, record, await board_of(parts, record))
    if MARKDOWN in request.headers.get("accept", ""):
        return PlainTextResponse(text, media_type=MARKDOWN)
    return JSONResponse({"incident_id": record.id, "title": record.title, "markdown": text})


@router.get("/reviews/{incident}/verify")
async def verify(incident: str, principal: Reading, parts: Here) -> dict[str, Any]:
    """Whether the stored timeline is as it was written: each entry's hash follows from the one before it."""
    record = await parts.directory.find(incident)
    entries = await parts.records.timeline.entries(record.id)
    broken = first_broken(entries)
    return {
        "incident_id": record.id,
        "intact": broken is None,
        "first_broken": broken,
        "entries": len(entries),
        "head": entries[-1].hash if entries else None,
    }


@router.get("/reviews/{incident}/actions")
async def actions_of(incident: str, principal: Reading, parts: Here) -> dict[str, Any]:
    """The review's follow-up actions, in the order in which they were added."""
    board = await board_of(parts, await parts.directory.find(incident))
    now = parts.clock()
    items = [
        {**plain(action.model_dump()), "overdue": action.state == "open" and action.due_at <= now}
        for action in board.actions
    ]
    return {"items": items, "next": None}


@router.get("/reviews/{incident}/releases")
async def releases_of(incident: str, principal: Reading, parts: Here) -> dict[str, Any]:
    """Final messages that waited, or wait, for a second person."""
    board = await board_of(parts, await parts.directory.find(incident))
    return {"items": [{**plain(item.model_dump()), "open": item.open} for item in board.finals], "next": None}


# -- acting


class Sending(NamedTuple):
    """Where a command goes and what every command carries."""

    parts: Parts
    record: IncidentRecord
    common: dict[str, Any]

    async def send(self, command: ReviewCommand) -> JSONResponse:
        return await send(self.parts, self.record, command)


async def _as_actor(principal: Acting, arrival: Arrived) -> Sending:
    return Sending(*arrival)


async def _as_person(principal: AsPerson, arrival: Arrived) -> Sending:
    return Sending(*arrival)


Actor = Annotated[Sending, Depends(_as_actor)]
Person = Annotated[Sending, Depends(_as_person)]


@router.post("/reviews/{incident}/accepts")
async def accept(to: Person) -> JSONResponse:
    """Accept the ownership of the review that was offered to you."""
    return await to.send(review_commands.AcceptOwnership(**to.common))


@router.post("/reviews/{incident}/owner")
async def reassign(body: bodies.OwnerBody, to: Actor) -> JSONResponse:
    """Give the review to somebody else, who is asked to accept it."""
    return await to.send(review_commands.ReassignOwner(**to.common, **body.model_dump()))


@router.post("/reviews/{incident}/report")
@router.put("/reviews/{incident}/report")
async def edit(body: bodies.EditBody, to: Actor) -> JSONResponse:
    """Write a section of the report, based on the version of it that you have read."""
    return await to.send(review_commands.EditReport(**to.common, **body.model_dump()))


@router.post("/reviews/{incident}/state")
async def set_state(body: bodies.StateBody, to: Actor) -> JSONResponse:
    """draft -> in_review -> reviewed -> closed, one step at a time."""
    return await to.send(review_commands.SetState(**to.common, **body.model_dump()))


@router.post("/reviews/{incident}/closing-form")
async def closing_form(body: bodies.ClosingFormBody, to: Actor) -> JSONResponse:
    """Fill in the closing form, or a part of it; nothing is closed while it is empty."""
    return await to.send(review_commands.FillClosingForm(**to.common, **body.model_dump()))


@router.post("/reviews/{incident}/meeting")
async def reschedule(body: bodies.MeetingBody, to: Actor) -> JSONResponse:
    """Hold the meeting at another time; the invitation follows."""
    return await to.send(review_commands.RescheduleMeeting(**to.common, **body.model_dump()))


@router.post("/reviews/{incident}/actions")
async def add_action(body: bodies.ActionBody, to: Actor) -> JSONResponse:
    """Add a follow-up action with its owner; it is chased until it is done."""
    return await to.send(review_commands.AddAction(**to.common, **body.model_dump()))


@router.post("/reviews/{incident}/actions/{action}/complete")
async def complete_action(action: str, body: bodies.CompleteBody, to: Actor) -> JSONResponse:
    """The action is done."""
    return await to.send(review_commands.CompleteAction(**to.common, action=action, **body.model_dump()))


@router.post("/reviews/{incident}/actions/{action}/drop")
async def drop_action(action: str, body: bodies.DropBody, to: Actor) -> JSONResponse:
    """The action is not wanted any more: a decision, with its reason."""
    return await to.send(review_commands.DropAction(**to.common, action=action, **body.model_dump()))


@router.post("/reviews/{incident}/actions/{action}/reassign")
async def reassign_action(action: str, body: bodies.ReassignBody, to: Actor) -> JSONResponse:
    """Give the action to somebody else."""
    return await to.send(review_commands.ReassignAction(**to.common, action=action, **body.model_dump()))


@router.post("/reviews/{incident}/actions/{action}/extend")
async def extend_action(action: str, body: bodies.ExtendBody, to: Actor) -> JSONResponse:
    """More time; the owner of the action once, then somebody responsible for the review."""
    return await to.send(review_commands.ExtendAction(**to.common, action=action, **body.model_dump()))


@router.post("/reviews/{incident}/releases")
async def release(body: bodies.ReleaseBody, to: Person) -> JSONResponse:
    """Let a final message go, or withhold it. Never its author."""
    return await to.send(review_commands.Release(**to.common, **body.model_dump()))


@router.post("/reviews/{incident}/rewrites")
async def rewrite(body: bodies.RewriteBody, to: Person) -> JSONResponse:
    """Write a waiting final message anew; another person releases it."""
    return await to.send(review_commands.Rewrite(**to.common, **body.model_dump()))


@router.post("/reviews/{incident}/findings")
async def answer_finding(body: bodies.FindingBody, to: Person) -> JSONResponse:
    """Ratify or refuse a decision taken without approval; confirm or deny a vote that was spoken for you."""
    return await to.send(review_commands.AnswerFinding(**to.common, **body.model_dump()))


@router.post("/reviews/{incident}/settlements")
async def settle_finding(body: bodies.SettleBody, to: Person) -> JSONResponse:
    """What was done about a finding that stays one. Never an approval."""
    return await to.send(review_commands.SettleFinding(**to.common, **body.model_dump()))


@router.post("/reviews/{incident}/vendor-rcas")
async def receive_rca(body: bodies.RcaBody, to: Actor) -> JSONResponse:
    """The vendor's root cause analysis came."""
    return await to.send(review_commands.ReceiveRca(**to.common, **body.model_dump()))


@router.post("/reviews/{incident}/problem")
async def set_problem(body: bodies.ProblemBody, to: Actor) -> JSONResponse:
    """Name the problem record that was opened by hand."""
    return await to.send(review_commands.SetProblem(**to.common, **body.model_dump()))


@router.post("/reviews/{incident}/notes")
async def note(body: NoteBody, to: Actor) -> JSONResponse:
    """Write a note into the timeline of an incident that is over."""
    return await to.send(review_commands.ReviewNote(**to.common, **body.model_dump()))
