"""Breaking the glass: going ahead without an approval, by two named people, where the runbook allows it.

It takes one of `by` and another one of `second`, each with a reason; what it allowed is a finding until the people who
should have decided ratify it. It is possible while a gate is open, and after it lapsed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from mayday.domain.incident import Board
from mayday.domain.timeline import Entry
from mayday.language.plan import Plan
from mayday.language.runbook import BreakGlass, Runbook, Step, all_steps
from starter.console.names import Names

__all__ = ["Glass", "gates_of", "glasses_of"]


@dataclass(frozen=True)
class Glass:
    """One gate whose glass may be broken now, and by whom."""

    decision: str
    question: str
    by: list[str]
    second: list[str]
    touched: dict[str, str]
    within: str
    lapsed: bool

    @property
    def anchor(self) -> str:
        """The id of its place on the page."""
        return "g-" + "".join(letter if letter.isalnum() else "-" for letter in self.decision)


def glasses_of(plan: Plan | None, board: Board | None, entries: list[Entry], names: Names) -> list[Glass]:
    """The gates that were opened, may be broken and are neither decided nor withdrawn, by their decision."""
    if plan is None or board is None:
        return []
    allowed = {name: step.break_glass for name, step in gates_of(plan, entries).items() if step.break_glass}
    opened: dict[str, str] = {}
    touched: dict[str, dict[str, str]] = {}
    lapsed: set[str] = set()
    for entry in entries:
        decision = entry.data.get("decision")
        if not isinstance(decision, str) or _id(decision) not in allowed:
            continue
        if entry.kind == "gate_opened":
            opened[decision] = str(entry.data.get("question", ""))
        elif entry.kind == "gate_reopened":
            touched.pop(decision, None)
            lapsed.discard(decision)
        elif entry.kind == "glass_touched":
            touched.setdefault(decision, {})[names.person(entry.actor)] = str(entry.data.get("reason") or "")
        elif entry.kind == "gate_decided" and entry.data.get("outcome") == "lapsed":
            lapsed.add(decision)
        elif entry.kind == "gate_decided":
            opened.pop(decision, None)
    return [
        _glass(decision, question, glass, touched.get(decision, {}), decision in lapsed, names)
        for decision, question in opened.items()
        for glass in [allowed[_id(decision)]]
    ]


def gates_of(plan: Plan, entries: list[Entry]) -> dict[str, Step]:
    """Every `decide` of the plan and of what people added, by its id."""
    steps = [step for runbook in (plan.runbook, *plan.calls.values()) for step in _of(runbook)]
    for entry in entries:
        if entry.kind == "step_added":
            try:
                steps += all_steps([Step.model_validate(entry.data["step_body"])])
            except (KeyError, ValidationError):
                continue  # written by another version: its gate has no such button, and the API still takes the vote
    return {step.id: step for step in steps if step.decide is not None}


def _glass(
    decision: str, question: str, glass: BreakGlass, touched: dict[str, str], lapsed: bool, names: Names
) -> Glass:
    by, second = ([names.person(ref) for ref in _listed(refs)] for refs in (glass.by, glass.second))
    return Glass(decision, question, by, second, touched, str(glass.ratify_within), lapsed)


def _of(runbook: Runbook) -> Iterable[Step]:
    for phase in runbook.phases:
        yield from all_steps(phase.steps)
    for handler in runbook.handlers:
        yield from all_steps(handler.steps)


def _id(decision: str) -> str:
    """Of `moves[1].emergency_change` the last part: ids are unique in a runbook."""
    return decision.rpartition(".")[2]


def _listed(ref: str | list[str]) -> list[str]:
    return [ref] if isinstance(ref, str) else ref
