"""Everything that people send to an open incident. The actor is the authenticated person, never a field."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Body, Depends
from fastapi.responses import JSONResponse

from mayday.domain import commands
from mayday.domain.commands import Command
from mayday.domain.incident import ENDED
from mayday.records.incidents import IncidentRecord
from starter import bodies
from starter.access import Acting, AsPerson
from starter.added_steps import check_added_step
from starter.arrival import Arrived
from starter.once import OnceRoute
from starter.parts import Parts
from starter.problems import Problem
from starter.routes.incidents import live_board

router = APIRouter(prefix="/api/v1/incidents/{incident}", tags=["decisions"], route_class=OnceRoute)


class Sending(NamedTuple):
    """Where a command goes and what every command carries."""

    parts: Parts
    record: IncidentRecord
    common: dict[str, Any]

    async def send(self, command: Command) -> JSONResponse:
        decided = await self.parts.decisions.send(self.record, command)
        return JSONResponse(decided.body, decided.status)


async def _as_actor(principal: Acting, arrival: Arrived) -> Sending:
    return Sending(*arrival)


async def _as_person(principal: AsPerson, arrival: Arrived) -> Sending:
    return Sending(*arrival)


Actor = Annotated[Sending, Depends(_as_actor)]
Person = Annotated[Sending, Depends(_as_person)]


@router.post("/votes")
async def vote(body: bodies.VoteBody, to: Person) -> JSONResponse:
    """Vote at a gate. A vote may change until the outcome exists; `on_behalf_of` and `heard_by` record a spoken one."""
    return await to.send(commands.Vote(**to.common, **body.model_dump()))


@router.post("/acks")
async def acknowledge(body: bodies.AckBody, to: Person) -> JSONResponse:
    """Acknowledge a page; `joined` says whether you are on the bridge."""
    return await to.send(commands.Ack(**to.common, **body.model_dump()))


@router.post("/accepts")
async def accept(body: bodies.AcceptBody, to: Person) -> JSONResponse:
    """Accept a role that was offered to you, or a task."""
    return await to.send(commands.Accept(**to.common, target=body.role or body.task or ""))


@router.post("/declines")
async def decline(body: bodies.DeclineBody, to: Person) -> JSONResponse:
    """Say that you cannot take a role that was offered to you, or a page: the next is asked at once."""
    return await to.send(commands.Decline(**to.common, target=body.target, reason=body.reason))


@router.post("/completions")
async def complete(body: bodies.CompletionBody, to: Actor) -> JSONResponse:
    """Finish a task with its result; confirmations (`confirm:...`) and reviews (`review:...`) are tasks too."""
    return await to.send(commands.Complete(**to.common, **body.model_dump()))


@router.post("/updates")
async def update(body: bodies.UpdateBody, to: Actor) -> JSONResponse:
    """Send an update to an audience; it counts as the audience's next tick."""
    return await to.send(commands.Update(**to.common, **body.model_dump()))


@router.post("/updates/{n}/correct")
async def correct(n: int, body: bodies.CorrectBody, to: Actor) -> JSONResponse:
    """Correct the n-th sent message, to the same recipients; a second person releases it."""
    return await to.send(commands.Correct(**to.common, n=n, text=body.text))


@router.post("/notes")
async def note(body: bodies.NoteBody, to: Actor) -> JSONResponse:
    """Write a note; `occurred_at` when it is about something earlier."""
    return await to.send(commands.Note(**to.common, **body.model_dump()))


@router.post("/severity")
async def severity(body: bodies.SeverityBody, to: Actor) -> JSONResponse:
    """Change the severity; its rhythm of updates applies from now on."""
    return await to.send(commands.SetSeverity(**to.common, **body.model_dump()))


@router.post("/status")
async def status(body: bodies.StatusBody, to: Actor) -> JSONResponse:
    """Set the status; resolved and cancelled leave the phase and skip the later ones."""
    return await to.send(commands.SetStatus(**to.common, **body.model_dump()))


@router.post("/roles")
async def role(body: bodies.RoleBody, to: Actor) -> JSONResponse:
    """Offer a role to somebody; it is theirs once they accept."""
    if body.person not in to.parts.playbooks.at_the_door.people:
        raise Problem(422, "invalid", f"person: {body.person} is not in the catalog")
    return await to.send(commands.AssignRole(**to.common, **body.model_dump()))


@router.post("/events")
async def event(body: bodies.EventBody, to: Actor) -> JSONResponse:
    """Tell the runbook that something happened; names of the system (`severity.*`, ...) are refused."""
    return await to.send(commands.Event(**to.common, **body.model_dump()))


@router.post("/steps")
async def add_step(step: Annotated[bodies.Given, Body()], to: Actor) -> JSONResponse:
    """Add a step to the running incident, in the language's own shape, under the same checks and authority."""
    await check_added_step(to.parts, to.record, step)
    return await to.send(commands.AddStep(**to.common, step=step))


@router.post("/candidate")
async def candidate(body: bodies.CandidateBody, to: Actor) -> JSONResponse:
    """Accept a proposed incident, or reject it."""
    return await to.send(commands.Candidate(**to.common, **body.model_dump()))


@router.post("/merge")
async def merge(body: bodies.MergeBody, to: Actor) -> JSONResponse:
    """Merge this incident into another, which takes over what it still owes."""
    into = await to.parts.directory.find(body.into)
    if into.id == to.record.id:
        raise Problem(422, "invalid", "into: an incident cannot be merged into itself")
    if into.drill != to.record.drill:
        raise Problem(422, "invalid", "into: a drill and a real incident are never one")
    await _check_survivor(to.parts, into)
    merged = commands.Merge(**to.common, into=into.id, into_workflow=into.workflow_id, reason=body.reason)
    return await to.send(merged)


async def _check_survivor(parts: Parts, into: IncidentRecord) -> None:
    """What is over takes nothing over; and its run may by now be that of the next incident of the same cause."""
    board = await live_board(parts, into) or into.board
    status = board.status if board is not None else into.status
    if into.ended_at is None and status not in ENDED:
        return
    survivor = board.merged_into if board is not None else None
    raise Problem(
        409, "closed", f"{into.id} is {status}: it takes nothing over",
        hint=f"merge into {survivor}" if survivor else "an incident that ended within 24 hours can be reopened first",
    )  # fmt: skip


@router.post("/reopen")
async def reopen(body: bodies.ReopenBody, to: Actor) -> JSONResponse:
    """Go on with an incident that ended within the last 24 hours: same id, same timeline."""
    return await to.send(commands.Reopen(**to.common, reason=body.reason))


@router.post("/delegations")
async def delegate(body: bodies.DelegationBody, to: Person) -> JSONResponse:
    """Let somebody vote for you: at one decision, or at all of this incident."""
    if body.to not in to.parts.playbooks.at_the_door.people:
        raise Problem(422, "invalid", f"to: {body.to} is not in the catalog")
    return await to.send(commands.Delegate(**to.common, **body.model_dump()))


@router.post("/impact")
async def impact(body: bodies.ImpactBody, to: Actor) -> JSONResponse:
    """Say how many customers are affected, and since or until when."""
    return await to.send(commands.Impact(**to.common, **body.model_dump()))


@router.post("/vendor-replies")
async def vendor_reply(body: bodies.VendorReplyBody, to: Actor) -> JSONResponse:
    """Enter what a vendor said, also by phone: it stops, pauses or resumes the contract's clocks."""
    reply = body.model_dump()
    return await to.send(commands.VendorReply(**to.common, reply=reply.pop("kind"), **reply))


@router.post("/hold-outward")
async def hold_outward(body: bodies.HoldOutwardBody, to: Actor) -> JSONResponse:
    """Hold back, or let go again, everything that is meant for outside audiences."""
    return await to.send(commands.HoldOutward(**to.common, **body.model_dump()))


@router.post("/overrides")
async def override(body: bodies.OverrideBody, to: Actor) -> JSONResponse:
    """Overrule the runbook at one step: skip, retry, complete, cancel, reassign, pause, resume, end_phase."""
    return await to.send(commands.Override(**to.common, **body.model_dump()))
