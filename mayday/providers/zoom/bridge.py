"""Zoom meetings as bridges. Zoom knows no idempotency key: ours stands in the agenda, where the host's list shows it.

The start address of a meeting holds the host's key: it is never read, kept or passed on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from mayday.domain.effects import IncidentCard
from mayday.domain.errors import Ambiguous
from mayday.domain.ports import BridgeOrder, BridgeRef
from mayday.providers.client import Answer, VendorClient, segment
from mayday.providers.receipts import Receipts
from mayday.providers.vendor_words import one_line

NAME = "zoom"
#: characters of a topic; of the agenda only its beginning is in the list
TOPIC, AGENDA = 200, 250
#: a scheduled meeting lives on after this, minutes: the number only shows in the host's calendar
DURATION_MIN = 240
_SCHEDULED = 2
_PAGES = 5
_BRIDGE, _CLOSE = "bridge", "close"
#: the meeting is not there, or not any more
_GONE = (404,)


class ZoomBridge:
    """Meetings of one user, the host of all bridges. `host` is their id or mail address."""

    name = NAME

    def __init__(
        self, client: VendorClient, receipts: Receipts, host: str, *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._client = client
        self._receipts = receipts
        self._host = host
        self._now = now

    async def open(self, order: BridgeOrder) -> BridgeRef:
        mark = _mark(order.effect_key)

        async def look() -> dict[str, Any] | None:
            return next((_ref(each) for each in await self._meetings() if mark in str(each.get("agenda"))), None)

        async def act() -> dict[str, Any]:
            answer = await self._client.call("POST", f"/users/{segment(self._host)}/meetings", json={
                "topic": one_line(order.name, TOPIC), "type": _SCHEDULED,
                "start_time": f"{self._now():%Y-%m-%dT%H:%M:%SZ}", "timezone": "UTC", "duration": DURATION_MIN,
                "agenda": f"{mark} {_incident_mark(order.incident)} {one_line(order.incident.title, 120)}",
                "settings": {
                    "join_before_host": True, "jbh_time": 0, "waiting_room": False, "mute_upon_entry": False,
                    "host_video": False, "participant_video": False, "audio": "both",
                },
            })  # fmt: skip
            if not answer.text_at("id") or not answer.text_at("join_url"):
                raise Ambiguous(f"{NAME} answered without the meeting", provider=NAME)
            return _ref(answer.data)

        done = await self._receipts.once(_BRIDGE, order.effect_key, order.incident.id, look=look, act=act)
        return BridgeRef(url=done["url"], phone=done.get("phone"), id=done["id"])

    async def close(self, effect_key: str, incident: IncidentCard) -> int:
        """End the incident's meetings and take them from the host's list."""
        known = await self._receipts.of(_CLOSE, effect_key)
        if known is not None:
            return int(known["closed"])
        ids = {str(ref["id"]) for ref in (await self._receipts.all(_BRIDGE, incident.id)).values()}
        if not ids:  # opened by a worker whose receipts are gone, or not at all
            mark = _incident_mark(incident)
            ids = {str(each["id"]) for each in await self._meetings() if mark in str(each.get("agenda"))}
        closed = 0
        for meeting in sorted(ids):
            await self._client.call("PUT", f"/meetings/{segment(meeting)}/status", json={"action": "end"}, accept=_GONE)
            params = {"schedule_for_reminder": "false"}
            answer = await self._client.call("DELETE", f"/meetings/{segment(meeting)}", params=params, accept=_GONE)
            closed += answer.status not in _GONE
        return int((await self._receipts.keep(_CLOSE, effect_key, incident.id, {"closed": closed}))["closed"])

    async def _meetings(self) -> list[dict[str, Any]]:
        """The host's meetings that are live or to come."""
        found: list[dict[str, Any]] = []
        token = ""
        for _ in range(_PAGES):
            params = {"type": "scheduled", "page_size": "300", **({"next_page_token": token} if token else {})}
            answer = await self._client.call("GET", f"/users/{segment(self._host)}/meetings", params=params)
            found += [each for each in answer.rows("meetings") if each.get("id") and each.get("join_url")]
            token = answer.text_at("next_page_token") or ""
            if not token:
                break
        return found


def _mark(effect_key: str) -> str:
    return f"mayday:{hashlib.sha256(effect_key.encode()).hexdigest()[:20]}"


def _incident_mark(incident: IncidentCard) -> str:
    return f"mayday:incident:{incident.id}"


def _ref(meeting: dict[str, Any]) -> dict[str, Any]:
    """What we keep of a meeting: the way in, and how to end it."""
    number = Answer(200, {}, meeting).text_at("settings", "global_dial_in_numbers", 0, "number")
    phone = f"{number},,{meeting['id']}#" if number else None
    return {"id": str(meeting["id"]), "url": str(meeting["join_url"]), "phone": phone}
