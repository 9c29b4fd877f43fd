"""One timer at a time: the moment at which the walker wants to be looked at again."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow


class Alarm:
    """Set to a moment of the incident's clock; `rang` once it has come. Setting it again replaces it.

    A timer costs two history events and its cancellation a third, so an alarm that is already set to the moment asked
    for is left alone. A rehearsal's clock is `slowed` and counts in steps.
    """

    def __init__(self, slowed: int = 1, step_s: int = 0) -> None:
        self.rang = False
        self._slowed = slowed
        self._step_s = step_s
        self._at: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    def set(self, at: datetime | None, now: datetime) -> bool:
        """Whether a timer had to be started or cancelled for it."""
        if at == self._at and not self.rang:
            return False
        changed = at is not None or self._at is not None
        self.stop()
        self.rang = False
        if at is not None:
            self._at = at
            self._task = asyncio.create_task(
                self._ring(max((self._counted(at) - now) * self._slowed, timedelta(milliseconds=1)), at)
            )
        return changed

    def _counted(self, at: datetime) -> datetime:
        """The first moment that an incident counting in steps knows from `at` on: before it, nothing is due."""
        if not self._step_s:
            return at
        return datetime.fromtimestamp(-(-at.timestamp() // self._step_s) * self._step_s, at.tzinfo)

    def heard(self) -> None:
        """What it rang for is being looked at."""
        self.rang = False

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = self._at = None

    async def _ring(self, delay: timedelta, at: datetime) -> None:
        await workflow.sleep(delay, summary=f"until {at.isoformat(' ')[:19]}Z")
        self.rang = True
        self._task = self._at = None
