"""One scenario, two engines, one timeline: the virtual clock and Temporal's time-skipping server.

And what the server wrote down replays: as in production, strictly, and with both settings of the SDK's job order; the
entries that a replayed run makes are those that were stored.
"""

from __future__ import annotations

import pathlib
import re
from datetime import timedelta

import pytest

from mayday.language.library import Library
from mayday.simulator.comparison import roots_of, same_timeline
from mayday.simulator.files import ScenarioFile
from mayday.simulator.on_temporal import TemporalStage, time_skipping
from mayday.temporal.histories import replay
from tests.simulator.library_scenarios import every_scenario
from workflows.incident import IncidentWorkflow
from workflows.rehearsal import RehearsedIncident

RUNBOOKS = pathlib.Path(__file__).parents[2] / "runbooks"

pytestmark = pytest.mark.temporal


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.load(RUNBOOKS)


@pytest.mark.parametrize("path", every_scenario(timedelta(hours=2)))
async def test_a_scenario_gives_the_same_timeline_on_both_engines(path: pathlib.Path, library: Library) -> None:
    virtual_report, virtual = await ScenarioFile(path, library).play()
    async with time_skipping() as theatre:
        scenario = ScenarioFile(path, library)
        report, real = await scenario.play(theatre.open)
        stage = theatre.stages[-1]
        assert real is not None
        assert virtual is not None
        assert scenario.plan is not None
        assert same_timeline(virtual.timeline, real.timeline, roots_of(scenario.plan)) == []
        assert [failure.message.partition("\n")[0] for failure in report.failures] == [
            failure.message.partition("\n")[0] for failure in virtual_report.failures
        ]
        await every_history_replays(stage, RehearsedIncident if plays_tricks(path) else IncidentWorkflow)


def plays_tricks(path: pathlib.Path) -> bool:
    """Whether the rehearsal did what production does not: slow mocks, an outage inside the workflow, a merge."""
    return re.search(r"(after|hang|outage|merge): ", path.read_text()) is not None


async def every_history_replays(stage: TemporalStage, workflow: type) -> None:
    stored = {entry.seq: entry.hash for entry in await stage.entries()}
    for history in await stage.histories():
        for strict in (False, True):
            for single_batch in (False, True):
                made = await replay(history, workflows=[workflow], strict=strict, single_batch=single_batch)
                assert {seq: stored[seq] for seq in made} == made
