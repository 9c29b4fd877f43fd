"""`set`, `set_cadence`, `log`, `end`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mayday.domain.effects import EffectFailure
from mayday.domain.timeline import plain
from mayday.language.expressions import ExpressionError, parse_template, render_value
from mayday.language.runbook import Step
from mayday.walker import blocks, cadences, failing
from mayday.walker.state import StepState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def resume_set(w: Walker, step: Step, state: StepState) -> None:
    values = {name: plain(render_value(value, w.scope(state.path))) for name, value in (step.set or {}).items()}
    w.state.variables.update(values)
    w.entry("variables_set", "system", state.path, values=values)
    blocks.finish(w, state)


def resume_set_cadence(w: Walker, step: Step, state: StepState) -> None:
    cadence = w.state.cadences.get(step.set_cadence or "")
    if cadence is not None and step.every is not None:
        cadences.set_every(w, cadence, step.every.seconds, by_hand=True, reason=f"step {state.path}")
    elif step.set_cadence is not None and step.every is not None:
        cadences.set_before(w, step.set_cadence, step.every.seconds, state.path)
    blocks.finish(w, state)


def resume_log(w: Walker, step: Step, state: StepState) -> None:
    try:
        text = parse_template(step.log or "").render(w.scope(state.path))
    except ExpressionError as error:
        failing.fail(w, state, EffectFailure(code="expression", message=str(error)))
        return
    w.entry("logged", "system", state.path, words=text)
    blocks.finish(w, state)


def resume_end(w: Walker, step: Step, state: StepState) -> None:
    """Leave the phase, or the runbook, in which it is written: what is left of it is cancelled."""
    blocks.finish(w, state)
    call = next(blocks.calls_around(w, state.path), None) if w.start.edition >= 3 else None
    if call is not None:
        call.leaving = (step.end or "phase", state.path)
    elif step.end == "runbook":
        w.state.runbook_end_asked = f"step {state.path}"
    else:
        w.state.phase_end_asked = f"step {state.path}"
