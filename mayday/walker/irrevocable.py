"""What cannot be called back and goes on while the incident ends: people hear of it, and it is found out.

An incident that is called off does not stop a fail-over that was dispatched. Whoever led it hears that it is under way
and how it went; and the run stays, a day at most, as long as nobody knows whether it happened (docs/adr/0146).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mayday.domain.timeline_words import ACTIONS
from mayday.language.runbook import Step
from mayday.walker import people

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

#: how long the end waits for the answer; then it stands in the timeline as withdrawn
LONGEST = timedelta(days=1)


def unknown(w: Walker) -> list[str]:
    """Steps of which somebody is asked whether they happened; the end does not withdraw the question."""
    if w.start.edition < 3 or w.state.status == "merged":
        return []
    asked = [task for task in w.state.tasks.values() if task.kind == "find_out" and task.done_at is None]
    return [task.id for task in asked if not w.wake(task.opened_at + LONGEST)]


def tell_under_way(w: Walker) -> None:
    """The end begins while such an action is carried out."""
    for flight in list(w.state.flights.values()):
        if flight.owner.startswith("do:") and _is_irreversible(w, flight.request.kind):
            step = w.step(flight.owner.removeprefix("do:"))
            _tell(
                w, flight.request.step, f"{_words(step)} is under way and cannot be called back: you hear how it went"
            )


def tell_carried_out(w: Walker, step: Step, outputs: dict[str, Any]) -> None:
    """It happened although the incident is over by now."""
    if w.start.edition >= 3 and w.state.ending is not None and _is_irreversible(w, step.do or ""):
        outcome = outputs.get("outcome")
        _tell(w, step.id, f"{_words(step)} was carried out after the end{f': {outcome}' if outcome else ''}")


def _is_irreversible(w: Walker, action: str) -> bool:
    spec = w.plan.actions.get(action)
    return spec is not None and spec.effect == "irreversible"


def _words(step: Step) -> str:
    return step.name or ACTIONS.get(step.do or "", step.do or step.id)


def _tell(w: Walker, path: str, words: str) -> None:
    targets = people.all_targets(w, [f"role.{people.COMMANDER}", f"role.{people.DEPUTY}"])
    if targets:
        text = f"{w.state.title}, {w.state.status}: {words}"
        w.page(path, targets, text, owner="notice:", purpose="notice", urgent=False, via=["push", "chat"])
