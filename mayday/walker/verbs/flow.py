"""`choose`, `parallel`, `steps`, `call`: where the walk goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mayday.domain.effects import EffectFailure
from mayday.language.expressions import render_value
from mayday.language.runbook import Runbook, Step
from mayday.walker import blocks, conditions, failing
from mayday.walker.state import StepState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def settle(w: Walker, state: StepState, progress: blocks.Progress) -> None:
    """A block ends as its steps do."""
    if progress == "done":
        blocks.finish(w, state)
    elif progress == "failed":
        failing.fail(w, state, EffectFailure(code="block", message="a step inside failed"))


def resume_block(w: Walker, step: Step, state: StepState) -> None:
    settle(w, state, blocks.run(w, step.body, blocks.prefix_of(state.path)))


def resume_choose(w: Walker, step: Step, state: StepState) -> None:
    """The first branch whose `when` holds, else `else`; chosen once."""
    if state.place is None:
        for index, branch in enumerate(step.choose or []):
            holds = conditions.holds(w, branch.when, state.path)
            if holds is None:
                return
            if holds:
                state.place = f"choose[{index}]"
                break
        else:
            state.place = "else"
        w.touch()
    taken = step.else_ or []
    if state.place.startswith("choose["):
        taken = (step.choose or [])[int(state.place[7:-1])].steps
    settle(w, state, blocks.run(w, taken, blocks.prefix_of(state.path)))


def resume_parallel(w: Walker, step: Step, state: StepState) -> None:
    """All branches go on side by side; `join` says how many have to end. The rest is cancelled."""
    branches = step.parallel or {}
    ended, failed = 0, 0
    for steps in branches.values():
        progress = blocks.run(w, steps, blocks.prefix_of(state.path))
        ended += progress == "done"
        failed += progress == "failed"
    join = step.join if step.join is not None else "all"
    needed = len(branches) if join == "all" else 1 if join == "any" else int(join)
    if w.start.edition >= 3:
        needed = min(needed, len(branches))
    if ended >= min(needed, len(branches)):
        for steps in branches.values():
            failing.cancel_list(w, steps, "enough branches have ended", blocks.prefix_of(state.path))
        blocks.finish(w, state)
    elif ended + (len(branches) - ended - failed) < needed:
        settle(w, state, "failed")


def _left_early(w: Walker, state: StepState, called: Runbook) -> bool:
    """Whether an `end` in the called runbook was reached: its phase is left, or all that is left of it."""
    if state.leaving is None:
        return False
    what, by = state.leaving
    failing.cancel_list(w, called.phases[state.round].steps, f"step {by}", f"{state.path}.")
    state.round = len(called.phases) if what == "runbook" else state.round + 1
    state.leaving = None
    w.touch()
    return True


def resume_call(w: Walker, step: Step, state: StepState) -> None:
    """Walk another runbook's phases in order, its steps prefixed with this step's id."""
    called = w.plan.calls[step.call or ""]
    if state.place is None:
        given: dict[str, Any] = dict(render_value(step.with_ or {}, w.scope(state.path)))  # type: ignore[call-overload]
        defaults = {name: spec.default for name, spec in called.inputs.items() if spec.default is not None}
        state.result, state.place = {**defaults, **given}, "call"
        w.entry(
            "runbook_called",
            "system",
            state.path,
            runbook=f"{called.metadata.name}@{called.metadata.version}",
            inputs=state.result,
        )
    prefix = f"{state.path}."
    while state.round < len(called.phases):
        phase = called.phases[state.round]
        over = phase.until is not None and conditions.holds(w, phase.until, f"{prefix}_")
        progress = blocks.run(w, phase.steps, prefix) if not over else "done"
        if _left_early(w, state, called):
            continue
        if over:
            failing.cancel_list(w, phase.steps, f"{phase.until} holds", prefix)
        elif progress == "failed":
            settle(w, state, progress)
            return
        elif progress == "running" or phase.until is not None:
            return
        state.round += 1
        w.touch()
    blocks.finish(w, state)
