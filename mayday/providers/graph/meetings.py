"""Teams meetings as bridges: `createOrGet` takes our key as `externalId`, so that asking twice gives one meeting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from mayday.domain.effects import IncidentCard
from mayday.domain.errors import Ambiguous
from mayday.domain.ports import BridgeOrder, BridgeRef
from mayday.providers.client import Answer, VendorClient, segment
from mayday.providers.receipts import Receipts
from mayday.providers.vendor_words import one_line, short_key

NAME = "graph"
SUBJECT, EXTERNAL_ID = 255, 128
#: what the meeting says of its length; it can be joined for longer
DURATION = timedelta(hours=4)
_BRIDGE, _CLOSE = "bridge", "close"
_GONE = (404,)


class TeamsMeetings:
    """Meetings of one organiser, who needs no licence to start them: whoever joins first does.

    The application needs `OnlineMeetings.ReadWrite.All` and an application access policy for the organiser.
    """

    name = NAME

    def __init__(
        self, client: VendorClient, receipts: Receipts, organiser: str, *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._client = client
        self._receipts = receipts
        self._path = f"/users/{segment(organiser)}/onlineMeetings"
        self._now = now

    async def open(self, order: BridgeOrder) -> BridgeRef:
        async def ask() -> dict[str, Any]:
            now = self._now()
            answer = await self._client.call("POST", f"{self._path}/createOrGet", json={
                "externalId": short_key(order.effect_key, EXTERNAL_ID), "subject": one_line(order.name, SUBJECT),
                "startDateTime": f"{now:%Y-%m-%dT%H:%M:%SZ}", "endDateTime": f"{now + DURATION:%Y-%m-%dT%H:%M:%SZ}",
            })  # fmt: skip
            return _ref(answer)

        done = await self._receipts.once(_BRIDGE, order.effect_key, order.incident.id, look=ask, act=ask)
        return BridgeRef(url=done["url"], phone=done.get("phone"), id=done["id"])

    async def close(self, effect_key: str, incident: IncidentCard) -> int:
        """Take the incident's meetings away: nobody can join any more. Who is in one stays until they leave."""
        known = await self._receipts.of(_CLOSE, effect_key)
        if known is not None:
            return int(known["closed"])
        closed = 0
        for ref in (await self._receipts.all(_BRIDGE, incident.id)).values():
            answer = await self._client.call("DELETE", f"{self._path}/{segment(str(ref['id']))}", accept=_GONE)
            closed += answer.status not in _GONE
        return int((await self._receipts.keep(_CLOSE, effect_key, incident.id, {"closed": closed}))["closed"])


def _ref(answer: Answer) -> dict[str, Any]:
    """Raises Ambiguous for an answer without the meeting."""
    url, number = answer.text_at("joinWebUrl"), answer.text_at("id")
    if not url or not number:
        raise Ambiguous(f"{NAME} answered without the meeting", provider=NAME)
    phone = answer.text_at("audioConferencing", "tollNumber")
    conference = answer.text_at("audioConferencing", "conferenceId")
    return {"id": number, "url": url, "phone": f"{phone},,{conference}#" if phone and conference else phone}
