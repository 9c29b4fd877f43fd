"""Atlassian Statuspage: one incident there for each of ours, found by its metadata, and each update once.

Statuspage has no idempotency key and takes one request a second from a token. The incident carries our id in its
metadata. An update is looked for by its words: those written since this effect was begun count as this one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mayday.domain.effects import SentVia
from mayday.domain.errors import Ambiguous
from mayday.domain.ports import Rendering, StatusUpdate
from mayday.providers.client import Answer, VendorClient, segment
from mayday.providers.receipts import Receipts
from mayday.providers.vendor_words import cut, one_line

NAME = "statuspage"
#: characters of a name and of a body
TITLE, BODY = 255, 25_000
#: a token has one request a second (Statuspage document, "Rate limiting")
EVERY_S = 1.0
#: our status -> theirs; what is missing here is over
STATUS = {
    "candidate": "investigating", "investigating": "investigating", "identified": "identified",
    "mitigated": "monitoring",
}  # fmt: skip
OVER = "resolved"
IMPACT = {"SEV1": "critical", "SEV2": "major", "SEV3": "minor"}
#: how a component stands while its incident is open
COMPONENT = {"SEV1": "major_outage", "SEV2": "partial_outage"}
#: clocks of two houses: an update a little older than the effect's begin may still be its own
_SKEW = timedelta(minutes=2)
_INCIDENT, _UPDATE, _BEGUN = "incident", "update", "began_at"
_GONE = (404,)


class StatuspagePage:
    """One page. `components` are the ids of the page's components by service of the catalog."""

    name = NAME

    def __init__(
        self, client: VendorClient, receipts: Receipts, page: str, *, components: Mapping[str, str] | None = None,
        every_s: float | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._pace = Pace(client, EVERY_S if every_s is None else every_s)
        self._receipts = receipts
        self._path = f"/pages/{segment(page)}/incidents"
        self._components = components or {}
        self._now = now

    def rendered(self, update: StatusUpdate) -> Rendering:
        """An incident that is opened, or, where the page has it (`follows`), an update below its name."""
        body = cut(update.text, BODY)
        sent = self._changing(update, body) if update.follows else self._opening(update, body)
        facts = {
            "status": str(sent["status"]), "impact": str(sent.get("impact_override", "")),
            "component": ", ".join(how.replace("_", " ") for how in sent.get("components", {}).values()),
            "subscribers": "" if update.follows else "are told" if sent["deliver_notifications"] else "are not told",
        }  # fmt: skip
        return Rendering(
            provider=NAME, form="update of the incident on the page" if update.follows else "new incident on the page",
            subject=str(sent.get("name", "")), text=body, facts={name: fact for name, fact in facts.items() if fact},
            shortened=body != update.text, body={"incident": sent},
        )  # fmt: skip

    async def post(self, update: StatusUpdate) -> SentVia:
        key, incident = update.effect_key, update.incident
        body = cut(update.text, BODY)
        began = await self._receipts.keep(_BEGUN, key, incident.id, {"at": self._now().isoformat()})
        began_at = datetime.fromisoformat(began["at"])

        async def look() -> dict[str, Any] | None:
            for theirs in await self._theirs(incident.id):
                if any(_same(each, body, began_at) for each in Answer(200, {}, theirs).rows("incident_updates")):
                    return _ref(theirs)
            return None

        async def act() -> dict[str, Any]:
            status = STATUS.get(incident.status, OVER)
            theirs = await self._theirs(incident.id)
            open_one = next((each for each in theirs if each.get("status") != OVER or status == OVER), None)
            if open_one is None:
                answer = await self._pace.call("POST", self._path, json={"incident": self._opening(update, body)})
            else:
                path = f"{self._path}/{segment(str(open_one['id']))}"
                answer = await self._pace.call("PATCH", path, json={"incident": self._changing(update, body)})
            if not answer.text_at("id"):
                raise Ambiguous(f"{NAME} answered without the incident", provider=NAME)
            return _ref(answer.data)

        done = await self._receipts.once(_UPDATE, key, incident.id, look=look, act=act)
        await self._receipts.keep(_INCIDENT, f"{incident.id}/{done['id']}", incident.id, {"id": done["id"]})
        return SentVia(channel="status_page", provider=NAME, ref=done["id"])

    async def take_back(self, ref: str) -> None:
        """Delete an incident of the page: for tests only."""
        await self._pace.call("DELETE", f"{self._path}/{segment(ref)}", accept=_GONE)

    async def _theirs(self, incident_id: str) -> list[dict[str, Any]]:
        """Our incidents on the page, what is open first: an incident that was reopened has two."""
        found: dict[str, dict[str, Any]] = {}
        for known in (await self._receipts.all(_INCIDENT, incident_id)).values():
            answer = await self._pace.call("GET", f"{self._path}/{segment(known['id'])}", accept=_GONE)
            if answer.status not in _GONE and isinstance(answer.data, dict):
                found[str(known["id"])] = answer.data
        if not any(each.get("status") != OVER for each in found.values()):
            for each in (await self._pace.call("GET", f"{self._path}/unresolved")).rows():
                if Answer(200, {}, each).at("metadata", "mayday", "incident") == incident_id and each.get("id"):
                    found[str(each["id"])] = each
        return sorted(found.values(), key=lambda each: each.get("status") == OVER)

    def _opening(self, update: StatusUpdate, body: str) -> dict[str, Any]:
        fields = self._changing(update, body)
        return {
            **fields, "name": one_line(update.title, TITLE), "deliver_notifications": update.purpose != "test",
            "impact_override": IMPACT.get(update.incident.severity, "none"),
            "metadata": {"mayday": {"incident": update.incident.id}},
        }  # fmt: skip

    def _changing(self, update: StatusUpdate, body: str) -> dict[str, Any]:
        status = STATUS.get(update.incident.status, OVER)
        fields: dict[str, Any] = {"status": status, "body": body}
        if component := self._components.get(update.incident.service):
            standing = COMPONENT.get(update.incident.severity, "degraded_performance")
            fields["component_ids"] = [component]
            fields["components"] = {component: "operational" if status == OVER else standing}
        return fields


class Pace:
    """One request after the other, `every_s` apart: callers wait their turn, which is seconds at most."""

    def __init__(
        self, client: VendorClient, every_s: float, *, clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:  # fmt: skip
        self._client = client
        self._every_s = every_s
        self._clock = clock
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._free_at = 0.0

    async def call(self, method: str, path: str, **given: Any) -> Answer:
        async with self._turn:
            if (wait := self._free_at - self._clock()) > 0:
                await self._sleep(wait)
            self._free_at = self._clock() + self._every_s
        return await self._client.call(method, path, **given)


def _ref(incident: dict[str, Any]) -> dict[str, Any]:
    return {"id": str(incident["id"]), "url": incident.get("shortlink")}


def _same(theirs: dict[str, Any], body: str, began_at: datetime) -> bool:
    """Whether an update is the one that was begun then."""
    try:
        created_at = datetime.fromisoformat(str(theirs.get("created_at")))
    except ValueError:
        return False
    if created_at.tzinfo is None:
        created_at = created_at.replace(tzinfo=UTC)
    return str(theirs.get("body")).strip() == body.strip() and created_at >= began_at - _SKEW
