"""The incident's channel in a team, and its cards, through Graph.

Channel messages are posted with the permissions of a person (a service account): Graph gives applications none for it.
Everybody of the team is in its standard channels, so inviting people means telling them, by a message that mentions
them; into a private channel they are let in first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from mayday.domain.effects import ClosePage, IncidentCard, SentVia
from mayday.domain.errors import Refused, Unauthorised
from mayday.domain.ports import Card, ChannelOrder, ChannelRef, Invitation, Post, Rendering
from mayday.providers.embedded.chat import channel_name
from mayday.providers.moved_channels import CHANNEL
from mayday.providers.receipts import Receipts
from mayday.providers.teams import NAME
from mayday.providers.teams.cards import over_card, post_card, question_card, rendering_of
from mayday.providers.teams.channels import NotCalledSo, TeamChannels, card_message
from mayday.providers.teams.rooms import LONGEST_NAME, Rooms
from mayday.providers.vendor_words import cut, one_line

__all__ = ["Member", "TeamsChat", "TeamsNoticeboard"]

POST, INVITE, CARD, OVER = "post", "invite", "card", "card.over"
KEPT = 3_000
"""Characters of a card's text that are kept, to write it again when it is over."""


class Member(NamedTuple):
    """A person of the catalog: the id in the directory, where there is one, and the name."""

    user: str | None
    name: str


MemberOf = Callable[[str], Member]


class TeamsChat:
    """`default` is the channel of incidents that have none of their own."""

    name = NAME

    def __init__(
        self, channels: TeamChannels, receipts: Receipts, member_of: MemberOf, base_url: str, default: str | None = None
    ) -> None:
        self._room = Rooms(channels, receipts, base_url, default)
        self._member_of = member_of

    async def open_channel(self, order: ChannelOrder) -> ChannelRef:
        channels = self._room.channels
        wanted = channel_name(order.name)[:LONGEST_NAME] or channel_name(order.incident.id)
        own = f"{wanted[: LONGEST_NAME - 7]}-{order.incident.id[-6:].lower()}"
        description = self._room.description_of(order.incident, order.topic)

        async def create() -> dict[str, Any]:
            try:
                made = await channels.create(wanted, description, private=order.private)
            except NotCalledSo:
                made = await channels.create(own, description, private=order.private)
            return _kept(made, order)

        async def look() -> dict[str, Any] | None:
            for name in (own, wanted):
                found = await channels.find(name)
                if found is not None and order.incident.id in str(found.get("description") or ""):
                    return _kept(found, order)
            return None

        done = await self._room.receipts.once(CHANNEL, order.effect_key, order.incident.id, look=look, act=create)
        channels.remember(done["name"], done["id"])
        return ChannelRef(channel=done["name"], url=done.get("url"))

    def rendered(self, post: Post) -> Rendering:
        room = self._room.name_of(post.incident, post.channel)
        if room is None:
            raise Refused(f"{post.incident.id} has no channel, and MAYDAY_TEAMS_CHANNEL names none", provider=NAME)
        card = self._card(post)
        return rendering_of(card, [room], card_message(post.effect_key, card))

    def _card(self, post: Post) -> dict[str, Any]:
        return post_card(post.text, post.incident, self._room.base_url)

    async def post(self, post: Post) -> SentVia:
        """Graph cannot pin a channel's message: every message of ours is marked as important instead."""
        channel = await self._room.channel_of(post.incident, post.channel)
        if channel is None:
            raise Refused(f"{post.incident.id} has no channel, and MAYDAY_TEAMS_CHANNEL names none", provider=NAME)
        card = self._card(post)

        async def to(room: str) -> dict[str, Any]:
            return await self._said(POST, post.effect_key, post.incident, room, card)

        done, moved = await self._room.alive(post.incident, channel, to, post.channel)
        return SentVia(channel="chat", provider=NAME, ref=f"{done['channel']}/{done['message']}", note=moved)

    async def invite(self, invitation: Invitation) -> list[str]:
        """People without an id are left out."""
        members = {person: self._member_of(person) for person in invitation.people}
        known = {person: member for person, member in members.items() if member.user}
        if not known:
            raise Refused("nobody of them has an id in Teams (`ids: {teams: ...}` in the catalog)", provider=NAME)
        channel = await self._room.channel_of(invitation.incident)
        if channel is None:
            raise Refused(f"{invitation.incident.id} has no channel", provider=NAME)
        if await self._room.moved.is_private(invitation.incident, channel):
            for person, member in list(known.items()):
                try:
                    await self._room.channels.add(channel, str(member.user))
                except Refused:  # not of the team: left out, as who has no id
                    del known[person]
        if not known:
            return []
        card = post_card("You are needed here.", invitation.incident, self._room.base_url)
        mentioned = {str(member.user): one_line(member.name, 100) for member in known.values()}

        async def to(room: str) -> dict[str, Any]:
            return await self._said(INVITE, invitation.effect_key, invitation.incident, room, card, mentioned)

        await self._room.alive(invitation.incident, channel, to)
        await self._room.moved.invited(invitation.incident, invitation.effect_key, list(mentioned))
        return list(known)

    async def archive(self, effect_key: str, incident: IncidentCard) -> None:
        """The incident's own channel; one that is named otherwise by the house stays."""
        for channel in await self._room.moved.all_of(incident):
            await self._room.channels.archive(channel)

    async def _said(
        self, kind: str, key: str, incident: IncidentCard, channel: str, card: dict[str, Any],
        mentioned: dict[str, str] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        channels = self._room.channels

        async def say() -> dict[str, Any]:
            return {"channel": channel, "message": await channels.post(channel, key, card, mentioned=mentioned)}

        async def look() -> dict[str, Any] | None:
            message = await channels.message_of(channel, key)
            return {"channel": channel, "message": message} if message else None

        return await self._room.receipts.once(kind, key, incident.id, look=look, act=say)


class TeamsNoticeboard:
    """Questions in the incident's channel, written again when they are over."""

    name = NAME

    def __init__(
        self, channels: TeamChannels, receipts: Receipts, member_of: MemberOf, base_url: str, default: str | None = None
    ) -> None:
        self._room = Rooms(channels, receipts, base_url, default)
        self._member_of = member_of

    async def put_up(self, card: Card) -> SentVia | None:
        channel = await self._room.channel_of(card.incident)
        if channel is None:
            return None
        channels, names = self._room.channels, [self._member_of(person).name for person in card.people]
        shown = question_card(
            card.text, card.incident, self._room.base_url, page=card.page, purpose=card.purpose, choices=card.choices,
            names=names,
        )  # fmt: skip

        async def to(room: str) -> dict[str, Any]:
            def standing(message: str) -> dict[str, Any]:
                return {"channel": room, "message": message, "page": card.page, "text": cut(card.text, KEPT)}

            async def say() -> dict[str, Any]:
                return standing(await channels.post(room, card.effect_key, shown))

            async def look() -> dict[str, Any] | None:
                message = await channels.message_of(room, card.effect_key)
                return standing(message) if message else None

            return await self._room.receipts.once(CARD, card.effect_key, card.incident.id, look=look, act=say)

        done, moved = await self._room.alive(card.incident, channel, to)
        return SentVia(channel="chat", provider=NAME, ref=f"{done['channel']}/{done['message']}", note=moved)

    async def settle(self, closing: ClosePage) -> int:
        """Every card of the page loses its links and says what came of it."""
        receipts, count = self._room.receipts, 0
        if not closing.over:
            return 0
        for key, card in (await receipts.all(CARD, closing.incident.id)).items():
            if card.get("page") != closing.page or await receipts.of(OVER, key) is not None:
                continue
            shown = over_card(str(card.get("text") or ""), closing.incident, closing.reason)
            where = str(card["channel"])
            try:
                await self._room.channels.change(where, str(card["message"]), key, shown)
            except (Refused, Unauthorised):  # nobody can read, or answer, what stands in a dead channel
                if not await self._room.is_dead(where):
                    raise
            await receipts.keep(OVER, key, closing.incident.id, {"reason": closing.reason})
            count += 1
        return count


def _kept(channel: dict[str, Any], order: ChannelOrder) -> dict[str, Any]:
    url = channel.get("webUrl")
    return {
        "id": str(channel["id"]), "name": str(channel.get("displayName") or ""), "url": str(url) if url else None,
        "private": order.private,
    }  # fmt: skip
