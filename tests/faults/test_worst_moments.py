"""The worker dies at the worst moment (STORIES.md, 7): between a page and its receipt, an approval and its change, on a
tick. Back again: one page, one change, one update, and the ladder goes on where it was."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.dying_worker import MOMENTS
from tests.faults.night import RUNBOOKS, walk
from tests.faults.verdict import holds
from tests.house import House

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(480)]


@pytest.mark.parametrize("moment", MOMENTS)
async def test_the_night_goes_on_as_if_nothing_had_happened(moment: str, tmp_path: Path) -> None:
    died = tmp_path / "died"
    worker = ("-m", "tests.faults.dying_worker", moment, str(died))
    async with House(tmp_path / "house", RUNBOOKS, worker=worker) as house:
        watching = asyncio.create_task(start_again(house))
        try:
            night = await walk(house)
        finally:
            watching.cancel()
        assert died.exists(), "the moment did not come"
        await holds(house, night, [moment])


async def start_again(house: House) -> None:
    """What a container platform does with a worker that has ended."""
    while True:
        if not house.worker.running:
            await house.worker.start()
        await asyncio.sleep(0.5)
