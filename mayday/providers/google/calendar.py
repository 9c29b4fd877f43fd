"""Events in a Google calendar. Their id is ours, made of the UID: the same event asked for twice is one event."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from mayday.domain.effects import SentVia
from mayday.domain.errors import Ambiguous, Forbidden, RateLimited
from mayday.domain.ports import Meeting
from mayday.providers.client import Answer, VendorClient, segment
from mayday.providers.google.meet import NAME
from mayday.providers.vendor_words import cut, one_line, said_in

SUMMARY, DESCRIPTION = 1_000, 8_000
_RATES = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"})
_FORBIDDEN, _NOT_THERE, _THERE, _GONE = 403, 404, 409, 410


class GoogleCalendar:
    """One calendar; Google sends the invitations."""

    name = NAME

    def __init__(self, client: VendorClient, calendar: str) -> None:
        self._client = client
        self._path = f"/calendar/v3/calendars/{segment(calendar)}/events"

    async def invite(self, meeting: Meeting) -> SentVia:
        """Invite, change or call off. Each is harmless to say again: a lost answer is simply asked for again."""
        try:
            event = await self._put(meeting)
        except Ambiguous:
            event = await self._put(meeting)
        return SentVia(channel="calendar", provider=NAME, ref=event)

    async def _put(self, meeting: Meeting) -> str:
        event = event_id(meeting.uid)
        path = f"{self._path}/{event}"
        if meeting.method == "CANCEL":
            await self._ask("DELETE", path, None, _NOT_THERE, _GONE)
            return event
        fields = _fields(meeting)
        answer = await self._ask("POST", self._path, {**fields, "id": event}, _THERE)
        if answer.status == _THERE:
            await self._ask("PATCH", path, {**fields, "status": "confirmed"})
        return event

    async def _ask(self, method: str, path: str, fields: dict[str, Any] | None, *accept: int) -> Answer:
        """Google says 403 for its rates too (Calendar API, "Handle API errors")."""
        answer = await self._client.call(
            method, path, json=fields, params={"sendUpdates": "all"}, accept=(*accept, _FORBIDDEN)
        )
        if answer.status != _FORBIDDEN:
            return answer
        if {str(each.get("reason")) for each in answer.rows("error", "errors")} & _RATES:
            raise RateLimited(f"{NAME} is out of its rate", provider=NAME, retry_after_s=30)
        raise Forbidden(f"{NAME} answered 403: {said_in(answer.data)}", provider=NAME)


def event_id(uid: str) -> str:
    """Letters a to v and digits, 5 to 1,024 of them (base32hex, RFC 2938, 3.1.2): hexadecimal is a part of it."""
    return f"inc{hashlib.sha256(uid.encode()).hexdigest()[:40]}"


def _fields(meeting: Meeting) -> dict[str, Any]:
    text = "\n\n".join(part for part in (meeting.description, meeting.url) if part)
    return {
        "summary": one_line(meeting.summary, SUMMARY), "description": cut(text, DESCRIPTION),
        "start": _moment(meeting.starts_at), "end": _moment(meeting.ends_at), "sequence": meeting.sequence,
        "attendees": [{"email": each} for each in meeting.attendees],
    }  # fmt: skip


def _moment(at: datetime) -> dict[str, str]:
    return {"dateTime": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "timeZone": "UTC"}
