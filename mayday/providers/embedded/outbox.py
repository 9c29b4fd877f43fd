"""The desk's outgoing mail, invites and status page."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.effects import SEND, SentVia
from mayday.domain.ports import Attachment, Mail, Meeting, Rendering, StatusUpdate
from mayday.providers.embedded import NAME
from mayday.providers.embedded.failures import provider_errors
from mayday.providers.invites import CONTENT_TYPE, render
from mayday.records.desk import Desk
from mayday.records.desk.outbox import CalendarEvent


class DeskMailer:
    """Mail that waits in the outbox for somebody to read it."""

    name = NAME

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def rendered(self, mail: Mail) -> Rendering:
        return Rendering(
            provider=NAME, form="mail in the desk's outbox", to=mail.to, subject=mail.subject, text=mail.text,
            body=_mail_row(mail),
        )  # fmt: skip

    async def send(self, mail: Mail) -> SentVia:
        async def queue(connection: AsyncConnection) -> dict[str, Any]:
            return {"ref": str(await self._desk.outbox.mail_in(connection, _mail_row(mail)))}

        with provider_errors():
            done = await self._desk.effects.once(mail.effect_key, SEND, mail.incident.id, queue)
        return SentVia(channel="email", provider=NAME, ref=done["ref"])


def _mail_row(mail: Mail) -> dict[str, Any]:
    return {
        "incident_id": mail.incident.id, "recipients": mail.to, "subject": mail.subject, "text": mail.text,
        "attachments": [attachment.model_dump() for attachment in mail.attachments], "drill": mail.incident.drill,
    }  # fmt: skip


class DeskCalendar:
    """Keeps the newest form of each event, and puts the invite that a mail would carry into the outbox."""

    name = NAME

    def __init__(self, desk: Desk, organizer: str) -> None:
        self._desk = desk
        self._organizer = organizer

    async def invite(self, meeting: Meeting) -> SentVia:
        ics = render(meeting, self._organizer)
        event = CalendarEvent(
            uid=meeting.uid, sequence=meeting.sequence, incident_id=meeting.incident.id, method=meeting.method,
            summary=meeting.summary, start_at=meeting.starts_at, end_at=meeting.ends_at, attendees=meeting.attendees,
            ics=ics, updated_at=self._desk.store.now(),
        )  # fmt: skip
        attachment = Attachment(filename="invite.ics", content_type=CONTENT_TYPE.format(meeting.method), text=ics)

        async def put_in(connection: AsyncConnection) -> dict[str, Any]:
            await self._desk.outbox.invite_in(connection, event)
            number = await self._desk.outbox.mail_in(connection, {
                "incident_id": meeting.incident.id, "recipients": meeting.attendees, "subject": meeting.summary,
                "text": meeting.description, "attachments": [attachment.model_dump()],
                "drill": meeting.incident.drill,
            })  # fmt: skip
            return {"ref": str(number)}

        with provider_errors():
            done = await self._desk.effects.once(meeting.effect_key, "calendar.invite", meeting.incident.id, put_in)
        return SentVia(channel="calendar", provider=NAME, ref=done["ref"])


class DeskStatusPage:
    """Posts to the desk's own status page."""

    name = NAME

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def rendered(self, update: StatusUpdate) -> Rendering:
        return Rendering(
            provider=NAME, form="the desk's status page", subject=update.title, text=update.text,
            facts={"status": update.incident.status, "service": update.incident.service}, body=_status_row(update),
        )  # fmt: skip

    async def post(self, update: StatusUpdate) -> SentVia:
        async def publish(connection: AsyncConnection) -> dict[str, Any]:
            return {"ref": str(await self._desk.outbox.status_in(connection, _status_row(update)))}

        with provider_errors():
            done = await self._desk.effects.once(update.effect_key, SEND, update.incident.id, publish)
        return SentVia(channel="status_page", provider=NAME, ref=done["ref"])


def _status_row(update: StatusUpdate) -> dict[str, Any]:
    return {
        "incident_id": update.incident.id, "service": update.incident.service, "status": update.incident.status,
        "title": update.title, "text": update.text, "purpose": update.purpose, "drill": update.incident.drill,
    }  # fmt: skip
