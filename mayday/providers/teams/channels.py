"""Channels and messages of one team in Graph.

Graph has no key for messages (README, 2): ours is the id of the card that a message holds, so a lost one is found among
the last of its channel. A channel carries its incident in its description, from the moment it is made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from mayday.domain.errors import Ambiguous, Broken, Refused, Unreachable
from mayday.providers.channel_names import ChannelNames
from mayday.providers.client import Answer, VendorClient, segment
from mayday.providers.moved_channels import ARCHIVED, DELETED
from mayday.providers.teams import NAME
from mayday.providers.teams.cards import CARD_TYPE, Card
from mayday.providers.vendor_words import said_in

__all__ = ["NotCalledSo", "TeamChannels", "card_message"]

LOOKED_BACK = 50
"""Graph's largest page of channel messages."""
MOST_PAGES = 10
_NOT_LIKE_THAT = (400, 409)


class NotCalledSo(Refused):
    """The team takes no channel of this name: another has it, or had it (a deleted one keeps its name for a month)."""


class TeamChannels(ChannelNames):
    """`team` is the team's id."""

    provider = NAME
    shape = re.compile(r"19:[^/?#\s]{1,190}@thread\.(tacv2|skype|v2)")

    def __init__(self, client: VendorClient, team: str) -> None:
        super().__init__()
        self._client = client
        self._path = f"/teams/{segment(team)}/channels"

    async def find(self, name: str) -> dict[str, Any] | None:
        """The channel of this name; names are compared here, whatever a filter would have let through."""
        path: str | None = self._path
        for _ in range(MOST_PAGES):
            if path is None:
                break
            answer = await self._read(path)
            for row in answer.rows("value"):
                if str(row.get("displayName") or "").lower() == name.lower() and row.get("id"):
                    return row
            path = answer.text_at("@odata.nextLink")
        return None

    async def create(self, name: str, description: str, *, private: bool = False) -> dict[str, Any]:
        """A private channel has its maker as the only member; people are added by `add`. Raises NotCalledSo."""
        answer = await self._client.call("POST", self._path, json={
            "displayName": name, "description": description, "membershipType": "private" if private else "standard",
        }, accept=_NOT_LIKE_THAT)  # fmt: skip
        if answer.status in _NOT_LIKE_THAT:
            raise NotCalledSo(f"{NAME} takes no channel {name}: {said_in(answer.data)}", provider=NAME)
        if not answer.text_at("id"):
            raise Ambiguous(f"{NAME} answered without the channel", provider=NAME)
        channel: dict[str, Any] = answer.data
        return channel

    async def add(self, channel: str, user: str) -> None:
        """Let somebody into a private channel; who is in already stays. Raises Refused for who is not of the team."""
        member = {
            "@odata.type": "#microsoft.graph.aadUserConversationMember", "roles": [],
            "user@odata.bind": f"{self._client.base_url}/users('{segment(user)}')",
        }  # fmt: skip
        try:
            await self._client.call("POST", f"{self._path}/{segment(channel)}/members", json=member, accept=(409,))
        except Ambiguous as error:
            raise Unreachable(str(error), provider=NAME) from error

    async def archive(self, channel: str) -> None:
        """Again is harmless; a channel that is gone is as good as archived."""
        try:
            await self._client.call("POST", f"{self._path}/{segment(channel)}/archive", json={}, accept=(404, 409))
        except Ambiguous as error:
            raise Unreachable(str(error), provider=NAME) from error

    async def dead(self, channel: str) -> str | None:
        """Why nothing can be said in the channel any more; None where Graph shows no reason in the channel itself."""
        answer = await self._client.call("GET", f"{self._path}/{segment(channel)}", accept=(404,))
        if answer.status == 404:
            return DELETED
        return ARCHIVED if answer.at("isArchived") is True else None

    async def unarchive(self, channel: str) -> None:
        """Open it again. Graph says yes before it is done."""
        try:
            await self._client.call("POST", f"{self._path}/{segment(channel)}/unarchive")
        except Ambiguous as error:
            raise Unreachable(str(error), provider=NAME) from error

    async def post(self, channel: str, key: str, card: Card, *, mentioned: Mapping[str, str] | None = None) -> str:
        """Post a card; returns the message's id. `mentioned` are people by their id, who are told by Teams."""
        answer = await self._client.call("POST", self._messages(channel), json=card_message(key, card, mentioned or {}))
        number = answer.text_at("id")
        if not number:
            raise Ambiguous(f"{NAME} answered without the message", provider=NAME)
        return number

    async def change(self, channel: str, message: str, key: str, card: Card) -> None:
        """Write a message of ours again; one that is gone counts as changed."""
        path = f"{self._messages(channel)}/{segment(message)}"
        try:
            await self._client.call("PATCH", path, json=card_message(key, card), accept=(404,))
        except Ambiguous as error:
            raise Unreachable(str(error), provider=NAME) from error

    async def message_of(self, channel: str, key: str) -> str | None:
        """The id of our message of this key, if it is among the last ones."""
        answer = await self._read(self._messages(channel), {"$top": str(LOOKED_BACK)})
        for row in answer.rows("value"):
            if any(each.get("id") == _card_id(key) for each in row.get("attachments") or [] if isinstance(each, dict)):
                return str(row["id"])
        return None

    def _messages(self, channel: str) -> str:
        return f"{self._path}/{segment(channel)}/messages"

    async def _read(self, path: str, params: dict[str, str] | None = None) -> Answer:
        answer = await self._client.call("GET", path, params=params)
        if not isinstance(answer.at("value"), list):
            raise Broken(f"{NAME} answered without a list", provider=NAME)
        return answer


def _card_id(key: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"mayday:{key}"))


def card_message(key: str, card: Card, mentioned: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """A message of a channel that shows the card, as Graph takes it."""
    number = _card_id(key)
    called = ", ".join(f'<at id="{at}">{escape(name)}</at>' for at, name in enumerate(mentioned.values()))
    message: dict[str, Any] = {
        "importance": "high",
        "body": {"contentType": "html", "content": f'{called}<attachment id="{number}"></attachment>'},
        "attachments": [{"id": number, "contentType": CARD_TYPE, "content": json.dumps(card, ensure_ascii=False)}],
    }  # fmt: skip
    if mentioned:
        message["mentions"] = [
            {"id": at, "mentionText": name, "mentioned": {"user": {"id": user, "displayName": name}}}
            for at, (user, name) in enumerate(mentioned.items())
        ]
    return message
