"""What is old goes: alerts and callbacks that were handled long ago, and the bodies that they came in.

An incident's own events are in its history and archive; this is the inbox, which a storm fills with a thousand bodies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from mayday.records.errors import RecordsUnavailable

__all__ = ["forget_old", "keep_house"]

log = structlog.get_logger(__name__)

EVERY_S = 3600.0
AT_ONCE = 1000
#: between two transactions, seconds: taking in has the disk first
PAUSE_S = 0.5


class Forgetful(Protocol):
    """What keeps bodies from outside."""

    async def forget(self, before: datetime, most: int) -> int: ...


async def keep_house(inboxes: Sequence[Forgetful], keep: timedelta, clock: Callable[[], datetime]) -> None:
    """Runs until it is cancelled; a store that is away is asked again an hour later."""
    while True:
        try:
            gone = sum([await forget_old(inbox, clock() - keep) for inbox in inboxes])
            if gone:
                log.info("inbox_tidied", gone=gone, older_than_days=keep.days)
        except RecordsUnavailable as error:
            log.warning("inbox_not_tidied", reason=str(error))
        await asyncio.sleep(EVERY_S)


async def forget_old(inbox: Forgetful, before: datetime, pause_s: float = PAUSE_S) -> int:
    """In small transactions; returns how many went. Raises RecordsUnavailable."""
    total = 0
    while (gone := await inbox.forget(before, AT_ONCE)) > 0:
        total += gone
        await asyncio.sleep(pause_s)
    return total
