"""Merging: a duplicate hands what it still owes to the survivor, and forwards alerts until the survivor ends.

Gates, vendor clocks and obligations move along with their deadlines; one stream per audience stays. A merge never
decides anything and runs no outcome's branch by itself.

Merges may cross: while no worker runs, each of two incidents may be merged into the other. What reaches an incident
that is merged itself goes on to its survivor; and of two that were merged into each other the older one goes on.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mayday.domain.commands import Merge, Refusal
from mayday.domain.effects import EffectResult, Wire
from mayday.domain.incident import AlertEvent
from mayday.domain.timeline import parse_timestamp, timestamp
from mayday.language.plan import PlanVendor
from mayday.language.runbook import Step, all_steps
from mayday.walker import alerts, deadlines, people, reopening, standing, tasks
from mayday.walker.state import Engagement, Flight, Gate, StepState, TaskState

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


def _send(w: Walker, workflow_id: str, handover: dict[str, Any], summary: str) -> None:
    w.ask(
        ABSORB,
        "merge",
        lambda key: _Handover(effect_key=key, workflow_id=workflow_id, handover=handover),
        owner="merge:",
        effect_class="reversible",
        summary=summary,
        data={"what": handover["what"]},
    )


def _owed(w: Walker, command: Merge) -> dict[str, Any]:
    state = w.state
    gates = {path: gate for path, gate in state.gates.items() if gate.outcome is None}
    engagements = {path: case for path, case in state.engagements.items() if not case.ended}
    open_tasks = {
        task.id: task
        for task in state.tasks.values()
        if task.done_at is None and task.kind in ("form", "task", "manual", "find_out")
    }
    return {
        "what": "merge",
        **({"handed_at": timestamp(w.now)} if w.start.gives_time_back else {}),
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
    }


def answered(w: Walker, name: str, flight: Flight, result: EffectResult) -> None:
    """A survivor that is gone takes nothing: then this incident says so and can be reopened."""
    if result.failure is not None and flight.data.get("what") != "ended":
        w.entry("forward_failed", "system", None, into=w.state.merged_into, reason=result.failure.message)
        _survivor_ended(w)


def absorb(w: Walker, handover: dict[str, Any]) -> None:
    """What arrives from another incident: everything it owes, an alert, or the word that the survivor has ended."""
    what = handover.get("what")
    if what == "alerts":
        alerts.attach(w, [AlertEvent.model_validate(event) for event in handover["events"]])
    elif what == "ended":
        _survivor_ended(w)
    elif what == "merge" and handover["from"] not in w.state.absorbed:
        if _has_crossed(w) and _is_older(w, handover):
            _go_on(w, handover)
        if _has_crossed(w):
            _pass_on(w, handover)
        else:
            _take_over(w, handover)


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


def _go_on(w: Walker, handover: dict[str, Any]) -> None:
    other = w.state.merged_into
    w.state.merged_into = w.state.merged_into_workflow = None
    w.state.survivor_ended = False
    reason = f"{other} was merged into this one at the same time: the older one goes on"
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


def _take_over(w: Walker, handover: dict[str, Any]) -> None:
    state = w.state
    state.absorbed[str(handover["from"])] = str(handover["from_workflow"])
    own = handover["from"] == state.id  # it comes back: nobody else has it
    if not own:
        state.alerts.seen += int(handover["alerts"])
    w.entry(
        "merged_in",
        str(handover["by"]),
        None,
        source=handover["from"],
        title=handover["title"],
        reason=handover["reason"],
        gates=list(handover["gates"]),
        engagements=list(handover["engagements"]),
        tasks=list(handover["tasks"]),
        alerts=handover["alerts"],
    )
    if w.start.gives_time_back:
        deadlines.keep(w)
    for service in handover["services"]:
        if service not in state.services:
            state.services.append(service)
    for person in handover["responders"]:
        people.respond(w, person)
    theirs = handover.get("customers_affected")
    if theirs is not None and theirs > (state.customers_affected or 0):
        state.customers_affected = theirs
    state.alerts.firing.update(handover["firing"])
    suffix = str(handover["from"])[-6:].lower()
    for path, body in handover["gates"].items():
        if own and state.gates[path].outcome is None:
            continue  # its step has asked it anew
        _adopt_gate(w, path, body, handover["steps"].get(path), suffix)
    for name, vendor in handover["vendors"].items():
        if name not in w.plan.vendors:
            state.adopted_vendors[name] = PlanVendor.model_validate(vendor)
    for path, body in handover["engagements"].items():
        mine = _free(w, path, suffix)
        state.engagements[mine] = Engagement.model_validate({**body, "path": mine})
    for task_id, body in handover["tasks"].items():
        mine = _free(w, task_id, suffix)
        state.tasks[mine] = TaskState.model_validate({**body, "id": mine, "owner": "none:"})
    if w.start.gives_time_back and handover.get("handed_at"):
        deadlines.taken_over(w, parse_timestamp(str(handover["handed_at"])))
    w.touch()


def _free(w: Walker, path: str, suffix: str) -> str:
    """The same name where it is free, else with the other incident's last letters."""
    last = path.rpartition(".")[2]
    taken = (
        w.definitions.known(last)
        or path in w.state.steps
        or path in w.state.tasks
        or path in w.state.engagements
        or path in w.state.gates
    )
    return f"{last}_{suffix}" if taken else last


def _adopt_gate(w: Walker, path: str, body: dict[str, Any], step: dict[str, Any] | None, suffix: str) -> None:
    """The question goes on with its votes and its deadline; its steps come along as an ad-hoc step."""
    if step is None:
        mine = _free(w, path, suffix)
        w.state.gates[mine] = Gate.model_validate({**body, "path": mine})
        return
    names = {inner.id: _free(w, inner.id, suffix) for inner in all_steps([Step.model_validate(step)])}
    renamed = _rename(step, names)
    mine = str(renamed["id"])
    w.state.ad_hoc[mine] = renamed
    w.state.ad_hoc_order.append(mine)
    w.state.steps[mine] = StepState(path=mine, verb="decide", started_at=w.now, ad_hoc_by=body.get("requester"))
    w.state.gates[mine] = Gate.model_validate({**body, "path": mine})


def _rename(value: Any, names: dict[str, str], key: str = "") -> Any:
    if isinstance(value, dict):
        return {inner: _rename(item, names, inner) for inner, item in value.items()}
    if isinstance(value, list):
        return [_rename(item, names, key) for item in value]
    if isinstance(value, str):
        if key == "id":
            return names.get(value, value)
        return re.sub(r"\b(steps|decisions)\.([a-z][a-z0-9_]*)", lambda m: f"{m[1]}.{names.get(m[2], m[2])}", value)
    return value


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
