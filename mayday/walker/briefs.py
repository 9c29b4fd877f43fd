"""The brief of a handover: state, open decisions, clocks, risks, in the words of the template `handover_brief`.

All of it comes from the state alone: the brief is part of an entry, so a rebuilt walker has to write the same one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mayday.language.expressions import ExpressionError
from mayday.walker import messages

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

TEMPLATE = "handover_brief"
LISTED = 15


def brief(w: Walker) -> str:
    """The rendered brief; one line where the house's own template cannot be filled: no handover waits for a text."""
    risks = "; ".join(_risks(w)) or None
    try:
        return messages.render_template(w, TEMPLATE, None, update=risks, pending=list(_open(w))[:LISTED])[1].strip()
    except (KeyError, ExpressionError):
        state = w.state
        waiting = ", ".join(item["id"] for item in list(_open(w))[:LISTED]) or "nothing"
        return f"{state.severity} {state.title}: {state.status}. Open: {waiting}. Risks: {risks or 'none'}."


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
