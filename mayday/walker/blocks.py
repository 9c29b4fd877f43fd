"""Lists of steps: one after the other, background ones beside; starting, timing out, failing and finishing a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from mayday.domain.effects import EffectFailure
from mayday.domain.incident import Pending
from mayday.language.expressions import ExpressionError
from mayday.language.runbook import Step
from mayday.walker import conditions, failing
from mayday.walker.state import StepState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

Progress = Literal["running", "done", "failed"]


def run(w: Walker, steps: Sequence[Step], prefix: str = "") -> Progress:
    """Take a list of steps as far as it goes; `failed` when a step that says `on_error: fail` did."""
    for step in steps:
        path = f"{prefix}{step.id}"
        state = w.state.steps.get(path) or begin(w, step, path)
        if state is None:
            if step.background:
                continue
            return "running"
        was_over = state.over
        if not was_over and not state.background:
            resume(w, state)
        if state.over and not was_over and _leaving(w):
            return "running"
        if state.over and state.status == "failed" and step.on_error == "fail":
            return "failed"
        if prefix and any(call.leaving for call in calls_around(w, prefix)):
            return "running"
        if (w.state.phase_end_asked or w.state.runbook_end_asked) and not w.state.walked:
            return "running"
        if not state.over and not state.background:
            return "running"
    return "done"


def calls_around(w: Walker, path: str) -> Iterator[StepState]:
    """The `call` steps that a path stands inside, the nearest first; rounds have brackets, calls have none."""
    rest = path.rpartition(".")[0]
    while rest:
        state = w.state.steps.get(rest)
        if state is not None and state.verb == "call":
            yield state
        rest = rest.rpartition(".")[0]


def _leaving(w: Walker) -> bool:
    """Whether the step that has just ended made the phase's exit true: then no other step of it begins."""
    phases = w.plan.runbook.phases
    if w.state.walked or not 0 <= w.state.phase < len(phases):
        return False
    until = phases[w.state.phase].until
    return until is not None and bool(conditions.of_phase(w, phases[w.state.phase].id, until))


def begin(w: Walker, step: Step, path: str) -> StepState | None:
    """Start a step, unless its `when` says no, or waits for a fact that a person is asked for (then None)."""
    due = w.after(step.timeout.seconds) if step.timeout and step.decide is None else None
    state = StepState(path=path, verb=step.verb, started_at=w.now, due_at=due, background=step.background)
    if step.when is not None:
        try:
            wanted = conditions.holds(w, step.when, path)
        except ExpressionError as error:
            w.state.steps[path] = state
            failing.fail(w, state, EffectFailure(code="expression", message=f"when: {error}"))
            return state
        if wanted is None:
            return None
        if not wanted:
            state.status, state.over, state.ended_at = "skipped", True, w.now
            w.state.steps[path] = state
            w.entry("step_skipped", "system", path, reason=f"not needed: {step.when}")
            return state
    w.state.steps[path] = state
    if step.background:
        w.state.background.append(path)
    w.touch()
    return state


@lru_cache(maxsize=1)
def _verbs() -> Mapping[str, Callable[[Walker, Step, StepState], None]]:
    from mayday.walker.verbs import VERBS  # verbs run lists of steps, which run verbs

    return VERBS


def resume(w: Walker, state: StepState) -> None:
    """Take one running step as far as it goes."""
    step = w.step(state.path)
    if state.place in ("on_timeout", "on_error"):
        nested = step.on_timeout if state.place == "on_timeout" else step.on_error
        progress = run(w, nested if isinstance(nested, list) else [], _prefix(state.path))
        if progress != "running":
            finish(w, state, "timed_out" if state.place == "on_timeout" else "failed")
        return
    if state.place == "manual":
        return
    if state.due_at is not None and w.expired(state.due_at) and state.verb != "decide":
        timed_out(w, step, state)
        return
    try:
        _verbs()[state.verb](w, step, state)
    except ExpressionError as error:
        failing.fail(w, state, EffectFailure(code="expression", message=str(error)))


def timed_out(w: Walker, step: Step, state: StepState) -> None:
    """A step's own `timeout` is over: its waiting ends, and `on_timeout` says what follows."""
    failing.cancel_inside(w, state, f"{step.id} timed out")
    failing.cancel_waiting(w, state, "timed out")
    w.entry("step_timed_out", "system", state.path, after_s=step.timeout.seconds if step.timeout else 0)
    if isinstance(step.on_timeout, list):
        if not step.on_timeout:
            finish(w, state, "timed_out")
            return
        state.place = "on_timeout"
        w.touch()
    elif state.verb == "do":
        failing.fail(w, state, EffectFailure(code="timeout", message="no result in time", ambiguous=True))
    else:
        finish(w, state, "timed_out")


def finish(w: Walker, state: StepState, status: Any = "done", result: dict[str, Any] | None = None) -> None:
    """A step is over; the ones after it may go on."""
    state.status, state.over, state.ended_at, state.effect = status, True, w.now, None
    if result is not None:
        state.result = result
    w.touch()


def _prefix(path: str) -> str:
    """What nested steps of a plain block are prefixed with: the same rounds as the block itself."""
    outer = path.rpartition(".")[0]
    return f"{outer}." if outer else ""


prefix_of = _prefix


def waiting(w: Walker, state: StepState, text: str, then: str = "") -> None:
    """Show on the board what a step waits for."""
    w.pend(
        Pending(
            id=state.path,
            kind="wait",
            text=text,
            due_at=w.due(state.due_at) or state.retry_at or state.next_round_at,
            then=then,
        )
    )
