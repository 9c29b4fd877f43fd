"""Google Meet spaces as bridges. A space costs nothing, so that one that nobody knows of harms nobody."""

from __future__ import annotations

from typing import Any

from mayday.domain.effects import IncidentCard
from mayday.domain.errors import Ambiguous
from mayday.domain.ports import BridgeOrder, BridgeRef
from mayday.providers.client import VendorClient
from mayday.providers.receipts import Receipts

NAME = "google"
_BRIDGE, _CLOSE = "bridge", "close"
#: the space is gone, or nobody is in it (FAILED_PRECONDITION is 400 in HTTP)
_NOTHING_TO_END = (400, 404)


class GoogleMeet:
    """Spaces of one user. A second try makes a second space; the receipt decides which one counts."""

    name = NAME

    def __init__(self, client: VendorClient, receipts: Receipts) -> None:
        self._client = client
        self._receipts = receipts

    async def open(self, order: BridgeOrder) -> BridgeRef:
        async def create() -> dict[str, Any]:
            config = {"accessType": "TRUSTED", "entryPointAccess": "ALL"}
            answer = await self._client.call("POST", "/v2/spaces", json={"config": config})
            name, url = answer.text_at("name"), answer.text_at("meetingUri")
            if not name or not url:
                raise Ambiguous(f"{NAME} answered without the space", provider=NAME)
            return {"id": name, "url": url}

        done = await self._receipts.once(_BRIDGE, order.effect_key, order.incident.id, look=_nothing, act=create)
        return BridgeRef(url=done["url"], id=done["id"])

    async def close(self, effect_key: str, incident: IncidentCard) -> int:
        """End the conferences in the incident's spaces. The address stays good: Meet lets no space be taken away."""
        known = await self._receipts.of(_CLOSE, effect_key)
        if known is not None:
            return int(known["closed"])
        spaces = sorted({str(ref["id"]) for ref in (await self._receipts.all(_BRIDGE, incident.id)).values()})
        for space in spaces:
            await self._client.call("POST", f"/v2/{space}:endActiveConference", json={}, accept=_NOTHING_TO_END)
        receipt = {"closed": len(spaces)}
        return int((await self._receipts.keep(_CLOSE, effect_key, incident.id, receipt))["closed"])


async def _nothing() -> None:
    """Spaces cannot be searched for."""
    return None
