"""Cases at vendors, each in its own way; contacts by mail. Calls are made by people: the desk keeps the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mayday.domain.effects import SentVia
from mayday.domain.errors import Refused
from mayday.domain.ports import CaseOrder, Mail, Mailer, VendorCall
from mayday.providers.receipts import Receipts
from mayday.providers.vendor_case.ways import NAME, Way
from mayday.providers.vendor_words import one_line

_CASE = "case"


class VendorCases:
    """`ways` by the vendor's name in the catalog. What it has no way for it refuses: the desk behind it does that."""

    name = NAME

    def __init__(self, ways: Mapping[str, Way], receipts: Receipts, mailer: Mailer | None) -> None:
        self._ways = ways
        self._receipts = receipts
        self._mailer = mailer

    async def open_case(self, order: CaseOrder) -> str:
        way = self._ways.get(order.vendor)
        if way is None:
            raise Refused(f"no way to open a case at {order.vendor} is set", provider=NAME)

        async def look() -> dict[str, Any] | None:
            number = await way.find(order)
            return None if number is None else {"number": number}

        async def act() -> dict[str, Any]:
            return {"number": await way.open(order)}

        done = await self._receipts.once(_CASE, order.effect_key, order.incident.id, look=look, act=act)
        return str(done["number"])

    async def contact(self, call: VendorCall) -> SentVia:
        if call.channel != "email" or self._mailer is None:
            raise Refused(f"{NAME} carries no {call.channel}: a person has to call", provider=NAME)
        subject = f"[{call.case}] {call.text}" if call.case else call.text
        sent = await self._mailer.send(Mail(
            effect_key=call.effect_key, incident=call.incident, to=[call.address], subject=one_line(subject, 200),
            text=f"{call.text}\nOur incident {call.incident.id}",
        ))  # fmt: skip
        return SentVia(channel=call.channel, provider=sent.provider, ref=sent.ref)
