"""Whatever people do, in whatever order: nothing breaks, the chain holds, and a rebuilt walker goes the same way."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings

from mayday.domain.timeline import first_broken
from mayday.language.library import Library
from mayday.language.scenario import Scenario
from mayday.simulator.comparison import roots_of, same_timeline
from mayday.simulator.on_temporal import time_skipping
from mayday.simulator.runner import Rehearsal, rehearse
from mayday.simulator.stage import Opener, open_virtually
from mayday.temporal.histories import replay
from tests.simulator.nights import nights
from tests.simulator.test_scenarios import rebuilding
from workflows.rehearsal import RehearsedIncident

OFTEN = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


async def play(scenario: Scenario, library: Library, opener: Opener = open_virtually) -> Rehearsal:
    plan = library.plan("payments_sev1", service="payments")
    return await rehearse(scenario, plan, library.catalog, opener=opener)


@OFTEN
@given(night=nights())
def test_a_random_night_holds_and_can_be_rebuilt_anywhere(night: Scenario, library: Library) -> None:
    whole = asyncio.run(play(night, library))
    rebuilt = asyncio.run(play(night, library, rebuilding))
    assert first_broken(whole.timeline) is None
    assert [entry.hash for entry in rebuilt.timeline] == [entry.hash for entry in whole.timeline]
    for entry in whole.timeline:
        if entry.kind == "gate_decided" and entry.data["outcome"] == "approved":
            votes = [choice for choice in entry.data["votes"].values() if choice == "approve"]
            assert len(votes) >= 2
    starts = [
        entry for entry in whole.timeline if entry.kind == "action_started" and entry.data["action"] == "dr.invoke"
    ]
    assert len(starts) <= 1


@pytest.mark.soak
@pytest.mark.temporal
@settings(parent=OFTEN, max_examples=25)
@given(night=nights(longest=15))
def test_a_random_night_is_the_same_on_both_engines(night: Scenario, library: Library) -> None:
    async def compare() -> None:
        virtual = await play(night, library)
        async with time_skipping() as theatre:
            real = await play(night, library, theatre.open)
            plan = library.plan("payments_sev1", service="payments")
            assert same_timeline(virtual.timeline, real.timeline, roots_of(plan)) == []
            for history in await theatre.stages[-1].histories():
                for single_batch in (False, True):
                    await replay(history, workflows=[RehearsedIncident], single_batch=single_batch)

    asyncio.run(compare())
