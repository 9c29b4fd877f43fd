"""Which Slack channel is meant: ids by the names that people and catalogs use, and finding our own messages in one."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from mayday.domain.effects import IncidentCard
from mayday.domain.errors import ProviderError, Refused, Unauthorised
from mayday.providers.receipts import Receipts
from mayday.providers.slack import NAME
from mayday.providers.slack.api import SlackApi, SlackRefused

__all__ = ["CHANNEL", "MOVED", "Channels", "Moved", "Rooms"]

CHANNEL = "channel"
"""Kind of the receipts of channels that were opened."""

MOVED = "channel.moved"
"""Kind of the receipts of channels that took the place of an archived one, by the id of that."""
ARCHIVED = "is_archived"
"""Slack's word for a channel in which nothing can be done any more."""

REMEMBERED = 2_000
MOST_TRIES = 5
MOST_MEMBERS = 100
LOOKED_BACK = 200
"""Messages of a channel among which a lost one is looked for: it was posted a moment ago."""
Done = TypeVar("Done")
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


class Moved(NamedTuple):
    """Where it goes on after a channel was archived; `words` say what was done about it."""

    channel: str
    words: str


class Rooms:
    """Where an incident is talked about. `default` is for incidents that have no channel of their own yet."""

    def __init__(self, api: SlackApi, channels: Channels, receipts: Receipts, default: str | None) -> None:
        self._api = api
        self._channels = channels
        self._receipts = receipts
        self._default = default

    async def of(self, incident: IncidentCard, named: str | None = None) -> str | None:
        """The id of the channel that is named, of the incident's own, or of the default; None where there is none."""
        if named is None and incident.channel:
            return await self._now(incident, await self._own(incident, incident.channel))
        name = named or self._default
        return await self._channels.id_of(name) if name else None

    async def alive(
        self, incident: IncidentCard, channel: str, act: Callable[[str], Awaitable[Done]]
    ) -> tuple[Done, str | None]:
        """`act` in the channel; where that was archived meanwhile (the incident ended and was reopened), in the same
        one opened again, or else in a new one. The words say which, None where nothing had to be done."""
        try:
            return await act(channel), None
        except SlackRefused as refused:
            if refused.error != ARCHIVED:
                raise
        moved = await self._revived(incident, channel)
        return await act(moved.channel), moved.words

    async def _revived(self, incident: IncidentCard, channel: str) -> Moved:
        try:
            await self._api.repeat("conversations.unarchive", channel=channel)
        except SlackRefused as refused:
            if refused.error != "not_archived":
                return await self._new_one(incident, channel)
        except Unauthorised:  # most bots may not open a channel again
            return await self._new_one(incident, channel)
        return Moved(channel, "the channel had been archived: it is opened again")

    async def _new_one(self, incident: IncidentCard, channel: str) -> Moved:
        """A further channel with those who were in the old one; a private one's is private."""
        opened = await self._receipts.all(CHANNEL, incident.id)
        first: dict[str, Any] = next((each for each in opened.values() if each.get("name")), {})
        before: dict[str, Any] = next((each for each in opened.values() if each.get("id") == channel), first)

        async def create() -> dict[str, Any]:
            start = f"{str(before.get('name') or incident.id.lower())[:68]}-again"
            for number in range(1, MOST_TRIES + 1):
                name = start if number == 1 else f"{start}-{number}"
                try:
                    data = await self._api.write(
                        "conversations.create", name=name, is_private=bool(before.get("private", True))
                    )
                except SlackRefused as refused:
                    if refused.error != "name_taken":
                        raise
                else:
                    return {"id": str(data["channel"]["id"]), "name": name}
            raise Refused(f"#{start} and its like are taken", provider=NAME)

        async def look() -> dict[str, Any] | None:
            return None  # one whose making was never answered stays empty: see `chat`

        done = await self._receipts.once(MOVED, channel, incident.id, look=look, act=create)
        await self._invite_those_of(channel, str(done["id"]))
        return Moved(str(done["id"]), f"the channel had been archived: it goes on in #{done['name']}")

    async def _invite_those_of(self, old: str, new: str) -> None:
        """A comfort: who cannot be brought along finds the new channel's name on the timeline."""
        with suppress(ProviderError):
            data = await self._api.read("conversations.members", channel=old, limit=MOST_MEMBERS)
            users = [str(each) for each in data.get("members") or []]
            if users:
                await self._api.repeat("conversations.invite", channel=new, users=",".join(users), force=True)

    async def _now(self, incident: IncidentCard, channel: str) -> str:
        """Where an archived channel goes on."""
        moved = await self._receipts.all(MOVED, incident.id)
        for _ in range(len(moved)):
            if channel not in moved:
                break
            channel = str(moved[channel]["id"])
        return channel

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
