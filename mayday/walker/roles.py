"""Roles: offered to who is on call, paged, accepted; climbing when nobody takes them.

A role is held once accepted. Until the commander's is, the board says *no commander* and the ladder goes on.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mayday.domain.commands import Accept, Refusal
from mayday.domain.effects import EffectResult, PageReceipt
from mayday.domain.incident import Pending
from mayday.domain.plain_words import spoken
from mayday.walker import ballots, ladders, people, registry, tasks
from mayday.walker.state import Flight, Offer, RoleState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker


def open_roles(w: Walker) -> None:
    """Every role of the runbook that names where it comes from is offered; those given are held."""
    for role, spec in w.plan.runbook.roles.items():
        w.state.roles.setdefault(role, RoleState(role=role, unfilled=spec.from_ is None and spec.fallback is None))
    for role, person in w.start.roles.items():
        state = w.state.roles.setdefault(role, RoleState(role=role))
        state.person, state.since, state.unfilled = person, w.now, False
        people.respond(w, person)
        w.entry("role_taken", person, f"role:{role}", role=role, person=person, how="given at the start")
    commander = w.state.roles.setdefault(people.COMMANDER, RoleState(role=people.COMMANDER))
    if commander.person is None and w.start.declare == "manual" and people.known(w, w.state.declared_by or ""):
        commander.person, commander.since = w.state.declared_by, w.now
        people.respond(w, w.state.declared_by or "")
        w.entry(
            "role_taken",
            w.state.declared_by or "system",
            f"role:{people.COMMANDER}",
            role=people.COMMANDER,
            person=w.state.declared_by,
            how="declared the incident",
        )
    for role in w.plan.runbook.roles:
        if role not in w.start.roles:
            offer_next(w, w.state.roles[role])


def _rungs(w: Walker, role: str) -> list[str]:
    spec = w.plan.runbook.roles.get(role)
    return [ref for ref in (spec.from_, spec.fallback) if ref] if spec else []


def _ack_within_s(w: Walker) -> int:
    policy = w.plan.severities.get(w.state.severity)
    return policy.ack_within.seconds if policy else 300


def severity_changed(w: Walker) -> None:
    """An offer lasts as long as the severity gives to answer, counted from when it was made; a handover has its own."""
    for state in w.state.roles.values() if w.start.edition >= 3 else ():
        if state.offer is not None and not state.offer.handover:
            state.offer.due_at = max(state.offer.offered_at + timedelta(seconds=_ack_within_s(w)), w.now)


def offer_command_again(w: Walker) -> bool:
    """After a reopening, where nobody commanded at the end: whom the runbook names is asked from the beginning."""
    state = w.state.roles.get(people.COMMANDER)
    if state is None or state.person is not None or w.start.edition < 2:
        return False
    state.tried, state.declined, state.refused, state.unfilled = 0, [], [], False
    offer_next(w, state)
    return state.offer is not None


def _declined(w: Walker, state: RoleState, target: str) -> bool:
    """Whether everybody whom it means has said that they cannot."""
    meant = [target[7:]] if target.startswith("person.") else w.on_call(target)
    return target in state.refused or (bool(meant) and set(meant) <= set(state.declined))


def offer_next(w: Walker, state: RoleState) -> None:
    """Offer the role to the next rung; the commander's climbs round and round until somebody takes it."""
    rungs = _rungs(w, state.role)
    leaderless = state.role == people.COMMANDER and state.person is None
    for _ in rungs:
        if state.tried >= len(rungs) and not leaderless:
            break
        ref = rungs[state.tried % len(rungs)]
        state.tried += 1
        if ref == f"role.{people.COMMANDER}":
            continue
        targets = [target for target in people.targets_of(w, ref) if not _declined(w, state, target)]
        if targets:
            _offer(w, state, targets, rung=state.tried)
            return
    if leaderless and state.declined:  # all said no: somebody has to lead, so they are asked once more
        state.again_at = w.after(_ack_within_s(w))
    state.offer, state.unfilled = None, True
    w.silence(f"role:{state.role}", "nobody took it")
    if rungs:
        w.entry(
            "role_unfilled",
            "system",
            f"role:{state.role}",
            role=state.role,
            stands_in=people.own_holder(w, people.COMMANDER),
        )


def _offer(w: Walker, state: RoleState, targets: list[str], rung: int) -> None:
    state.offer = Offer(
        role=state.role,
        targets=targets,
        people=[target[7:] for target in targets if target.startswith("person.")],
        offered_at=w.now,
        due_at=w.after(_ack_within_s(w)),
        rung=rung,
    )
    url = w.bridge()[0]
    w.entry(
        "role_offered",
        "system",
        f"role:{state.role}",
        role=state.role,
        to=targets,
        due_at=state.offer.due_at,
        rung=rung,
    )
    w.page(
        f"role:{state.role}",
        targets,
        f"{w.state.severity} {w.state.title}: you are offered the role of {spoken(state.role)}"
        f"{f'; the bridge is {url}' if url else ''}",
        owner=f"offer:{state.role}",
        purpose="role",
    )


def answered(w: Walker, role: str, flight: Flight, result: EffectResult) -> None:
    state = w.state.roles.get(role)
    page = f"role:{role}"
    if result.failure is not None:
        w.entry("page_failed", "system", page, page=page, reason=result.failure.message, code=result.failure.code)
        first_round = state is not None and state.tried < len(_rungs(w, role))
        if state and state.offer and first_round and not state.offer.handover and not state.offer.people:
            state.offer.due_at = w.now  # the next one at once; a pager that reaches nobody is not asked without pause
        return
    receipt = PageReceipt.model_validate(result.value)
    ladders.record_receipt(w, page, flight, receipt)
    if state and state.offer and state.person not in [paged.person for paged in receipt.paged]:
        reached = [paged.person for paged in receipt.paged if paged.person not in state.declined]
        state.offer.people = people.unique([*state.offer.people, *reached])
        state.asked = people.unique([*state.asked, *state.offer.people])


def resume(w: Walker) -> None:
    for state in w.state.roles.values():
        if state.offer is not None:
            _resume_offer(w, state, state.offer)
        elif state.again_at is not None:
            _resume_pause(w, state, state.again_at)


def _resume_pause(w: Walker, state: RoleState, again_at: datetime) -> None:
    """Everybody declined to command. They are asked once more: an incident that nobody leads is nobody's."""
    if w.wake(again_at):
        state.again_at, state.declined, state.refused = None, [], []
        offer_next(w, state)
        return
    w.pend(
        Pending.model_validate(
            {
                "id": f"role:{state.role}",
                "kind": "role",
                "for": [],
                "due_at": again_at,
                "text": f"everybody declined {state.role.replace('_', ' ')}",
                "then": "offered once more",
            }
        )
    )


def _resume_offer(w: Walker, state: RoleState, offer: Offer) -> None:
    if not w.expired(offer.due_at):
        then = "climbs to the deputy" if offer.handover else "offered to the next"
        w.pend(
            Pending.model_validate(
                {
                    "id": f"role:{state.role}",
                    "kind": "role",
                    "for": offer.people or offer.targets,
                    "due_at": w.due(offer.due_at),
                    "text": f"{state.role.replace('_', ' ')} is offered",
                    "then": then,
                }
            )
        )
        return
    w.entry(
        "role_lapsed",
        "system",
        f"role:{state.role}",
        role=state.role,
        to=offer.people or offer.targets,
        handover=offer.handover or None,
    )
    state.offer = None
    if not offer.handover or (state.person is None and w.start.edition >= 2):
        offer_next(w, state)  # a handover of what nobody holds gives it back to nobody
        return
    targets = people.unique([*people.role_targets(w, state.role), *people.role_targets(w, people.DEPUTY)])
    if targets:
        w.page(
            f"role:{state.role}",
            targets,
            f"{w.state.title}: {people.name_of(w, next(iter(offer.people), None))} did not take"
            f" {state.role.replace('_', ' ')}",
            owner="notice:",
            purpose="nag",
        )


def take(w: Walker, role: str, person: str, how: str) -> None:
    """A person holds a role from now on."""
    state = w.state.roles.setdefault(role, RoleState(role=role))
    before = state.person
    state.person, state.since, state.unfilled, state.offer, state.warned_at = person, w.now, False, None, None
    state.declined, state.refused, state.again_at = [], [], None
    people.respond(w, person)
    w.entry("role_taken", person, f"role:{role}", role=role, person=person, before=before, how=how)
    tasks.close(w, f"successor:{role}", f"{person} took over", person)
    w.silence(f"role:{role}", f"taken by {person}")
    ballots.reseat(w, role)
    if person != before:
        _tell_what_waits(w, role, person)
    registry.emit(w, "role.taken", {"role": role, "person": person})


def _tell_what_waits(w: Walker, role: str, person: str) -> None:
    """Questions and tasks that were opened for the role before somebody held it: the new holder hears of them, once."""
    waiting = [
        task
        for task in w.state.tasks.values()
        if task.to == f"role.{role}" and task.done_at is None and task.accepted_by is None
    ]
    if waiting:
        w.page(
            f"role:{role}",
            [f"person.{person}"],
            f"{w.state.title}: for you as {role.replace('_', ' ')}: {'; '.join(task.text for task in waiting[:5])}",
            owner="notice:",
            purpose="task",
            via=["push", "chat"],
            urgent=False,
        )


# commands -------------------------------------------------------------------------------------------------------


def accept_refusal(w: Walker, command: Accept) -> Refusal | None:
    if command.actor == people.OWNER:
        return Refusal(code="not_yours", reason="accepting is a person's word: it takes a person's token")
    task = w.state.tasks.get(command.target)
    if task is not None:
        return tasks.accept_refusal(w, command, task)
    state = w.state.roles.get(command.target.removeprefix("role:"))
    if state is None:
        return Refusal(code="unknown", reason=f"there is no role or task {command.target}")
    if state.person == command.actor and state.offer is None:
        return Refusal(code="closed", reason=f"{command.actor} holds {state.role} already")
    if state.offer is None:
        if w.start.later_rules and state.person is None and command.actor in state.asked:
            return None  # a late yes to what nobody took: an acknowledgement counts after the rounds, too
        return Refusal(code="not_open", reason=f"{state.role} is not offered to anybody now")
    allowed = takers(w, state)
    if command.actor not in allowed:
        return Refusal(code="not_yours", reason=f"{state.role} is offered to {', '.join(allowed)}")
    return None


def takers(w: Walker, state: RoleState) -> list[str]:
    """Who may accept a role: whom it is offered to, and who was asked before; a handover is one person's."""
    if state.offer is None:
        return []
    offered = offered_to(w, state.offer)
    return offered if state.offer.handover else people.unique([*offered, *state.asked])


def offered_to(w: Walker, offer: Offer) -> list[str]:
    """Before the pager has answered: whoever stood on the schedule when the plan was made."""
    return offer.people or [person for target in offer.targets for person in w.on_call(target)]


def accept(w: Walker, command: Accept) -> dict[str, Any]:
    task = w.state.tasks.get(command.target)
    if task is not None:
        return tasks.accept(w, command, task)
    role = command.target.removeprefix("role:")
    offer = w.state.roles[role].offer
    take(w, role, command.actor, "accepted the handover" if offer and offer.handover else "accepted")
    return {"role": role}
