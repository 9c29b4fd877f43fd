"""One file a verb. Each takes the walker, the step as written and its state, and takes it as far as it goes now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mayday.language.runbook import Step
from mayday.walker.state import StepState
from mayday.walker.verbs import ask, decide, do, engage, flow, loops, page, send, small, wait

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

Verb = Callable[["Walker", Step, StepState], None]

VERBS: dict[str, Verb] = {
    "do": do.resume,
    "send": send.resume,
    "page": page.resume,
    "engage": engage.resume,
    "decide": decide.resume,
    "ask": ask.resume_form,
    "task": ask.resume_task,
    "wait": wait.resume,
    "choose": flow.resume_choose,
    "parallel": flow.resume_parallel,
    "steps": flow.resume_block,
    "call": flow.resume_call,
    "for_each": loops.resume_for_each,
    "repeat": loops.resume_repeat,
    "set": small.resume_set,
    "set_cadence": small.resume_set_cadence,
    "log": small.resume_log,
    "end": small.resume_end,
}
