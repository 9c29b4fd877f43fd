"""Buttons of a review's page: the review API's own decisions, read from forms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from starter import review_bodies as bodies
from starter import reviews
from starter.bodies import Body, NoteBody
from starter.console.deeds import command_of, may, told, wants_json
from starter.console.forms import Form, body_of, plain, texts, typed
from starter.console.visitor import Looking, PageRoute
from starter.feed import feeds_of
from starter.parts import Here
from starter.problems import Problem
from starter.reviews import Sending

__all__ = ["REVIEW_DEEDS", "router"]

router = APIRouter(route_class=PageRoute)

Send = Callable[[Form, Sending], Awaitable[JSONResponse]]
BY_PERSON = frozenset({"accepts", "releases", "findings"})


def _sent(model: type[Body], send: Callable[[Any, Sending], Awaitable[JSONResponse]], *names: str) -> Send:
    """A decision whose body is these fields of the form."""

    async def deed(form: Form, to: Sending) -> JSONResponse:
        return await send(body_of(model, plain(form, *names)), to)

    return deed


async def _accept(form: Form, to: Sending) -> JSONResponse:
    return await reviews.accept(to)


async def _done(form: Form, to: Sending) -> JSONResponse:
    return await reviews.complete_action(
        form.get("action", ""), body_of(bodies.CompleteBody, plain(form, "result")), to
    )


async def _drop(form: Form, to: Sending) -> JSONResponse:
    return await reviews.drop_action(form.get("action", ""), body_of(bodies.DropBody, plain(form, "reason")), to)


async def _add(form: Form, to: Sending) -> JSONResponse:
    given = plain(form, "title", "owner", "priority")
    if form.get("due_at"):
        given["due_at"] = typed("due_at", "datetime", form["due_at"])
    return await reviews.add_action(body_of(bodies.ActionBody, given), to)


async def _release(form: Form, to: Sending) -> JSONResponse:
    given = {**plain(form, "item", "reason"), "withhold": form.get("release") == "no"}
    return await reviews.release(body_of(bodies.ReleaseBody, given), to)


async def _finding(form: Form, to: Sending) -> JSONResponse:
    given = {**plain(form, "finding", "reason"), "yes": form.get("answer") == "yes"}
    return await reviews.answer_finding(body_of(bodies.FindingBody, given), to)


async def _closing(form: Form, to: Sending) -> JSONResponse:
    given = plain(form, "category", "cause_code", "change", "detected_by")
    if form.get("caused_by_change"):
        given["caused_by_change"] = typed("caused_by_change", "boolean", form["caused_by_change"])
    for name in ("impact_started_at", "impact_ended_at"):
        if form.get(name):
            given[name] = typed(name, "datetime", form[name])
    return await reviews.closing_form(body_of(bodies.ClosingFormBody, given), to)


REVIEW_DEEDS: dict[str, tuple[Send, str]] = {
    "accepts": (_accept, "The review is yours"),
    "state": (_sent(bodies.StateBody, reviews.set_state, "state"), "State set"),
    "report": (_sent(bodies.EditBody, reviews.edit, "section", "text", "version"), "Written"),
    "closing-form": (_closing, "Filled in"),
    "actions": (_add, "Follow-up added"),
    "action-done": (_done, "Done"),
    "action-dropped": (_drop, "Dropped"),
    "releases": (_release, "Decided"),
    "findings": (_finding, "Answered"),
    "notes": (_sent(NoteBody, reviews.note, "text"), "Noted"),
}


@router.post("/reviews/{incident}/do/{name}")
async def do(incident: str, name: str, request: Request, visitor: Looking, parts: Here) -> Response:
    """One button. 303 back to the page, or JSON for the script; refusals as everywhere."""
    at = parts.clock()
    known = REVIEW_DEEDS.get(name)
    if known is None:
        raise Problem(404, "not_found", f"there is no button {name[:40]}")
    may(visitor, by_person=name in BY_PERSON)
    form = await texts(request)
    record = await parts.directory.find(incident)
    common = {
        "id": command_of(visitor, request, form),
        "actor": visitor.principal.actor,
        "channel": "console",
        "received_at": at,
    }
    send, words = known
    answer = await send(form, Sending(parts, record, common))
    feeds_of(parts).nudge(record.id)
    if wants_json(request):
        return JSONResponse({"told": told(words, answer)}, answer.status_code)
    return RedirectResponse(f"/reviews/{record.id}", 303)
