"""Speaking to people: chat, bridges, status pages, mail, meetings."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from mayday.domain.effects import IncidentCard, SentVia
from mayday.domain.wire import Wire


class ChannelOrder(Wire):
    effect_key: str
    incident: IncidentCard
    name: str
    topic: str | None = None
    private: bool = False


class ChannelRef(Wire):
    channel: str
    url: str | None = None


class Post(Wire):
    """A message. `channel` is None for the incident's own; `audience` names who it is for, when it is a cadence's."""

    effect_key: str
    incident: IncidentCard
    text: str
    channel: str | None = None
    audience: str | None = None
    pin: bool = False


class Invitation(Wire):
    effect_key: str
    incident: IncidentCard
    people: list[str]


class BridgeOrder(Wire):
    effect_key: str
    incident: IncidentCard
    name: str
    kind: str = "technical"


class BridgeRef(Wire):
    url: str
    phone: str | None = None
    id: str | None = None


class StatusUpdate(Wire):
    """`follows`: the page is known to have the incident. Only a preview says it: who posts looks for itself."""

    effect_key: str
    incident: IncidentCard
    title: str
    text: str
    purpose: str = "update"
    follows: bool = False


class Attachment(Wire):
    """`content_type` with its parameters, such as `text/calendar; method=REQUEST; charset=utf-8`."""

    filename: str
    content_type: str
    text: str


class Mail(Wire):
    effect_key: str
    incident: IncidentCard
    to: list[str]
    subject: str
    text: str
    attachments: list[Attachment] = []


class Meeting(Wire):
    """An event and its next form: `uid` stays, `sequence` rises with each change (RFC 5545, 3.8.7.4)."""

    effect_key: str
    incident: IncidentCard
    method: Literal["REQUEST", "CANCEL"] = "REQUEST"
    uid: str
    sequence: int = 0
    stamped_at: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str = ""
    url: str = ""
    attendees: list[str]


class Chat(Protocol):
    name: str

    async def open_channel(self, order: ChannelOrder) -> ChannelRef: ...
    async def post(self, post: Post) -> SentVia: ...
    async def invite(self, invitation: Invitation) -> list[str]: ...
    async def archive(self, effect_key: str, incident: IncidentCard) -> None: ...


class Bridge(Protocol):
    name: str

    async def open(self, order: BridgeOrder) -> BridgeRef: ...
    async def close(self, effect_key: str, incident: IncidentCard) -> int:
        """Close the incident's bridges; returns how many were open."""
        ...


class StatusPage(Protocol):
    name: str

    async def post(self, update: StatusUpdate) -> SentVia: ...


class Mailer(Protocol):
    name: str

    async def send(self, mail: Mail) -> SentVia: ...


class Calendar(Protocol):
    name: str

    async def invite(self, meeting: Meeting) -> SentVia: ...
