"""The scenario of the runbook language (payments_sev1), on the virtual clock and on the time-skipping server."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.testing import WorkflowEnvironment

from bench.raw_worker import QUEUE, raw_worker
from bench.raw_workflows import Beat, SameSize, Script
from mayday.language.library import Library
from mayday.settings import packaged_runbooks
from mayday.simulator.files import ScenarioFile, ScenarioReport
from mayday.simulator.on_temporal import server_path, time_skipping
from mayday.temporal.bundles import calls_of

SCENARIO = "payments_sev1.yaml"


class ScenarioFailed(RuntimeError):
    """The scenario does not go as it says: figures about it would mean nothing."""


@dataclass
class HistoryShape:
    """What a history is made of: activities by name, `ordinary` and local ones (markers) apart."""

    events: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    local: Counter[str] = field(default_factory=Counter)
    ordinary: Counter[str] = field(default_factory=Counter)

    @property
    def size(self) -> int:
        return sum(self.events.values())

    @property
    def weight(self) -> int:
        return sum(self.bytes.values())


@dataclass
class Played:
    """A run of the scenario on the time-skipping server, and a hand-written run of the same size."""

    report: ScenarioReport
    histories: list[WorkflowHistory]
    #: what was asked for, by kind, alone or in a bundle
    calls: Counter[str]
    same_size: WorkflowHistory
    #: the same effects and timers by hand, one ordinary activity each
    plain: WorkflowHistory
    wall_s: float


def scenario() -> ScenarioFile:
    folder = packaged_runbooks()
    return ScenarioFile(folder / "scenarios" / SCENARIO, Library.load(folder))


class Stage:
    """Plays the scenario at most once in a run of the bench."""

    def __init__(self) -> None:
        self._played: Played | None = None

    async def played(self) -> Played:
        """Raises ScenarioFailed."""
        if self._played is None:
            self._played = await _play()
        return self._played


async def _play() -> Played:
    async with time_skipping() as theatre:
        started = time.perf_counter()
        report, _ = await scenario().play(theatre.open)
        wall_s = time.perf_counter() - started
        checked(report)
        histories = await theatre.stages[-1].histories()
    shape = shape_of(*histories)
    calls = Counter([kind for history in histories for kind, _ in await calls_of(history)])
    same_size, plain = await _by_hand(same_size_of(shape), plain_of(shape, calls))
    return Played(report, histories, calls, same_size, plain, wall_s)


async def _by_hand(*scripts: Script) -> list[WorkflowHistory]:
    """The histories of hand-written runs, on a time-skipping server too."""
    environment = await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter, test_server_existing_path=server_path()
    )
    histories = []
    async with environment, raw_worker(environment.client):
        for number, script in enumerate(scripts):
            handle = await environment.client.start_workflow(
                SameSize.run, script, id=f"same-size-{number}", task_queue=QUEUE
            )
            await handle.result()
            histories.append(await handle.fetch_history())
    return histories


def checked(report: ScenarioReport) -> ScenarioReport:
    """The report of a scenario that passed. Raises ScenarioFailed."""
    if not report.passed:
        raise ScenarioFailed("; ".join(failure.message for failure in report.failures))
    return report


def shape_of(*histories: WorkflowHistory) -> HistoryShape:
    """Events and bytes by type, and activities by name, of the runs of one incident together."""
    shape = HistoryShape()
    converter = DataConverter.default.payload_converter
    for history in histories:
        for event in history.events:
            name = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower()
            shape.events[name] += 1
            shape.bytes[name] += event.ByteSize()
            if event.HasField("activity_task_scheduled_event_attributes"):
                shape.ordinary[event.activity_task_scheduled_event_attributes.activity_type.name] += 1
            elif event.marker_recorded_event_attributes.marker_name == "core_local_activity":
                data = event.marker_recorded_event_attributes.details["data"].payloads[0]
                shape.local[converter.from_payload(data)["activity_type"]] += 1
    return shape


def same_size_of(shape: HistoryShape) -> Script:
    """A hand-written run with as many local and ordinary activities and timers, spread evenly, and as many bytes."""
    timers = shape.events["timer_fired"]
    effects = shape.local.total() + shape.ordinary.total()
    weight = shape.bytes["marker_recorded"] + shape.bytes["activity_task_scheduled"]
    return _script(timers, shape.local.total(), shape.ordinary.total(), max(1, weight // max(1, effects) - 400))


def plain_of(shape: HistoryShape, calls: Counter[str]) -> Script:
    """The same without care: every effect that people or providers see is an ordinary activity of its own."""
    return _script(shape.events["timer_fired"], 0, calls.total(), 200)


def _script(timers: int, local: int, ordinary: int, characters: int) -> Script:
    beats = [Beat(local=_share(local, beat, timers), ordinary=_share(ordinary, beat, timers)) for beat in range(timers)]
    return Script(beats=beats, text="x" * characters)


def _share(total: int, beat: int, beats: int) -> int:
    """How many of `total` fall to one of `beats` when they are spread evenly."""
    return total * (beat + 1) // beats - total * beat // beats
