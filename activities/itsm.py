"""Tickets: `itsm.open_major_incident`, `itsm.open_problem`, `itsm.open_change`, `itsm.add_note`, `itsm.close`."""

from __future__ import annotations

from temporalio import activity

from activities.actions import optional_text, receipt, text_of
from activities.chain import first_that_works
from activities.dependencies import Dependencies
from activities.failures import reported
from mayday.domain.effects import ActionReceipt, ActionRequest, Unreached
from mayday.domain.errors import Refused
from mayday.domain.ports import TicketClosing, TicketKind, TicketOrder, WorkNote

#: inputs that are fields of the order; all others go to the provider by name
_OWN = ("summary", "description", "change")


class ItsmActivities:
    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    @activity.defn(name="itsm.open_major_incident")
    async def open_major_incident(self, request: ActionRequest) -> ActionReceipt:
        return await self._open(request, "incident")

    @activity.defn(name="itsm.open_problem")
    async def open_problem(self, request: ActionRequest) -> ActionReceipt:
        return await self._open(request, "problem")

    @activity.defn(name="itsm.open_change")
    async def open_change(self, request: ActionRequest) -> ActionReceipt:
        """Open an emergency change; with `change`, take the one of that number."""
        return await self._open(request, "change")

    @activity.defn(name="itsm.add_note")
    async def add_note(self, request: ActionRequest) -> ActionReceipt:
        with reported():
            note = WorkNote(
                effect_key=request.effect_key, incident_id=request.incident.id, ticket=_ticket(request),
                text=text_of(request, "text"),
            )  # fmt: skip
            desks = self._given.ports_for(request.incident).tickets
            await first_that_works(desks, lambda desk: desk.note(note), port="tickets")
        return receipt({})

    @activity.defn(name="itsm.close")
    async def close(self, request: ActionRequest) -> ActionReceipt:
        with reported():
            closing = TicketClosing(
                effect_key=request.effect_key, incident_id=request.incident.id, ticket=_ticket(request),
                reason=optional_text(request, "reason"),
            )  # fmt: skip
            desks = self._given.ports_for(request.incident).tickets
            await first_that_works(desks, lambda desk: desk.close(closing), port="tickets")
        return receipt({})

    async def _open(self, request: ActionRequest, kind: TicketKind) -> ActionReceipt:
        with reported():
            order = TicketOrder(
                effect_key=request.effect_key, incident=request.incident, kind=kind,
                summary=text_of(request, "summary"), description=optional_text(request, "description"),
                number=optional_text(request, "change") if kind == "change" else None,
                fields={
                    "severity": request.incident.severity, "service": request.incident.service,
                    **{name: value for name, value in request.inputs.items() if name not in _OWN},
                },
            )  # fmt: skip
            desks = self._given.ports_for(request.incident).tickets
            passed: list[Unreached] = []
            ticket = await first_that_works(desks, lambda desk: desk.open(order), port="tickets", passed=passed)
        return receipt(ticket, passed)


def _ticket(request: ActionRequest) -> str:
    if request.incident.ticket is None:
        raise Refused("the incident has no ticket yet")
    return request.incident.ticket
