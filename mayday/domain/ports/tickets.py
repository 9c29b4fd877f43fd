"""Tickets of the house, and cases at vendors."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Protocol

from mayday.domain.effects import IncidentCard, SentVia
from mayday.domain.wire import Wire

TicketKind = Literal["incident", "problem", "change", "action"]


class TicketOrder(Wire):
    """`fields` go to the provider as they are: assignment group, plan, backout.

    A follow-up action has an `assignee`, whom each desk knows under another id (`{"jira": "5b10", "email": "a@x"}`), a
    day on which it is due, and the `problem` that it belongs to, if there is one.
    """

    effect_key: str
    incident: IncidentCard
    kind: TicketKind
    summary: str
    description: str | None = None
    number: str | None = None
    fields: dict[str, Any] = {}
    assignee: dict[str, str] = {}
    due_at: datetime | None = None
    problem: str | None = None


class TicketRef(Wire):
    """`ignored` names the fields that the desk did not take, None where it took all of them."""

    number: str
    url: str | None = None
    id: str | None = None
    ignored: list[str] | None = None


class WorkNote(Wire):
    effect_key: str
    incident_id: str
    ticket: str
    text: str


class TicketClosing(Wire):
    effect_key: str
    incident_id: str
    ticket: str
    reason: str | None = None


class TicketReopening(Wire):
    effect_key: str
    incident_id: str
    ticket: str
    reason: str


class ChildTicket(Wire):
    """`child` is another ticket about the same cause as the major one, `ticket`."""

    effect_key: str
    incident_id: str
    ticket: str
    child: str


class CaseOrder(Wire):
    effect_key: str
    incident: IncidentCard
    vendor: str
    contract: str | None = None
    priority: str
    summary: str


class VendorCall(Wire):
    """One contact of a vendor's ladder on one channel."""

    effect_key: str
    incident: IncidentCard
    vendor: str
    case: str | None
    level: str
    channel: str
    address: str
    text: str


class TicketDesk(Protocol):
    name: str

    async def open(self, order: TicketOrder) -> TicketRef: ...
    async def note(self, note: WorkNote) -> None: ...
    async def close(self, closing: TicketClosing) -> None: ...

    async def reopen(self, again: TicketReopening) -> bool:
        """Open a ticket that was resolved again; False where it is open. Raises Refused where its desk's own rules keep
        it closed."""
        ...

    async def adopt(self, child: ChildTicket) -> None:
        """Let a ticket point to the major one. Raises Refused for one that the desk does not know."""
        ...

    async def propose_closing(self, closing: TicketClosing) -> list[str]:
        """Write into each open child of `closing.ticket` that it may be resolved too; returns their numbers. Whoever
        owns a child decides."""
        ...


class VendorDesk(Protocol):
    name: str

    async def open_case(self, order: CaseOrder) -> str:
        """Returns the case number."""
        ...

    async def contact(self, call: VendorCall) -> SentVia: ...
