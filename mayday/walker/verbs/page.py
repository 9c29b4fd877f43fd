"""`page`: climb an escalation policy until somebody acknowledges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mayday.language.expressions import parse_template
from mayday.language.runbook import Step
from mayday.walker import ladders
from mayday.walker.state import Ladder, LevelState, StepState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def resume(w: Walker, step: Step, state: StepState) -> None:
    """Open the ladder once; the acknowledgement or the exhaustion ends the step."""
    if state.path in w.state.ladders:
        return
    text = (
        parse_template(step.message).render(w.scope(state.path))
        if step.message
        else f"{w.state.severity} {w.state.title}"
    )
    ladders.open_ladder(w, ladder_of(w, step, state.path, text))


def ladder_of(w: Walker, step: Step, path: str, text: str) -> Ladder:
    """The policy that `page` names; a schedule, role, group or person is a policy of one level."""
    name = step.page or ""
    severity = w.plan.severities.get(w.state.severity)
    ack_within_s = severity.ack_within.seconds if severity else 300
    policy = w.definitions.policy(name, path)
    join_within_s = step.join_within.seconds if step.join_within else None
    if policy is None:
        via = list(step.via or ["push", "voice"])
        level = LevelState(targets=[name], via=via, ack_within_s=ack_within_s, by_severity=w.start.edition >= 3)
        return Ladder(
            path=path, levels=[level], text=text, opened_at=w.now, assigns=step.assigns, join_within_s=join_within_s
        )
    levels = [
        LevelState(targets=level.targets, via=list(step.via or level.via), ack_within_s=level.ack_within.seconds)
        for level in policy.levels
    ]
    last = policy.on_exhausted
    return Ladder(
        path=path,
        levels=levels,
        rounds=policy.repeat,
        text=text,
        opened_at=w.now,
        assigns=step.assigns,
        join_within_s=join_within_s,
        on_exhausted=LevelState(targets=last.targets, via=list(last.via), ack_within_s=ack_within_s) if last else None,
    )
