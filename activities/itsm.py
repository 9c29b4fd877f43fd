"""Tickets: `itsm.open_major_incident`, `itsm.open_problem`, `itsm.open_change`, `itsm.add_note`, `itsm.close`,
`itsm.link_child`; and `itsm.note_change`, which no runbook asks for: a gate does."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import activity

from activities.actions import optional_text, receipt, text_of
from activities.chain import first_that_works
from activities.dependencies import Dependencies
from activities.failures import reported
from mayday.domain.effects import NOTE_CHANGE, REOPEN_TICKET, ActionReceipt, ActionRequest, Unreached
from mayday.domain.errors import ProviderError, Refused
from mayday.domain.ports import (
    ChildTicket,
    TicketClosing,
    TicketDesk,
    TicketKind,
    TicketOrder,
    TicketReopening,
    WorkNote,
)

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
        passed: list[Unreached] = []
        with reported():
            note = WorkNote(
                effect_key=request.effect_key, incident_id=request.incident.id, ticket=_ticket(request),
                text=text_of(request, "text"),
            )  # fmt: skip
            await first_that_works(
                self._desks(request), lambda desk: desk.note(note), port="tickets", passed=passed, untold=(Refused,)
            )
        return receipt({}, passed)

    @activity.defn(name=NOTE_CHANGE)
    async def note_change(self, request: ActionRequest) -> ActionReceipt:
        """Write into the record of a change; `noted` is false where no desk knows one by this name."""
        passed: list[Unreached] = []
        change = text_of(request, "change")
        note = WorkNote(
            effect_key=request.effect_key, incident_id=request.incident.id, ticket=change,
            text=text_of(request, "text"),
        )  # fmt: skip
        with reported():
            try:
                await first_that_works(
                    self._desks(request), lambda desk: desk.note(note), port="tickets", passed=passed, untold=(Refused,)
                )
            except Refused:
                return receipt({"noted": False})
        return receipt({"noted": True}, passed)

    @activity.defn(name="itsm.close")
    async def close(self, request: ActionRequest) -> ActionReceipt:
        """Resolve the ticket, and propose the same to whoever owns its children: `children` are their numbers."""
        passed: list[Unreached] = []
        with reported():
            closing = TicketClosing(
                effect_key=request.effect_key, incident_id=request.incident.id, ticket=_ticket(request),
                reason=optional_text(request, "reason"),
            )  # fmt: skip

            async def close_at(desk: TicketDesk) -> TicketDesk:
                await desk.close(closing)
                return desk

            desk = await first_that_works(
                self._desks(request), close_at, port="tickets", passed=passed, untold=(Refused,)
            )
        children: list[str] = []
        try:
            children = await desk.propose_closing(closing)
        except ProviderError as error:  # the ticket is closed; its children are a courtesy
            passed.append(Unreached(target=desk.name, reason=f"children of {closing.ticket} were not told: {error}"))
        return receipt({"children": children or None}, passed)

    @activity.defn(name=REOPEN_TICKET)
    async def reopen(self, request: ActionRequest) -> ActionReceipt:
        """Open the incident's ticket again. Where its desk keeps it closed, a new one is opened that points to it; the
        closed one is told where it goes on."""
        passed: list[Unreached] = []
        with reported():
            again = TicketReopening(
                effect_key=request.effect_key, incident_id=request.incident.id, ticket=_ticket(request),
                reason=text_of(request, "reason"),
            )  # fmt: skip
            try:
                reopened = await first_that_works(
                    self._desks(request), lambda desk: desk.reopen(again), port="tickets", passed=passed,
                    untold=(Refused,),
                )  # fmt: skip
            except Refused as refused:
                return await self._in_its_place(request, again, str(refused))
        return receipt({"number": again.ticket, "state": "opened again" if reopened else "was open"}, passed)

    async def _in_its_place(self, request: ActionRequest, old: TicketReopening, why: str) -> ActionReceipt:
        incident, passed = request.incident, list[Unreached]()
        order = TicketOrder(
            effect_key=f"{old.effect_key}/new", incident=incident, kind="incident",
            summary=f"{incident.title} (goes on from {old.ticket})",
            description=f"{old.reason}\n{old.ticket} cannot be opened again: {why}",
            fields={"severity": incident.severity, "service": incident.service},
        )  # fmt: skip
        desks = self._desks(request)
        new = await first_that_works(desks, lambda desk: desk.open(order), port="tickets", passed=passed)
        child = ChildTicket(
            effect_key=f"{old.effect_key}/link", incident_id=incident.id, ticket=old.ticket, child=new.number
        )
        note = WorkNote(
            effect_key=f"{old.effect_key}/told", incident_id=incident.id, ticket=old.ticket,
            text=f"{old.reason}\nIt goes on in {new.number}.",
        )  # fmt: skip
        for what, tell in (
            ("link", lambda desk: desk.adopt(child)), ("note", lambda desk: desk.note(note)),
        ):  # fmt: skip
            try:
                await first_that_works(desks, tell, port="tickets")
            except ProviderError as error:  # the new ticket stands; that the old one names it is a courtesy
                passed.append(Unreached(target=old.ticket, reason=f"{what}: {error}"))
        return receipt({"number": new.number, "url": new.url, "in_place_of": old.ticket, "why": why}, passed)

    @activity.defn(name="itsm.link_child")
    async def link_child(self, request: ActionRequest) -> ActionReceipt:
        """Let another ticket point to the major one."""
        passed: list[Unreached] = []
        with reported():
            child = ChildTicket(
                effect_key=request.effect_key, incident_id=request.incident.id, ticket=_ticket(request),
                child=text_of(request, "ticket"),
            )  # fmt: skip
            await first_that_works(
                self._desks(request), lambda desk: desk.adopt(child), port="tickets", passed=passed, untold=(Refused,)
            )
        return receipt({}, passed)

    def _desks(self, request: ActionRequest) -> Sequence[TicketDesk]:
        return self._given.ports_for(request.incident).tickets

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
