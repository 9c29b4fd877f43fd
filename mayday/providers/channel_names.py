"""Channels by the names that people and catalogs use, the same for every chat."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import OrderedDict
from typing import Any, ClassVar

from mayday.domain.errors import Refused

__all__ = ["ChannelNames"]

REMEMBERED = 2_000


class ChannelNames(ABC):
    """Ids of channels, kept in memory: a channel that is renamed keeps its id. `shape` is what an id looks like."""

    provider: ClassVar[str]
    shape: ClassVar[re.Pattern[str]]

    def __init__(self) -> None:
        self._ids: OrderedDict[str, str] = OrderedDict()

    @abstractmethod
    async def find(self, name: str) -> dict[str, Any] | None:
        """The channel of this name with its `id`, as the vendor shows it; None where there is none."""

    def remember(self, name: str, channel: str) -> None:
        self._ids[name] = channel
        self._ids.move_to_end(name)
        while len(self._ids) > REMEMBERED:
            self._ids.popitem(last=False)

    async def id_of(self, name: str) -> str:
        """The id of a channel that is called so, or that has this id. Raises Refused where there is none."""
        wanted = name.lstrip("#")
        if self.shape.fullmatch(wanted):
            return wanted
        if wanted not in self._ids:
            found = await self.find(wanted)
            if found is None:
                raise Refused(
                    f"{self.provider} has no channel #{wanted[:80]} that mayday is in", provider=self.provider
                )
            self.remember(wanted, str(found["id"]))
        return self._ids[wanted]

    async def newer(self, name: str, dead: str) -> str | None:
        """The id of another channel that is called so now; `dead` is the one that was meant until now."""
        wanted = name.lstrip("#")
        self._ids.pop(wanted, None)
        found = None if self.shape.fullmatch(wanted) else await self.find(wanted)
        if found is None or str(found["id"]) == dead:
            return None
        self.remember(wanted, str(found["id"]))
        return self._ids[wanted]
