"""On-call schedules that live at a vendor: asked for, kept for a while, and answered from memory when it is silent.

An answer is fresh for as long as the catalog's `cache` of the schedule says, else for a minute. When the vendor does
not answer, the last one stands for as long as the vendor said that its shifts run, at most half a day; `stale_since`
says so, and the timeline with it. After that the error leaves, and the catalog's `fallback:` stands in.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

import structlog

from mayday.catalogs import CatalogSource
from mayday.domain.effects import NextHandoff
from mayday.domain.errors import ProviderError
from mayday.domain.schedules import ExternalSchedule

__all__ = ["CachedRoster", "Schedules", "Shift"]

log = structlog.get_logger(__name__)

FRESH_FOR = timedelta(minutes=1)
STANDS_FOR = timedelta(hours=12)
#: a vendor that failed is asked again after this long
ASKED_AGAIN = timedelta(seconds=20)


class Shift(NamedTuple):
    """Who is on call from when to when, by the vendor's id and mail address of them."""

    user: str
    email: str | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None

    def covers(self, at: datetime) -> bool:
        return (self.from_at is None or self.from_at <= at) and (self.to_at is None or at < self.to_at)


class Schedules(Protocol):
    """A vendor's schedules."""

    async def shifts(self, schedule: str, at: datetime, until: datetime) -> list[Shift]:
        """Those that run between the two; ones without times run at `at`, and for `lasts` after it at least."""
        ...


class _Kept(NamedTuple):
    shifts: list[Shift]
    at: datetime


class CachedRoster:
    """Implements the port `OnCallRoster`."""

    def __init__(
        self, name: str, schedules: Schedules, catalog: CatalogSource,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self.name = name
        self._schedules = schedules
        self._catalog = catalog
        self._now = now
        self._kept: dict[str, _Kept] = {}
        self._failed_at: dict[str, tuple[datetime, ProviderError]] = {}

    async def on_call(self, schedule: str, at: datetime) -> list[str]:
        """Person ids, empty in a gap. Raises ProviderError when neither the vendor nor the memory says."""
        kept = await self._known(schedule, at)
        return self._people([shift for shift in kept.shifts if shift.covers(at)])

    async def next_handoff(self, schedule: str, at: datetime) -> NextHandoff | None:
        """The first change of the person within half a day; None when there is none, or the vendor gives no times."""
        kept = await self._known(schedule, at)
        on_call = self._people([shift for shift in kept.shifts if shift.covers(at)])
        ends = {shift.to_at for shift in kept.shifts if shift.to_at is not None}
        for end in sorted(end for end in ends if at < end < kept.at + STANDS_FOR):
            following = self._people([shift for shift in kept.shifts if shift.covers(end)])
            if following != on_call:
                return NextHandoff(at=end, incoming=next(iter(following), None))
        return None

    async def _known(self, schedule: str, at: datetime) -> _Kept:
        """What the vendor says, or said. Raises ProviderError when neither is known."""
        now = self._now()
        kept = self._kept.get(schedule)
        if kept is None or not kept.at <= now < kept.at + self._fresh_for(schedule):
            try:
                kept = _Kept(await self._asked(schedule, at, now), now)
                self._kept[schedule] = kept
                self._failed_at.pop(schedule, None)
            except ProviderError as error:
                self._failed_at[schedule] = (now, error)
                if kept is None or now - kept.at > STANDS_FOR:
                    raise
                log.warning("roster_stale", provider=self.name, schedule=schedule, reason=str(error))
        return kept

    def _fresh_for(self, schedule: str) -> timedelta:
        """By the catalog's entry of this schedule; one that is asked for by its id alone is fresh for a minute."""
        entries = self._catalog.current().schedules.values()
        known = [each.cache for each in entries if isinstance(each, ExternalSchedule) and each.id == schedule]
        return min(known).as_timedelta() if known else FRESH_FOR

    def stale_since(self, schedule: str) -> datetime | None:
        """When the vendor last answered for this schedule, if its last answer is an old one."""
        kept = self._kept.get(schedule)
        return kept.at if kept is not None and schedule in self._failed_at else None

    async def _asked(self, schedule: str, at: datetime, now: datetime) -> list[Shift]:
        failed = self._failed_at.get(schedule)
        if failed is not None and now - failed[0] < ASKED_AGAIN:
            raise failed[1]
        return await self._schedules.shifts(schedule, at, at + STANDS_FOR)

    def _people(self, shifts: list[Shift]) -> list[str]:
        """The catalog's people behind the vendor's: by `ids`, else by mail address; the others are not ours to page."""
        people = self._catalog.current().people
        by_id = {person.ids[self.name]: name for name, person in people.items() if self.name in person.ids}
        by_mail = {person.email.lower(): name for name, person in people.items() if person.email}
        found = []
        for shift in shifts:
            person = by_id.get(shift.user) or by_mail.get((shift.email or "").lower())
            if person is None:
                log.warning("roster_names_a_stranger", provider=self.name, user=shift.user)
            else:
                found.append(person)
        return list(dict.fromkeys(found))
