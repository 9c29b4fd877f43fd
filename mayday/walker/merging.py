"""Merging: a duplicate hands what it still owes to the survivor, and forwards alerts until the survivor ends.

Gates, vendor clocks and obligations move along with their deadlines; one stream per audience stays. A merge never
decides anything and runs no outcome's branch by itself.

Merges may cross: while no worker runs, each of two incidents may be merged into the other. What reaches an incident
that is merged itself goes on to its survivor; and of two that were merged into each other the older one goes on.

An incident that is over by then, or no incident yet, gives back what reaches it, and the other one goes on: whatever
people meant by the merge, nobody would be in charge (docs/adr/0145).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mayday.domain.commands import Merge, Refusal
from mayday.domain.effects import EffectResult, Wire
from mayday.domain.incident import ENDED, AlertEvent
from mayday.domain.timeline import timestamp
from mayday.walker import alerts, going_on, ladders, people, reopening, standing, taking_over, tasks
from mayday.walker.state import Flight

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

ABSORB = "incident.absorb"


class _Handover(Wire):
    effect_key: str
    workflow_id: str
    handover: dict[str, Any]


def refusal(w: Walker, command: Merge) -> Refusal | None:
    if not people.leads(w, command.actor):
        return Refusal(code="not_yours", reason="incidents are merged by commander or deputy")
    if command.into in (w.state.id, w.start.workflow_id) or not command.into_workflow:
        return Refusal(code="unknown", reason=f"into: {command.into!r} is no other open incident")
    if w.state.ending is not None:
        return Refusal(code="closed", reason=f"the incident is {w.state.status}")
    # each would pass everything on to the other, and nobody would be left
    if w.start.merges_cross and command.into in w.state.absorbed:
        return Refusal(code="closed", reason=f"{command.into} was merged into this incident")
    return None


def merge(w: Walker, command: Merge) -> dict[str, Any]:
    """Hand over, then end quietly: no finals, the survivor speaks."""
    workflow_id = command.into_workflow or ""
    w.state.merged_into, w.state.merged_into_workflow = command.into, workflow_id
    w.state.merged_in_phase, w.state.survivor_ended = w.state.phase, False
    handover = _owed(w, command)
    if w.start.edition >= 3:
        w.state.handed_over = handover
    w.entry(
        "merged_into",
        command.actor,
        None,
        into=command.into,
        reason=command.reason,
        gates=list(handover["gates"]),
        engagements=list(handover["engagements"]),
        tasks=list(handover["tasks"]),
    )
    for gate in w.state.gates.values():
        if gate.outcome is None:
            gate.outcome, gate.outcome_at, gate.reason = "withdrawn", w.now, f"moved to {command.into}"
            if gate.pages:
                w.stop_page(gate.path, f"moved to {command.into}")
    for engagement in w.state.engagements.values():
        engagement.ended = True
    for task in w.state.tasks.values():
        if task.done_at is None:
            tasks.close(w, task.id, f"moved to {command.into}", command.actor)
    w.state.skip_phases = True
    standing.set_status(w, "merged", command.reason, command.actor, None)
    _send(w, workflow_id, handover, "hand over what is owed")
    return {"into": command.into}


def _send(w: Walker, workflow_id: str, handover: dict[str, Any], summary: str, *, what: str | None = None) -> None:
    w.ask(
        ABSORB,
        "merge",
        lambda key: _Handover(effect_key=key, workflow_id=workflow_id, handover=handover),
        owner="merge:",
        effect_class="reversible",
        summary=summary,
        data={"what": what or handover["what"]},
    )


def _owed(w: Walker, command: Merge) -> dict[str, Any]:
    state = w.state
    calls = {path: each.model_dump(mode="json", exclude_none=True) for path, each in ladders.unanswered(w).items()}
    gates = {path: gate for path, gate in state.gates.items() if gate.outcome is None}
    engagements = {path: case for path, case in state.engagements.items() if not case.ended}
    open_tasks = {
        task.id: task
        for task in state.tasks.values()
        if task.done_at is None and task.kind in ("form", "task", "manual", "find_out")
    }
    return {
        "what": "merge",
        **({"handed_at": timestamp(w.now)} if w.start.gives_time_back or w.start.edition >= 3 else {}),
        "from": state.id,
        "from_workflow": w.start.workflow_id,
        "by": command.actor,
        "reason": command.reason,
        "title": state.title,
        "services": state.services,
        "responders": state.responders,
        "customers_affected": state.customers_affected,
        "alerts": state.alerts.seen,
        "firing": state.alerts.firing,
        "gates": {path: gate.model_dump(mode="json", exclude_none=True) for path, gate in gates.items()},
        "steps": {
            path: w.step(path).model_dump(mode="json", by_alias=True, exclude_none=True)
            for path in gates
            if not gates[path].ratifies
        },
        "engagements": {path: case.model_dump(mode="json", exclude_none=True) for path, case in engagements.items()},
        "vendors": {
            case.vendor: w.vendor(case.vendor).model_dump(mode="json", exclude_none=True)
            for case in engagements.values()
        },
        "tasks": {task.id: task.model_dump(mode="json", exclude_none=True) for task in open_tasks.values()},
        **({"ladders": calls} if w.start.edition >= 3 else {}),
    }


def answered(w: Walker, name: str, flight: Flight, result: EffectResult) -> None:
    """A survivor that is gone takes nothing: then this incident says so and goes on with what it owes.

    One of before edition 3 ends.
    """
    if result.failure is None or flight.data.get("what") not in ("merge", "alerts") or w.state.finished:
        return
    w.entry("forward_failed", "system", None, into=w.state.merged_into, reason=result.failure.message)
    handover = flight.request.payload["handover"]
    if w.start.edition < 3 or w.state.status != "merged" or w.state.survivor_ended:
        _survivor_ended(w)
    elif flight.data["what"] == "alerts":
        events = [AlertEvent.model_validate(event) for event in handover["events"]]
        _go_on(w, f"{w.state.merged_into} takes no alerts any more")
        alerts.forget(w, events)
        alerts.attach(w, events)
    elif handover["from"] != w.state.id:
        _survivor_ended(w)  # it only passed on what a third one owes
    else:
        _go_on(w, f"{w.state.merged_into} does not take it over")


def absorb(w: Walker, handover: dict[str, Any]) -> None:
    """What arrives from another incident: everything it owes, an alert, or the word that the survivor has ended."""
    what = handover.get("what")
    if what == "alerts":
        events = [AlertEvent.model_validate(event) for event in handover["events"]]
        if w.start.edition < 3:
            alerts.attach(w, events)
        else:
            w.alerts_arrived(events, w.now)  # firing ones bring an incident back whose end is under way
    elif what == "ended":
        if not w.state.finished or w.start.edition < 3:
            _survivor_ended(w)
    elif what == "merge" and handover["from"] == w.state.id and w.start.edition >= 3:
        if w.state.handed_over.get("handed_at") == handover["handed_at"]:
            _go_on(w, _why(w, handover))
    elif what == "merge" and handover.get("given_back") and handover["from"] in w.state.absorbed:
        # this incident had only passed it on
        _send(w, w.state.absorbed.pop(handover["from"]), handover, "give it back", what="given_back")
    elif what == "merge" and handover["from"] not in w.state.absorbed:
        if _has_crossed(w) and _is_older(w, handover):
            _go_on(w, _why(w, handover))
        if _has_crossed(w):
            _pass_on(w, handover)
        elif _takes_nothing(w, handover):
            _give_back(w, handover)
        else:
            taking_over.take_over(w, handover)


def _takes_nothing(w: Walker, handover: dict[str, Any]) -> bool:
    """Whether what it would take over would end with it, or wait for somebody to say that it is an incident at all."""
    over = w.state.status in ENDED or w.state.status == "candidate"
    return w.start.edition >= 3 and over


def _give_back(w: Walker, handover: dict[str, Any]) -> None:
    """What comes back to an incident is its own again: it goes on (`_is_older`)."""
    status = w.state.status
    if not w.state.finished:
        w.entry("handover_given_back", "system", None, source=handover["from"], status=status)
    body = {**handover, "from_workflow": w.start.workflow_id, "given_back": status}
    _send(w, handover["from_workflow"], body, f"give back what {handover['from']} hands over", what="given_back")


def _has_crossed(w: Walker) -> bool:
    """Whether what arrives now is for the survivor."""
    return w.start.merges_cross and w.state.status == "merged"


def _survivor_ended(w: Walker) -> None:
    """Now this run can end, and so can those that were merged into this incident before."""
    if _has_crossed(w) and not w.state.survivor_ended:
        tell_absorbed(w)
    w.state.survivor_ended = True
    w.touch()


def _is_older(w: Walker, handover: dict[str, Any]) -> bool:
    """Of two incidents that were merged into each other, whether this is the one that goes on.

    What it handed over itself comes back only from there. Ids are in the order in which incidents were opened.
    """
    crossed = handover["from_workflow"] == w.state.merged_into_workflow and w.state.id < str(handover["from"])
    return crossed or handover["from"] == w.state.id


def _why(w: Walker, handover: dict[str, Any]) -> str:
    status = handover.get("given_back")
    if status == "candidate":
        return f"{w.state.merged_into} is only a candidate and takes nothing over: this one goes on"
    if status:
        return f"{w.state.merged_into} is {status} and takes nothing over: this one goes on"
    return f"{w.state.merged_into} was merged into this one at the same time: the older one goes on"


def _go_on(w: Walker, reason: str) -> None:
    if w.start.edition >= 3:
        going_on.go_on(w, reason)
        return
    w.state.merged_into = w.state.merged_into_workflow = None
    w.state.survivor_ended = False
    reopening.reopen(w, "system", reason, phase=w.state.merged_in_phase)


def _pass_on(w: Walker, handover: dict[str, Any]) -> None:
    """This incident owes nothing any more: its survivor takes over what reaches it, and both hear of its end here."""
    w.state.absorbed[str(handover["from"])] = str(handover["from_workflow"])
    w.entry("handover_passed_on", "system", None, source=handover["from"], into=w.state.merged_into)
    _send(
        w,
        w.state.merged_into_workflow or "",
        {**handover, "from_workflow": w.start.workflow_id},
        f"pass on what {handover['from']} hands over",
    )


def forward(w: Walker, events: list[AlertEvent]) -> None:
    """A merged incident passes alerts on to the survivor."""
    if w.state.merged_into_workflow:
        body = [event.model_dump(mode="json", exclude_none=True) for event in events]
        _send(w, w.state.merged_into_workflow, {"what": "alerts", "events": body}, f"forward {len(events)} alerts")


def tell_absorbed(w: Walker) -> None:
    """The survivor ends: those merged into it need not forward any more."""
    for incident, workflow_id in w.state.absorbed.items():
        if incident == w.state.id or (w.start.merges_cross and workflow_id == w.state.merged_into_workflow):
            continue  # merges that crossed
        _send(w, workflow_id, {"what": "ended", "from": w.state.id}, f"tell {incident} that this is over")
