"""What of a runbook its scenarios have reached: phases, outcomes of gates, timeouts, handlers, branches.

Read from timelines, so that both engines are counted alike. A branch of `choose` is reached when a step in it has left
an entry; one that only waits or holds no steps leaves none, and is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import BaseModel

from mayday.domain.timeline import Entry
from mayday.language.plan import Plan
from mayday.language.runbook import Runbook, Step, all_steps

ASPECTS = ("phases", "outcomes", "timeouts", "handlers", "branches")

SILENT = frozenset({"wait", "steps", "choose", "parallel", "for_each", "repeat", "set", "end"})
"""Verbs that may leave no entry of their own."""


class Aspect(BaseModel):
    """One of the five: what there is, and what of it no scenario has reached."""

    total: int = 0
    reached: int = 0
    missing: list[str] = []


class RunbookCoverage(BaseModel):
    phases: Aspect = Aspect()
    outcomes: Aspect = Aspect()
    timeouts: Aspect = Aspect()
    handlers: Aspect = Aspect()
    branches: Aspect = Aspect()
    percent: int = 100


class Coverage:
    """Collects over several runs; one table a runbook."""

    def __init__(self) -> None:
        self._there: dict[str, dict[str, list[str]]] = {}
        self._reached: dict[str, set[str]] = {}

    def add(self, plan: Plan, entries: Sequence[Entry]) -> None:
        name = plan.runbook.metadata.name
        self._there[name] = places_of(plan.runbook)
        self._reached.setdefault(name, set()).update(reached_in(plan.runbook, entries))

    def of(self, name: str) -> RunbookCoverage:
        reached = self._reached.get(name, set())
        aspects = {}
        for aspect, places in self._there[name].items():
            missing = [place for place in places if f"{aspect}:{place}" not in reached]
            aspects[aspect] = Aspect(total=len(places), reached=len(places) - len(missing), missing=missing)
        total = sum(aspect.total for aspect in aspects.values())
        hit = sum(aspect.reached for aspect in aspects.values())
        return RunbookCoverage(**aspects, percent=100 * hit // total if total else 100)

    def table(self) -> dict[str, RunbookCoverage]:
        return {name: self.of(name) for name in sorted(self._there)}

    @property
    def percent(self) -> int:
        """The lowest of all runbooks: one well tested does not make up for another."""
        return min((self.of(name).percent for name in self._there), default=100)


def places_of(runbook: Runbook) -> dict[str, list[str]]:
    """Everything that a scenario could reach."""
    steps = list(_steps(runbook))
    outcomes = [f"{step.id}.{outcome}" for step in steps if step.decide for outcome in _outcomes(step)]
    timeouts = [step.id for step in steps if step.timeout is not None and step.on_timeout is not None]
    return {
        "phases": [phase.id for phase in runbook.phases],
        "outcomes": outcomes,
        "timeouts": timeouts,
        "handlers": [f"{handler.event}[{index}]" for index, handler in enumerate(runbook.handlers)],
        "branches": list(_branches(runbook)),
    }


def reached_in(runbook: Runbook, entries: Sequence[Entry]) -> Iterator[str]:
    """The places that a timeline went through, as `aspect:place`."""
    first_steps = {handler.steps[0].id: index for index, handler in enumerate(runbook.handlers) if handler.steps}
    branches: dict[str, list[str]] = {}
    for place, steps in _branches(runbook).items():
        for inner in steps:
            branches.setdefault(inner.id, []).append(place)
    for entry in entries:
        step = (entry.step or "").rpartition(".")[2]
        data = entry.data
        yield from (f"branches:{place}" for place in branches.get(step, []))
        if entry.kind == "phase_entered":
            yield f"phases:{data.get('phase')}"
        elif entry.kind == "gate_decided":
            yield f"outcomes:{step}.{data.get('outcome')}"
            if data.get("outcome") == "lapsed":
                yield f"timeouts:{step}"
        elif entry.kind in ("gate_escalated", "step_timed_out"):
            yield f"timeouts:{step}"
        elif entry.kind == "handler_started":
            index = first_steps.get(step)
            if index is not None:
                yield f"handlers:{runbook.handlers[index].event}[{index}]"


def _branches(runbook: Runbook) -> dict[str, list[Step]]:
    """Every branch of a `choose` that has steps, with all of them: `ID.when[1]`, `ID.else`."""
    found: dict[str, list[Step]] = {}
    for step in _steps(runbook):
        for number, branch in enumerate(step.choose or [], start=1):
            found[f"{step.id}.when[{number}]"] = all_steps(branch.steps)
        if step.choose:
            found[f"{step.id}.else"] = all_steps(step.else_ or [])
    return {place: steps for place, steps in found.items() if any(step.verb not in SILENT for step in steps)}


def _outcomes(step: Step) -> list[str]:
    written = list(step.outcomes or {})
    return written + [name for name in ("lapsed",) if name not in written and step.on_timeout is not None]


def _steps(runbook: Runbook) -> Iterator[Step]:
    for phase in runbook.phases:
        yield from all_steps(phase.steps)
    for handler in runbook.handlers:
        yield from all_steps(handler.steps)
    yield from all_steps(runbook.finally_)
