"""`engage`: open a vendor's case; in the foreground the next step starts at the first reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mayday.language.expressions import render_value
from mayday.language.runbook import Step
from mayday.walker import blocks, engagements
from mayday.walker.scope import priority
from mayday.walker.state import Engagement, StepState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def resume(w: Walker, step: Step, state: StepState) -> None:
    known = w.state.engagements.get(state.path)
    if known is not None:
        if known.replied_at is not None:  # a case that a reopening took up: the vendor has answered before
            blocks.finish(w, state, "replied", {"case": known.case})
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
