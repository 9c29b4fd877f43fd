"""Tickets of follow-up actions: `itsm.open_action`, `itsm.note_action`, `itsm.close_action`.

They outlive their incident by weeks, so each names its own ticket. Our own desk stands behind the house's: where that
cannot take a follow-up, the action still has a ticket.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from temporalio import activity

from activities.actions import optional_text, receipt, text_of
from activities.chain import first_that_works
from activities.dependencies import Dependencies
from activities.failures import reported
from mayday.domain.effects import ActionReceipt, ActionRequest, Unreached
from mayday.domain.ports import TicketClosing, TicketDesk, TicketOrder, WorkNote
from mayday.domain.review.wire import CLOSE_ACTION, NOTE_ACTION, OPEN_ACTION


class FollowUpActivities:
    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    @activity.defn(name=OPEN_ACTION)
    async def open(self, request: ActionRequest) -> ActionReceipt:
        """Open the ticket of an action, for its owner."""
        with reported():
            due_at = optional_text(request, "due_at")
            order = TicketOrder(
                effect_key=request.effect_key, incident=request.incident, kind="action",
                summary=text_of(request, "summary"), description=optional_text(request, "description"),
                assignee=self._known_as(text_of(request, "owner")), problem=optional_text(request, "problem"),
                due_at=datetime.fromisoformat(due_at) if due_at else None,
            )  # fmt: skip
            passed: list[Unreached] = []
            ticket = await first_that_works(
                self._desks(request), lambda desk: desk.open(order), port="tickets", passed=passed
            )
        return receipt(ticket, passed)

    @activity.defn(name=NOTE_ACTION)
    async def note(self, request: ActionRequest) -> ActionReceipt:
        with reported():
            note = WorkNote(
                effect_key=request.effect_key, incident_id=request.incident.id, ticket=text_of(request, "ticket"),
                text=text_of(request, "text"),
            )  # fmt: skip
            await first_that_works(self._desks(request), lambda desk: desk.note(note), port="tickets")
        return receipt({})

    @activity.defn(name=CLOSE_ACTION)
    async def close(self, request: ActionRequest) -> ActionReceipt:
        with reported():
            closing = TicketClosing(
                effect_key=request.effect_key, incident_id=request.incident.id, ticket=text_of(request, "ticket"),
                reason=optional_text(request, "reason"),
            )  # fmt: skip
            await first_that_works(self._desks(request), lambda desk: desk.close(closing), port="tickets")
        return receipt({})

    def _desks(self, request: ActionRequest) -> Sequence[TicketDesk]:
        """The house's, then our own. A drill has our own only."""
        desks = self._given.ports_for(request.incident).tickets
        names = {desk.name for desk in desks}
        return [*desks, *(desk for desk in self._given.desk if desk.name not in names)]

    def _known_as(self, owner: str) -> dict[str, str]:
        """Under which ids the desks may know the owner, mail address included."""
        person = self._given.catalog.current().people.get(owner)
        if person is None:
            return {"person": owner}
        return {"person": owner, **person.ids, **({"email": person.email} if person.email else {})}
