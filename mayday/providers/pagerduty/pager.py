"""Rings by PagerDuty. Who has a PagerDuty id in the catalog gets an incident of their own; the others are reached by
the service's own escalation policy.

| what | how | once |
| --- | --- | --- |
| a person with `ids: {pagerduty: PX}` | POST /incidents: `assignments`, `From:`, `incident_key` | refused while open |
| anybody else | Events v2 `trigger` with `dedup_key` | merged into the open alert |
| stop | the incident or the event is resolved | by id or key |
| who answered | GET /incidents?incident_key=, where no webhook tells us | |
| what they wrote | GET /incidents/{id}/notes, where no webhook tells us | |

Both keys are the effect key of the call, cut to 255 characters, so that a webhook leads back to the page. A REST
incident that is refused is looked up by its key. 202 of Events v2 means accepted, not yet an incident. Sources:
specs/pagerduty; the rate of about 120 events a minute is what users saw.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from mayday.domain.errors import Refused
from mayday.domain.ports import Call, Rendering
from mayday.providers.client import VendorClient, segment
from mayday.providers.inbound import Malformed, clean_text, instant
from mayday.providers.page_words import facts_of, incident_url, title_of
from mayday.providers.ticket_echo import is_ours, note_mark
from mayday.providers.vendor_pager import AnsweredCall, InDoubt, PageNote
from mayday.providers.vendor_words import cut, short_key
from mayday.records.pager_calls import PagerCall

__all__ = ["NAME", "PagerDutyLine"]

NAME = "pagerduty"
LONGEST_KEY = 255
LONGEST_SUMMARY = 1024
LONGEST_NOTE = 4_000
#: incidents looked at in one round of asking
MOST_ASKED = 20
_ID = re.compile(r"[PQ][A-Z0-9]{5,20}")


class PagerDutyLine:
    """`events` with `routing_key`, `rest` with `from_email` and `service`: at least one of the two pairs."""

    name = NAME
    in_doubt: InDoubt = "again"

    def __init__(
        self, channels: frozenset[str], base_url: str, *, events: VendorClient | None = None, routing_key: str = "",
        rest: VendorClient | None = None, from_email: str = "", service: str = "",
    ) -> None:  # fmt: skip
        self.channels = channels
        self._base_url = base_url
        self._events, self._routing_key = events, routing_key
        self._rest, self._from, self._service = rest, from_email, service

    def rendered(self, call: Call) -> Rendering:
        """Without the routing key, which is a secret."""
        if self._by_person(call):
            incident, form = self._incident_of(call), "incident for one person"
            body: dict[str, Any] = {"incident": incident}
            title, facts = str(incident["title"]), {"urgency": str(incident["urgency"])}
        else:
            self._events_client(call)
            body, form = self._event(call), "event"
            title, facts = str(body["payload"]["summary"]), {"severity": str(body["payload"]["severity"])}
        return Rendering(
            provider=NAME, form=form, to=[call.person], text=title, facts=facts,
            small=[f"{name}: {fact}" for name, fact in facts_of(self._base_url, call).items()],
            shortened=title.endswith("…") and not call.text.endswith("…"), body=body,
        )  # fmt: skip

    async def ring(self, call: Call) -> str:
        if self._by_person(call):
            assert self._rest is not None
            return await self._open_incident(self._rest, call)
        events = self._events_client(call)
        await events.call("POST", "/v2/enqueue", json={"routing_key": self._routing_key, **self._event(call)})
        return short_key(call.effect_key, LONGEST_KEY)

    def _by_person(self, call: Call) -> bool:
        return self._rest is not None and bool(self._service) and _ID.fullmatch(call.address) is not None

    def _events_client(self, call: Call) -> VendorClient:
        if self._events is None:
            raise Refused(f"{call.person} has no id at pagerduty, and there is no routing key", provider=NAME)
        return self._events

    def _event(self, call: Call) -> dict[str, Any]:
        return {
            "event_action": "trigger", "dedup_key": short_key(call.effect_key, LONGEST_KEY),
            "client": "mayday", "client_url": incident_url(self._base_url, call),
            "payload": {
                "summary": title_of(call, LONGEST_SUMMARY), "source": call.incident.service or "mayday",
                "severity": "critical" if call.urgent else "info", "custom_details": facts_of(self._base_url, call),
            },
        }  # fmt: skip

    async def look(self, call: Call, since: datetime) -> list[str]:
        raise AssertionError("PagerDuty knows our calls by their key")

    async def stop(self, call: PagerCall, reason: str) -> None:
        key = short_key(call.effect_key, LONGEST_KEY)
        if self._rest is not None and call.ref != key:
            incident = call.ref or (await self._incident(self._rest, key)).get("id")
            if incident is not None:
                await self._rest.call(
                    "PUT", f"/incidents/{segment(str(incident))}", headers=self._headers, accept=(404,),
                    json={"incident": {
                        "type": "incident_reference", "status": "resolved",
                        "resolution": f"{cut(reason, 500)} {note_mark(call.effect_key)}",  # becomes a note there
                    }},
                )  # fmt: skip
                return
        if self._events is not None:
            await self._events.call("POST", "/v2/enqueue", json={
                "routing_key": self._routing_key, "event_action": "resolve", "dedup_key": key,
            })  # fmt: skip

    async def answered(self, calls: Sequence[PagerCall]) -> list[AnsweredCall]:
        """Asks for each by its key: an incident made of events does not show its own in lists."""
        found = []
        for call in calls[-MOST_ASKED:] if self._rest is not None else []:
            assert self._rest is not None
            incident = await self._incident(self._rest, short_key(call.effect_key, LONGEST_KEY))
            by = _answered_by(incident)
            if by is not None:
                found.append(AnsweredCall(call, by))
        return found

    async def notes(self, calls: Sequence[PagerCall]) -> list[PageNote]:
        found: list[PageNote] = []
        for call in calls if self._rest is not None else []:
            assert self._rest is not None
            key = short_key(call.effect_key, LONGEST_KEY)
            incident = call.ref if call.ref and call.ref != key else (await self._incident(self._rest, key)).get("id")
            if not incident:
                continue
            path = f"/incidents/{segment(str(incident))}/notes"
            answer = await self._rest.call("GET", path, headers=self._headers, accept=(404,))
            found += [note for row in answer.rows("notes") if (note := _note(call, row)) is not None]
        return found

    @property
    def _headers(self) -> dict[str, str]:
        return {"From": self._from, "Accept": "application/vnd.pagerduty+json;version=2"}

    def _incident_of(self, call: Call) -> dict[str, Any]:
        details = "\n".join(f"{name}: {value}" for name, value in facts_of(self._base_url, call).items())
        return {
            "type": "incident", "title": title_of(call, LONGEST_SUMMARY),
            "incident_key": short_key(call.effect_key, LONGEST_KEY),
            "service": {"id": self._service, "type": "service_reference"},
            "urgency": "high" if call.urgent else "low", "body": {"type": "incident_body", "details": details},
            "assignments": [{"assignee": {"id": call.address, "type": "user_reference"}}],
        }  # fmt: skip

    async def _open_incident(self, rest: VendorClient, call: Call) -> str:
        key = short_key(call.effect_key, LONGEST_KEY)
        try:
            answer = await rest.call(
                "POST", "/incidents", headers=self._headers, json={"incident": self._incident_of(call)}
            )
        except Refused:
            incident = await self._incident(rest, key)  # refused while one with this key is open: this very page
            if incident.get("id") and incident.get("status") != "resolved":
                return str(incident["id"])
            raise
        return answer.text_at("incident", "id") or key

    async def _incident(self, rest: VendorClient, key: str) -> dict[str, Any]:
        """The newest incident with this key, empty where there is none."""
        answer = await rest.call(
            "GET", "/incidents", headers=self._headers,
            params={"incident_key": key, "limit": "1", "sort_by": "created_at:desc", "date_range": "all"},
        )  # fmt: skip
        return next(iter(answer.rows("incidents")), {})


def _answered_by(incident: dict[str, Any]) -> str | None:
    """The PagerDuty id of the person who acknowledged or resolved it; resolved by a machine is no answer."""
    acknowledgements = incident.get("acknowledgements") or []
    for each in acknowledgements:
        who = (each or {}).get("acknowledger") or {}
        if str(who.get("type", "")).startswith("user"):
            return str(who.get("id"))
    who = incident.get("last_status_change_by") or {}
    if incident.get("status") in ("acknowledged", "resolved") and str(who.get("type", "")).startswith("user"):
        return str(who.get("id"))
    return None


def _note(call: PagerCall, row: dict[str, Any]) -> PageNote | None:
    """A note of a person; None for one of ours, and for one without words."""
    content, user = row.get("content"), row.get("user") or {}
    text = clean_text(content, LONGEST_NOTE).strip() if isinstance(content, str) else ""
    if not text or not row.get("id") or is_ours(str(content)) or not isinstance(user, dict):
        return None
    try:
        at = instant(row.get("created_at"), "created_at")
    except Malformed:
        at = None
    return PageNote(call, str(row["id"]), text, str(user.get("id") or ""), str(user.get("summary") or ""), at)


def rfc3339(at: datetime) -> str:
    """As PagerDuty reads times."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
