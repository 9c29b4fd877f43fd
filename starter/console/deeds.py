"""Buttons: each is one of the API's own decisions, with the same body, the same door and the same answer.

A form of a page is read into the API's body and handed to the API's function; the incident then says yes or no. The
script asks for JSON and says the answer beside the button; without it the page is shown again, or the refusal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from starter import bodies
from starter.console.drill_banner import banner_of
from starter.console.forms import Form, body_of, completion, plain, result_of, texts, typed, without_marks
from starter.console.sheets import sheet
from starter.console.visitor import Looking, PageRoute, Visitor
from starter.feed import feeds_of
from starter.minting import command_id
from starter.parts import Here
from starter.problems import Problem
from starter.routes import decisions, drills
from starter.routes.decisions import Sending

__all__ = ["DEEDS", "Doing", "command_of", "may", "router", "told", "wants_json"]

router = APIRouter(route_class=PageRoute)


class Correction(bodies.CorrectBody):
    """`n` stands in the API's address."""

    n: int


async def _correct(body: Correction, to: Sending) -> JSONResponse:
    return await decisions.correct(body.n, bodies.CorrectBody(text=body.text), to)


class Deed(NamedTuple):
    """What a button does. `sure`: the words of the page that asks once more, for what cannot be undone."""

    body: type[bodies.Body]
    send: Callable[[Any, Sending], Awaitable[JSONResponse]]
    read: Callable[[Form], dict[str, Any]]
    done: Callable[[Form], str]
    by_person: bool = False
    sure: Callable[[Form], str | None] = lambda form: None


def _fields(*names: str) -> Callable[[Form], dict[str, Any]]:
    return lambda form: plain(form, *names)


def _said(words: str) -> Callable[[Form], str]:
    return lambda form: words


def _ack(form: Form) -> dict[str, Any]:
    return {"page": form.get("page", ""), "joined": True if form.get("joined") == "true" else None}


def _candidate(form: Form) -> dict[str, Any]:
    return {"accept": form.get("accept") == "true", "reason": form.get("reason", "")}


def _impact(form: Form) -> dict[str, Any]:
    return _moments(form, "started_at", "ended_at") | (
        {"customers_affected": typed("customers_affected", "integer", form["customers_affected"])}
        if form.get("customers_affected")
        else {}
    )


def _note(form: Form) -> dict[str, Any]:
    return plain(form, "text") | _moments(form, "occurred_at")


def _moments(form: Form, *names: str) -> dict[str, Any]:
    return {name: typed(name, "datetime", form[name]) for name in names if form.get(name)}


def _override(form: Form) -> dict[str, Any]:
    found = plain(form, "step", "action", "reason", "to")
    return found | ({"result": result_of(form["result"])} if form.get("result", "").strip() else {})


def _hold(form: Form) -> dict[str, Any]:
    return {"on": form.get("on") == "true", "reason": form.get("reason", "")}


def _sure_of_status(form: Form) -> str | None:
    if form.get("status") not in ("resolved", "cancelled"):
        return None
    return (
        f"The incident becomes {form['status']}: its phase is left, the later ones are skipped, every page and vendor "
        "clock stops, and the last words to each audience are written."
    )


def _sure_of_override(form: Form) -> str | None:
    action = form.get("action", "").replace("_", " ")
    return f"You overrule the runbook at {form.get('step', '')}: {action}. It is audited."


def _sure_of_vote(form: Form) -> str | None:
    if form.get("choice") != "break_glass":
        return None
    return (
        "You break the glass: with a second person this goes ahead without approval, and is a finding until ratified."
    )


def _sure_of_merge(form: Form) -> str | None:
    return f"This incident ends here: {form.get('into', '')} goes on with everything that it still owes."


def _sure_of_candidate(form: Form) -> str | None:
    return None if form.get("accept") == "true" else "The candidate is rejected: nobody is called, and it ends here."


def _drill(form: Form) -> dict[str, Any]:
    found = plain(form, "action", "reason")
    words, sort = form.get("words", ""), form.get("sort", "next")
    if form.get("action") != "inject" or sort == "next":
        return found
    match sort:
        case "alert":
            item: dict[str, Any] = {"alert": {"title": words}}
        case "vendor_reply":
            item = {"vendor_reply": form.get("step", ""), **plain(form, "kind"), "text": words}
        case _:
            item = {sort[:20]: words}
    return {**found, "inject": item}


def _sure_of_drill(form: Form) -> str | None:
    match form.get("action"):
        case "end":
            return "The drill ends for everybody in it, and cannot be taken up again. Its score card is made."
        case "inject":
            what = form.get("words") if form.get("sort", "next") != "next" else "what the scenario has next"
            return f"This happens now in the drill, and cannot be taken back: {what}."
    return None


DEEDS: dict[str, Deed] = {
    "acks": Deed(bodies.AckBody, decisions.acknowledge, _ack, _said("Acknowledged"), by_person=True),
    "accepts": Deed(bodies.AcceptBody, decisions.accept, _fields("role", "task"), _said("Accepted"), by_person=True),
    "declines": Deed(
        bodies.DeclineBody, decisions.decline, _fields("role", "page", "reason"), _said("Declined: the next is asked"),
        by_person=True,
    ),
    "votes": Deed(
        bodies.VoteBody, decisions.vote, _fields("decision", "choice", "reason", "on_behalf_of", "heard_by"),
        lambda form: f"Voted {form.get('choice', '')}", by_person=True, sure=_sure_of_vote,
    ),
    "completions": Deed(bodies.CompletionBody, decisions.complete, completion, _said("Done")),
    "candidate": Deed(
        bodies.CandidateBody, decisions.candidate, _candidate, _said("Decided"), sure=_sure_of_candidate
    ),
    "notes": Deed(bodies.NoteBody, decisions.note, _note, _said("Noted")),
    "status": Deed(
        bodies.StatusBody, decisions.status, _fields("status", "reason"),
        lambda form: f"Status is {form.get('status', '')}", sure=_sure_of_status,
    ),
    "severity": Deed(
        bodies.SeverityBody, decisions.severity, _fields("severity", "reason"),
        lambda form: f"Severity is {form.get('severity', '')}",
    ),
    "roles": Deed(bodies.RoleBody, decisions.role, _fields("role", "person"), _said("Offered")),
    "impact": Deed(bodies.ImpactBody, decisions.impact, _impact, _said("Impact set")),
    "hold-outward": Deed(
        bodies.HoldOutwardBody, decisions.hold_outward, _hold,
        lambda form: "Outward messages are held" if form.get("on") == "true" else "Outward messages may leave",
    ),
    "overrides": Deed(
        bodies.OverrideBody, decisions.override, _override, _said("Overridden"),
        sure=_sure_of_override,
    ),
    "vendor-replies": Deed(
        bodies.VendorReplyBody, decisions.vendor_reply, _fields("step", "kind", "text"), _said("Entered")
    ),
    "updates": Deed(bodies.UpdateBody, decisions.update, _fields("audience", "text"), _said("Sent")),
    "merge": Deed(
        bodies.MergeBody, decisions.merge, _fields("into", "reason"), _said("Merged"), sure=_sure_of_merge
    ),
    "reopen": Deed(bodies.ReopenBody, decisions.reopen, _fields("reason"), _said("Reopened")),
    "drill": Deed(
        bodies.DrillBody, drills.drill, _drill,
        lambda form: {"pause": "Paused", "resume": "It goes on", "inject": "It happened"}.get(
            form.get("action", ""), "Ended"
        ),
        by_person=True, sure=_sure_of_drill,
    ),
    "corrections": Deed(Correction, _correct, _fields("n", "text"), _said("Written")),
    "delegations": Deed(
        bodies.DelegationBody, decisions.delegate, _fields("decision", "to"), _said("Delegated"), by_person=True
    ),
}  # fmt: skip


@router.post("/incidents/{incident}/do/{name}")
async def do(incident: str, name: str, request: Request, visitor: Looking, parts: Here) -> Response:
    """One button. 303 back to the page, or JSON for the script; refusals as everywhere."""
    at = parts.clock()
    deed = DEEDS.get(name)
    if deed is None:
        raise Problem(404, "not_found", f"there is no button {name[:40]}")
    may(visitor, by_person=deed.by_person)
    form = await texts(request)
    body = body_of(deed.body, deed.read(form))
    record = await parts.directory.find(incident)
    asks = deed.sure(form)
    if asks is not None and form.get("sure") != "yes":
        if wants_json(request):
            return JSONResponse({"confirm": asks})
        back = f"/incidents/{record.id}"
        return sheet(
            request, "sure.html", asks=asks, incident=record, drill=banner_of(record), back=back,
            action=f"{back}/do/{name}", form=without_marks(form),
        )  # fmt: skip
    sending = Sending(parts, record, {
        "id": command_of(visitor, request, form),
        "actor": visitor.principal.actor,
        "channel": "console",
        "received_at": at,
    })  # fmt: skip
    answer = await deed.send(body, sending)
    feeds_of(parts).nudge(record.id)
    words = told(deed.done(form), answer)
    if wants_json(request):
        return JSONResponse({"told": words}, answer.status_code)
    return RedirectResponse(f"/incidents/{record.id}", 303)


def may(visitor: Visitor, *, by_person: bool) -> None:
    """The same door as the API's: its dependencies read headers, a form has none."""
    if not visitor.acts:
        raise Problem(403, "forbidden", f"{visitor.name} may only look (viewer)")
    if by_person and visitor.person is None:
        raise Problem(
            403, "needs_a_person", "the owner never votes, acknowledges or accepts; it takes a person's login"
        )


async def _doing(visitor: Looking) -> Visitor:
    may(visitor, by_person=False)
    return visitor


Doing = Annotated[Visitor, Depends(_doing)]
"""Whoever looks at a page that is for acting alone."""


def command_of(visitor: Visitor, request: Request, form: Form) -> str:
    """Pressing twice is once: the form's own key and what it says. With other words it is another command."""
    key = form.get("key", "")[:64]
    if not key:
        return command_id("", None)
    said = json.dumps(sorted(without_marks(form).items()))
    caller = f"{visitor.principal.actor} {request.url.path}"
    return command_id(caller, f"{key} {hashlib.sha256(said.encode()).hexdigest()}")


def told(done: str, answer: JSONResponse) -> str:
    """What the script says beside the button."""
    said = json.loads(bytes(answer.body))
    if answer.status_code == 202:
        return f"{done}: kept, and counts as soon as a worker is back"
    detail = said.get("detail") or {}
    waits = f", {detail['state']}" if isinstance(detail, dict) and isinstance(detail.get("state"), str) else ""
    entry = said.get("entry")
    return f"{done}{waits}" + (f", entry {entry}" if entry else "")


def wants_json(request: Request) -> bool:
    """The script does; a browser that sends a form by itself wants a page."""
    return "text/html" not in request.headers.get("accept", "")
