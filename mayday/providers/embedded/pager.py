"""The desk's pager: a page rings in CLI and console until it is acknowledged or closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.effects import CLOSE_PAGE, PAGE, ClosePage, SentVia
from mayday.domain.ports import Call, Rendering
from mayday.providers.embedded import NAME
from mayday.providers.embedded.failures import provider_errors
from mayday.records.desk import Desk


class DeskPager:
    """Reaches everybody on every channel: what rings is the desk itself."""

    name = NAME
    channels = frozenset({"push", "sms", "voice", "email", "chat"})

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def rendered(self, call: Call) -> Rendering:
        return Rendering(
            provider=NAME, form="a notice in console and command line", to=[call.person], text=call.text,
            body=_row(call),
        )  # fmt: skip

    async def call(self, call: Call) -> SentVia:
        async def ring(connection: AsyncConnection) -> dict[str, Any]:
            number = await self._desk.pages.ring_in(connection, _row(call))
            return {
                "person": call.person, "target": call.target, "channel": call.channel, "provider": NAME,
                "ref": str(number),
            }  # fmt: skip

        with provider_errors():
            done = await self._desk.effects.once(call.effect_key, PAGE, call.incident.id, ring)
        return SentVia(channel=call.channel, provider=NAME, ref=done.get("ref"))

    async def close(self, closing: ClosePage) -> int:
        async def stop(connection: AsyncConnection) -> dict[str, Any]:
            closed = await self._desk.pages.close_in(
                connection, closing.incident.id, closing.page, closing.reason, closing.person
            )
            return {"closed": closed}

        with provider_errors():
            done = await self._desk.effects.once(closing.effect_key, CLOSE_PAGE, closing.incident.id, stop)
        return int(done["closed"])


def _row(call: Call) -> dict[str, Any]:
    return {
        "effect_key": call.effect_key, "incident_id": call.incident.id, "page": call.page, "purpose": call.purpose,
        "person": call.person, "target": call.target, "channel": call.channel, "text": call.text,
        "urgent": call.urgent, "drill": call.incident.drill,
    }  # fmt: skip


class DeskJournal:
    """What the desk did already."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def done_under(self, incident_id: str, effect_key: str) -> Mapping[str, dict[str, Any]]:
        with provider_errors():
            return await self._desk.effects.under(incident_id, effect_key)
