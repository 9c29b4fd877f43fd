"""A rehearsal's clock: what a real server or a busy worker needs is no time of the night (docs/adr/0107)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.common import RawValue

from mayday.domain.incident import StartInput
from mayday.simulator.comparison import roots_of, same_timeline
from mayday.simulator.desk import ScenarioDesk
from mayday.simulator.files import ScenarioFile
from mayday.simulator.on_temporal import TemporalStage, Theatre

SERVER = datetime(2026, 11, 22, 12, 0, 0, 700_000, tzinfo=UTC)
Opening = tuple[StartInput, ScenarioDesk]
Night = Callable[..., ScenarioFile]


class Busy(TemporalStage):
    """Each of the first answers takes a second of ours, which is a second of the server's clock as well."""

    answers = 0

    async def carry_out(self, args: Sequence[RawValue]) -> dict[str, Any]:
        self.answers += 1
        await asyncio.sleep(1 if self.answers <= 3 else 0)  # a machine that has much to do
        return await super().carry_out(args)


def test_without_slowing_the_incidents_clock_is_the_servers(opening: Opening) -> None:
    start, _ = opening
    assert start.shown(SERVER) == start.counted(SERVER) == SERVER


def test_a_minute_of_the_server_is_a_second_of_a_rehearsal(opening: Opening) -> None:
    start = opening[0].model_copy(update={"clock_slowed": 60, "clock_step_s": 1})
    assert start.shown(SERVER + timedelta(minutes=1)) - start.shown(SERVER) == timedelta(seconds=1)


@pytest.mark.parametrize(("late_s", "counted_s"), [(-14, 0), (0, 0), (44, 0), (46, 1)])
def test_what_a_worker_needs_is_rounded_away_up_to_three_quarters_of_a_minute(
    opening: Opening, late_s: int, counted_s: int
) -> None:
    start = opening[0].model_copy(update={"clock_slowed": 60, "clock_step_s": 1})
    sharp = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    late = start.counted(sharp + timedelta(seconds=late_s)) - start.counted(sharp)
    assert late == timedelta(seconds=counted_s)


@pytest.mark.temporal
async def test_a_busy_worker_makes_no_entry_late(theatre: Theatre, night: Night) -> None:
    _, virtual = await night("timeline: [{ at: T+20m, note: still here, by: ana }]").play()
    theatre.stage_class = Busy
    file = night("timeline: [{ at: T+20m, note: still here, by: ana }]")
    _, real = await file.play(theatre.open)
    assert virtual is not None
    assert real is not None
    assert file.plan is not None
    assert sorted(entry.at for entry in virtual.timeline) == sorted(entry.at for entry in real.timeline)
    assert same_timeline(virtual.timeline, real.timeline, roots_of(file.plan)) == []


@pytest.mark.temporal
async def test_a_deadline_between_two_seconds_is_waited_for_with_one_timer(theatre: Theatre, night: Night) -> None:
    """Half of 61 seconds: an alarm that rang at :30.5 found a clock that said :30, and rang every millisecond."""
    review = "review: { by: role.incident_commander, within: 61s, on_timeout: skip }"
    file = night("timeline: [{ at: T+20m, note: still here, by: ana }]", review)
    await file.play(theatre.open)
    [history] = await theatre.stages[-1].histories()
    timers = [event for event in history.events if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED]
    assert len(timers) < 40


@pytest.mark.temporal
async def test_a_tool_that_answers_at_the_moment_of_its_deadline_is_late_on_both_engines(
    theatre: Theatre, night: Night
) -> None:
    text = """
        mocks: { change.execute: { after: 10m } }
        timeline:
          - { at: T+1m, vote: change, choice: approve, by: sam }
          - { at: T+20m, note: still here, by: ana }
    """
    _, virtual = await night(text).play()
    file = night(text)
    _, real = await file.play(theatre.open)
    assert virtual is not None
    assert real is not None
    assert file.plan is not None
    mine = [entry.kind for entry in virtual.timeline if entry.step == "execute"]
    assert mine == [entry.kind for entry in real.timeline if entry.step == "execute"]
    assert same_timeline(virtual.timeline, real.timeline, roots_of(file.plan)) == []
    assert mine[:2] == ["action_started", "step_timed_out"]
