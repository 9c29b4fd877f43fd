"""Declining: who was asked says that they cannot, and the next is asked at once, not when the time to answer is over.

What rings for who declined stops; the page or the offer goes on for the others who were asked with them. A change of
mind counts as long as nobody else has answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mayday.domain.commands import Decline, Refusal
from mayday.domain.effects import CLOSE_PAGE, ClosePage
from mayday.walker import ladders, people, registry, roles
from mayday.walker.state import Ladder, Offer, RoleState

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

_ROLE = "role:"


def refusal(w: Walker, command: Decline) -> Refusal | None:
    if not people.known(w, command.actor):
        return Refusal(code="not_yours", reason="declining is a person's word: it takes a person's token")
    if not command.reason.strip():
        return Refusal(code="invalid", reason="reason: whoever is asked next wants to know why you cannot")
    role, ladder = _role(w, command.target), w.state.ladders.get(command.target)
    if role is not None:
        return _role_refusal(w, command, role)
    if ladder is not None:
        return _page_refusal(w, command, ladder)
    if command.target in w.state.gates:
        return Refusal(code="invalid", reason="a vote is not declined: abstain, or delegate it")
    if command.target in w.state.tasks:
        return Refusal(code="invalid", reason="a task is not declined: commander or deputy give it to somebody else")
    if w.definitions.known(command.target.rpartition(".")[2]):
        return Refusal(code="not_open", reason=f"{command.target} has not been sent yet")
    return Refusal(code="unknown", reason=f"there is no role or page {command.target}")


def _role(w: Walker, target: str) -> RoleState | None:
    return w.state.roles.get(target.removeprefix(_ROLE)) if target not in w.state.ladders else None


def _role_refusal(w: Walker, command: Decline, state: RoleState) -> Refusal | None:
    if state.offer is None and state.person == command.actor:
        return Refusal(code="closed", reason=f"{command.actor} holds {state.role} already")
    if state.offer is None:
        return Refusal(code="not_open", reason=f"{state.role} is not offered to anybody now")
    if command.actor in state.declined:
        return Refusal(code="closed", reason=f"{command.actor} declined {state.role} already")
    allowed = roles.takers(w, state)
    if command.actor not in allowed:
        return Refusal(code="not_yours", reason=f"{state.role} is offered to {', '.join(allowed)}")
    return None


def _page_refusal(w: Walker, command: Decline, ladder: Ladder) -> Refusal | None:
    page = ladder.path
    if ladder.acked_by is not None:
        return Refusal(
            code="closed", reason=f"{page} was acknowledged by {ladder.acked_by} at {ladder.acked_at:%H:%M:%S}"
        )
    if ladder.closed:
        return Refusal(code="closed", reason=f"{page} is over")
    if command.actor not in ladders.answerers(w, ladder):
        return Refusal(code="not_yours", reason=f"{page} was not sent to {command.actor}: its levels name others")
    if command.actor in ladder.declined:
        return Refusal(code="closed", reason=f"{command.actor} declined {page} already")
    return None


def decliners(w: Walker, target: RoleState | Ladder) -> list[str]:
    """Who may decline an offer or a page that is open: whom it asks, but who has not declined yet."""
    if isinstance(target, RoleState):
        asked = roles.takers(w, target)
    else:
        asked = people.unique([*ladders.asked_now(w, target), *target.paged])
    return [person for person in asked if person not in target.declined]


def spared(w: Walker, page: str, purpose: str) -> list[str]:
    """Who is not called by a page's next level, or offered a role next, because they have declined it."""
    ladder, role = w.state.ladders.get(page), w.state.roles.get(page.removeprefix(_ROLE))
    if purpose == "page" and ladder is not None:
        return list(ladder.declined)
    return list(role.declined) if purpose == "role" and role is not None else []


def decline(w: Walker, command: Decline) -> dict[str, Any]:
    people.respond(w, command.actor)
    role, ladder = _role(w, command.target), w.state.ladders.get(command.target)
    if role is not None and role.offer is not None:
        _decline_role(w, command, role, role.offer)
        return {"role": role.role}
    if ladder is not None:
        _decline_page(w, command, ladder)
    return {"page": command.target}


def _decline_role(w: Walker, command: Decline, state: RoleState, offer: Offer) -> None:
    page = f"{_ROLE}{state.role}"
    state.declined = people.unique([*state.declined, command.actor])
    asked = roles.offered_to(w, offer)
    w.entry(
        "role_declined",
        command.actor,
        page,
        role=state.role,
        person=command.actor,
        reason=command.reason,
        handover=offer.handover or None,
        channel=command.channel,
    )
    _stop_ringing(w, page, command)
    if command.actor in asked and set(asked) <= set(state.declined):
        state.refused = people.unique([*state.refused, *offer.targets])
        state.offer = None
        if offer.handover and state.person is not None:
            _handed_back(w, command, state, offer)
        else:
            roles.offer_next(w, state)
    registry.emit(w, "role.declined", {"role": state.role, "person": command.actor})


def _handed_back(w: Walker, command: Decline, state: RoleState, offer: Offer) -> None:
    """Nobody is asked next: whoever wanted to hand it over has to know at once that they still hold it."""
    refs = [*people.role_targets(w, state.role), f"person.{offer.by}", *people.role_targets(w, people.DEPUTY)]
    targets = people.unique(ref for ref in refs if people.known(w, ref[7:]) and ref[7:] != command.actor)
    if targets:
        w.page(
            f"{_ROLE}{state.role}",
            targets,
            f"{w.state.title}: {people.name_of(w, command.actor)} cannot take {state.role.replace('_', ' ')}:"
            f" {command.reason}. It stays with {people.name_of(w, state.person)}",
            owner="notice:",
            purpose="nag",
        )


def _decline_page(w: Walker, command: Decline, ladder: Ladder) -> None:
    asked = ladders.asked_now(w, ladder)
    ladder.declined = people.unique([*ladder.declined, command.actor])
    w.entry(
        "page_declined",
        command.actor,
        ladder.path,
        page=ladder.path,
        reason=command.reason,
        channel=command.channel,
        level=ladder.level + 1,
        round=ladder.round,
    )
    _stop_ringing(w, ladder.path, command)
    declined = set(ladder.declined)
    passed = [int(level) for level, reached in ladder.reached.items() if reached and set(reached) <= declined]
    if set(asked) <= declined:
        passed.append(ladder.level)
    ladder.passed = sorted({*ladder.passed, *passed})
    if ladder.exhausted_at is None and ladder.level in ladder.passed:
        ladder.due_at = w.now  # the next level at once; where there is none it is exhausted, and the commander hears
    registry.emit(w, "page.declined", {"page": ladder.path, "person": command.actor})
    w.touch()


def _stop_ringing(w: Walker, page: str, command: Decline) -> None:
    reason = f"{people.name_of(w, command.actor)} declined: {command.reason}"
    w.ask(
        CLOSE_PAGE,
        f"close:{page}",
        lambda key: ClosePage(
            effect_key=key, incident=w.card(), page=page, reason=reason, over=False, person=command.actor
        ),
        owner="none:",
        effect_class="notify",
        summary=f"stop paging {command.actor} for {page}",
    )
