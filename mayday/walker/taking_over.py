"""What a merged incident owed, in the hands of the one that goes on: whoever is still asked is called from there.

Everything keeps its deadline (docs/adr/0032, 0145).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mayday.domain.timeline import parse_timestamp
from mayday.language.plan import PlanVendor
from mayday.language.runbook import Step, all_steps
from mayday.walker import deadlines, gates, ladders, people, tasks
from mayday.walker.state import Engagement, Gate, Ladder, StepState, TaskState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

#: names of tasks and pages that hold the name of what they are about
_ABOUT = ("exhausted:", "vendor:")


def take_over(w: Walker, handover: dict[str, Any]) -> None:
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
    names: dict[str, str] = {}
    for path, body in handover["gates"].items():
        if own and state.gates[path].outcome is None:
            continue  # its step has asked it anew
        names[path] = _adopt_gate(w, path, body, handover["steps"].get(path), suffix)
    for name, vendor in handover["vendors"].items():
        if name not in w.plan.vendors:
            state.adopted_vendors[name] = PlanVendor.model_validate(vendor)
    for path, body in handover["engagements"].items():
        names[path] = mine = _free(w, path, suffix)
        state.engagements[mine] = Engagement.model_validate({**body, "path": mine})
    for path, body in handover.get("ladders", {}).items() if w.start.edition >= 3 else ():
        names[path] = mine = _free(w, path, suffix)
        state.ladders[mine] = Ladder.model_validate({**body, "path": mine})
    for task_id, body in handover["tasks"].items():
        names[task_id] = mine = _named(w, task_id, names, suffix)
        state.tasks[mine] = TaskState.model_validate({**body, "id": mine, "owner": "none:"})
    if w.start.gives_time_back and handover.get("handed_at"):
        deadlines.taken_over(w, parse_timestamp(str(handover["handed_at"])))
    if w.start.edition >= 3:
        _call(w, handover, names)
    w.touch()


def _call(w: Walker, handover: dict[str, Any], names: dict[str, str]) -> None:
    """The other incident has stopped what rang for it: from here on it rings for this one. Everybody who works on
    either hears that they are one now."""
    state, title = w.state, handover["title"]
    url = w.bridge()[0]
    words = f"{title} is part of {state.title} now{f', bridge {url}' if url else ''}"
    for path in handover["gates"]:
        gates.ask_again(w, state.gates[names[path]], f"{words}: ")
    for task_id in handover["tasks"]:
        tasks.announce(w, state.tasks[names[task_id]])
    for path in handover.get("ladders", {}):
        ladder = state.ladders[names[path]]
        if ladder.assigns and people.own_holder(w, ladder.assigns):
            ladder.assigns = None
        ladder.text = f"{words}: {ladder.text}"
        ladders.ring_again(w, ladder)
    leads = people.targets_of(w, f"role.{people.COMMANDER}")
    told = people.unique([*leads, *(f"person.{person}" for person in handover["responders"])])
    if told := [target for target in told if target != f"person.{handover['by']}"]:
        w.page(
            f"merged:{handover['from']}",
            told,
            words,
            owner="notice:",
            purpose="notice",
            urgent=False,
            via=["push", "chat"],
        )


def _named(w: Walker, task_id: str, names: dict[str, str], suffix: str) -> str:
    """What a task is about may have got another name here, and is looked for by it."""
    about = next((about for about in _ABOUT if task_id.startswith(about)), None)
    if w.start.edition >= 3 and about is not None and task_id.removeprefix(about) in names:
        return f"{about}{names[task_id.removeprefix(about)]}"
    return _free(w, task_id, suffix)


def _free(w: Walker, path: str, suffix: str) -> str:
    """The same name where it is free, else with the other incident's last letters."""
    last = path.rpartition(".")[2]
    taken = (
        w.definitions.known(last)
        or path in w.state.steps
        or path in w.state.tasks
        or path in w.state.engagements
        or path in w.state.gates
        or path in w.state.ladders
    )
    return f"{last}_{suffix}" if taken else last


def _adopt_gate(w: Walker, path: str, body: dict[str, Any], step: dict[str, Any] | None, suffix: str) -> str:
    """The question goes on with its votes and its deadline; its steps come along as an ad-hoc step."""
    if step is None:
        mine = _free(w, path, suffix)
        w.state.gates[mine] = Gate.model_validate({**body, "path": mine})
        return mine
    names = {inner.id: _free(w, inner.id, suffix) for inner in all_steps([Step.model_validate(step)])}
    renamed = _rename(step, names)
    mine = str(renamed["id"])
    w.state.ad_hoc[mine] = renamed
    w.state.ad_hoc_order.append(mine)
    w.state.steps[mine] = StepState(path=mine, verb="decide", started_at=w.now, ad_hoc_by=body.get("requester"))
    w.state.gates[mine] = Gate.model_validate({**body, "path": mine})
    return mine


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
