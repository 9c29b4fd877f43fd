"""The last thing a closing run does: look whether an alert came in that nobody gave it."""

from __future__ import annotations

from temporalio import activity

from activities.dependencies import Dependencies
from activities.failures import reported
from mayday.domain.effects import LOOK, LookReceipt, LookRequest


class InboxActivities:
    def __init__(self, dependencies: Dependencies) -> None:
        self._given = dependencies

    @activity.defn(name=LOOK)
    async def look(self, request: LookRequest) -> LookReceipt:
        """Firing alerts of the run that are still in the inbox. They stay there: the forwarder hands them on too."""
        with reported():
            return LookReceipt(events=await self._given.intake.look(request))
