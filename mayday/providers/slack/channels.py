"""Which Slack channel is meant: ids by the names that people and catalogs use, and finding our own messages in one."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from mayday.domain.effects import IncidentCard
from mayday.domain.errors import ProviderError, Refused, Unauthorised
from mayday.providers.channel_names import ChannelNames
from mayday.providers.moved_channels import ARCHIVED, DELETED, Moved, MovedChannels, Shown, opened_again
from mayday.providers.receipts import Receipts
from mayday.providers.slack import NAME
from mayday.providers.slack.api import SlackApi, SlackRefused

__all__ = ["Channels", "Rooms"]

#: Slack's words for a channel in which nothing can be done any more, and what they mean to people. One that was deleted
#: and a private one that the bot was taken out of are told apart by nobody.
_DEAD = {"is_archived": ARCHIVED, "channel_not_found": DELETED, "not_in_channel": DELETED}

LONGEST_NAME = 80
MOST_MEMBERS = 100
LOOKED_BACK = 200
"""Messages of a channel among which a lost one is looked for: it was posted a moment ago."""
Done = TypeVar("Done")


class Channels(ChannelNames):
    """The channels of a workspace that the bot is in."""

    provider = NAME
    shape = re.compile(r"[CGD][A-Z0-9]{7,20}")

    def __init__(self, api: SlackApi) -> None:
        super().__init__()
        self._api = api

    async def find(self, name: str) -> dict[str, Any] | None:
        """The channel of this name, as Slack shows it."""
        given: dict[str, str | int] = {"exclude_archived": "true", "types": "public_channel,private_channel"}
        async for rows in self._api.pages("conversations.list", "channels", limit=1_000, **given):
            for row in rows:
                if row.get("name") == name and row.get("id"):
                    return row
        return None

    async def message_of(self, channel: str, effect_key: str) -> str | None:
        """The `ts` of our message of this key, if it is among the last ones."""
        data = await self._api.read(
            "conversations.history", channel=channel, limit=LOOKED_BACK, include_all_metadata="true"
        )
        for message in data.get("messages") or []:
            payload = ((message.get("metadata") or {}).get("event_payload")) or {}
            if payload.get("key") == effect_key:
                return str(message["ts"])
        return None


class Rooms:
    """Where an incident is talked about. `default` is for incidents that have no channel of their own yet."""

    def __init__(self, api: SlackApi, channels: Channels, receipts: Receipts, default: str | None) -> None:
        self._api = api
        self._channels = channels
        self._receipts = receipts
        self._default = default
        self.moved = MovedChannels(receipts, NAME, LONGEST_NAME)

    async def of(self, incident: IncidentCard, named: str | None = None) -> str | None:
        """The id of the channel that is named, of the incident's own, or of the default; None where there is none."""
        name = self._houses(incident, named)
        if name is None and incident.channel:
            return await self.moved.own(incident, incident.channel, self._shown)
        return await self._channels.id_of(name) if name else None

    async def alive(
        self, incident: IncidentCard, channel: str, act: Callable[[str], Awaitable[Done]], named: str | None = None
    ) -> tuple[Done, str | None]:
        """`act` in the channel. Where the incident's own was archived or deleted meanwhile: in the same one opened
        again, or else in a new one; the words say which, None where nothing had to be done.

        Raises Refused for a channel of the house's that is dead, unless another one is called so now.
        """
        try:
            return await act(channel), None
        except SlackRefused as refused:
            if refused.error not in _DEAD:
                raise
            said, why = str(refused), _DEAD[refused.error]
        name = self._houses(incident, named)
        if name is None:
            moved = await self._revived(incident, channel, why)
            return await act(moved.channel), moved.words
        newer = await self._channels.newer(name, channel)
        if newer is None:
            raise Refused(f"{said}: #{name.lstrip('#')[:80]}: {why}", provider=NAME)
        return await act(newer), None

    def name_of(self, incident: IncidentCard, named: str | None = None) -> str | None:
        """The same as people call it, without asking anybody."""
        name = self._houses(incident, named) or incident.channel
        return f"#{name.lstrip('#')}" if name else None

    def _houses(self, incident: IncidentCard, named: str | None) -> str | None:
        """The name of a channel that is not the incident's own: it is not ours to revive or replace."""
        return named or (None if incident.channel else self._default)

    async def _revived(self, incident: IncidentCard, channel: str, why: str) -> Moved:
        if why == ARCHIVED:
            try:
                await self._api.repeat("conversations.unarchive", channel=channel)
                return opened_again(channel)
            except SlackRefused as refused:
                if refused.error == "not_archived":
                    return opened_again(channel)
            except Unauthorised:  # most bots may not open a channel again
                pass
        moved = await self.moved.anew(incident, channel, why, self._create)
        await self._invite_those_of(incident, channel, moved.channel)
        return moved

    async def _create(self, name: str, private: bool) -> str | None:
        try:
            data = await self._api.write("conversations.create", name=name, is_private=private)
        except SlackRefused as refused:
            if refused.error == "name_taken":
                return None
            raise
        return str(data["channel"]["id"])

    async def _invite_those_of(self, incident: IncidentCard, old: str, new: str) -> None:
        """Who was in the old channel, or was asked in where that says nothing any more. A comfort: who cannot be
        brought along finds the new channel's name on the timeline."""
        with suppress(ProviderError):
            try:
                data = await self._api.read("conversations.members", channel=old, limit=MOST_MEMBERS)
                users = [str(each) for each in data.get("members") or []]
            except ProviderError:
                users = await self.moved.guests(incident)
            if users:
                await self._api.repeat("conversations.invite", channel=new, users=",".join(users), force=True)

    async def _shown(self, name: str) -> Shown | None:
        found = await self._channels.find(name)
        return None if found is None else Shown(str(found["id"]), purpose_of(found))


def purpose_of(channel: dict[str, Any]) -> str:
    """What a channel is for: ours hold their incident's id."""
    purpose = channel.get("purpose")
    return str(purpose.get("value") or "") if isinstance(purpose, dict) else ""
