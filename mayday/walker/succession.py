"""Handing a role over: by its holder with a brief, before a shift ends, and after too many hours.

The numbers are those of PROCESS.md, "Long and wide incidents".
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mayday.domain.commands import AssignRole, Refusal
from mayday.domain.effects import RESOLVE, EffectResult, ResolveRequest, Roster
from mayday.walker import briefs, people, roles, tasks
from mayday.walker.state import Flight, HolderShift, Offer, RoleState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

#: an offer that is not taken in this time climbs
HANDOVER_S = 600
#: warn at 8 hours in a role, require a successor at 12
LONG_S, TOO_LONG_S = 8 * 3600, 12 * 3600
#: a handover is offered so long before the shift ends
BEFORE_THE_END = timedelta(minutes=30)
SUCCESSOR_DUE_S = 1800


def resume(w: Walker) -> None:
    for state in w.state.roles.values():
        if state.person is None or state.since is None:
            continue
        if state.role == people.COMMANDER:
            _watch_length(w, state)
        if w.state.ending is None and w.state.status != "resolved":
            _watch_shift(w, state)


def _watch_length(w: Walker, state: RoleState) -> None:
    """Eight hours in command are a warning, twelve need a successor."""
    if state.since is None:
        return
    held = int((w.now - state.since).total_seconds())
    if held < LONG_S:
        w.wake(state.since + (w.after(LONG_S) - w.now))
    elif state.warned_at is None or state.warned_at < state.since:
        state.warned_at = w.now
        w.entry("role_long", "system", f"role:{state.role}", role=state.role, person=state.person, hours=8)
        w.page(
            f"role:{state.role}",
            [f"person.{state.person}"],
            f"{w.state.title}: eight hours in command; hand over soon",
            owner="notice:",
            purpose="nag",
            urgent=False,
        )
    task = f"successor:{state.role}"
    if held < TOO_LONG_S:
        w.wake(state.since + (w.after(TOO_LONG_S) - w.now))
    elif task not in w.state.tasks:
        tasks.open_task(
            w,
            task,
            "successor",
            "Twelve hours in command: name a successor",
            to="role.deputy",
            owner="none:",
            due_s=1800,
            urgent=True,
        )


def _watch_shift(w: Walker, state: RoleState) -> None:
    """Half an hour before the holder's shift ends, whoever follows on the schedule is offered the role."""
    schedules = _schedules(w, state.role)
    if not schedules or state.since is None:
        return
    shift = state.shift
    if shift is None or shift.since != state.since:
        state.shift = shift = HolderShift(since=state.since)
        _ask_roster(w, state.role, shift, schedules)
    elif (
        shift.ends_at is not None and not shift.settled and not shift.asking and w.wake(shift.ends_at - BEFORE_THE_END)
    ):
        if shift.sure:
            _offer_next_shift(w, state, shift)
        else:  # an override may have moved it since
            _ask_roster(w, state.role, shift, schedules)


def _schedules(w: Walker, role: str) -> list[str]:
    spec = w.plan.runbook.roles.get(role)
    refs = [spec.from_, spec.fallback] if spec else []
    return [ref for ref in refs if ref is not None and ref.startswith("schedule.")]


def _ask_roster(w: Walker, role: str, shift: HolderShift, schedules: list[str]) -> None:
    shift.asking = True
    w.ask(
        RESOLVE,
        f"shift:{role}",
        lambda key: ResolveRequest(effect_key=key, targets=schedules, handoffs=True),
        owner=f"shift:{role}",
        effect_class="read",
        summary=f"when the shift of the {role.replace('_', ' ')} ends",
    )


def shift_known(w: Walker, role: str, flight: Flight, result: EffectResult) -> None:
    """What the roster says. Where it cannot be read, what it said before still holds."""
    state = w.state.roles.get(role)
    shift = state.shift if state else None
    if state is None or shift is None or not shift.asking:
        return
    shift.asking = False
    if result.failure is not None:
        shift.sure = shift.ends_at is not None
        return
    roster = Roster.model_validate(result.value)
    ref = next(
        (ref for ref, on_call in roster.people.items() if state.person in on_call and ref in roster.handoffs), None
    )
    if ref is None:  # the holder is on no schedule, or has no end there
        shift.ends_at, shift.settled = None, True
        return
    shift.ref, shift.ends_at, shift.incoming = ref, roster.handoffs[ref].at, roster.handoffs[ref].incoming
    shift.sure = shift.ends_at - BEFORE_THE_END <= w.now


def _offer_next_shift(w: Walker, state: RoleState, shift: HolderShift) -> None:
    shift.settled = True
    w.touch()
    if state.offer is not None or shift.ends_at is None:
        return  # somebody is being asked already
    what = f"The shift of {people.name_of(w, state.person)} as {state.role.replace('_', ' ')} ends"
    what += f" at {shift.ends_at:%H:%M} UTC"
    if shift.incoming is None or not people.known(w, shift.incoming):
        tasks.open_task(
            w,
            f"successor:{state.role}",
            "successor",
            f"{what} and nobody follows on {shift.ref}: name a successor",
            to=f"role.{state.role}",
            owner="none:",
            due_s=SUCCESSOR_DUE_S,
            urgent=True,
        )
    else:
        _offer_to(
            w, state, shift.incoming, "system", f"{what}: the role is offered to you", shift_ends_at=shift.ends_at
        )


# commands -------------------------------------------------------------------------------------------------------


def givers(w: Walker, role: str) -> list[str]:
    """Who may give a role to somebody."""
    return people.unique([*people.leaders(w), *filter(None, [people.own_holder(w, role)])])


def assign_refusal(w: Walker, command: AssignRole) -> Refusal | None:
    if command.actor not in givers(w, command.role):
        return Refusal(code="not_yours", reason="roles are given by commander or deputy, or by their holder")
    if not people.known(w, command.person):
        return Refusal(code="unknown", reason=f"person: {command.person!r} is not in the catalog")
    known = {*w.state.roles, *w.plan.runbook.roles, *_BUILT_IN}
    if command.role not in known:
        return Refusal(code="unknown", reason=f"role: {command.role!r}; known are {', '.join(sorted(known))}")
    if people.own_holder(w, command.role) == command.person:
        return Refusal(code="closed", reason=f"{command.person} holds {command.role} already")
    return None


def assign(w: Walker, command: AssignRole) -> dict[str, Any]:
    """Offer a role to a person, with a brief; held when accepted. Giving it to oneself takes it at once."""
    if command.person == command.actor:
        roles.take(w, command.role, command.actor, "took it")
        return {"role": command.role, "state": "held"}
    state = w.state.roles.setdefault(command.role, RoleState(role=command.role))
    hands = f"{people.name_of(w, command.actor)} hands {command.role.replace('_', ' ')} over to you"
    _offer_to(w, state, command.person, command.actor, hands)
    return {"role": command.role, "state": "offered"}


def _offer_to(w: Walker, state: RoleState, person: str, by: str, words: str, **why: Any) -> None:
    state.offer = Offer(
        role=state.role,
        targets=[f"person.{person}"],
        people=[person],
        offered_at=w.now,
        due_at=w.after(HANDOVER_S),
        by=by,
        handover=True,
    )
    state.declined = [one for one in state.declined if one != person]
    brief = briefs.brief(w)
    w.entry(
        "role_offered",
        by,
        f"role:{state.role}",
        role=state.role,
        to=[person],
        handover=True,
        due_at=state.offer.due_at,
        brief=brief,
        **why,
    )
    w.page(
        f"role:{state.role}",
        [f"person.{person}"],
        f"{words}. {brief}",
        owner=f"offer:{state.role}",
        purpose="role",
    )


_BUILT_IN = ("incident_commander", "deputy", "scribe", "operations_lead", "tech_lead", "comms_lead", "customer_liaison")
