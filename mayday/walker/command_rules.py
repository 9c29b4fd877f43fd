"""Commands: for each kind who may, when, and what it does. One table, so that nothing has a way around its rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from mayday.domain.commands import Command, Refusal
from mayday.walker import (
    ad_hoc,
    ballots,
    candidates,
    declining,
    drills,
    engagements,
    handlers,
    ladders,
    merging,
    messages,
    notes,
    overrides,
    reopening,
    roles,
    standing,
    succession,
    tasks,
    updates,
)

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


class Rule(NamedTuple):
    refusal: Callable[..., Refusal | None]
    apply: Callable[..., dict[str, Any]]


def _reopen(w: Walker, command: Any) -> dict[str, Any]:
    reopening.reopen(w, command.actor, command.reason)
    return {"status": "investigating"}


RULES: dict[str, Rule] = {
    "ack": Rule(ladders.refusal, ladders.acknowledge),
    "accept": Rule(roles.accept_refusal, roles.accept),
    "decline": Rule(declining.refusal, declining.decline),
    "vote": Rule(ballots.refusal, ballots.cast),
    "complete": Rule(tasks.refusal, tasks.complete),
    "update": Rule(updates.update_refusal, updates.update),
    "correct": Rule(updates.correct_refusal, updates.correct),
    "note": Rule(notes.refusal, notes.note),
    "severity": Rule(standing.severity_refusal, standing.severity_by_person),
    "status": Rule(standing.status_refusal, standing.status_by_person),
    "role": Rule(succession.assign_refusal, succession.assign),
    "event": Rule(handlers.refusal, handlers.receive),
    "add_step": Rule(ad_hoc.refusal, ad_hoc.add),
    "candidate": Rule(candidates.refusal, candidates.decide),
    "merge": Rule(merging.refusal, merging.merge),
    "reopen": Rule(reopening.refusal, _reopen),
    "delegate": Rule(ballots.delegation_refusal, ballots.delegate),
    "hold_outward": Rule(messages.hold_refusal, messages.hold),
    "impact": Rule(standing.impact_refusal, standing.impact_by_person),
    "vendor_reply": Rule(engagements.refusal, engagements.replied),
    "override": Rule(overrides.refusal, overrides.apply),
    "drill": Rule(drills.refusal, drills.apply),
}

#: what a candidate takes before it is accepted
FOR_CANDIDATES = ("candidate", "note", "impact", "event", "severity")
#: what still counts while the end is under way
AT_THE_END = (
    "note", "complete", "accept", "ack", "vote", "delegate", "vendor_reply", "override", "reopen", "correct",
    "hold_outward", "impact", "drill",
)  # fmt: skip


def refusal(w: Walker, command: Command) -> Refusal | None:
    """Why the incident refuses a command now, or None."""
    return not_now(w, command.kind) or RULES[command.kind].refusal(w, command)


def not_now(w: Walker, kind: str) -> Refusal | None:
    """Why no command of a kind is taken now, whoever sends it; None where the kind's own rule decides."""
    state = w.state
    if state.finished and kind != "reopen":
        return Refusal(code="closed", reason=f"the incident is {state.status} and its run is over")
    if state.status == "merged" and kind != "note":
        return Refusal(code="closed", reason=f"the incident was merged into {state.merged_into}: go there")
    if state.status == "candidate" and kind not in FOR_CANDIDATES:
        return Refusal(code="not_open", reason="this is a candidate: it has to be accepted first")
    if state.ending is not None and kind not in AT_THE_END:
        return Refusal(code="closed", reason=f"the incident is {state.status}")
    if state.drill_paused_at is not None and kind not in drills.TAKEN:
        return Refusal(code="not_open", reason="the drill is paused: it goes on when a person resumes it")
    return None


def apply(w: Walker, command: Command) -> dict[str, Any]:
    """Carry out a command that is not refused."""
    return RULES[command.kind].apply(w, command)
