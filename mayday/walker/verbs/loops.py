"""`for_each` and `repeat`: rounds counted from 1 in the paths of their steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mayday.domain.effects import EffectFailure
from mayday.domain.timeline import plain
from mayday.language.expressions import parse_expression, parse_template
from mayday.language.runbook import Step
from mayday.walker import blocks, conditions, failing
from mayday.walker.state import StepState
from mayday.walker.verbs.flow import settle

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def resume_for_each(w: Walker, step: Step, state: StepState) -> None:
    """The list is taken once at the start, at most `max` items, `concurrency` of them at a time."""
    loop = step.for_each
    if loop is None:
        return
    if state.items is None:
        found: Any = loop.in_
        if isinstance(found, str):
            found = (
                parse_template(found).value(w.scope(state.path))
                if "{{" in found
                else parse_expression(found).evaluate(w.scope(state.path))
            )
        items = plain(found)
        if not isinstance(items, list):
            failing.fail(w, state, EffectFailure(code="expression", message=f"in: {loop.in_} is no list"))
            return
        state.items = items[: loop.max]
        if len(items) > loop.max:
            w.entry("items_cut", "system", state.path, items=len(items), max=loop.max)
        w.touch()
    active = 0
    failed = False
    for number in range(1, len(state.items) + 1):
        if active >= loop.concurrency:
            break
        state.round = max(state.round, number)
        progress = blocks.run(w, step.body, f"{state.path}[{number}].")
        active += progress == "running"
        failed = failed or progress == "failed"
    if not active:
        settle(w, state, "failed" if failed else "done")


#: rounds of a repeat whose steps stay in the state; the timeline keeps them all
KEPT_ROUNDS = 3
#: rounds after which also what goes on in the background of an old one ends: a state has to stay small
MOST_ROUNDS = 20


def _forget_rounds(w: Walker, step: Step, state: StepState) -> None:
    for ago in (KEPT_ROUNDS, MOST_ROUNDS):
        for inner in step.body:
            old = w.state.steps.get(f"{state.path}[{state.round - ago}].{inner.id}")
            if old is not None and (ago == MOST_ROUNDS or failing.settled(w, old)):
                failing.forget(w, old, f"{ago} rounds ago")


def resume_repeat(w: Walker, step: Step, state: StepState) -> None:
    """Runs first at once and looks at `until` after each round; `every` is counted from the round's start."""
    loop = step.repeat
    if loop is None:
        return
    if state.round == 0:
        state.round = 1
        state.next_round_at = w.after(loop.every.seconds) if loop.every else None
        w.touch()
    while True:
        if state.place == "pause":
            if state.next_round_at is not None and not w.wake(state.next_round_at):
                blocks.waiting(w, state, f"round {state.round + 1}", "next round")
                return
            state.place = None
            state.round += 1
            _forget_rounds(w, step, state)
            state.next_round_at = w.after(loop.every.seconds) if loop.every else None
            w.touch()
        progress = blocks.run(w, step.body, f"{state.path}[{state.round}].")
        if progress == "running":
            return
        if progress == "failed":
            settle(w, state, progress)
            return
        inside = f"{state.path}[{state.round}].{step.body[0].id}" if step.body else state.path
        holds = conditions.holds(w, loop.until, inside) if loop.until else False
        if holds or (loop.max is not None and state.round >= loop.max):
            blocks.finish(w, state, "done", {"rounds": state.round})
            return
        if holds is None:
            return
        state.place = "pause"
        w.touch()
