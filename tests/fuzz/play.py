"""A random night on the virtual clock: from runbook and deeds to a timeline, with the walker watched at every step."""

from __future__ import annotations

import functools
import json
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from mayday.domain.commands import COMMAND, Answer, Command
from mayday.domain.incident import AlertEvent, StartInput
from mayday.domain.timeline import Entry
from mayday.language.compile import compile_plan
from mayday.language.documents import load_document
from mayday.language.findings import Finding
from mayday.language.library import Library, RunbookFile, read_runbook
from mayday.language.plan import Plan
from mayday.language.scenario import Given, GivenIncident, Mock
from mayday.simulator.desk import Call, Reply, ScenarioDesk
from mayday.simulator.mocks import Mocks
from mayday.simulator.opening import start_of
from mayday.simulator.virtual import VirtualIncident
from mayday.walker import people
from mayday.walker.state import IncidentState
from mayday.walker.walker import Walker
from tests.fuzz.deeds import Deeds, alert_of
from tests.fuzz.referee import Record
from tests.fuzz.words import Body

RUNBOOKS = pathlib.Path(__file__).parents[2] / "runbooks"
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
MOCKS: TypeAdapter[dict[str, Mock | list[Mock]]] = TypeAdapter(dict[str, Mock | list[Mock]])
MIB = 1024 * 1024
#: an incident that somebody ends is over within this much, tasks of its end answered
MOST_OF_AN_END = timedelta(days=6)


@functools.cache
def house() -> Library:
    return Library.load(RUNBOOKS)


class Refused(AssertionError):
    """The checker found an error in a runbook that was meant to be valid."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(f"{finding} ({finding.hint})" for finding in findings))


def compiled(runbook: Body, called: Body, service: str = "payments") -> tuple[Plan, Library]:
    """The plan of a runbook that is meant to be valid; `Refused` when the checker says otherwise."""
    library = house()
    other, entry = _read(called), _read(runbook)
    library = Library(library.catalog_files, [*library.files, other], library.templates, [])
    found = [*library.check(other), *library.check(entry)]
    errors = [finding for finding in found if finding.level == "error"]
    if errors or entry.runbook is None:
        raise Refused(errors)
    return compile_plan(entry.runbook, library.catalog, library, service=service).plan, library


def _read(body: Body) -> RunbookFile:
    return read_runbook(load_document(json.dumps(body, indent=1), f"{body['metadata']['name']}.yaml"))


def start_input(night: Body, plan: Plan, library: Library) -> StartInput:
    incident = night["incident"]
    given = Given(start=START, roles=incident["roles"], inputs=incident["inputs"])
    opened = GivenIncident.model_validate(
        {
            "title": "Payments down",
            "service": "payments",
            "confirm_within": "5m",
            "accept_within": "10m",
            **{key: value for key, value in incident.items() if key not in ("roles", "inputs")},
        }
    )
    return start_of(night.get("name", "chance"), given, opened, plan, library.catalog, START)


@dataclass
class Cue:
    """Something that came from outside, as it was sent: the same for every engine."""

    at: datetime
    command: Command | None = None
    alert: AlertEvent | None = None
    away: timedelta | None = None
    answer: Answer | None = None


@dataclass
class Night:
    """How a night went."""

    plan: Plan
    start: StartInput
    desk: ScenarioDesk
    incident: Watched
    cues: list[Cue] = field(default_factory=list)

    @property
    def entries(self) -> list[Entry]:
        return self.incident.entries

    @property
    def record(self) -> Record:
        aways = [(cue.at, cue.at + cue.away) for cue in self.cues if cue.away is not None]
        return Record(self.plan, self.entries, self.desk.calls, aways)


class Watched(VirtualIncident):
    """Virtual time with eyes on the walker: what must hold whenever it is at rest.

    `rebuild`: after every input the walker is built anew from its serialised state. `again`: it is advanced once more
    when it is at rest, which must change nothing. `order`: in which answers of one moment come, by effect.
    """

    def __init__(
        self,
        start: StartInput,
        plan: Plan,
        desk: ScenarioDesk,
        *,
        rebuild: bool = False,
        order: Mapping[str, int] | None = None,
    ) -> None:
        self._start_input, self._plan, self._order = start, plan, order
        self.largest = 0
        super().__init__(start, desk, after_each=self._rebuilt if rebuild else None)
        self.watch = rebuild

    def _next(self) -> datetime | None:
        """In whole seconds, like any rehearsal on a server (docs/adr/0021): half a review's time may be a fraction."""
        due = super()._next()
        return due and due + timedelta(microseconds=-due.microsecond % 1_000_000)

    def _turn(self, key: str) -> int:
        number = super()._turn(key)
        return number if self._order is None else self._order.get(key, len(self._order) + number)

    def _rebuilt(self, walker: Walker, now: datetime) -> Walker:
        dump = walker.dump()
        text = json.dumps(dump)
        self.largest = max(self.largest, len(text))
        assert len(text) < MIB, f"the state has {len(text)} bytes"
        other = Walker(self._start_input, self._plan, IncidentState.model_validate(json.loads(text)), now)
        assert other.dump() == dump, "a state that is read back is not the same"
        return other

    def _look(self) -> None:
        super()._look()
        wake = self.walker.next_wake
        assert wake is None or wake > self.now, f"it wants to be woken at {wake}, and it is {self.now}"
        self.walker.board(self.now)
        if getattr(self, "watch", False):
            assert not (lost := list(orphans(self.walker))), f"{lost} go on, and what they stand in is over"
            before = self.walker.dump()
            self.walker.advance(self.now)
            assert not self.walker.take_effects(), "at rest, and still asks for effects"
            after = self.walker.dump()
            changed = {
                key: (before.get(key), after.get(key)) for key in before | after if before.get(key) != after.get(key)
            }
            assert not changed, f"at rest, and still changes {changed}"

    def send(self, command: Command, *, signalled: bool = False) -> Answer:
        if getattr(self, "watch", False):
            before = self.walker.dump()
            self.walker.refusal(command, self.now)
            assert self.walker.dump() == before, f"asking whether {command.kind} is refused changes the incident"
        return super().send(command, signalled=signalled)


def orphans(walker: Walker) -> Iterator[str]:
    """Foreground steps that go on inside a block that is over."""
    steps = walker.state.steps
    for path, step in steps.items():
        parent = None if step.over or step.background else walker.definitions.parent(path)
        if parent is not None and parent in steps and steps[parent].over:
            yield path


def play(plan: Plan, library: Library, night: Body, *, rebuild: bool = False) -> Night:
    """Everybody does what chance says, then somebody ends it."""
    start = start_input(night, plan, library)
    desk = ScenarioDesk(library.catalog, plan.actions, Mocks(MOCKS.validate_python(night["mocks"])))
    played = Night(plan, start, desk, Watched(start, plan, desk, rebuild=rebuild))
    at = START
    for number, deed in enumerate(night["deeds"]):
        at = START + timedelta(seconds=deed["at"])
        played.incident.run_to(at, inclusive=False)
        cue = _cue(played, deed, number, at)
        if cue is not None:
            _give(played, cue)
    end(played, night["end"], at + timedelta(seconds=night["later"] + 59))
    return played


def play_again(first: Night, library: Library, night: Body, *, rebuild: bool) -> Night:
    """The same from outside once more; `rebuild` serialises the walker after each input."""
    desk = ScenarioDesk(library.catalog, first.plan.actions, Mocks(MOCKS.validate_python(night["mocks"])))
    return _again(first, desk, Watched(first.start, first.plan, desk, rebuild=rebuild))


def play_in_order(first: Night, answered: Sequence[str]) -> Night:
    """The same from outside once more; effects are answered as before, those of one moment in the order `answered`."""
    desk = SameDesk(first.desk)
    order = {key: number for number, key in enumerate(answered)}
    return _again(first, desk, Watched(first.start, first.plan, desk, order=order))


def _again(first: Night, desk: ScenarioDesk, incident: Watched) -> Night:
    played = Night(first.plan, first.start, desk, incident)
    for cue in first.cues:
        played.incident.run_to(cue.at, inclusive=False)
        _give(played, Cue(cue.at, cue.command, cue.alert, cue.away))
    played.incident.run_to(first.incident.now, inclusive=True)
    return played


def _cue(played: Night, deed: Body, number: int, at: datetime) -> Cue | None:
    away = played.incident._away_until is not None
    if deed["kind"] == "command":
        return Cue(at, command=Deeds(played.incident.walker, deed, number, at).command())
    if deed["kind"] == "alert":
        return Cue(at, alert=alert_of(deed, number, at))
    return None if away or played.incident.walker.finished else Cue(at, away=timedelta(seconds=deed["seconds"]))


def _give(played: Night, cue: Cue) -> None:
    played.cues.append(cue)
    if cue.command is not None:
        cue.answer = played.incident.send(cue.command)
    elif cue.alert is not None:
        played.incident.alert([cue.alert])
    elif cue.away is not None:
        played.desk.went_away(cue.at)
        played.incident.go_away(cue.away)


class SameDesk(ScenarioDesk):
    """Answers each effect, known by its key, as it was answered before.

    A mock counts calls; of two that are under way together, a real server's activities bring either first.
    """

    def __init__(self, before: ScenarioDesk) -> None:
        super().__init__(before.catalog, before.actions)
        self._before = {str(call.payload["effect_key"]): call.reply for call in before.calls}

    def answer(self, kind: str, payload: dict[str, Any], now: datetime) -> Reply:
        known = self._before.get(str(payload["effect_key"]))
        if known is None:
            return super().answer(kind, payload, now)
        self.calls.append(Call(now, kind, payload, known))
        return known


# the end --------------------------------------------------------------------------------------------------------


def end(played: Night, status: str, at: datetime) -> None:
    """Somebody who may sets the status; whoever is asked something on the way out answers."""
    incident, walker = played.incident, lambda: played.incident.walker
    latest = at + MOST_OF_AN_END
    number = 0

    def say(**fields: Any) -> None:
        nonlocal number
        number += 1
        body = {"id": f"end-{number}", "actor": people.OWNER, "received_at": incident.now, **fields}
        _give(played, Cue(incident.now, command=COMMAND.validate_python(body)))
        # a second for each: on a server the next command of the same moment may come before what this one sets off
        incident.run_to(incident.now + timedelta(seconds=1), inclusive=False)

    incident.run_to(at, inclusive=False)
    while not walker().finished:
        assert incident.now < latest, f"not over {MOST_OF_AN_END} after somebody ended it"
        state = walker().state
        if state.status == "candidate":
            say(kind="candidate", accept=False, reason="nothing")
        elif state.ending is None and _goes_on(state) and state.status not in ("rejected", "merged"):
            if state.status == status:
                say(kind="status", status="investigating", reason="to end it by hand")
            say(kind="status", status=status, reason="it is over")
        elif state.status == "merged":
            walker().absorbed({"what": "ended"}, incident.now)
            incident.alert([])
        else:
            _answer(walker(), say, incident.now)
            if incident.now > at + timedelta(days=5):  # what waits for the world and has no timeout
                _skip(walker(), say)
        incident.run_to(incident.now + timedelta(minutes=11, seconds=7), inclusive=False)
    incident.run_out(incident.now + timedelta(hours=1))


def _goes_on(state: IncidentState) -> bool:
    """Nobody has ended it yet, or a handler has taken that back."""
    return not state.skip_phases or (state.walked and state.status not in ("resolved", "cancelled"))


def _skip(walker: Walker, say: Callable[..., None]) -> None:
    for step in list(walker.state.steps.values()):
        if not step.over:
            say(kind="override", step=step.path, action="skip", reason="nothing comes of it")


def _answer(walker: Walker, say: Callable[..., None], now: datetime) -> None:
    """Tasks that the end itself has opened."""
    for task in list(walker.state.tasks.values()):
        if task.done_at is None and task.kind in ("form", "task", "manual", "find_out", "fact"):
            deed: Body = {"how": 0, "what": 0, "who": 0, "apt": True, "command": "complete"}
            result = Deeds(walker, deed, 0, now).result(task)
            actor = people.OWNER if people.OWNER not in task.by_not else "ana"
            say(kind="complete", task=task.id, result=result, actor=actor)
    for case in list(walker.state.engagements.values()):
        if not case.ended:
            say(kind="vendor_reply", step=case.path, reply="resolved")
