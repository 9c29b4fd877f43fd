"""Standing bridges as a list: each is lent to one incident at a time. Needs no vendor that could be down.

What is lent stands in the desk's register of bridges, so that the console shows it and no second incident gets it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.catalogs import CatalogSource
from mayday.domain.effects import IncidentCard
from mayday.domain.errors import Refused
from mayday.domain.ports import BridgeOrder, BridgeRef
from mayday.providers.embedded.failures import provider_errors
from mayday.records.desk import Desk
from mayday.records.desk.bridges import DeskBridge
from mayday.records.desk.effects import next_number

NAME = "static_bridge"


class StaticBridges:
    """`rooms` are names of the catalog's `bridges`, in the order in which they are lent."""

    name = NAME

    def __init__(self, desk: Desk, catalog: CatalogSource, rooms: Sequence[str]) -> None:
        self._desk = desk
        self._catalog = catalog
        self._rooms = list(rooms)

    async def open(self, order: BridgeOrder) -> BridgeRef:
        """Lend the first free room. Raises Refused when all are lent."""

        async def lend(connection: AsyncConnection) -> dict[str, Any]:
            await next_number(self._desk.store, connection, NAME)  # its row makes two who lend at once wait in line
            lent = await self._desk.bridges.open_urls_in(connection)
            known = self._catalog.current().bridges
            room = next((known[name] for name in self._rooms if name in known and known[name].url not in lent), None)
            if room is None:
                raise Refused(f"all of the {len(self._rooms)} standing bridges are in use", provider=NAME)
            bridge_id = f"sb-{hashlib.sha256(order.effect_key.encode()).hexdigest()[:10]}"
            await self._desk.bridges.open_in(connection, DeskBridge(
                id=bridge_id, incident_id=order.incident.id, name=order.name, kind=order.kind, url=room.url,
                phone=room.phone, opened_at=self._desk.store.now(),
            ))  # fmt: skip
            return BridgeRef(url=room.url, phone=room.phone, id=bridge_id).model_dump()

        with provider_errors():
            done = await self._desk.effects.once(f"{NAME}/{order.effect_key}", "bridge.open", order.incident.id, lend)
        return BridgeRef.model_validate(done)

    async def close(self, effect_key: str, incident: IncidentCard) -> int:
        """Give the incident's rooms back."""
        urls = [room.url for name in self._rooms if (room := self._catalog.current().bridges.get(name))]

        async def give_back(connection: AsyncConnection) -> dict[str, Any]:
            return {"closed": await self._desk.bridges.close_in(connection, incident.id, urls)}

        with provider_errors():
            done = await self._desk.effects.once(f"{NAME}/{effect_key}", "bridge.close", incident.id, give_back)
        return int(done["closed"])
