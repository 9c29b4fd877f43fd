"""Who may write in a review: its report, its follow-up actions, what a vendor found, notes (docs/adr/0113).

The door lets everybody in who may act at all. The review says who of them writes: those who were in the incident, those
who steer or owe something in its review, and the house's administrators. A note is open to everybody whom the incident
knew, as it was while it was open. Who may only look writes nothing, whatever the door let through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mayday.domain.commands import Refusal
from mayday.domain.review.duty import RefusedCommand

if TYPE_CHECKING:
    from mayday.domain.review.case import ReviewCase
    from mayday.domain.review.commands import ReviewCommand

#: the machine's own administrator (mayday.json), and the first word of programs with a token of their own
OWNER, MACHINE = "owner", "machine:"
#: the starter's own: they pass on what the incident, or whoever keeps the ticket, has allowed already
PASSED_ON = ("withdraw", "tell_action")


def viewers_refusal(case: ReviewCase, command: ReviewCommand) -> Refusal | None:
    """Whoever only looked at the incident does not act in its review."""
    access = case.given.access
    if access is None or command.kind in PASSED_ON or command.actor not in access.viewers:
        return None
    return Refusal(code="not_yours", reason=f"{case.name(command.actor)} may only look (viewer)")


def writers_of(case: ReviewCase) -> list[str] | None:
    """The person ids of those who may write; None: a review that an older worker began, which asks nobody."""
    access, given, state = case.given.access, case.given, case.state
    if access is None:
        return None
    refs = [
        *case.stewards(),
        *given.responders,
        *given.attendees,
        *access.administrators,
        *(item.owner for item in state.actions if item.state != "dropped"),
        *(item.added_by for item in state.actions),
        *(ref for final in state.finals for ref in final.readers),
        *(ref for finding in state.findings for ref in finding.people),
    ]
    found = dict.fromkeys(person for ref in refs for person in case.persons(ref))
    return [person for person in found if person not in access.viewers and person in given.people]


def writing(case: ReviewCase, *whats: str) -> dict[str, list[str]]:
    """Who may write these, as a board says it; nothing where everybody may."""
    writers = writers_of(case)
    return {} if writers is None else {what: [*writers, OWNER] for what in whats}


def need_writer(case: ReviewCase, actor: str, what: str, *, programs: bool = False) -> None:
    """Raises `RefusedCommand` unless `actor` may write `what`. `programs`: a token of a program may as well."""
    writers = writers_of(case)
    if writers is None or actor == OWNER or actor in writers or (programs and actor.startswith(MACHINE)):
        return
    raise RefusedCommand(
        "not_yours",
        f"{what} for those who were in the incident, who owe something in its review, and administrators. "
        + (
            f"Ask {case.name(case.state.ownership.owner)}, who owns the review, for a follow-up action, or write a note"
            if actor in case.given.people
            else f"{case.name(actor)} is none of them"
        ),
    )


def need_teller(case: ReviewCase, actor: str) -> None:
    """Raises `RefusedCommand` unless `actor` may tell what they know: as in the incident, who is in its catalog."""
    if case.given.access is None or actor == OWNER or actor.startswith(MACHINE) or actor in case.given.people:
        return
    raise RefusedCommand("not_yours", "notes come from a person of the catalog, as the incident knew it")
