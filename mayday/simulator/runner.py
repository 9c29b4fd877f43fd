"""Playing a scenario: its actions at their moments, its expectations one second after theirs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from mayday.domain.durations import parse_offset
from mayday.domain.incident import AlertEvent
from mayday.domain.outage import LATE_AFTER, OutageNotice
from mayday.domain.timeline import Entry, parse_timestamp, timestamp
from mayday.language.catalog import Catalog
from mayday.language.plan import Plan, PlanVendor
from mayday.language.runbook import Step
from mayday.language.scenario import Expectation, GivenIncident, Scenario, TimelineItem
from mayday.language.scenario_handover import Handover
from mayday.simulator.commands import command_of
from mayday.simulator.desk import ScenarioDesk
from mayday.simulator.expectations import GRACE, Checker, words
from mayday.simulator.facts import Facts
from mayday.simulator.mocks import Mocks
from mayday.simulator.opening import alert_of, as_recorded, start_of, start_of_alert
from mayday.simulator.stage import Opener, Stage, Stranded, open_virtually
from mayday.simulator.story import Story, since
from mayday.walker.state import Engagement, Gate, TaskState

Place = tuple[str | int, ...]
#: times that a scenario is begun before an engine that loses its incident is a failure
ATTEMPTS = 3


class Cue(NamedTuple):
    """One item of the timeline, or a final expectation, at the moment at which its turn comes."""

    at: datetime
    place: Place
    item: TimelineItem


class Miss(BaseModel):
    """Something that did not go as the scenario says; `place` is its path in the file."""

    place: Place
    message: str


class Rehearsal(BaseModel):
    """How a scenario went."""

    misses: list[Miss] = []
    timeline: list[Entry] = []
    simulated_seconds: int = 0

    @property
    def passed(self) -> bool:
        return not self.misses


async def rehearse(
    scenario: Scenario, plan: Plan, catalog: Catalog, *, opener: Opener = open_virtually, attempts: int = ATTEMPTS
) -> Rehearsal:
    """Play a scenario; from its beginning again where the engine has lost the incident.

    Raises:
        Stranded: it was lost each time.
    """
    for _ in range(attempts - 1):
        try:
            return await Rehearser(scenario, plan, catalog, opener=opener).play()
        except Stranded:
            continue
    return await Rehearser(scenario, plan, catalog, opener=opener).play()


class Rehearser:
    """Plays one scenario on one engine."""

    def __init__(self, scenario: Scenario, plan: Plan, catalog: Catalog, *, opener: Opener = open_virtually) -> None:
        self._scenario = scenario
        self._plan = plan
        self._catalog = catalog
        self._opener = opener
        recorded = scenario.recorded.answers if scenario.recorded else None
        self.desk = ScenarioDesk(catalog, plan.actions, Mocks(scenario.mocks), recorded)
        self.stage: Stage | None = None
        self._start = scenario.given.start
        self._story = Story(self._start)
        self._misses: list[Miss] = []
        self._away_until: datetime | None = None

    async def play(self) -> Rehearsal:
        """Play to the end of the scenario: its last item, or the latest moment of its final expectations."""
        if self._scenario.given.incident is not None:
            await self._open(self._scenario.given.incident, self._start)
        for cue in self._cues():
            await self._to(cue.at, inclusive=cue.item.expect is not None)
            if cue.item.expect is not None:
                await self._expect(cue.item.expect, cue)
            else:
                await self._act(cue)
        end = self._end()
        await self._to(end, inclusive=True)
        for index, expected in enumerate(self._scenario.expect):
            await self._check(expected, end, ("expect", index))
        for name in self.desk.mocks.unused():
            self._miss(("mocks", name), f"nothing called {name}: is it misspelt?")
        entries = await self.stage.entries() if self.stage else []
        return Rehearsal(
            misses=self._misses, timeline=list(entries), simulated_seconds=int((end - self._start).total_seconds())
        )

    def _cues(self) -> list[Cue]:
        cues = [
            Cue(self._start + item.offset + (GRACE if item.expect else timedelta()), ("timeline", index), item)
            for index, item in enumerate(self._scenario.timeline)
        ]
        return sorted(cues, key=lambda cue: cue.at)

    def _end(self) -> datetime:
        """The last moment that matters, and a second more."""
        offsets = [item.offset + (parse_outage(item)) for item in self._scenario.timeline]
        for expected in self._scenario.expect:
            offsets += [parse_offset(text) for text in _moments(expected)]
        return self._start + max(offsets, default=timedelta()) + GRACE

    # what people do -------------------------------------------------------------------------------------------

    async def _act(self, cue: Cue) -> None:
        item = cue.item
        if item.verb in ("declare", "alert"):
            await self._raise(cue)
        elif self.stage is None:
            self._miss(cue.place, f"`{item.verb}` comes before the incident is open")
        elif item.outage is not None:
            length = item.outage.as_timedelta()
            self._away_until = cue.at + length
            self.desk.went_away(cue.at)
            await self.stage.go_away(length, told=length > LATE_AFTER if item.told is None else item.told)
        elif item.outage_told is not None:
            await self.stage.outage_told(OutageNotice(**item.outage_told.model_dump()))
        elif item.absorbed is not None:
            await self._absorb(item.absorbed, cue, self.stage)
        elif item.turned_away is not None:
            await self.stage.turn_away(item.turned_away)
        else:
            await self._send(cue, self.stage)

    async def _absorb(self, handover: Handover, cue: Cue, stage: Stage) -> None:
        """What is owed is of the walker's own shape: looked at here, where a mistake has a line in the file."""
        shapes: dict[str, type[BaseModel]] = {
            "gates": Gate, "steps": Step, "engagements": Engagement, "vendors": PlanVendor, "tasks": TaskState,
        }  # fmt: skip
        try:
            for name, shape in shapes.items():
                for body in getattr(handover, name).values():
                    shape.model_validate(body)
            for event in handover.events:
                AlertEvent.model_validate(event)
        except ValidationError as error:
            self._miss((*cue.place, "absorbed"), f"`absorbed`: {_first(error)}")
            return
        await stage.absorb(handover.signal())

    async def _raise(self, cue: Cue) -> None:
        item, number = cue.item, int(cue.place[-1])
        try:
            if item.declare is not None and self.stage is None:
                await self._open(GivenIncident(**{"declared_by": item.by, **item.declare}), cue.at)
            elif item.alert is not None:
                given = item.alert if isinstance(item.alert, list) else [item.alert]
                batch = [alert_of(data, number, cue.at) for data in given]
                if self.stage is not None:
                    await self.stage.alert(batch)
                else:
                    alert = batch[0]
                    start = start_of_alert(self._name, self._scenario.given, alert, self._plan, self._catalog, cue.at)
                    self.stage = await self._opener(start, self.desk)
        except ValidationError as error:
            self._miss(cue.place, _first(error))

    async def _open(self, incident: GivenIncident, at: datetime) -> None:
        start = start_of(self._name, self._scenario.given, incident, self._plan, self._catalog, at)
        if self._scenario.recorded is not None:
            start = as_recorded(start, self._scenario.recorded)
        self.stage = await self._opener(start, self.desk)

    async def _send(self, cue: Cue, stage: Stage) -> None:
        item = cue.item
        try:
            command = command_of(item, int(cue.place[-1]), cue.at)
        except ValidationError as error:
            self._miss(cue.place, _first(error))
            return
        if item.by is not None and item.by not in self._catalog.people and self._scenario.recorded is None:
            self._miss(cue.place, f"the catalog has no person `{item.by}`")
        answer = await stage.send(command, signalled=bool(item.signalled))
        refusal = answer.refusal
        what = f"{item.verb} {getattr(item, item.verb)}" if isinstance(getattr(item, item.verb), str) else item.verb
        if refusal is not None and item.refused is None:
            self._miss(cue.place, f"{what} by {command.actor} was refused: {refusal.code}, {refusal.reason}")
        elif refusal is not None and refusal.code != item.refused:
            self._miss(cue.place, f"{what} was refused as {refusal.code}, not {item.refused}: {refusal.reason}")
        elif refusal is None and item.refused is not None and answer.state != "pending":
            self._miss(cue.place, f"{what} by {command.actor} was not refused")

    # what is expected -----------------------------------------------------------------------------------------

    async def _expect(self, expected: Expectation, cue: Cue) -> None:
        await self._check(expected, cue.at, (*cue.place, "expect"), moment=cue.item.at)

    async def _check(self, expected: Expectation, now: datetime, place: Place, moment: str = "the end") -> None:
        entries = await self.stage.entries() if self.stage else []
        facts = Facts(self._plan, entries)
        problem = Checker(facts, self._start, now).problem(expected)
        if problem is not None:
            lines = [f"expected {words(expected)} by {moment}: {problem}"]
            around = list(facts.around(now))
            if around:
                lines.append("around that time:")
                lines += [f"  {self._line(entry)}" for entry in around]
            self._miss(place, "\n".join(lines))

    def _line(self, entry: Entry) -> str:
        at = parse_timestamp(entry.at)
        return f"{since(at, self._start)} {entry.kind} {entry.step or ''} {self._story.text(entry, at)}".rstrip()

    # ----------------------------------------------------------------------------------------------------------

    async def _to(self, moment: datetime, *, inclusive: bool) -> None:
        if self.stage is not None:
            await self.stage.run_to(moment, inclusive=inclusive)

    def _miss(self, place: Place, message: str) -> None:
        self._misses.append(Miss(place=place, message=message))

    @property
    def _name(self) -> str:
        return self._scenario.metadata.name


def parse_outage(item: TimelineItem) -> timedelta:
    return item.outage.as_timedelta() if item.outage else timedelta()


def _moments(expected: Expectation) -> Iterator[str]:
    if isinstance(expected.finished, str):
        yield expected.finished
    if expected.to is not None:
        yield expected.to
    if expected.never is not None:
        yield from _moments(expected.never)


def _first(error: ValidationError) -> str:
    first: Any = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


__all__ = ["Miss", "Place", "Rehearsal", "Rehearser", "timestamp"]
