"""Random nights on the virtual clock and on Temporal's time-skipping server: the same timeline, and nothing wedges.

Each night is a number. A night that differs is played once more with the server to itself, since the server's clock
runs on while the machine is busy with others.
"""

from __future__ import annotations

from typing import Any

import pytest
from temporalio.worker import Replayer

from mayday.domain.timeline import first_broken
from mayday.simulator.comparison import roots_of, same_timeline
from mayday.temporal.plugin import build_plugin
from tests.fuzz.chorus import chorus
from tests.fuzz.play import Night, thrown
from workflows.rehearsal import RehearsedIncident

#: nights that share a server
TOGETHER = 10


def batches(few: int, many: int) -> Any:
    """The first numbers of batches: some in the tests, the others in the soak."""
    firsts = range(0, many * TOGETHER, TOGETHER)
    return [pytest.param(first, marks=[pytest.mark.soak] if index >= few else []) for index, first in enumerate(firsts)]


@pytest.mark.temporal
@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", batches(few=2, many=25))
async def test_random_nights_are_the_same_on_both_engines(first: int) -> None:
    nights = {seed: thrown(seed)[0] for seed in range(first, first + TOGETHER)}
    suspects = await differences(nights)
    for seed in suspects:
        alone = await differences({seed: nights[seed]})
        assert not alone, f"night {seed}: {alone[seed]}"


async def differences(nights: dict[int, Night]) -> dict[int, list[str]]:
    """How each night's timeline on the server differs, for those that do."""
    found: dict[int, list[str]] = {}
    async with chorus() as together:
        singers = await together.sing(list(nights.values()))
        for (seed, night), singer in zip(nights.items(), singers, strict=True):
            entries = await singer.sung()
            differs = [*singer.answered_otherwise, *same_timeline(night.entries, entries, roots_of(night.plan))]
            if first_broken(entries) is not None:
                differs.append("the chain is broken")
            if differs:
                found[seed] = differs
        for history in await singers[0].histories():
            # without the SDK's watch for deadlocks, which a busy machine looks like
            replayer = Replayer(workflows=[RehearsedIncident], plugins=[build_plugin()], debug_mode=True)
            await replayer.replay_workflow(history)
    return found
