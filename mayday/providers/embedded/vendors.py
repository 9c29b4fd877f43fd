"""The desk's vendor register: cases and contacts, kept as evidence. The call itself is made by a person."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.effects import VENDOR_CONTACT, VENDOR_OPEN, SentVia
from mayday.domain.ports import CaseOrder, VendorCall
from mayday.providers.embedded import NAME
from mayday.providers.embedded.failures import provider_errors
from mayday.records.desk import Desk


class DeskVendors:
    name = NAME

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def open_case(self, order: CaseOrder) -> str:
        async def open_it(connection: AsyncConnection) -> dict[str, Any]:
            number = await self._desk.cases.open_in(
                connection, order.vendor, order.incident.id, order.priority, order.summary
            )
            return {"case": number}

        with provider_errors():
            done = await self._desk.effects.once(order.effect_key, VENDOR_OPEN, order.incident.id, open_it)
        return str(done["case"])

    async def contact(self, call: VendorCall) -> SentVia:
        async def note(connection: AsyncConnection) -> dict[str, Any]:
            number = await self._desk.cases.contact_in(
                connection, call.case or f"{call.incident.id}/{call.vendor}", call.level, call.channel, call.address,
                call.text,
            )  # fmt: skip
            return {"ref": str(number)}

        with provider_errors():
            done = await self._desk.effects.once(call.effect_key, VENDOR_CONTACT, call.incident.id, note)
        return SentVia(channel=call.channel, provider=NAME, ref=done["ref"])
