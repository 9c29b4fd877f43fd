"""What changed lately, read when an incident is declared and shown on its timeline (PROCESS.md "what changed?").

Beside the workflows: changes of the last 72 hours on the service and what it depends on, and freezes, come in as one
note, signed like every command. Runbooks that read them themselves (`do: changes.recent`) are left to it; where nothing
changed, nothing is said. Bounded: one look every `EVERY_S` seconds, once an incident, for incidents of the last hours.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.change import RECENT_HOURS
from mayday.domain.commands import Note
from mayday.domain.effects import IncidentCard
from mayday.domain.errors import ProviderError
from mayday.domain.ports import Change, ChangeHistory, Freeze
from mayday.records import Records
from mayday.records.errors import RecordsUnavailable
from mayday.records.incidents import IncidentRecord
from worker.answers import Commands
from worker.health import WorkerHealth

__all__ = ["WhatChanged", "watch_changes"]

log = structlog.get_logger(__name__)

EVERY_S = 10.0
#: an older incident knows by now, or its change log was away for too long
DECLARED_WITHIN = timedelta(hours=2)
MOST_INCIDENTS = 20
SHOWN = 10
#: the machine itself: nobody of the catalog
_MACHINE = "owner"
_LOOKED = "changes.looked"

History = Callable[[IncidentCard, str, datetime], Awaitable[ChangeHistory]]


class WhatChanged:
    """`history` reads the change log, as the action `changes.recent` does."""

    def __init__(self, records: Records, history: History, commands: Commands) -> None:
        self._records = records
        self._history = history
        self._commands = commands

    async def look(self) -> int:
        """How many incidents were told. Raises RecordsUnavailable; a change log that is away is asked again."""
        since = self._records.store.now() - DECLARED_WITHIN
        found = await self._records.incidents.find(open_only=True, limit=MOST_INCIDENTS)
        told = 0
        for record in found.items:
            if record.opened_at < since or record.status == "candidate":
                continue
            key = f"{record.id}/{_LOOKED}"
            if await self._records.desk.effects.get(key) is not None:
                continue
            try:
                said = await self._say(record)
            except ProviderError as error:
                log.warning("changes_not_known", incident=record.id, reason=str(error))
                continue
            if said is not None:
                told += said
                await self._records.desk.effects.once(key, _LOOKED, record.id, _looked)
        return told

    async def _say(self, record: IncidentRecord) -> bool | None:
        """Whether there was something to say; None when the incident could not be told yet."""
        if record.service is None or await self._reads_them_itself(record):
            return False
        card = IncidentCard(
            id=record.id, title=record.title, severity=record.severity, status=record.status, service=record.service,
            drill=record.drill,
        )  # fmt: skip
        history = await self._history(card, record.service, record.opened_at - timedelta(hours=RECENT_HOURS))
        if not history.changes and not history.freezes:
            return False
        note = Note(
            id=f"cmd-{hashlib.sha256(f'changes {record.id}'.encode()).hexdigest()[:26]}", actor=_MACHINE,
            channel="changes", received_at=self._records.store.now(), text=words_of(record.service, history),
        )  # fmt: skip
        if not await self._commands.tell(record.id, record.workflow_id, note):
            return None
        log.info("changes_told", incident=record.id, changes=len(history.changes), freezes=len(history.freezes))
        return True

    async def _reads_them_itself(self, record: IncidentRecord) -> bool:
        plan = await self._records.plans.get(record.plan_digest) if record.plan_digest else None
        return plan is not None and '"do":"changes.recent"' in json.dumps(plan, separators=(",", ":"))


def words_of(service: str, history: ChangeHistory) -> str:
    """The note: the newest changes first, then the freezes."""
    lines = []
    if history.changes:
        lines.append(f"Changes of the last {RECENT_HOURS} hours on {service} and what it depends on:")
        lines += [_change(each) for each in history.changes[:SHOWN]]
        if len(history.changes) > SHOWN:
            lines.append(f"and {len(history.changes) - SHOWN} more")
    lines += [_freeze(each) for each in history.freezes[:SHOWN]]
    return "\n".join(lines)


def _change(change: Change) -> str:
    where = f" ({change.service})" if change.service else ""
    return f"{change.number}{where}, {change.state}, {change.at:%Y-%m-%d %H:%M} UTC: {change.summary[:200]}"


def _freeze(freeze: Freeze) -> str:
    return f"Freeze: {freeze.name[:100]}, {freeze.from_at:%Y-%m-%d %H:%M} to {freeze.to_at:%Y-%m-%d %H:%M} UTC"


async def _looked(_: AsyncConnection) -> dict[str, Any]:
    return {}


async def watch_changes(changes: WhatChanged, health: WorkerHealth, every: float = EVERY_S) -> None:
    """One look every `every` seconds while this worker polls; runs until cancelled."""
    while True:
        if health.ready:
            try:
                await changes.look()
            except RecordsUnavailable as error:
                log.warning("changes_not_looked_for", reason=str(error))
        await asyncio.sleep(every)
