"""Every stored history replays with this version: as in production and strictly, with both settings of the job order.

And the replay is worth something: a run that does otherwise is caught.
"""

from __future__ import annotations

import pathlib

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory

from mayday.temporal.histories import UnflaggedHistory, load_history, replay, used_flags
from tests.replay.other_way import OtherWay
from tests.replay.record import HERE
from workflows.incident import IncidentWorkflow
from workflows.registry import WORKFLOWS

HISTORIES = sorted(HERE.rglob("*.json"))


def test_there_are_histories() -> None:
    assert HISTORIES


#: strict, single_batch: each of the two once either way is enough, a history fails by one of them and not by their pair
WAYS = {"production_by_kind": (False, False), "strict_at_once": (True, True)}


@pytest.mark.parametrize(("strict", "single_batch"), WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: str(path.relative_to(HERE).with_suffix("")))
async def test_a_stored_history_replays(path: pathlib.Path, strict: bool, single_batch: bool) -> None:
    history = load_history(path)
    assert used_flags(history), "without flags a replay checks nothing"
    await replay(history, workflows=WORKFLOWS, strict=strict, single_batch=single_batch)


async def test_a_run_that_goes_another_way_is_caught() -> None:
    with pytest.raises(workflow.NondeterminismError):
        await replay(load_history(HISTORIES[0]), workflows=[OtherWay])


async def test_a_history_without_flags_is_refused() -> None:
    history = load_history(HISTORIES[0])
    for event in history.events:
        if event.HasField("workflow_task_completed_event_attributes"):
            event.workflow_task_completed_event_attributes.sdk_metadata.Clear()
    with pytest.raises(UnflaggedHistory):
        await replay(WorkflowHistory(history.workflow_id, history.events), workflows=[IncidentWorkflow])


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_a_stored_history_names_no_folder_of_the_machine_that_recorded_it(path: pathlib.Path) -> None:
    assert 'File \\"/' not in path.read_text(encoding="utf-8")
