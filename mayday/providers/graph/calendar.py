"""Events in an Outlook calendar: `transactionId` keeps a retry from making a second one, our UID finds it again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mayday.domain.effects import SentVia
from mayday.domain.errors import Ambiguous, Broken
from mayday.domain.ports import Meeting
from mayday.providers.client import Answer, VendorClient, segment
from mayday.providers.graph.meetings import NAME
from mayday.providers.receipts import Receipts
from mayday.providers.vendor_words import cut, one_line, short_key

SUBJECT, BODY = 255, 32_000
#: where our UID stands in an event: a named property of our own set (Graph, "extended properties")
UID_PROPERTY = "String {7f1b1d5e-0c5a-4c5e-9d1f-6d6179646179} Name mayday-uid"
_EVENT = "event"
_GONE, _TAKEN = 404, 409


class OutlookCalendar:
    """The calendar of one organiser; Exchange sends the invitations. Needs `Calendars.ReadWrite`."""

    name = NAME

    def __init__(self, client: VendorClient, receipts: Receipts, organiser: str) -> None:
        self._client = client
        self._receipts = receipts
        self._path = f"/users/{segment(organiser)}/events"

    async def invite(self, meeting: Meeting) -> SentVia:
        """Invite, change or call off. Changing twice is harmless; an event that is gone cannot be called off again."""
        event = (await self._receipts.of(_EVENT, meeting.uid) or {}).get("id")
        if meeting.method == "CANCEL":
            event = event or await self._found(meeting.uid)
            if event:
                path = f"{self._path}/{segment(event)}/cancel"
                comment = {"comment": one_line(meeting.summary, SUBJECT)}
                await self._client.call("POST", path, json=comment, accept=(_GONE,))
        elif event:
            await self._change(event, meeting)
        else:
            event = await self._create(meeting)
        return SentVia(channel="calendar", provider=NAME, ref=event)

    async def _create(self, meeting: Meeting) -> str:
        async def look() -> dict[str, Any] | None:
            found = await self._found(meeting.uid)
            if found is None:
                return None
            await self._change(found, meeting)
            return {"id": found}

        async def act() -> dict[str, Any]:
            answer = await self._client.call("POST", self._path, json={
                **_fields(meeting), "transactionId": short_key(meeting.uid, 64),
                "singleValueExtendedProperties": [{"id": UID_PROPERTY, "value": meeting.uid}],
            }, accept=(_TAKEN,))  # fmt: skip
            if answer.status == _TAKEN:
                taken = await look()
                if taken is None:
                    raise Broken(f"{NAME} knows the event and does not show it", provider=NAME)
                return taken
            if not answer.text_at("id"):
                raise Ambiguous(f"{NAME} answered without the event", provider=NAME)
            return {"id": answer.text_at("id")}

        done = await self._receipts.once(_EVENT, meeting.uid, meeting.incident.id, look=look, act=act)
        return str(done["id"])

    async def _change(self, event: str, meeting: Meeting) -> None:
        await self._client.call("PATCH", f"{self._path}/{segment(event)}", json=_fields(meeting))

    async def _found(self, uid: str) -> str | None:
        """The id of the event that holds our UID; what is found is checked."""
        quoted = uid.replace("'", "''")
        prop = f"id eq '{UID_PROPERTY}'"
        answer = await self._client.call("GET", self._path, params={
            "$filter": f"singleValueExtendedProperties/Any(ep: ep/{prop} and ep/value eq '{quoted}')",
            "$expand": f"singleValueExtendedProperties($filter={prop})", "$select": "id", "$top": "5",
        })  # fmt: skip
        for event in answer.rows("value"):
            values = Answer(200, {}, event).rows("singleValueExtendedProperties")
            if any(each.get("value") == uid for each in values) and event.get("id"):
                return str(event["id"])
        return None


def _fields(meeting: Meeting) -> dict[str, Any]:
    text = "\n\n".join(part for part in (meeting.description, meeting.url) if part)
    return {
        "subject": one_line(meeting.summary, SUBJECT), "body": {"contentType": "text", "content": cut(text, BODY)},
        "start": _moment(meeting.starts_at), "end": _moment(meeting.ends_at),
        "attendees": [{"emailAddress": {"address": each}, "type": "required"} for each in meeting.attendees],
    }  # fmt: skip


def _moment(at: datetime) -> dict[str, str]:
    return {"dateTime": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}
