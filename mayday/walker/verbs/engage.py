"""`engage`: open a vendor's case; in the foreground the next step starts at the first reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mayday.language.expressions import render_value
from mayday.language.runbook import Step
from mayday.walker import engagements
from mayday.walker.scope import priority
from mayday.walker.state import Engagement, StepState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def resume(w: Walker, step: Step, state: StepState) -> None:
    if state.path in w.state.engagements:
        return
    given: dict[str, Any] = dict(render_value(step.with_ or {}, w.scope(state.path)))  # type: ignore[call-overload]
    engagements.open_case(
        w,
        Engagement(
            path=state.path,
            vendor=(step.engage or "").removeprefix("vendor."),
            priority=str(given.get("priority") or priority(w)),
            summary=str(given.get("summary") or w.state.title),
            opened_at=w.now,
        ),
    )
