"""What the system knows about itself: when it was last alive."""

from __future__ import annotations

from temporalio import activity

from activities.dependencies import Dependencies
from activities.failures import reported
from mayday.domain.effects import LAST_SEEN, LastSeen, LastSeenRequest


class SystemActivities:
    def __init__(self, dependencies: Dependencies) -> None:
        self._memory = dependencies.memory

    @activity.defn(name=LAST_SEEN)
    async def last_seen(self, request: LastSeenRequest) -> LastSeen:
        """When a worker lived last before the moment at which the walker wanted to be woken."""
        with reported():
            return LastSeen(last_seen_at=await self._memory.last_alive(request.wanted_at))
