"""`decide`: a question to people, answered by votes; each outcome has its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mayday.language.expressions import parse_template
from mayday.language.runbook import GateTimeout, Step, Voters
from mayday.walker import approvals, ballots, blocks, changes, failing, gates, people
from mayday.walker.state import Gate, StepState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def resume(w: Walker, step: Step, state: StepState) -> None:
    gate = w.state.gates.get(state.path)
    if gate is None:
        gates.open_gate(w, gate_of(w, step, state))
        return
    if gate.outcome is None:
        return
    if gate.outcome == "withdrawn":
        blocks.finish(w, state, "cancelled")
        return
    place = place_of(step, gate.outcome)
    if state.place is not None and state.place != place:
        failing.cancel_list(
            w, (step.outcomes or {}).get(state.place, []), f"decided anew: {gate.outcome}", blocks.prefix_of(state.path)
        )
    if state.place != place:
        state.place, state.status = place, "decided"
        w.touch()
    progress = blocks.run(w, (step.outcomes or {}).get(place, []), blocks.prefix_of(state.path))
    if progress != "running":
        blocks.finish(w, state, "decided", {"outcome": gate.outcome, "reason": gate.reason})


def place_of(step: Step, outcome: str) -> str:
    """Which branch an outcome runs; without a `lapsed` branch the rejected one, and the record still says lapsed."""
    outcomes = step.outcomes or {}
    if outcome == "unapproved_emergency" and outcome not in outcomes:
        return "approved"
    if outcome == "lapsed" and outcome not in outcomes:
        return "rejected"
    return outcome


def gate_of(w: Walker, step: Step, state: StepState) -> Gate:
    voters = step.voters or Voters.model_validate({"from": ["role.incident_commander"]})
    on_timeout = step.on_timeout if isinstance(step.on_timeout, GateTimeout) else GateTimeout()
    requester = state.ad_hoc_by or people.own_holder(w, people.COMMANDER) or w.state.declared_by
    implementer = _implementer(w, step)
    scope = w.scope(state.path)
    glass = step.break_glass
    return Gate(
        path=state.path,
        question=parse_template(step.decide or "").render(scope),
        opened_at=w.now,
        sources=list(voters.from_),
        approvals=voters.approvals,
        required=ballots.required_by(w, step),
        veto=voters.veto,
        excluded=_excluded(w, voters, requester, implementer),
        delegates=voters.delegates,
        via=list(voters.via),
        answer_within_s=voters.answer_within.seconds,
        options=list(step.options or []),
        requester=requester,
        implementer=implementer,
        due_at=w.after(step.timeout.seconds) if step.timeout else None,
        remind_every_s=step.remind_every.seconds if step.remind_every else None,
        escalate=on_timeout.escalate,
        extend_s=on_timeout.extend.seconds if on_timeout.extend else 0,
        then=on_timeout.then if on_timeout.then != "approved" or on_timeout.allow_default_approve else "lapsed",
        digest=approvals.digest_of(w, step, state.path),
        ref=f"{w.state.id}/{state.path}#{state.occurrence}",
        change=changes.named_in(w, step, state.path),
        verbal=step.verbal == "allowed",
        break_by=_people(w, glass.by) if glass else [],
        break_second=_people(w, glass.second) if glass else [],
        ratify_within_s=glass.ratify_within.seconds if glass else None,
    )


def _people(w: Walker, refs: str | list[str]) -> list[str]:
    return people.unique(
        person for ref in ([refs] if isinstance(refs, str) else refs) for person in people.people_of(w, ref)
    )


def _implementer(w: Walker, step: Step) -> str | None:
    ref = step.subject.implementer if step.subject else None
    if ref is None:
        return None
    found = people.people_of(w, ref)
    return found[0] if len(found) == 1 else None


def _excluded(w: Walker, voters: Voters, requester: str | None, implementer: str | None) -> dict[str, str]:
    """Four eyes by default: who asked and who would carry it out do not decide."""
    if voters.allow_self_approval:
        return {}
    excluded: dict[str, str] = {}
    for name in voters.exclude:
        if name == "requester" and requester:
            excluded[requester] = "asked for it"
        elif name == "implementer" and implementer:
            excluded.setdefault(implementer, "would carry it out")
        elif "." in name or name in w.plan.people:
            for person in people.people_of(w, name):
                excluded.setdefault(person, "excluded by the runbook")
    return excluded
