"""What a worker tells of its providers, for the page where people look: who serves each port, and how each vendor is.

Worker and starter may have settings of their own, and it is the worker that pages. The settings are told at once;
vendors are looked at after a minute, and every few minutes from then on, by the checks of `mayday doctor`: one harmless
request each.
"""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog

from mayday.domain.timeline import timestamp
from mayday.providers.checks import carried_out
from mayday.providers.offers import Offer
from mayday.records.errors import RecordsUnavailable

__all__ = ["ProviderReport", "tell_of_providers"]

log = structlog.get_logger(__name__)

FIRST_LOOK_AFTER_SECONDS = 60.0
AGAIN_SECONDS = 10.0
"""Until the report is tried again that the store did not take, or that came before the worker's first sign of life."""
LONGEST = 300


class Lives(Protocol):
    """Where reports are kept (mayday.records.presence.Presence)."""

    async def told(self, process: str, report: dict[str, Any]) -> bool: ...


@dataclass(frozen=True)
class ProviderReport:
    """`served`: per port the names of who serves it, in order. `offers`: the vendors that are set up."""

    served: Mapping[str, list[str]]
    offers: Mapping[str, Offer]
    clock: Callable[[], datetime]
    build: str | None = None

    def settings(self) -> dict[str, Any]:
        """What follows from the settings alone."""
        return {"host": platform.node(), "build": self.build, "served": dict(self.served), "vendors": list(self.offers)}

    async def looked(self) -> dict[str, Any]:
        """With a look at every vendor. Never raises for a provider."""
        health = {}
        for name, offer in self.offers.items():
            found = await asyncio.gather(*(carried_out(check) for check in offer.checks))
            health[name] = [[each.ok, each.what[:LONGEST], each.how_to_fix[:LONGEST]] for each in found]
        return {**self.settings(), "looked_at": timestamp(self.clock()), "health": health}


async def tell_of_providers(
    lives: Lives, process: str, report: ProviderReport, every: float, first: float = FIRST_LOOK_AFTER_SECONDS
) -> None:
    """Runs until cancelled. `every`: seconds between two looks at the vendors; 0: only the settings are told."""
    await _told(lives, process, report.settings())
    if not every or not report.offers:
        return
    await asyncio.sleep(first)
    while True:
        await _told(lives, process, await report.looked())
        await asyncio.sleep(every)


async def _told(lives: Lives, process: str, said: dict[str, Any]) -> None:
    while True:
        try:
            if await lives.told(process, said):
                return
        except RecordsUnavailable as error:
            log.warning("report_not_written", reason=str(error))
        await asyncio.sleep(AGAIN_SECONDS)
