"""The desk's chat: a channel per incident, a channel per audience."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from mayday.domain.effects import IncidentCard, SentVia
from mayday.domain.ports import ChannelOrder, ChannelRef, Invitation, Post, Rendering
from mayday.providers.embedded import NAME
from mayday.providers.embedded.failures import provider_errors
from mayday.records.desk import Desk


class DeskChat:
    name = NAME

    def __init__(self, desk: Desk, base_url: str) -> None:
        self._desk = desk
        self._base_url = base_url

    async def open_channel(self, order: ChannelOrder) -> ChannelRef:
        wanted = channel_name(order.name) or own_channel(order.incident)

        async def open_it(connection: AsyncConnection) -> dict[str, Any]:
            name = await self._desk.chat.open_in(connection, wanted, order.incident.id, order.topic)
            return {"channel": name}

        with provider_errors():
            done = await self._desk.effects.once(order.effect_key, "chat.open_channel", order.incident.id, open_it)
        return ChannelRef(channel=done["channel"], url=f"{self._base_url}/incidents/{order.incident.id}")

    def rendered(self, post: Post) -> Rendering:
        row = _row(post)
        return Rendering(provider=NAME, form="the desk's chat", to=[f"#{row['channel']}"], text=post.text, body=row)

    async def post(self, post: Post) -> SentVia:
        async def write(connection: AsyncConnection) -> dict[str, Any]:
            own = post.audience is None or post.channel in (None, post.incident.channel)
            return {"ref": str(await self._desk.chat.post_in(connection, _row(post), own=own))}

        with provider_errors():
            done = await self._desk.effects.once(post.effect_key, "chat.post", post.incident.id, write)
        return SentVia(channel="chat", provider=NAME, ref=done["ref"])

    async def invite(self, invitation: Invitation) -> list[str]:
        channel = invitation.incident.channel or own_channel(invitation.incident)

        async def add(connection: AsyncConnection) -> dict[str, Any]:
            await self._desk.chat.open_in(connection, channel, invitation.incident.id, None)
            return {"invited": await self._desk.chat.invite_in(connection, channel, invitation.people)}

        with provider_errors():
            done = await self._desk.effects.once(invitation.effect_key, "chat.invite", invitation.incident.id, add)
        return [str(person) for person in done["invited"]]

    async def archive(self, effect_key: str, incident: IncidentCard) -> None:
        async def put_away(connection: AsyncConnection) -> dict[str, Any]:
            return {"archived": await self._desk.chat.archive_in(connection, incident.id)}

        with provider_errors():
            await self._desk.effects.once(effect_key, "chat.archive", incident.id, put_away)


def _row(post: Post) -> dict[str, Any]:
    return {
        "incident_id": post.incident.id, "channel": post.channel or post.incident.channel or own_channel(post.incident),
        "audience": post.audience, "author": "mayday", "text": post.text, "pinned": post.pin,
        "drill": post.incident.drill,
    }  # fmt: skip


def channel_name(text: str) -> str:
    """`text` as chat systems name channels: lower case, digits, hyphens, at most 80 signs."""
    return re.sub(r"[^a-z0-9_-]+", "-", text.strip().lstrip("#").lower()).strip("-")[:80]


def own_channel(incident: IncidentCard) -> str:
    """The channel of an incident that opened none."""
    return channel_name(incident.id)
