"""Where an incident is talked about after its channel was archived or deleted under it: the same for every chat.

A chat opens the channel again where it may; else a further one, `...-again`, takes its place. That is only done for the
incident's own channel. One that the house named (an audience's `#status`, the channel of incidents without their own)
is not ours to revive: it is refused with the reason, and the next provider carries the message.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from mayday.domain.effects import IncidentCard
from mayday.domain.errors import Refused
from mayday.providers.receipts import Receipts

__all__ = ["ARCHIVED", "CHANNEL", "DELETED", "MOVED", "Moved", "MovedChannels", "Shown", "opened_again"]

CHANNEL = "channel"
"""Kind of the receipts of channels that were opened."""

MOVED = "channel.moved"
"""Kind of the receipts of channels that took the place of another, by the id of that."""

INVITED = "channel.invited"
"""Kind of the receipts of those who were asked in, as the chat knows them."""

ARCHIVED, DELETED = "the channel had been archived", "the channel is not there any more for mayday"
MOST_TRIES = 5

Create = Callable[[str, bool], Awaitable[str | None]]
"""Makes a channel of this name, private or not, and gives its id; None where the name is taken."""


class Shown(NamedTuple):
    """A channel as the vendor shows it; `about` is what it says of itself: ours hold their incident's id."""

    id: str
    about: str


Find = Callable[[str], Awaitable[Shown | None]]


class Moved(NamedTuple):
    """Where it goes on; `words` say what was done about it, for the timeline."""

    channel: str
    words: str


def opened_again(channel: str) -> Moved:
    return Moved(channel, f"{ARCHIVED}: it is opened again")


class MovedChannels:
    """The successors of one chat's channels. Names are at most `longest` characters."""

    def __init__(self, receipts: Receipts, provider: str, longest: int) -> None:
        self._receipts = receipts
        self._provider = provider
        self._longest = longest

    async def own(self, incident: IncidentCard, name: str, find: Find) -> str:
        """Where the incident's channel of this name goes on now. Only one that is this incident's: the desk may have
        opened one of this name while the vendor was down, and the one that the vendor has belongs to somebody else.

        Raises Refused where there is none.
        """
        for opened in (await self._receipts.all(CHANNEL, incident.id)).values():
            if opened.get("name") == name:
                return await self.now(incident, str(opened["id"]))
        found = await find(name)
        if found is None or incident.id not in found.about:
            raise Refused(f"{name[:80]} was not opened in {self._provider} for {incident.id}", provider=self._provider)
        return await self.now(incident, found.id)

    async def now(self, incident: IncidentCard, channel: str) -> str:
        """Where the channel goes on now: itself, or its last successor."""
        moved = await self._receipts.all(MOVED, incident.id)
        for _ in range(len(moved)):
            if channel not in moved:
                break
            channel = str(moved[channel]["id"])
        return channel

    async def all_of(self, incident: IncidentCard) -> set[str]:
        """The ids of every channel that was opened for the incident."""
        opened = await self._receipts.all(CHANNEL, incident.id)
        moved = await self._receipts.all(MOVED, incident.id)
        return {str(each["id"]) for each in (*opened.values(), *moved.values()) if each.get("id")}

    async def is_private(self, incident: IncidentCard, channel: str) -> bool:
        """Whether one that was opened for the incident is private; a successor is as the first one was."""
        opened = await self._receipts.all(CHANNEL, incident.id)
        moved = await self._receipts.all(MOVED, incident.id)
        known = (*opened.values(), *moved.values())
        return any(each.get("id") == channel and each.get("private") for each in known)

    async def invited(self, incident: IncidentCard, effect_key: str, people: Sequence[str]) -> None:
        """Remember who was asked in: they are asked into a successor."""
        if people:
            await self._receipts.keep(INVITED, effect_key, incident.id, {"people": list(people)})

    async def guests(self, incident: IncidentCard) -> list[str]:
        """Everybody who was asked in so far."""
        found = (await self._receipts.all(INVITED, incident.id)).values()
        return list(dict.fromkeys(str(each) for invited in found for each in invited.get("people") or []))

    async def anew(self, incident: IncidentCard, channel: str, why: str, create: Create) -> Moved:
        """A further channel in the place of this one. Raises Refused where every name is taken."""
        opened = await self._receipts.all(CHANNEL, incident.id)
        first: dict[str, Any] = next((each for each in opened.values() if each.get("name")), {})
        before: dict[str, Any] = next((each for each in opened.values() if each.get("id") == channel), first)

        async def make() -> dict[str, Any]:
            start = f"{str(before.get('name') or incident.id.lower())[: self._longest - 8]}-again"
            private = bool(before.get("private", True))
            for number in range(1, MOST_TRIES + 1):
                name = start if number == 1 else f"{start}-{number}"
                made = await create(name, private)
                if made is not None:
                    return {"id": made, "name": name, "private": private}
            raise Refused(f"{start} and its like are taken", provider=self._provider)

        async def look() -> dict[str, Any] | None:
            return None  # one whose making was never answered stays empty: its name does not say whose it is

        done = await self._receipts.once(MOVED, channel, incident.id, look=look, act=make)
        return Moved(str(done["id"]), f"{why}: it goes on in #{done['name']}")
