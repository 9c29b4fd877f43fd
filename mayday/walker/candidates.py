"""Candidates: a proposed incident waits for a person; and the confirmation of one that was declared by rule."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mayday.domain.commands import Candidate, Refusal
from mayday.domain.durations import Duration
from mayday.domain.incident import Pending
from mayday.walker import beginning, messages, people, standing, tasks
from mayday.walker.state import Confirmation, Proposal

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

EXPIRES = timedelta(hours=4)
CONFIRM_TASK = "confirm:declaration"


def propose(w: Walker) -> None:
    """Tell whoever the route names, else who would command; remind, then climb; expire after four hours."""
    every_s = Duration.parse(w.start.accept_within).seconds if w.start.accept_within else 900
    w.state.proposal = Proposal(remind_at=w.after(every_s), expires_at=w.now + EXPIRES, every_s=every_s)
    w.entry(
        "candidate_proposed",
        w.start.source,
        None,
        severity=w.state.severity,
        service=w.state.service,
        expires_at=w.state.proposal.expires_at,
    )
    _call(w, 0)


def _rungs(w: Walker) -> list[list[str]]:
    named = people.targets_of(w, w.start.page) if w.start.page else []
    given = [w.start.roles[role] for role in (people.COMMANDER, people.DEPUTY) if role in w.start.roles]
    roles = [people.targets_of(w, ref) for ref in ("role.incident_commander", "role.deputy")]
    if w.start.edition >= 3:  # nobody holds a role yet, nor is offered one
        roles = [people.targets_of(w, ref) for ref in _would_lead(w)]
    rungs = [named, *([f"person.{person}"] for person in given), *roles]
    found: list[list[str]] = []
    for rung in rungs:
        if rung and rung not in found:
            found.append(rung)
    return found


def _would_lead(w: Walker) -> list[str]:
    """Whom the runbook would offer the command to, then the deputy's place."""
    specs = [w.plan.runbook.roles.get(role) for role in (people.COMMANDER, people.DEPUTY)]
    return [ref for spec in specs if spec for ref in (spec.from_, spec.fallback) if ref and not ref.startswith("role.")]


def _call(w: Walker, reminders: int) -> None:
    rungs = _rungs(w)
    if not rungs:
        return
    urgent = bool(w.start.page) or reminders > 0
    w.page(
        "candidate",
        rungs[min(max(0, reminders - 1), len(rungs) - 1)] if reminders else rungs[0],
        f"Candidate {w.state.severity} {w.state.title}: accept or reject",
        owner="candidate:",
        purpose="candidate",
        urgent=urgent,
        data={"times": reminders} if reminders else None,
    )


def resume(w: Walker) -> None:
    proposal = w.state.proposal
    if proposal is None or w.state.status != "candidate":
        return
    if w.expired(proposal.expires_at):
        w.state.proposal = None
        standing.set_status(w, "rejected", "nobody accepted it within four hours", "system", None)
        return
    if w.expired(proposal.remind_at):
        proposal.reminders += 1
        proposal.remind_at = w.after(proposal.every_s)
        w.touch()  # also where nobody is to be called, the next reminder is waited for
        _call(w, proposal.reminders)
    w.pend(
        Pending.model_validate(
            {
                "id": "candidate",
                "kind": "candidate",
                "for": people.people_of(w, w.start.page or "role.incident_commander") or _asked(w),
                "text": f"accept or reject: {w.state.title}",
                "due_at": w.due(proposal.remind_at),
                "then": "reminded, then climbs",
            }
        )
    )


def _asked(w: Walker) -> list[str]:
    """Where the route names nobody: who would command."""
    first = next(iter(_rungs(w)), [])
    return people.unique(person for target in first for person in people.people_of(w, target))


def refusal(w: Walker, command: Candidate) -> Refusal | None:
    if w.state.status != "candidate":
        return Refusal(code="closed", reason=f"the incident is {w.state.status}, not a candidate")
    if command.actor not in deciders(w):
        return Refusal(
            code="not_yours", reason="candidates are decided by who would command, the deputy, or whom the route pages"
        )
    if not command.accept and not command.reason.strip():
        return Refusal(code="invalid", reason="reason: a rejection needs one")
    return None


def deciders(w: Walker) -> list[str]:
    """Who may accept or reject it: who would command, the deputy, and whom the route pages."""
    named = [w.start.roles.get(role) for role in (people.COMMANDER, people.DEPUTY)]
    refs = [w.start.page] if w.start.page else []
    refs += _would_lead(w)
    meant = [person for ref in refs for person in people.people_of(w, ref)]
    return people.unique([*people.leaders(w), *filter(None, named), *meant])


def decide(w: Walker, command: Candidate) -> dict[str, Any]:
    w.state.proposal = None
    people.respond(w, command.actor)
    w.stop_page("candidate", f"decided by {command.actor}")
    if not command.accept:
        w.entry("candidate_rejected", command.actor, None, reason=command.reason)
        standing.set_status(w, "rejected", command.reason, command.actor, None)
        return {"status": "rejected"}
    w.entry("candidate_accepted", command.actor, None, reason=command.reason or None)
    standing.set_status(w, "investigating", command.reason or "accepted", command.actor, None)
    beginning.declare(w, command.actor)
    return {"status": "investigating"}


# confirmation of an auto-declared incident ------------------------------------------------------------------------


def ask_confirmation(w: Walker) -> None:
    """People are paged at once; words to the outside wait for the commander, or for `confirm_within`."""
    within_s = Duration.parse(w.start.confirm_within).seconds if w.start.confirm_within else 300
    w.state.confirmation = Confirmation(due_at=w.after(within_s))
    tasks.open_task(
        w,
        CONFIRM_TASK,
        "confirm",
        f"Confirm that {w.state.title} is a {w.state.severity}: messages to the outside wait for it",
        to="role.incident_commander",
        fields={"confirmed": {"type": "boolean", "required": False}},
        owner="confirm:",
        tell=False,
    )


def confirm(w: Walker, by: str, result: dict[str, Any]) -> None:
    confirmation = w.state.confirmation
    if confirmation is None or not confirmation.open:
        return
    if result.get("confirmed", True) is False:
        confirmation.lapsed = True
        w.entry("declaration_denied", by, None)
        messages.drop_held(w, "the declaration was not confirmed")
        w.state.hold_outward = True
        return
    confirmation.confirmed_by = by
    w.entry("declaration_confirmed", by, None)
    messages.release_held(w, "the declaration is confirmed", by)


def resume_confirmation(w: Walker) -> None:
    """Nobody confirmed in time: the pre-approved text leaves, what people wrote does not."""
    confirmation = w.state.confirmation
    if confirmation is None or not confirmation.open or not w.expired(confirmation.due_at):
        return
    confirmation.lapsed = True
    w.entry("confirmation_lapsed", "system", None, due_at=confirmation.due_at)
    tasks.close(w, CONFIRM_TASK, "nobody confirmed in time")
    messages.drop_held(w, "the declaration was not confirmed in time", keep="first_post")
    messages.release_held(w, "pre-approved, and nobody confirmed in time", "system")


def never_confirmed(w: Walker) -> None:
    """The incident is over before anybody confirmed it: what waited for that never leaves."""
    confirmation = w.state.confirmation
    if confirmation is not None and confirmation.open:
        confirmation.lapsed = True
        tasks.close(w, CONFIRM_TASK, f"incident {w.state.status}")
        messages.drop_held(w, f"incident {w.state.status} before the declaration was confirmed")
