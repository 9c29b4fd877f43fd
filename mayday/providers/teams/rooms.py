"""Where an incident is talked about in a team, also after its channel was archived or deleted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from mayday.domain.effects import IncidentCard
from mayday.domain.errors import ProviderError, Refused, Unauthorised, Unreachable
from mayday.providers.moved_channels import ARCHIVED, Moved, MovedChannels, Shown, opened_again
from mayday.providers.receipts import Receipts
from mayday.providers.teams import NAME
from mayday.providers.teams.channels import NotCalledSo, TeamChannels
from mayday.providers.vendor_words import cut, one_line

__all__ = ["LONGEST_NAME", "Rooms"]

LONGEST_NAME, LONGEST_DESCRIPTION = 50, 1_024
Done = TypeVar("Done")


class Rooms:
    """Where an incident is talked about. `default` is for incidents that have no channel of their own."""

    def __init__(self, channels: TeamChannels, receipts: Receipts, base_url: str, default: str | None) -> None:
        self.channels = channels
        self.receipts = receipts
        self.base_url = base_url
        self.moved = MovedChannels(receipts, NAME, LONGEST_NAME)
        self._default = default

    async def channel_of(self, incident: IncidentCard, named: str | None = None) -> str | None:
        """The channel that is named, the incident's own, or the default; None where there is none."""
        name = self._houses(incident, named)
        if name is None and incident.channel:
            return await self.moved.own(incident, incident.channel, self._shown)
        return await self.channels.id_of(name) if name else None

    async def alive(
        self, incident: IncidentCard, channel: str, act: Callable[[str], Awaitable[Done]], named: str | None = None
    ) -> tuple[Done, str | None]:
        """`act` in the channel; where the incident's own was archived or deleted meanwhile, in the same one opened
        again, or else in a new one. The words say which, None where nothing had to be done.

        Raises Refused for a channel of the house's that is dead, unless another one is called so now.
        """
        try:
            return await act(channel), None
        except (Refused, Unauthorised) as refused:
            why = await self._why_dead(channel)
            if why is None:
                raise
            name = self._houses(incident, named)
            if name is not None:
                newer = await self.channels.newer(name, channel)
                if newer is None:
                    raise Refused(f"{NAME}: #{name.lstrip('#')[:80]}: {why}", provider=NAME) from refused
                return await act(newer), None
        moved = await self._revived(incident, channel, why)
        try:
            return await act(moved.channel), moved.words
        except (Refused, Unauthorised) as refused:
            if moved.channel == channel:  # Graph had said yes before it was done
                raise Unreachable(f"{NAME} is still opening the channel again: {refused}", provider=NAME) from refused
            raise

    async def is_dead(self, channel: str) -> bool:
        return await self._why_dead(channel) is not None

    async def _why_dead(self, channel: str) -> str | None:
        try:
            return await self.channels.dead(channel)
        except ProviderError:  # then the refusal stands as it is
            return None

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
                await self.channels.unarchive(channel)
                return opened_again(channel)
            except (Refused, Unauthorised):  # its team is archived too, or our account may not
                pass

        async def create(name: str, private: bool) -> str | None:
            try:
                made = await self.channels.create(name, self.description_of(incident), private=private)
            except NotCalledSo:
                return None
            return str(made["id"])

        moved = await self.moved.anew(incident, channel, why, create)
        if await self.moved.is_private(incident, moved.channel):
            for user in await self.moved.guests(incident):
                with suppress(ProviderError):  # a comfort: the timeline says where it goes on
                    await self.channels.add(moved.channel, user)
        return moved

    def description_of(self, incident: IncidentCard, topic: str | None = None) -> str:
        """What a channel of ours says about itself: its incident's id says whose it is."""
        about = one_line(topic or f"{incident.severity} {incident.title}", 500)
        return cut(f"{about} | {incident.id} {self.base_url}/incidents/{incident.id}", LONGEST_DESCRIPTION)

    async def _shown(self, name: str) -> Shown | None:
        found = await self.channels.find(name)
        return None if found is None else Shown(str(found["id"]), str(found.get("description") or ""))
