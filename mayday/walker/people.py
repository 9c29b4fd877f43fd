"""Who a reference means: whom to page, who may answer, who leads.

`person.X`, `group.X` and `role.X` are known here; `schedule.X` is resolved by the activity that pages. For authority,
a schedule means everybody who ever stands on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mayday.walker.walker import Walker

COMMANDER, DEPUTY, SCRIBE = "incident_commander", "deputy", "scribe"
#: the machine's own administrator (mayday.json): declares and administers, never decides for a person
OWNER = "owner"
MACHINE = "machine:"


def holder(w: Walker, role: str) -> str | None:
    """Who holds a role; the commander holds every role that nobody else does [Google SRE book]."""
    own = own_holder(w, role)
    return own or (own_holder(w, COMMANDER) if role != COMMANDER else None)


def own_holder(w: Walker, role: str) -> str | None:
    """Who holds a role in person, without the commander standing in."""
    state = w.state.roles.get(role)
    return state.person if state else None


def people_of(w: Walker, ref: str) -> list[str]:
    """Everybody whom a reference names, for authority."""
    kind, _, name = ref.partition(".")
    if not name:
        policy = w.definitions.policy(ref)
        if policy is not None:
            return unique(
                person for level in policy.levels for target in level.targets for person in people_of(w, target)
            )
        return [ref] if ref in w.plan.people else []
    if kind == "person":
        return [name]
    if kind == "group":
        return list(w.plan.groups.get(name, []))
    if kind == "schedule":
        schedule = w.plan.schedules.get(name)
        return list(schedule.people) if schedule else []
    if kind == "role":
        found = holder(w, name)
        return [found] if found else []
    if kind == "service":
        owner = owner_of(w, name)
        return people_of(w, owner) if owner else []
    return []


def targets_of(w: Walker, ref: str) -> list[str]:
    """Whom to page for a reference: persons and schedules. An unheld role means whoever is offered it."""
    kind, _, name = ref.partition(".")
    if not name:
        return [f"person.{ref}"] if ref in w.plan.people else []
    if kind in ("person", "schedule"):
        return [ref]
    if kind == "group":
        return [f"person.{person}" for person in w.plan.groups.get(name, [])]
    if kind == "role":
        return role_targets(w, name)
    if kind == "service":
        owner = owner_of(w, name)
        return targets_of(w, owner) if owner else []
    return []


def owner_of(w: Walker, name: str) -> str | None:
    """`service.owner` is the catalog's owner of the incident's service, so that one runbook serves them all."""
    service = w.plan.services.get(w.state.service) if name == "owner" else None
    return service.owner if service else None


def role_targets(w: Walker, role: str, seen: tuple[str, ...] = ()) -> list[str]:
    """The holder, else who is offered the role, else who the runbook would offer it to, else the commander's."""
    own = own_holder(w, role)
    if own:
        return [f"person.{own}"]
    if role in seen:
        return []
    state = w.state.roles.get(role)
    if state and state.offer:
        return [f"person.{person}" for person in state.offer.people] or list(state.offer.targets)
    if state is None or state.unfilled:
        return [] if role == COMMANDER else role_targets(w, COMMANDER, (*seen, role))
    spec = w.plan.runbook.roles.get(role)
    for ref in (spec.from_, spec.fallback) if spec else ():
        if ref is None:
            continue
        targets = role_targets(w, ref[5:], (*seen, role)) if ref.startswith("role.") else targets_of(w, ref)
        if targets:
            return targets
    return [] if role == COMMANDER else role_targets(w, COMMANDER, (*seen, role))


def all_targets(w: Walker, refs: Iterable[str]) -> list[str]:
    return unique(target for ref in refs for target in targets_of(w, ref))


def second_reader(w: Walker, by: str, author: str | None) -> str:
    """Who is asked to read what `author` wrote or said: `by`, unless that is the author; then the next who may.

    Where one person holds every role that could, those are asked whom the runbook has for them: a text that nobody may
    release would never leave.
    """
    refs = [by, "role.comms_lead", "role.deputy", f"role.{COMMANDER}"]
    for ref in refs:
        if any(person != author for person in people_of(w, ref)):
            return ref
    others = [person for person in w.state.responders if person != author]
    if others:
        return f"person.{others[0]}"
    for ref in refs if w.start.later_rules else ():
        spec = w.plan.runbook.roles.get(ref.removeprefix("role."))
        for named in (spec.from_, spec.fallback) if spec else ():
            if named and not named.startswith("role.") and any(who != author for who in people_of(w, named)):
                return named
    return by


def first_with_somebody(w: Walker, *refs: str | None) -> str | None:
    """The first reference that names somebody, in order: a task's `to`, else the deputy, the scribe, the commander."""
    for ref in refs:
        if ref is None:
            continue
        if ref.startswith("role."):
            if own_holder(w, ref[5:]):
                return ref
        elif targets_of(w, ref):
            return ref
    return None


def leaders(w: Walker) -> list[str]:
    """Commander, deputy and the machine's administrator: who may steer the incident."""
    return unique([*filter(None, (own_holder(w, COMMANDER), own_holder(w, DEPUTY))), OWNER])


def leads(w: Walker, person: str) -> bool:
    """Whether a person is one of them."""
    return person in leaders(w)


def known(w: Walker, person: str) -> bool:
    return person in w.plan.people


def reports(w: Walker, actor: str) -> bool:
    """Who may tell what they see: people of the catalog, the owner, and programs with a token of their own."""
    return known(w, actor) or actor == OWNER or actor.startswith(MACHINE)


def name_of(w: Walker, person: str | None) -> str:
    if person is None:
        return "nobody"
    entry = w.plan.people.get(person)
    return entry.name if entry else person


def delegate_of(w: Walker, person: str, decision: str | None = None) -> str | None:
    """Who answers for a person: delegated in this incident (for a decision, or all), else by the catalog."""
    for key in (f"{person}/{decision}" if decision else "", person):
        if key and key in w.state.delegations:
            return w.state.delegations[key]
    entry = w.plan.people.get(person)
    return entry.delegate if entry else None


def respond(w: Walker, person: str) -> None:
    """Count a person among the responders."""
    if person in w.plan.people and person not in w.state.responders:
        w.state.responders.append(person)


def unique(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))
