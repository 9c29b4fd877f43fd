"""The incident's channel in Slack.

A channel is called as the runbook says; where that name is taken, the incident's short id goes behind it, and a name
with that id can only be ours. A channel whose making was never answered is left empty: its name says nothing about
whose it is, and two incidents in one channel would be worse. Messages are found again by their metadata
(mayday/providers/receipts.py says when).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mayday.domain.effects import IncidentCard, SentVia
from mayday.domain.errors import Refused
from mayday.domain.ports import ChannelOrder, ChannelRef, Invitation, Post, Rendering
from mayday.providers.embedded.chat import channel_name
from mayday.providers.moved_channels import CHANNEL
from mayday.providers.receipts import Receipts
from mayday.providers.slack import NAME
from mayday.providers.slack.api import SlackApi, SlackRefused
from mayday.providers.slack.channels import Channels, Rooms, purpose_of
from mayday.providers.slack.messages import message_of, post_blocks, rendering_of
from mayday.providers.slack.wording import fitting

__all__ = ["SlackChat"]

POST = "post"
TOPIC = 250
AT_ONCE = 100
"""People invited by one call."""

UserOf = Callable[[str], str | None]


class SlackChat:
    """`user_of` gives the Slack id of a person of the catalog; `default` is the channel of incidents without one."""

    name = NAME

    def __init__(
        self,
        api: SlackApi,
        channels: Channels,
        receipts: Receipts,
        user_of: UserOf,
        base_url: str,
        default: str | None = None,
    ) -> None:
        self._api = api
        self._channels = channels
        self._receipts = receipts
        self._user_of = user_of
        self._base_url = base_url
        self._rooms = Rooms(api, channels, receipts, default)

    async def open_channel(self, order: ChannelOrder) -> ChannelRef:
        wanted = channel_name(order.name) or channel_name(order.incident.id)
        own = f"{wanted[:72]}-{order.incident.id[-6:].lower()}"

        async def create() -> dict[str, Any]:
            channel = (
                await self._created(wanted, order) or await self._created(own, order) or await self._channels.find(own)
            )
            if channel is None:
                raise Refused(f"#{wanted} and #{own} are taken, and neither is to be seen", provider=NAME)
            return await self._furnished(channel, order)

        async def look() -> dict[str, Any] | None:
            for name in (own, wanted):
                channel = await self._channels.find(name)
                if channel is not None and (name == own or order.incident.id in purpose_of(channel)):
                    return await self._furnished(channel, order)
            return None

        done = await self._receipts.once(CHANNEL, order.effect_key, order.incident.id, look=look, act=create)
        self._channels.remember(done["name"], done["id"])
        return ChannelRef(channel=done["name"], url=f"https://slack.com/app_redirect?channel={done['id']}")

    async def _created(self, name: str, order: ChannelOrder) -> dict[str, Any] | None:
        """The new channel, or None: the name is taken."""
        try:
            data = await self._api.write("conversations.create", name=name, is_private=order.private)
        except SlackRefused as refused:
            if refused.error == "name_taken":
                return None
            raise
        channel: dict[str, Any] = data["channel"]
        return channel

    async def _furnished(self, channel: dict[str, Any], order: ChannelOrder) -> dict[str, Any]:
        """Purpose (with the incident's id, which says whose it is) and topic; both may be set again."""
        where = str(channel["id"])
        about = f"{order.incident.id} {self._base_url}/incidents/{order.incident.id}"
        await self._api.repeat("conversations.setPurpose", channel=where, purpose=fitting(about, TOPIC))
        topic = order.topic or f"{order.incident.severity} {order.incident.title}"
        await self._api.repeat("conversations.setTopic", channel=where, topic=fitting(topic, TOPIC))
        return {"id": where, "name": str(channel.get("name") or order.name), "private": order.private}

    def rendered(self, post: Post) -> Rendering:
        room = self._rooms.name_of(post.incident, post.channel)
        if room is None:
            raise Refused(f"{post.incident.id} has no channel, and MAYDAY_SLACK_CHANNEL names none", provider=NAME)
        return rendering_of(self._message(post), [room])

    def _message(self, post: Post) -> dict[str, Any]:
        """What is posted, but for where."""
        blocks = post_blocks(post.text, post.incident, self._base_url)
        return message_of(post.text, blocks, post.effect_key, post.incident.id)

    async def post(self, post: Post) -> SentVia:
        channel = await self._rooms.of(post.incident, post.channel)
        if channel is None:
            raise Refused(f"{post.incident.id} has no channel, and MAYDAY_SLACK_CHANNEL names none", provider=NAME)

        async def to(room: str) -> dict[str, Any]:
            async def say() -> dict[str, Any]:
                data = await self._api.write("chat.postMessage", channel=room, **self._message(post))
                return {"channel": room, "ts": str(data["ts"])}

            async def look() -> dict[str, Any] | None:
                ts = await self._channels.message_of(room, post.effect_key)
                return {"channel": room, "ts": ts} if ts else None

            return await self._receipts.once(POST, post.effect_key, post.incident.id, look=look, act=say)

        done, moved = await self._rooms.alive(post.incident, channel, to, post.channel)
        if post.pin:
            await self._pinned(done)
        return SentVia(channel="chat", provider=NAME, ref=f"{done['channel']}/{done['ts']}", note=moved)

    async def _pinned(self, message: dict[str, Any]) -> None:
        try:
            await self._api.repeat("pins.add", channel=message["channel"], timestamp=message["ts"])
        except SlackRefused as refused:
            if refused.error != "already_pinned":
                raise

    async def invite(self, invitation: Invitation) -> list[str]:
        """People without a Slack id are left out; those who are there already count as invited."""
        users = {person: user for person in invitation.people if (user := self._user_of(person))}
        if not users:
            raise Refused("nobody of them has an id in Slack (`ids: {slack: U...}` in the catalog)", provider=NAME)
        channel = await self._rooms.of(invitation.incident)
        if channel is None:
            raise Refused(f"{invitation.incident.id} has no channel", provider=NAME)
        listed = list(users.values())

        async def into(room: str) -> set[str]:
            missing: set[str] = set()
            for at in range(0, len(listed), AT_ONCE):
                missing |= await self._invited(room, listed[at : at + AT_ONCE])
            return missing

        missing, _ = await self._rooms.alive(invitation.incident, channel, into)
        there = [user for user in listed if user not in missing]
        await self._rooms.moved.invited(invitation.incident, invitation.effect_key, there)
        return [person for person, user in users.items() if user not in missing]

    async def _invited(self, channel: str, users: Sequence[str]) -> set[str]:
        """Invites; returns those who cannot be."""
        try:
            await self._api.repeat("conversations.invite", channel=channel, users=",".join(users), force=True)
        except SlackRefused as refused:
            if refused.error in ("already_in_channel", "cant_invite_self"):
                return set()
            if refused.error not in ("user_not_found", "users_not_found", "cant_invite", "user_is_restricted"):
                raise
            if len(users) == 1:
                return set(users)
            missing: set[str] = set()
            for user in users:  # one of them spoilt it for all
                missing |= await self._invited(channel, [user])
            return missing
        return set()

    async def archive(self, effect_key: str, incident: IncidentCard) -> None:
        """The incident's own channel; one that is named otherwise by the house stays."""
        for channel in await self._rooms.moved.all_of(incident):
            try:
                await self._api.repeat("conversations.archive", channel=channel)
            except SlackRefused as refused:
                if refused.error not in ("already_archived", "channel_not_found"):
                    raise
