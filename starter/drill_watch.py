"""A drill stands back for the real thing: while drills are open, the starter compares them with the open incidents.

A real incident pauses a drill when one of its services is the drill's, or when somebody who has to do with it (holds or
is offered a role, is asked, was paged) has to do with the drill. The drill then tells everybody and stands still until
a person resumes or ends it; a person who resumes it beside that incident is not asked again (`mayday.walker.drills`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime

import structlog

from mayday.domain.commands import Drill
from mayday.domain.incident import Board
from mayday.domain.timeline_words import Naming
from mayday.records.errors import RecordsUnavailable
from mayday.records.incidents import IncidentRecord
from mayday.records.records import Records
from starter.access import OWNER
from starter.decisions import Decisions
from starter.gateway import TemporalSilent
from starter.minting import command_id
from starter.problems import Problem

__all__ = ["EVERY_S", "DrillWatch"]

log = structlog.get_logger(__name__)

EVERY_S = 5.0
_MOST = 200


class DrillWatch:
    def __init__(
        self, records: Records, decisions: Decisions, clock: Callable[[], datetime], naming: Callable[[], Naming]
    ) -> None:
        self._records = records
        self._decisions = decisions
        self._naming = naming
        self._clock = clock
        #: pairs of a drill and an incident that were told: the drill itself refuses what it has answered before
        self._told: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """One look every few seconds, until cancelled."""
        while True:
            try:
                await self.look()
            except (RecordsUnavailable, TemporalSilent) as error:
                log.warning("drills_not_looked_at", reason=str(error))
            except Exception as error:  # the last line of defence: without it no drill ever stands back again
                log.error("drill_watch_failed", exc_info=error)
            await asyncio.sleep(EVERY_S)

    async def look(self) -> int:
        """How many drills were paused. Raises RecordsUnavailable and TemporalSilent: the next round does it."""
        drills = (await self._records.incidents.find(open_only=True, drill=True, limit=_MOST)).items
        if not drills:
            self._told.clear()
            return 0
        real = (await self._records.incidents.find(open_only=True, drill=False, limit=_MOST)).items
        paused = 0
        for drill in drills:
            for incident in real:
                why = None if (drill.id, incident.id) in self._told else _in_the_way(drill, incident, self._naming())
                if why is not None:
                    paused += await self._pause(drill, incident, why)
                    self._told.add((drill.id, incident.id))
        return paused

    async def _pause(self, drill: IncidentRecord, incident: IncidentRecord, why: str) -> bool:
        command = Drill(
            id=command_id("drill watch", f"{drill.id} {incident.id}"), actor=OWNER, channel="starter",
            received_at=self._clock(), action="pause", incident=incident.id,
            reason=f"{incident.severity} {incident.title} is real, {why}",
        )  # fmt: skip
        try:
            await self._decisions.send(drill, command)
        except Problem as refused:
            log.info("drill_not_paused", drill=drill.id, incident=incident.id, reason=refused.detail)
            return False
        log.warning("drill_paused", drill=drill.id, incident=incident.id, why=why)
        return True


def _in_the_way(drill: IncidentRecord, incident: IncidentRecord, names: Naming) -> str | None:
    """Why the drill has to stand back for the incident, in words; None where they do not touch."""
    services = sorted(_services(drill) & _services(incident))
    if services:
        return f"on {', '.join(names.services.get(service, service) for service in services)}"
    people = sorted(_people(drill.board) & _people(incident.board))
    return f"and needs {', '.join(names.people.get(person, person) for person in people)}" if people else None


def _services(record: IncidentRecord) -> set[str]:
    return {*record.services, *([record.service] if record.service else [])}


def _people(board: Board | None) -> set[str]:
    if board is None:
        return set()
    named: Iterable[str] = (
        person
        for names in (
            *([role.person] for role in board.roles if role.person), *(role.offered_to for role in board.roles),
            *(item.for_ for item in board.pending),
        )
        for person in names
    )  # fmt: skip
    return {name.removeprefix("person.") for name in named if "." not in name.removeprefix("person.")}
