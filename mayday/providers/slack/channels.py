"""Which Slack channel is meant: ids by the names that people and catalogs use, and finding our own messages in one."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any

from mayday.domain.errors import Refused
from mayday.providers.slack import NAME
from mayday.providers.slack.api import SlackApi

__all__ = ["Channels"]

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
