"""The desk's ticket register and its work orders."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.effects import ActionReceipt, ActionRequest
from mayday.domain.ports import ChildTicket, TicketClosing, TicketOrder, TicketRef, TicketReopening, WorkNote
from mayday.domain.timeline import timestamp
from mayday.providers.child_tickets import proposal
from mayday.providers.embedded import NAME
from mayday.providers.embedded.failures import provider_errors
from mayday.records.desk import Desk


class DeskTickets:
    name = NAME

    def __init__(self, desk: Desk, base_url: str) -> None:
        self._desk = desk
        self._base_url = base_url

    async def open(self, order: TicketOrder) -> TicketRef:
        async def open_it(connection: AsyncConnection) -> dict[str, Any]:
            number = await self._desk.tickets.open_in(
                connection, order.kind, incident_id=order.incident.id, summary=order.summary,
                description=order.description, fields=_fields(order), number=order.number,
            )  # fmt: skip
            return {"number": number}

        with provider_errors():
            kind = f"itsm.open_{order.kind}"
            done = await self._desk.effects.once(order.effect_key, kind, order.incident.id, open_it)
        number = str(done["number"])
        return TicketRef(number=number, url=f"{self._base_url}/desk/tickets/{number}", id=number)

    async def note(self, note: WorkNote) -> None:
        async def write(connection: AsyncConnection) -> dict[str, Any]:
            return {"note": await self._desk.tickets.note_in(connection, note.ticket, note.text)}

        with provider_errors():
            await self._desk.effects.once(note.effect_key, "itsm.add_note", note.incident_id, write)

    async def close(self, closing: TicketClosing) -> None:
        async def close_it(connection: AsyncConnection) -> dict[str, Any]:
            await self._desk.tickets.close_in(connection, closing.ticket, closing.reason)
            return {"closed": closing.ticket}

        with provider_errors():
            await self._desk.effects.once(closing.effect_key, "itsm.close", closing.incident_id, close_it)

    async def reopen(self, again: TicketReopening) -> bool:
        async def open_it(connection: AsyncConnection) -> dict[str, Any]:
            reopened = await self._desk.tickets.reopen_in(connection, again.ticket)
            if reopened:
                await self._desk.tickets.note_in(connection, again.ticket, again.reason)
            return {"reopened": reopened}

        with provider_errors():
            done = await self._desk.effects.once(again.effect_key, "itsm.reopen", again.incident_id, open_it)
        return bool(done["reopened"])

    async def adopt(self, child: ChildTicket) -> None:
        async def adopt_it(connection: AsyncConnection) -> dict[str, Any]:
            await self._desk.tickets.adopt_in(connection, child.child, child.ticket)
            return {"child": child.child}

        with provider_errors():
            await self._desk.effects.once(child.effect_key, "itsm.link_child", child.incident_id, adopt_it)

    async def propose_closing(self, closing: TicketClosing) -> list[str]:
        with provider_errors():
            children = await self._desk.tickets.children(closing.ticket)
        for each in children:
            await self.note(proposal(closing, each))
        return children


def _fields(order: TicketOrder) -> dict[str, Any]:
    more = {"due_at": order.due_at and timestamp(order.due_at), "assignee": order.assignee.get("person")}
    return {**order.fields, **{name: value for name, value in more.items() if value}}


class DeskChanges:
    """Hands a change or a fail-over to its implementer as a work order.

    The desk has no hands of its own: `outcome` is `ordered`, and the verification step that must follow every
    irreversible action asks whether it was done.
    """

    name = NAME

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self, request: ActionRequest) -> ActionReceipt:
        async def order(connection: AsyncConnection) -> dict[str, Any]:
            number = await self._desk.tickets.order_in(connection, {
                "action": request.action, "incident_id": request.incident.id, "inputs": request.inputs,
                "approval": request.approval, "approval_digest": request.approval_digest,
                "drill": request.incident.drill,
            })  # fmt: skip
            return {"outcome": "ordered", "ref": number}

        with provider_errors():
            done = await self._desk.effects.once(request.effect_key, request.action, request.incident.id, order)
        return ActionReceipt(outputs=done)
