"""The brief of a handover: state, open decisions, clocks, risks, in the words of the template `handover_brief`.

All of it comes from the state alone: the brief is part of an entry, so a rebuilt walker has to write the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from mayday.domain.plain_words import spoken
from mayday.language.expressions import ExpressionError
from mayday.walker import ballots, messages, people, tasks

if TYPE_CHECKING:
    from mayday.walker.state import Gate
    from mayday.walker.walker import Walker

TEMPLATE = "handover_brief"
LISTED = 15
#: roles that somebody may think are filled because the commander stands in for them
WATCHED = ("tech_lead", "comms_lead", "deputy")


def brief(w: Walker) -> str:
    """The rendered brief; one line where the house's own template cannot be filled: no handover waits for a text."""
    fuller = w.start.later_rules
    risks = "; ".join([*(_unseen(w) if fuller else ()), *_risks(w)]) or None
    waits = list(_said(w) if fuller else _open(w))
    listed = waits[:LISTED]
    if fuller and len(waits) > LISTED:
        rest = f"and {len(waits) - LISTED} more: mayday incident show"
        listed.append({"id": "", "text": rest, "due_at": None, "then": None})
    try:
        return messages.render_template(w, TEMPLATE, None, update=risks, pending=listed)[1].strip()
    except (KeyError, ExpressionError):
        state = w.state
        waiting = ", ".join(item["id"] for item in waits[:LISTED]) or "nothing"
        return f"{state.severity} {state.title}: {state.status}. Open: {waiting}. Risks: {risks or 'none'}."


def _said(w: Walker) -> Iterator[dict[str, Any]]:
    """What is open, as the next one has to know it: who is asked, what was said already, and what comes by itself.

    Decisions first, then whom we call and get no answer from, tasks, vendors' clocks, updates.
    """
    state = w.state
    for gate in state.gates.values():
        if gate.outcome is None:
            then = f"escalates to {_who(w, [gate.escalate])}" if gate.escalate and not gate.escalated else gate.then
            said = f"{gate.question} {_votes(w, gate)}"
            yield {"id": gate.path, "text": said, "due_at": w.due(gate.due_at), "then": then}
    for ladder in state.ladders.values():
        if not ladder.closed and ladder.acked_by is None and ladder.exhausted_at is None:
            asked = _who(w, ladder.paged or ladder.levels[ladder.level].targets)
            yield {"id": ladder.path, "text": f"{asked} called, no answer yet", "due_at": w.due(ladder.due_at),
                   "then": "the call climbs"}  # fmt: skip
    for task in state.tasks.values():
        if task.done_at is None:
            whose = _who(w, tasks.assignees(w, task))
            late = ", overdue" if task.overdue else ""
            yield {"id": task.id, "text": f"{task.text} (for {whose}{late})",
                   "due_at": None if task.overdue else w.due(task.due_at), "then": None}  # fmt: skip
    for item in _open(w):
        if item["id"] not in state.gates and item["id"] not in state.tasks:
            yield item


def _votes(w: Walker, gate: Gate) -> str:
    filled = ballots.filled_seats(w, gate)
    said = [f"{people.name_of(w, person)} {ballot.choice}" for person, ballot in filled.items()]
    silent = _who(w, ballots.silent(w, gate))
    return f"({', '.join(said) or 'no vote yet'}; waits for {silent})"


def _who(w: Walker, refs: Iterable[str | None]) -> str:
    """People by their names, everything else as people say it."""
    names = []
    for ref in refs:
        kind, _, name = (ref or "").rpartition(".")
        if kind in ("", "person"):
            names.append(people.name_of(w, name))
        else:
            names.append(f"{spoken(name)} on call" if kind == "schedule" else spoken(name))
    return ", ".join(names) or "nobody"


def _unseen(w: Walker) -> Iterator[str]:
    """What looks filled, said or done, and is not."""
    state = w.state
    for role in WATCHED:
        held = state.roles.get(role)
        if people.own_holder(w, role) is None:
            offered = f", offered to {_who(w, held.offer.people or held.offer.targets)}" if held and held.offer else ""
            yield f"nobody is {spoken(role)}{offered}"
    if state.confirmation is not None and state.confirmation.open:
        yield "the declaration is not confirmed: only pre-approved words leave"
    for join in (each for each in state.joins if not each.joined):
        yield f"{people.name_of(w, join.person)} acknowledged {join.page} and has not arrived"
    for gate in state.gates.values():
        if gate.outcome == "unapproved_emergency":
            yield f"the glass was broken for “{gate.question}”"
    for cadence in state.cadences.values():
        if cadence.paused and not cadence.stopped:
            yield f"updates to {cadence.audience} are paused"


def _open(w: Walker) -> Iterator[dict[str, Any]]:
    """Decisions, tasks and clocks that go on, as `pending` of a template."""
    state = w.state
    for gate in state.gates.values():
        if gate.outcome is None:
            yield {"id": gate.path, "text": gate.question, "due_at": w.due(gate.due_at), "then": gate.then}
    for task in state.tasks.values():
        if task.done_at is None:
            yield {"id": task.id, "text": task.text, "due_at": w.due(task.due_at), "then": None}
    for case in state.engagements.values():
        for clock in (case.response, case.resolve):
            if clock is not None and clock.due_at is not None and clock.stopped_at is None:
                then = "breached already" if clock.breached_at else "breach"
                yield {"id": case.path, "text": f"{case.vendor} {clock.name}", "due_at": clock.due_at, "then": then}
    for cadence in state.cadences.values():
        if not cadence.stopped:
            text = f"update to {cadence.audience}"
            yield {"id": cadence.name, "text": text, "due_at": cadence.due_at, "then": None}


def _risks(w: Walker) -> Iterator[str]:
    """What the next one should know and might not see."""
    state = w.state
    for ladder in state.ladders.values():
        if ladder.exhausted_at is not None and ladder.acked_by is None:
            yield f"nobody answers {ladder.path}"
    for case in state.engagements.values():
        if any(clock and clock.breached_at and not clock.stopped_at for clock in (case.response, case.resolve)):
            yield f"{case.vendor} in breach"
    if state.hold_outward:
        yield "outward messages are held"
