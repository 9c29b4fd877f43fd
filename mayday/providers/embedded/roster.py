"""Who is on call by the catalog's schedules, with the overrides that people made at run time."""

from __future__ import annotations

from datetime import datetime, timedelta

from mayday.catalogs import CatalogSource
from mayday.domain.effects import NextHandoff
from mayday.domain.errors import Refused
from mayday.domain.oncall import HORIZON, next_handoff, on_call
from mayday.domain.schedules import ExternalSchedule, LocalSchedule, Override
from mayday.providers.embedded import NAME
from mayday.providers.embedded.failures import provider_errors
from mayday.records.overrides import Overrides, ScheduleOverride


class CatalogRoster:
    """Rosters written down in the catalog."""

    name = NAME

    def __init__(self, catalog: CatalogSource, overrides: Overrides) -> None:
        self._catalog = catalog
        self._overrides = overrides

    async def on_call(self, schedule: str, at: datetime) -> list[str]:
        person = on_call(await self._schedule(schedule, at, at + timedelta(microseconds=1)), at).person
        return [] if person is None else [person]

    def stale_since(self, schedule: str) -> datetime | None:
        """Never: the catalog is here."""
        return None

    async def next_handoff(self, schedule: str, at: datetime) -> NextHandoff | None:
        found = next_handoff(await self._schedule(schedule, at, at + HORIZON), at)
        return None if found is None else NextHandoff(at=found.at, incoming=found.incoming)

    async def _schedule(self, name: str, from_at: datetime, to_at: datetime) -> LocalSchedule:
        """With the overrides of that time. Raises ProviderError."""
        found = self._catalog.current().schedules.get(name)
        if found is None:
            raise Refused(f"the catalog has no schedule {name}", provider=NAME)
        if isinstance(found, ExternalSchedule):
            raise Refused(f"schedule {name} is kept by {found.source}, not here", provider=NAME)
        with provider_errors():
            made = await self._overrides.find(name, from_at=from_at, to_at=to_at)
        return with_overrides(found, made)


def with_overrides(schedule: LocalSchedule, made: list[ScheduleOverride]) -> LocalSchedule:
    """The schedule with run-time overrides over its own; the last one made wins."""
    if not made:
        return schedule
    added = [
        Override.model_validate({"from": each.from_at.isoformat(), "to": each.to_at.isoformat(), "person": each.person})
        for each in made
    ]
    return schedule.model_copy(update={"overrides": [*schedule.overrides, *added]})
