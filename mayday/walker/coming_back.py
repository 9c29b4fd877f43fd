"""What a reopening brings back: the ticket, the bridges and the channel that the end closed, and vendors' open cases.

None of it is waited for, and nobody is paged about it: the page of the relapse leaves meanwhile and names the standing
bridge. What does not come back is said in the timeline, and for the ticket somebody gets the task. What the end is
still closing as the incident is reopened is closed first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mayday.domain.effects import REOPEN_TICKET, ActionReceipt, ActionRequest, EffectResult
from mayday.language.expressions import ExpressionError, render_value
from mayday.walker import engagements, people, tasks
from mayday.walker.state import BringBack, Engagement, Flight

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

_OPEN_BRIDGE, _CLOSE_BRIDGE, _POST = "bridge.open", "bridge.close", "chat.post"
#: actions of an end: one that is under way has to be over before anything is opened again
_CLOSING = ("itsm.close", _CLOSE_BRIDGE, "chat.archive")
_PATH = "reopened:"


def closed_at_the_end(w: Walker) -> list[str]:
    """The steps whose bridges are closed by now, or about to be; looked at before steps begin anew."""
    begun = {path: w.step(path).do for path, state in w.state.steps.items() if state.verb == "do"}
    closing = any(
        do == _CLOSE_BRIDGE and (w.state.steps[path].status == "done" or w.state.steps[path].effect is not None)
        for path, do in begun.items()
    )
    opened = [path for path, do in begun.items() if do == _OPEN_BRIDGE and w.state.steps[path].status == "done"]
    return opened if closing else []


def resting(w: Walker) -> list[Engagement]:
    """Cases that ended only because the incident did."""
    return [case for case in w.state.engagements.values() if case.rests_since is not None and case.resolved_at is None]


def bring_back(w: Walker, bridges: list[str], cases: list[Engagement], reason: str) -> None:
    """`bridges` and `cases` as they were before steps began anew; a bridge whose step begins anew opens by itself."""
    for case in cases:
        engagements.take_up(w, case, reason)
    w.state.to_bring_back = BringBack(reason=reason, bridges=[path for path in bridges if path in w.state.steps])


def resume(w: Walker) -> None:
    wanted = w.state.to_bring_back
    if wanted is None or any(flight.request.kind in _CLOSING for flight in w.state.flights.values()):
        return
    w.state.to_bring_back = None
    if w.state.ticket is not None:
        _ask(w, "ticket", REOPEN_TICKET, {"reason": f"Open again: {wanted.reason}"}, "reversible")
    for path in wanted.bridges:
        _ask(w, f"bridge:{path}", _OPEN_BRIDGE, _order_of(w, path), "reversible")
    if w.state.chat_channel is not None:
        _ask(w, "channel", _POST, {"text": f"{w.state.title} is open again: {wanted.reason}"}, "notify")


def _order_of(w: Walker, path: str) -> dict[str, Any]:
    """What the step ordered then; with today's values."""
    try:
        inputs: dict[str, Any] = dict(render_value(w.step(path).with_ or {}, w.scope(path)))  # type: ignore[call-overload]
    except ExpressionError:
        inputs = {"name": w.state.title}
    return inputs


def _ask(w: Walker, what: str, action: str, inputs: dict[str, Any], effect_class: Any) -> None:
    path = f"{_PATH}{what}"
    w.ask(
        action,
        path,
        lambda key: ActionRequest(effect_key=key, incident=w.card(), action=action, inputs=inputs),
        owner=f"back:{what}",
        effect_class=effect_class,
        summary=f"{action} after the reopening",
    )
    w.entry("action_started", "system", path, action=action, inputs=inputs, attempt=1)


def answered(w: Walker, what: str, flight: Flight, result: EffectResult) -> None:
    path, action = f"{_PATH}{what}", flight.request.kind
    if result.failure is not None:
        w.entry("action_failed", "system", path, action=action, reason=result.failure.message)
        if action == REOPEN_TICKET and w.state.ending is None:
            _by_hand(w, path, result.failure.message)
        return
    receipt = ActionReceipt.model_validate(result.value)
    outputs = receipt.outputs
    if action == REOPEN_TICKET and outputs.get("number"):
        w.state.ticket = str(outputs["number"])
    elif action == _OPEN_BRIDGE and outputs.get("url"):
        if flight.request.payload["inputs"].get("kind") != "management":  # responders are called to the other one
            w.state.bridge_url, w.state.bridge_phone = str(outputs["url"]), outputs.get("phone")
    w.entry(
        "action_finished",
        "system",
        path,
        action=action,
        outputs=outputs,
        unreached=[f"{gap.target}: {gap.reason}" for gap in receipt.unreached] or None,
    )


def _by_hand(w: Walker, task: str, reason: str) -> None:
    tasks.open_task(
        w,
        task,
        "manual",
        f"Ticket {w.state.ticket} could not be opened again ({reason}): open it, or another one, by hand",
        to=people.first_with_somebody(w, "role.deputy", "role.scribe", "role.incident_commander")
        or "role.incident_commander",
        owner="none:",
    )
