"""A Teams channel by its Workflows webhook: one channel, one way, no answer but "taken".

202 is no delivery, and there is no key and nothing to look at (README, 2): a message whose answer was lost is Ambiguous
and not sent again. What it cannot do (channels, invitations) is left to the next chat.
"""

from __future__ import annotations

from typing import Any

from mayday.domain.effects import IncidentCard, SentVia
from mayday.domain.errors import Refused
from mayday.domain.ports import ChannelOrder, ChannelRef, Invitation, Post, Rendering
from mayday.providers.client import VendorClient
from mayday.providers.receipts import Receipts
from mayday.providers.teams import NAME
from mayday.providers.teams.cards import Card, attachment, post_card, rendering_of

__all__ = ["TeamsWebhook"]

POST = "post"


class TeamsWebhook:
    """`path` is the address behind the host, with the signature in its query: a secret. `channel` is where it leads."""

    name = NAME

    def __init__(
        self, client: VendorClient, path: str, receipts: Receipts, base_url: str, channel: str | None = None
    ) -> None:
        self._client = client
        self._path = path
        self._receipts = receipts
        self._base_url = base_url
        self._channel = (channel or "").lstrip("#")

    async def open_channel(self, order: ChannelOrder) -> ChannelRef:
        raise Refused("a webhook of Teams leads to one channel and makes none", provider=NAME)

    def rendered(self, post: Post) -> Rendering:
        self._check(post)
        card = post_card(post.text, post.incident, self._base_url)
        return rendering_of(card, [f"#{self._channel}" if self._channel else "the webhook's channel"], _message(card))

    def _check(self, post: Post) -> None:
        if post.channel and post.channel.lstrip("#") != self._channel:
            raise Refused(f"the webhook of Teams does not lead to #{post.channel[:80]}", provider=NAME)

    async def post(self, post: Post) -> SentVia:
        self._check(post)
        known = await self._receipts.of(POST, post.effect_key)
        if known is None:
            card = post_card(post.text, post.incident, self._base_url)
            await self._client.call("POST", self._path, json=_message(card))
            await self._receipts.keep(POST, post.effect_key, post.incident.id, {"taken": True})
        return SentVia(channel="chat", provider=NAME)

    async def invite(self, invitation: Invitation) -> list[str]:
        raise Refused("a webhook of Teams invites nobody", provider=NAME)

    async def archive(self, effect_key: str, incident: IncidentCard) -> None:
        """Its channel is the house's own."""


def _message(card: Card) -> dict[str, Any]:
    return {"type": "message", "attachments": [attachment(card)]}
