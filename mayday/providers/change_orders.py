"""`change.execute` and `dr.invoke` at a vendor's ticket desk: the approved change, approved there too, and under way.

A desk has no hands either: `outcome` is `ordered`, the change stands as being implemented, and the verification step
that follows every irreversible action asks whether it was done. What the desk does not know by the number that the
runbook names (a name of the house's own, a fail-over) is opened as an emergency change.

Everything here may be done twice: tickets and notes are found by their key, a state is what it is. Who approved is told
in a work note with the gate's reference and the digest of what was approved, out of the stored timeline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from mayday.domain.effects import ActionReceipt, ActionRequest
from mayday.domain.errors import Refused
from mayday.domain.ports import TicketOrder, TicketRef, WorkNote
from mayday.domain.timeline import Entry
from mayday.providers.receipts import Receipts
from mayday.records.errors import RecordsUnavailable
from mayday.records.timeline import Timelines

__all__ = ["ImplementingDesk", "VendorChangeRunner"]

#: the entry of the decision is stored beside this very action: it is looked for again after so many seconds
LOOK_AGAIN_S = (0.5, 1.0, 2.0)
_ORDERED = "change.ordered"
_CARRIED_OVER = ("plan", "backout", "justification")


class ImplementingDesk(Protocol):
    """A ticket desk whose changes can be approved and begun."""

    @property
    def name(self) -> str: ...

    async def open(self, order: TicketOrder) -> TicketRef: ...
    async def note(self, note: WorkNote) -> None: ...

    async def state(self, ticket: str) -> tuple[str, bool]:
        """Raises Refused for a number that the desk does not know."""
        ...

    async def implement(self, number: str) -> None:
        """Set the change approved and under way; one that is under way stays so. Raises Refused where the desk's own
        rules do not let us."""
        ...


class VendorChangeRunner:
    """Implements the port `ChangeRunner` with a vendor's ticket desk."""

    def __init__(
        self, desk: ImplementingDesk, receipts: Receipts, timelines: Timelines, base_url: str, *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        self.name = desk.name
        self._desk = desk
        self._receipts = receipts
        self._timelines = timelines
        self._base_url = base_url
        self._sleep = sleep

    async def run(self, request: ActionRequest) -> ActionReceipt:
        """Raises Refused for a change that is over, and what the desk raises."""
        key, incident = request.effect_key, request.incident.id
        done = await self._receipts.of(_ORDERED, key)
        if done is None:
            number = await self._number(request)
            approval = WorkNote(
                effect_key=f"{key}/approval", incident_id=incident, ticket=number, text=await self._approval(request)
            )
            await self._desk.note(approval)
            await self._desk.implement(number)
            ordered = {"outcome": "ordered", "ref": number}
            done = await self._receipts.keep(_ORDERED, key, incident, ordered)
        return ActionReceipt(outputs=done)

    async def _number(self, request: ActionRequest) -> str:
        """The change that the runbook names, else one that is opened for it."""
        named = str(request.inputs.get("change") or "")
        if named:
            try:
                state, over = await self._desk.state(named)
            except Refused:
                pass  # a name of the house's own
            else:
                if over:
                    raise Refused(f"{self.name}: {named} is over already ({state})", provider=self.name)
                return named
        what = named or f"Disaster recovery of {request.inputs.get('service') or request.incident.service}"
        if region := request.inputs.get("region"):
            what += f" in {region}"
        fields = {name: request.inputs[name] for name in _CARRIED_OVER if request.inputs.get(name)}
        fields.setdefault("justification", f"major incident {request.incident.id}, approval {request.approval}")
        order = TicketOrder(
            effect_key=f"{request.effect_key}/change", incident=request.incident, kind="change",
            summary=f"{what}: {request.incident.title}",
            fields={"severity": request.incident.severity, "service": request.incident.service, **fields},
        )  # fmt: skip
        return (await self._desk.open(order)).number

    async def _approval(self, request: ActionRequest) -> str:
        """The approval as the change's readers and auditors need it."""
        lines = [
            f"Approved in the major incident {request.incident.id}: {self._base_url}/incidents/{request.incident.id}",
            f"Decision {request.approval}, approved content sha256 {request.approval_digest}",
        ]
        decided = await self._decided(request)
        if decided is not None:
            votes = decided.data.get("votes")
            if isinstance(votes, dict) and votes:
                lines.append("Votes: " + ", ".join(f"{person} {choice}" for person, choice in votes.items()))
            told = f"{decided.data.get('outcome')}: {decided.data.get('reason') or '-'}"
            lines.append(f"Decided {decided.at[:19].replace('T', ' ')} UTC, {told}")
            lines.append(f"Timeline entry {decided.seq}, sha256 {decided.hash}")
        return "\n".join(lines)

    async def _decided(self, request: ActionRequest) -> Entry | None:
        """The decision's entry; None when it is not stored in time, and the reference has to do."""
        for pause in (0.0, *LOOK_AGAIN_S):
            if pause:
                await self._sleep(pause)
            try:
                entries = await self._timelines.entries(request.incident.id)
            except RecordsUnavailable:
                return None
            for entry in reversed(entries):
                if entry.kind == "gate_decided" and entry.data.get("ref") == request.approval:
                    return entry
        return None
