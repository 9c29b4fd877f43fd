"""From an incident's id to its run: what the store says, and what this starter itself opened a moment ago."""

from __future__ import annotations

import re
from collections import OrderedDict

from mayday.domain.incident import StartInput
from mayday.records.errors import RecordsUnavailable
from mayday.records.incidents import IncidentRecord
from mayday.records.records import Records
from starter.problems import Problem

__all__ = ["Directory", "record_of"]

REMEMBERED = 5_000
_ID = re.compile(r"INC-[0-9A-HJKMNP-TV-Z]{26}")
_SHORT = re.compile(r"INC-[0-9A-HJKMNP-TV-Z]{6}")
SEARCHED = 500


class Directory:
    """Looks incidents up by id, or by the short form that people say aloud."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._own: OrderedDict[str, IncidentRecord] = OrderedDict()

    def remember(self, start: StartInput, run_id: str | None) -> IncidentRecord:
        """An incident that this starter opened: found here even while the store is down."""
        record = record_of(start, run_id)
        self._own[start.id] = record
        while len(self._own) > REMEMBERED:
            self._own.popitem(last=False)
        return record

    async def find(self, incident: str) -> IncidentRecord:
        """The incident, or a 404 `Problem`."""
        wanted = incident.strip().upper()
        if not wanted.startswith("INC-"):
            wanted = f"INC-{wanted}"
        found: IncidentRecord | None = None
        if _ID.fullmatch(wanted):
            found = await self._stored(wanted)
        elif _SHORT.fullmatch(wanted):
            found = await self._by_ending(wanted[4:])
        if found is None:
            raise Problem(404, "unknown_incident", f"there is no incident {incident[:60]}")
        return found

    async def _stored(self, incident: str) -> IncidentRecord | None:
        try:
            return await self._records.incidents.get(incident) or self._own.get(incident)
        except RecordsUnavailable:
            if incident in self._own:
                return self._own[incident]
            raise

    async def _by_ending(self, ending: str) -> IncidentRecord | None:
        listing = await self._records.incidents.find(limit=SEARCHED)
        fits = [record for record in listing.items if record.id.endswith(ending)]
        if len(fits) > 1:
            both = " and ".join(record.id for record in fits[:2])
            raise Problem(409, "ambiguous", f"INC-{ending} may be {both}; give the whole id")
        return fits[0] if fits else None


def record_of(start: StartInput, run_id: str | None) -> IncidentRecord:
    """What the list shows of an incident before its first flush."""
    return IncidentRecord(
        id=start.id,
        workflow_id=start.workflow_id,
        run_id=run_id,
        correlation_key=start.correlation_key,
        title=start.title,
        severity=start.severity,
        status="candidate" if start.declare == "propose" else "investigating",
        service=start.service,
        services=start.services or [start.service],
        drill=start.drill,
        opened_at=start.opened_at,
        plan_digest=start.plan_digest,
    )
