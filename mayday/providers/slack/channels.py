"""Which Slack channel is meant: ids by the names that people and catalogs use, and finding our own messages in one."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any

from mayday.domain.effects import IncidentCard
from mayday.domain.errors import Refused
from mayday.providers.receipts import Receipts
from mayday.providers.slack import NAME
from mayday.providers.slack.api import SlackApi

__all__ = ["CHANNEL", "Channels", "Rooms"]

CHANNEL = "channel"
"""Kind of the receipts of channels that were opened."""

REMEMBERED = 2_000
LOOKED_BACK = 200
"""Messages of a channel among which a lost one is looked for: it was posted a moment ago."""
_ID = re.compile(r"[CGD][A-Z0-9]{7,20}")


class Channels:
    """Ids of channels, kept in memory: a channel that is renamed keeps its id."""

    def __init__(self, api: SlackApi) -> None:
        self._api = api
        self._ids: OrderedDict[str, str] = OrderedDict()

    def remember(self, name: str, channel: str) -> None:
        self._ids[name] = channel
        self._ids.move_to_end(name)
        while len(self._ids) > REMEMBERED:
            self._ids.popitem(last=False)

    async def id_of(self, name: str) -> str:
        """The id of a channel that is called so, or that has this id. Raises Refused where there is none."""
        wanted = name.lstrip("#")
        if _ID.fullmatch(wanted):
            return wanted
        if wanted not in self._ids:
            found = await self.find(wanted)
            if found is None:
                raise Refused(f"there is no channel #{wanted[:80]} that mayday is in", provider=NAME)
            self.remember(wanted, str(found["id"]))
        return self._ids[wanted]

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

    def __init__(self, channels: Channels, receipts: Receipts, default: str | None) -> None:
        self._channels = channels
        self._receipts = receipts
        self._default = default

    async def of(self, incident: IncidentCard, named: str | None = None) -> str | None:
        """The id of the channel that is named, of the incident's own, or of the default; None where there is none."""
        if named is None and incident.channel:
            return await self._own(incident, incident.channel)
        name = named or self._default
        return await self._channels.id_of(name) if name else None

    async def _own(self, incident: IncidentCard, name: str) -> str:
        """Only a channel that is this incident's: the desk may have opened one of this name while Slack was down, and
        the one that Slack has belongs to somebody else."""
        for opened in (await self._receipts.all(CHANNEL, incident.id)).values():
            if opened.get("name") == name:
                return str(opened["id"])
        found = await self._channels.find(name)
        if found is None or incident.id not in purpose_of(found):
            raise Refused(f"#{name[:80]} was not opened in Slack for {incident.id}", provider=NAME)
        return str(found["id"])


def purpose_of(channel: dict[str, Any]) -> str:
    """What a channel is for: ours hold their incident's id."""
    purpose = channel.get("purpose")
    return str(purpose.get("value") or "") if isinstance(purpose, dict) else ""
