"""Alerts that always fire (the catalog's `watchdogs`): nobody hears of one that comes, somebody of one that does not.

An end-to-end check of the way in: Prometheus evaluates, Alertmanager sends, the network carries, this starter answers.
A watchdog that has not fired for its `missing_after` becomes an alert of the source `watchdog`, kept in the inbox and
routed like all others, and its return is the end of that alert. When it was last seen stands in the records store, so a
restart neither forgets a silence nor begins one: time in which no starter listened does not count.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import structlog

from mayday.domain.incident import AlertEvent
from mayday.language.catalog import Catalog, Watchdog
from mayday.providers.facts import alert, needed
from mayday.providers.inbound import Delivery, InboundSource, mapping, read_json, text_map
from mayday.records.errors import RecordsUnavailable
from mayday.records.records import Records
from mayday.records.watchdogs import WatchdogRow
from starter.intake import Unavailable
from starter.metrics import WATCHDOG_MISSING

__all__ = ["MISSING", "MissingWatchdog", "WatchdogWatch"]

log = structlog.get_logger(__name__)

EVERY = 15.0
"""Seconds between two looks: a missing one is noticed so late at most."""
MISSING = "WatchdogMissing"
"""The `alertname` of a watchdog that does not come."""


class MissingWatchdog(InboundSource):
    """The source of our own alerts about what does not come; it has no address."""

    name = "watchdog"
    title = "Watchdogs"

    def events(self, delivery: Delivery) -> list[AlertEvent]:
        """The one that the body tells of."""
        body = mapping(read_json(delivery.raw), "body")
        name, minutes = needed(body, "watchdog"), needed(body, "minutes")
        return [
            alert(
                delivery, self.name, key=name, occurrence=f"{name} {needed(body, 'since')}",
                state="firing" if body.get("missing") else "resolved",
                title=f"The watchdog {name} has been silent for {minutes} minutes",
                labels={
                    "alertname": MISSING, "service": "monitoring", "severity": "critical",
                    **text_map(body.get("labels") or {}, "labels"), "watchdog": name,
                },
                annotations={"description": "Alerts of this source may not reach mayday: look at its way here."},
            )
        ]  # fmt: skip


class WatchdogWatch:
    """Notes what was seen, and looks for what was not. `take` is the intake's."""

    def __init__(
        self, records: Records, catalog: Callable[[], Catalog], clock: Callable[[], datetime],
        take: Callable[[InboundSource, Delivery], Awaitable[Any]],
    ) -> None:  # fmt: skip
        self._records = records
        self._catalog = catalog
        self._now = clock
        self._take = take
        self._source = MissingWatchdog()

    async def run(self) -> None:
        """One look every `EVERY` seconds, until cancelled."""
        while True:
            try:
                await self.look()
            except (RecordsUnavailable, Unavailable) as error:
                log.warning("watchdogs_not_looked_for", reason=str(error))
            except Exception as error:  # the last line of defence: a bug here would be silent for ever
                log.error("watchdogs_failed", exc_info=error)
            await asyncio.sleep(EVERY)

    async def look(self) -> int:
        """How many were told, missing or back. Raises RecordsUnavailable and Unavailable: the next look tells them."""
        told = 0
        for name, dog in self._catalog().watchdogs.items():
            row = await self._records.watchdogs.look(name)
            told += await self._told(name, dog, row)
        return told

    async def _told(self, name: str, dog: Watchdog, row: WatchdogRow) -> bool:
        since = row.missing_since
        if since is None and self._now() - row.due_from >= dog.missing_after.as_timedelta():
            await self._say(name, dog, row.due_from, missing=True)
            await self._records.watchdogs.missing(name, row.due_from)
            log.error("watchdog_missing", watchdog=name, since=row.due_from.isoformat())
        elif since is not None and row.seen_at is not None and row.seen_at > since:
            await self._say(name, dog, since, missing=False)
            await self._records.watchdogs.missing(name, None)
            log.info("watchdog_back", watchdog=name)
        else:
            WATCHDOG_MISSING.labels(watchdog=name).set(since is not None)
            return False
        WATCHDOG_MISSING.labels(watchdog=name).set(since is None)
        return True

    async def _say(self, name: str, dog: Watchdog, since: datetime, *, missing: bool) -> None:
        minutes = round(dog.missing_after.as_timedelta().total_seconds() / 60, 1)
        body = {
            "watchdog": name, "missing": missing, "since": since.isoformat(), "minutes": f"{minutes:g}",
            "labels": dog.labels,
        }  # fmt: skip
        await self._take(self._source, Delivery(raw=json.dumps(body).encode(), received_at=self._now()))
