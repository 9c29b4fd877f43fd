"""The desk's bridges: a join page under the console's address; the standing bridge's telephone number stays good."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.catalogs import CatalogSource
from mayday.domain.effects import IncidentCard
from mayday.domain.ports import BridgeOrder, BridgeRef
from mayday.providers.embedded import NAME
from mayday.providers.embedded.failures import provider_errors
from mayday.records.desk import Desk
from mayday.records.desk.bridges import DeskBridge


class DeskBridges:
    name = NAME

    def __init__(self, desk: Desk, catalog: CatalogSource, base_url: str) -> None:
        self._desk = desk
        self._catalog = catalog
        self._base_url = base_url

    async def open(self, order: BridgeOrder) -> BridgeRef:
        bridge_id = f"br-{hashlib.sha256(order.effect_key.encode()).hexdigest()[:10]}"
        standing = self._catalog.current().bridges.get("standing")
        ref = BridgeRef(
            url=f"{self._base_url}/bridges/{bridge_id}", phone=standing.phone if standing else None, id=bridge_id
        )

        async def open_it(connection: AsyncConnection) -> dict[str, Any]:
            await self._desk.bridges.open_in(connection, DeskBridge(
                id=bridge_id, incident_id=order.incident.id, name=order.name, kind=order.kind, url=ref.url,
                phone=ref.phone, opened_at=self._desk.store.now(),
            ))  # fmt: skip
            return ref.model_dump()

        with provider_errors():
            done = await self._desk.effects.once(order.effect_key, "bridge.open", order.incident.id, open_it)
        return BridgeRef.model_validate(done)

    async def close(self, effect_key: str, incident: IncidentCard) -> int:
        async def close_them(connection: AsyncConnection) -> dict[str, Any]:
            return {"closed": await self._desk.bridges.close_in(connection, incident.id)}

        with provider_errors():
            done = await self._desk.effects.once(effect_key, "bridge.close", incident.id, close_them)
        return int(done["closed"])
