"""Record the histories that later versions have to replay: `python -m tests.replay.record`.

Run it for a release, and keep what is there, in a folder named by what came after it: a history is only thrown away
when no run that old can still be open (CHANGELOG.md says so then). A change that makes an old history fail needs a
patch (workflows/patches.py).
"""

from __future__ import annotations

import asyncio
import json
import pathlib
from collections.abc import AsyncIterator
from typing import Any

from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from mayday.language.catalog_files import load_catalog
from mayday.language.library import Library
from mayday.simulator.files import ScenarioFile
from mayday.simulator.on_temporal import server_path, time_skipping
from mayday.temporal.plugin import build_plugin
from tests.review.weeks import OWED, desk_of, review_of, walk_through
from tests.stores import in_memory

HERE = pathlib.Path(__file__).parent / "histories"
RUNBOOKS = pathlib.Path(__file__).parents[2] / "runbooks"
#: scenario, and after how many events a run goes on in a new one
RECORDED = (
    ("payments_sev1", None), ("payments_sev1", 150), ("demo_checkout", None), ("disaster_recovery_silence", None),
    ("stories/2_not_in_the_runbook", None), ("stories/5_their_fault", None), ("sev3_incident_relapse", None),
)  # fmt: skip
RULES = pathlib.Path(__file__).parents[1] / "rules"
#: rules whose signals and runs no night of the library has
RULES_RECORDED = ("outage_told_without_having_been_noticed", "end_reopen_within_a_day")

REVIEWS: tuple[tuple[str, dict[str, int]], ...] = (
    ("review_of_ten_weeks", {}), ("review_of_ten_weeks_every_60", {"continue_as_new_after": 60}),
)  # fmt: skip


async def record(folder: pathlib.Path) -> list[pathlib.Path]:
    """Play each scenario on the time-skipping server and write down the histories of its runs."""
    library = Library.load(RUNBOOKS)
    written: list[pathlib.Path] = []
    played = [(RUNBOOKS / "scenarios" / f"{name}.yaml", length) for name, length in RECORDED]
    for scenario, length in [*played, *((RULES / f"{name}.yaml", None) for name in RULES_RECORDED)]:
        async with time_skipping() as theatre:
            theatre.settings = {"continue_as_new_after": length} if length else {}
            report, _ = await ScenarioFile(scenario, library).play(theatre.open)
            assert report.passed, report.failures
            for number, history in enumerate(await theatre.stages[-1].histories(), start=1):
                path = folder / f"{scenario.stem}{f'_every_{length}' if length else ''}_{number}.json"
                write_history(path, history)
                written.append(path)
    return [*written, *[path async for path in reviews(folder)]]


async def reviews(folder: pathlib.Path) -> AsyncIterator[pathlib.Path]:
    """Ten weeks of a review, in one run and in many."""
    catalog = load_catalog(RUNBOOKS / "catalog").catalog
    assert catalog is not None
    for name, changes in REVIEWS:
        server = await WorkflowEnvironment.start_time_skipping(
            plugins=[build_plugin()], test_server_existing_path=server_path()
        )
        async with server, await in_memory() as records:
            async with review_of(server, desk_of(records, catalog), records, **OWED, **changes) as run:
                await walk_through(run)
            number, run_id = 0, run.handle.first_execution_run_id
            while run_id:
                number += 1
                history = await server.client.get_workflow_handle(run.handle.id, run_id=run_id).fetch_history()
                path = folder / f"{name}_{number}.json"
                write_history(path, history)
                yield path
                run_id = history.events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id


def _without_traces(found: dict[str, Any]) -> dict[str, Any]:
    """A failed activity's trace names folders of the machine that recorded it; a replay does not look at it."""
    return {name: value for name, value in found.items() if name != "stackTrace"}


def write_history(path: pathlib.Path, history: WorkflowHistory) -> None:
    events = json.loads(history.to_json(), object_hook=_without_traces)
    data = {"workflow_id": history.workflow_id, "history": events}
    path.write_text(json.dumps(data, indent=None, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for path in asyncio.run(record(HERE)):
        print(path)  # noqa: T201 - a script that says what it wrote
