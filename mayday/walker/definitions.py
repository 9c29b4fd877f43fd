"""From step paths to the steps of the plan, and of what people added.

A path is the step's id; inside `repeat` and `for_each` it is prefixed with the round (`loop[2].ask`), inside `call`
with the calling step (`network.check`).
"""

from __future__ import annotations

from functools import lru_cache

from mayday.language.plan import Plan
from mayday.language.runbook import Cadence, EscalationPolicy, Handler, Runbook, Step, all_steps
from mayday.walker.state import IncidentState


def index_of(runbook: Runbook) -> dict[str, Step]:
    """Every step of a runbook by id."""
    steps: list[Step] = []
    for phase in runbook.phases:
        steps += all_steps(phase.steps)
    for handler in runbook.handlers:
        steps += all_steps(handler.steps)
    return {step.id: step for step in steps + all_steps(runbook.finally_)}


@lru_cache(maxsize=1)
def _no_steps() -> dict[str, Step]:
    return {}


class Definitions:
    """Look-ups in the plan, made once a walker."""

    def __init__(self, plan: Plan, state: IncidentState) -> None:
        self.plan = plan
        self._state = state
        self.root = index_of(plan.runbook)
        self._calls = {name: index_of(runbook) for name, runbook in plan.calls.items()}
        self._ad_hoc: dict[str, Step] = {}
        self._known_ad_hoc = -1
        self._parent_maps: dict[int, dict[str, str]] = {}
        self._parents_ad_hoc = -1

    def step(self, path: str) -> Step:
        *outer, last = path.split(".")
        index = self.root
        for segment in outer:
            step = self._find(index, segment.partition("[")[0])
            if step.call is not None:
                index = self._calls.get(step.call, _no_steps())
        return self._find(index, last)

    def parent(self, path: str) -> str | None:
        """The path of the step that a step stands inside, or None at the top of a phase, handler or `finally`."""
        outer, _, last = path.rpartition(".")
        index = self.root
        for segment in outer.split(".") if outer else []:
            step = self._find(index, segment.partition("[")[0])
            if step.call is not None:
                index = self._calls.get(step.call, _no_steps())
        found = self._parents(index).get(last)
        if found is None:
            return outer.rpartition("[")[0] if outer.endswith("]") else outer or None
        step = index.get(found) or self.ad_hoc()[found]
        if outer and (step.for_each is not None or step.repeat is not None) and outer.endswith("]"):
            return outer.rpartition("[")[0]
        return f"{outer}.{found}" if outer else found

    def _parents(self, index: dict[str, Step]) -> dict[str, str]:
        known = self._parent_maps.get(id(index))
        if known is None or self._parents_ad_hoc != len(self._state.ad_hoc):
            if self._parents_ad_hoc != len(self._state.ad_hoc):
                self._parent_maps.clear()
                self._parents_ad_hoc = len(self._state.ad_hoc)
            steps = [*index.values(), *self.ad_hoc().values()]
            known = {inner.id: step.id for step in steps for _, nested in step.children() for inner in nested}
            self._parent_maps[id(index)] = known
        return known

    def runbook_of(self, path: str) -> Runbook:
        """The runbook whose policies and cadences a step sees: the called one inside a `call`."""
        runbook, index = self.plan.runbook, self.root
        for segment in path.split(".")[:-1]:
            step = self._find(index, segment.partition("[")[0])
            if step.call is not None:
                runbook, index = self.plan.calls.get(step.call, runbook), self._calls.get(step.call, _no_steps())
        return runbook

    def _find(self, index: dict[str, Step], name: str) -> Step:
        if name in index:
            return index[name]
        return self.ad_hoc()[name]

    def ad_hoc(self) -> dict[str, Step]:
        """The steps that people added, nested ones included."""
        if self._known_ad_hoc != len(self._state.ad_hoc):
            added = [Step.model_validate(body) for body in self._state.ad_hoc.values()]
            self._ad_hoc = {step.id: step for step in all_steps(added)}
            self._known_ad_hoc = len(self._state.ad_hoc)
        return self._ad_hoc

    def known(self, name: str) -> bool:
        return name in self.root or name in self.ad_hoc()

    def policy(self, name: str, path: str = "") -> EscalationPolicy | None:
        own = self.runbook_of(path).escalations.get(name) if path else None
        return own or self.plan.runbook.escalations.get(name)

    def cadence(self, name: str) -> Cadence:
        return self.plan.runbook.cadences[name]

    def handlers(self) -> list[Handler]:
        return self.plan.runbook.handlers
