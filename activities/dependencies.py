"""What activities work with. Handed to their constructors by the worker's composition root; nothing here is global."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mayday.catalogs import CatalogSource
from mayday.domain.calendars import BusinessCalendar, OpenHours
from mayday.domain.effects import IncidentCard
from mayday.domain.ports import EffectJournal, Intake, Ledger, Memory, Ports, ReviewShelf, TicketDesk
from mayday.temporal.bundles import Tell


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Dependencies:
    """`drills` are the ports of incidents in drill mode: fenced, nothing of theirs reaches the outside."""

    ports: Ports
    drills: Ports
    catalog: CatalogSource
    ledger: Ledger
    intake: Intake
    reviews: ReviewShelf
    journal: EffectJournal
    memory: Memory
    open_hours: Callable[[BusinessCalendar], OpenHours]
    now: Callable[[], datetime] = utc_now
    outward_held: Callable[[], Awaitable[bool]] | None = None
    """Whether the incident of the activity that asks holds its outward messages at this moment."""
    tell: Tell | None = None
    """Gives the run of the activity under way what is known of its bundle so far."""
    desk: Sequence[TicketDesk] = ()
    """Our own ticket register, which stands behind the house's where that takes no follow-ups."""

    def ports_for(self, incident: IncidentCard) -> Ports:
        return self.drills if incident.drill else self.ports
