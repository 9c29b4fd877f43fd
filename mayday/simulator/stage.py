"""Where a scenario is played: the virtual clock, or Temporal's time-skipping server. Both answer the same calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from mayday.domain.commands import Answer, Command
from mayday.domain.incident import AlertEvent, StartInput
from mayday.domain.outage import OutageNotice
from mayday.domain.timeline import Entry
from mayday.language.scenario import TurnedAway
from mayday.simulator.desk import ScenarioDesk
from mayday.simulator.virtual import VirtualIncident


class Stranded(Exception):
    """The engine has lost an incident by a fault of its own: nothing was shown, so the scenario is played again."""


class Wedged(Exception):
    """Time does not go on, most likely because a workflow task fails again and again: a defect of ours."""


class Stage(Protocol):
    """One incident on one engine. Moments are aware UTC times of the scenario."""

    async def send(self, command: Command, *, signalled: bool = False) -> Answer:
        """A person's command; while the engine is away, its answer is `pending`. `signalled`: nobody waits for it."""

    async def alert(self, events: list[AlertEvent]) -> None: ...

    async def absorb(self, handover: dict[str, Any]) -> None:
        """Another incident is merged into this one."""

    async def turn_away(self, what: TurnedAway) -> None:
        """A decision arrives that nobody of the house signed."""

    async def go_away(self, duration: timedelta, *, told: bool) -> None:
        """The engine does not run for `duration` from now; `told`: as it is back, its worker says so."""

    async def outage_told(self, notice: OutageNotice) -> None:
        """A worker that came back tells of an outage."""

    async def run_to(self, moment: datetime, *, inclusive: bool) -> None: ...

    async def entries(self) -> list[Entry]:
        """The timeline up to now."""


#: opens the incident of a scenario, at its first moment, on some engine
Opener = Callable[[StartInput, ScenarioDesk], Awaitable[Stage]]


class VirtualStage:
    """The virtual clock behind the same calls; nothing here waits."""

    def __init__(self, incident: VirtualIncident) -> None:
        self.incident = incident

    async def send(self, command: Command, *, signalled: bool = False) -> Answer:
        return self.incident.send(command, signalled=signalled)

    async def alert(self, events: list[AlertEvent]) -> None:
        self.incident.alert(events)

    async def absorb(self, handover: dict[str, Any]) -> None:
        self.incident.absorb(handover)

    async def turn_away(self, what: TurnedAway) -> None:
        self.incident.turn_away(what.command, what.claimed, what.refusal)

    async def go_away(self, duration: timedelta, *, told: bool) -> None:
        self.incident.go_away(duration, told=told)

    async def outage_told(self, notice: OutageNotice) -> None:
        self.incident.outage_told(notice)

    async def run_to(self, moment: datetime, *, inclusive: bool) -> None:
        self.incident.run_to(moment, inclusive=inclusive)

    async def entries(self) -> list[Entry]:
        return self.incident.entries


async def open_virtually(start: StartInput, desk: ScenarioDesk) -> Stage:
    return VirtualStage(VirtualIncident(start, desk))
