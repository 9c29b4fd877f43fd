"""Buttons of a review's page: the review API's own decisions, read from forms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from starter import review_bodies as bodies
from starter import reviews
from starter.bodies import Body, NoteBody
from starter.console.deeds import command_of, may, told, wants_json
from starter.console.drill_banner import banner_of
from starter.console.forms import Form, body_of, plain, texts, typed, without_marks
from starter.console.sheets import sheet
from starter.console.visitor import Looking, PageRoute
from starter.feed import feeds_of
from starter.parts import Here
from starter.problems import Problem
from starter.reviews import Sending

__all__ = ["REVIEW_DEEDS", "router"]

router = APIRouter(route_class=PageRoute)

Send = Callable[[Form, Sending], Awaitable[JSONResponse]]
Asks = Callable[[Form], str | None]


class ReviewDeed(NamedTuple):
    """What a button does. `sure`: the words of the page that asks once more, for what cannot be undone."""

    send: Send
    done: str
    by_person: bool = False
    sure: Asks = lambda form: None


def _sent(
    model: type[Body],
    send: Callable[[Any, Sending], Awaitable[JSONResponse]],
    *names: str,
    moments: tuple[str, ...] = (),
) -> Send:
    """A decision whose body is these fields of the form."""

    async def deed(form: Form, to: Sending) -> JSONResponse:
        return await send(body_of(model, plain(form, *names) | _moments(form, *moments)), to)

    return deed


def _of_action(
    model: type[Body],
    send: Callable[[str, Any, Sending], Awaitable[JSONResponse]],
    *names: str,
    moments: tuple[str, ...] = (),
) -> Send:
    """The same, about one follow-up."""

    async def deed(form: Form, to: Sending) -> JSONResponse:
        body = body_of(model, plain(form, *names) | _moments(form, *moments))
        return await send(form.get("action", ""), body, to)

    return deed


def _moments(form: Form, *names: str) -> dict[str, Any]:
    return {name: typed(name, "datetime", form[name]) for name in names if form.get(name)}


async def _accept(form: Form, to: Sending) -> JSONResponse:
    return await reviews.accept(to)


async def _release(form: Form, to: Sending) -> JSONResponse:
    given = {**plain(form, "item", "reason"), "withhold": form.get("release") == "no"}
    return await reviews.release(body_of(bodies.ReleaseBody, given), to)


async def _finding(form: Form, to: Sending) -> JSONResponse:
    given = {**plain(form, "finding", "reason"), "yes": form.get("answer") == "yes"}
    return await reviews.answer_finding(body_of(bodies.FindingBody, given), to)


async def _closing(form: Form, to: Sending) -> JSONResponse:
    given = plain(form, "category", "cause_code", "change", "detected_by", "workaround")
    if form.get("caused_by_change"):
        given["caused_by_change"] = typed("caused_by_change", "boolean", form["caused_by_change"])
    given |= _moments(form, "impact_started_at", "impact_ended_at")
    return await reviews.closing_form(body_of(bodies.ClosingFormBody, given), to)


def _sure_of_state(form: Form) -> str | None:
    if form.get("state") != "closed":
        return None
    return (
        "The review is closed, and the incident with it: its report, its form and its meeting are not changed "
        "any more. Follow-ups and findings that are open are chased all the same."
    )


def _sure_of_release(form: Form) -> str:
    if form.get("release") == "no":
        return "The last word to this audience is withheld for good: it never leaves."
    return "The last word leaves now, as it stands there, and cannot be taken back."


def _sure_of_finding(form: Form) -> str:
    if form.get("answer") == "yes":
        return "You stand in for what was done: your answer is kept with your name and is not changed any more."
    return "You say no: it stays a finding, in the report too, until somebody says what was done about it."


def _always(words: str) -> Asks:
    return lambda form: words


REVIEW_DEEDS: dict[str, ReviewDeed] = {
    "accepts": ReviewDeed(_accept, "The review is yours", by_person=True),
    "owner": ReviewDeed(_sent(bodies.OwnerBody, reviews.reassign, "person", "reason"), "Offered"),
    "meeting": ReviewDeed(_sent(bodies.MeetingBody, reviews.reschedule, "reason", moments=("starts_at",)), "Moved"),
    "state": ReviewDeed(_sent(bodies.StateBody, reviews.set_state, "state"), "State set", sure=_sure_of_state),
    "report": ReviewDeed(_sent(bodies.EditBody, reviews.edit, "section", "text", "version"), "Written"),
    "closing-form": ReviewDeed(_closing, "Filled in"),
    "problem": ReviewDeed(_sent(bodies.ProblemBody, reviews.set_problem, "number", "url"), "Named"),
    "actions": ReviewDeed(
        _sent(bodies.ActionBody, reviews.add_action, "title", "owner", "priority", moments=("due_at",)),
        "Follow-up added",
    ),
    "action-done": ReviewDeed(_of_action(bodies.CompleteBody, reviews.complete_action, "result"), "Done"),
    "action-dropped": ReviewDeed(
        _of_action(bodies.DropBody, reviews.drop_action, "reason"), "Dropped",
        sure=_always("The follow-up is given up: nobody is reminded of it any more, and its ticket is closed."),
    ),
    "action-reassigned": ReviewDeed(
        _of_action(bodies.ReassignBody, reviews.reassign_action, "to", "reason"), "Handed on"
    ),
    "action-extended": ReviewDeed(
        _of_action(bodies.ExtendBody, reviews.extend_action, "reason", moments=("due_at",)), "Extended"
    ),
    "releases": ReviewDeed(_release, "Decided", by_person=True, sure=_sure_of_release),
    "rewrites": ReviewDeed(
        _sent(bodies.RewriteBody, reviews.rewrite, "item", "text"), "Written anew: another person releases it",
        by_person=True,
    ),
    "findings": ReviewDeed(_finding, "Answered", by_person=True, sure=_sure_of_finding),
    "settlements": ReviewDeed(
        _sent(bodies.SettleBody, reviews.settle_finding, "finding", "text"), "Settled", by_person=True,
        sure=_always("The finding is settled with your words and your name. It does not become an approval."),
    ),
    "vendor-rcas": ReviewDeed(
        _sent(bodies.RcaBody, reviews.receive_rca, "vendor", "text"), "Received",
        sure=_always("The vendor's analysis has come, in these words: it is not asked for again."),
    ),
    "notes": ReviewDeed(_sent(NoteBody, reviews.note, "text", moments=("occurred_at",)), "Noted"),
}  # fmt: skip


@router.post("/reviews/{incident}/do/{name}")
async def do(incident: str, name: str, request: Request, visitor: Looking, parts: Here) -> Response:
    """One button. 303 back to the page, or JSON for the script; refusals as everywhere."""
    at = parts.clock()
    known = REVIEW_DEEDS.get(name)
    if known is None:
        raise Problem(404, "not_found", f"there is no button {name[:40]}")
    may(visitor, by_person=known.by_person)
    form = await texts(request)
    record = await parts.directory.find(incident)
    asks = known.sure(form)
    if asks is not None and form.get("sure") != "yes":
        if wants_json(request):
            return JSONResponse({"confirm": asks})
        back = f"/reviews/{record.id}"
        return sheet(
            request, "sure.html", asks=asks, incident=record, drill=banner_of(record), back=back,
            action=f"{back}/do/{name}", form=without_marks(form),
        )  # fmt: skip
    common = {
        "id": command_of(visitor, request, form),
        "actor": visitor.principal.actor,
        "channel": "console",
        "received_at": at,
    }
    answer = await known.send(form, Sending(parts, record, common))
    feeds_of(parts).nudge(record.id)
    if wants_json(request):
        return JSONResponse({"told": told(known.done, answer)}, answer.status_code)
    return RedirectResponse(f"/reviews/{record.id}", 303)
