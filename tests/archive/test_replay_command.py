"""`mayday review replay`: says whether this code fits recorded runs, and if not, where and what to do."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from typer.testing import CliRunner

from mayday.archive.compatibility import judged
from mayday.archive.dossier import Document, Dossier, dossier_of
from mayday.archive.export_file import write
from mayday.cli.main import app
from mayday.domain.timeline import Entry
from mayday.temporal.histories import load_history, replay_failures
from mayday.temporal.plugin import build_plugin
from tests.archive.recorded import AT, HISTORIES, recorded
from tests.replay.other_way import OtherWay
from workflows.registry import WORKFLOWS

CLI = CliRunner()
#: what a history of an open incident can end with
PENDING = (
    EventType.EVENT_TYPE_TIMER_FIRED, EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
    EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED, EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
)  # fmt: skip


def test_an_exported_file_replays_both_ways(two_runs: Dossier, tmp_path: Path) -> None:
    write(two_runs, tmp_path / "x.mayday.zip")
    done = CLI.invoke(app, ["review", "replay", str(tmp_path / "x.mayday.zip")])
    assert done.exit_code == 0, done.output
    assert "2 of 2 fit" in done.output


def test_a_folder_with_one_bad_file_names_it_and_replays_the_rest(two_runs: Dossier, tmp_path: Path) -> None:
    write(two_runs, tmp_path / "whole.mayday.zip")
    (tmp_path / "half.mayday.zip").write_bytes((tmp_path / "whole.mayday.zip").read_bytes()[:5000])
    (tmp_path / "garbage.json").write_text("{}")
    shutil.copy(HISTORIES / "2_not_in_the_runbook_1.json", tmp_path)
    done = CLI.invoke(app, ["review", "replay", str(tmp_path), "--production", "--json"])
    assert done.exit_code == 1
    items = json.loads(done.stdout)["items"]
    refused = {Path(item["source"]).name: item["damage"] for item in items if "damage" in item}
    assert sorted(refused) == ["garbage.json", "half.mayday.zip"]
    assert "no whole archive" in refused["half.mayday.zip"]
    assert [item["fits"] for item in items if "damage" not in item] == [True, True, True]


def test_an_edited_timeline_is_named_even_under_a_fresh_digest(two_runs: Dossier, tmp_path: Path) -> None:
    def edited(part_name: str, content: bytes) -> bytes:
        if part_name != "timeline":
            return content
        entries = [Entry.model_validate(item) for item in json.loads(content)]
        entries[4] = entries[4].model_copy(update={"actor": "somebody.else"})
        return json.dumps([entry.model_dump(mode="json") for entry in entries]).encode()

    parts = [
        Document(part.kind, part.name, edited(part.kind, two_runs.content(part)), part.count, True, part.workflow_id)
        for part in two_runs.manifest.parts
    ]
    write(dossier_of("INC-1", AT, "0.1.0", parts), tmp_path / "x.mayday.zip")
    done = CLI.invoke(app, ["review", "replay", str(tmp_path / "x.mayday.zip"), "--production"])
    assert done.exit_code == 1
    assert "its timeline breaks at entry 5" in done.output


async def test_code_that_goes_another_way_is_located() -> None:
    (history,) = recorded("demo_checkout")
    verdict = await judged(history, [OtherWay])
    assert verdict.misfit is not None
    assert verdict.misfit.kind == "other_way"
    assert (verdict.misfit.event, verdict.misfit.event_type) == (5, "activity_task_scheduled")
    assert verdict.misfit.step.startswith("paging.page_responder")
    assert "patch" in verdict.misfit.to_do


async def test_where_the_core_names_no_event_the_shortest_beginning_that_departs_is_found() -> None:
    """An activity of another name in the middle of a history, as a renamed step would make it."""
    (history,) = recorded("2_not_in_the_runbook")
    later = [event for event in history.events if event.HasField("activity_task_scheduled_event_attributes")][-1]
    later.activity_task_scheduled_event_attributes.activity_type.name = "another.action"
    verdict = await judged(history, WORKFLOWS, ways=["production"])
    assert verdict.misfit is not None
    assert abs(verdict.misfit.event - later.event_id) <= 3
    assert verdict.misfit.at is not None


async def test_entries_that_come_out_different_are_found() -> None:
    (history,) = recorded("2_not_in_the_runbook")
    verdict = await judged(history, WORKFLOWS, ways=["production"], hashes={1: "f" * 64})
    assert verdict.misfit is not None
    assert verdict.misfit.kind == "changed_entries"
    assert verdict.misfit.step == "entry 1"


def test_a_file_that_is_neither_archive_nor_history_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "notes.zip").write_text("junk")
    done = CLI.invoke(app, ["review", "replay", str(tmp_path / "notes.zip")])
    assert done.exit_code == 1
    assert "neither an archive (*.mayday.zip) nor a history (*.json)" in done.output


def test_nothing_to_replay_is_wrong_usage(tmp_path: Path) -> None:
    assert CLI.invoke(app, ["review", "replay"]).exit_code == 2
    assert CLI.invoke(app, ["review", "replay", str(tmp_path / "missing.json")]).exit_code == 2
    assert CLI.invoke(app, ["review", "replay", str(tmp_path)]).exit_code == 1


@pytest.mark.parametrize("name", ["2_not_in_the_runbook", "5_their_fault"])
async def test_every_run_fits(name: str) -> None:
    for history in recorded(name):
        assert (await judged(history, WORKFLOWS)).fits


def pending_ends() -> list[int]:
    """Lengths at which a recorded run has just got a timer or an answer, or a task that nobody has finished."""
    events = load_history(HISTORIES / "2_not_in_the_runbook_1.json").events
    ends: dict[int, int] = {}
    for length, event in enumerate(events, start=1):
        if event.event_type in PENDING and length > 60:
            ends.setdefault(event.event_type, length)
    return sorted(ends.values())


async def test_an_open_incident_for_which_events_wait_fits_and_nothing_is_said_about_it(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    history = load_history(HISTORIES / "2_not_in_the_runbook_1.json")
    ends = pending_ends()
    assert len(ends) == len(PENDING)
    open_runs = [WorkflowHistory(history.workflow_id, list(history.events)[:end]) for end in ends]
    for run in open_runs:
        assert (await judged(run, WORKFLOWS, ways=["production"])).fits, run.events[-1]
    assert (await judged(open_runs[0], WORKFLOWS, ways=["strict"])).fits

    async def listed() -> AsyncIterator[WorkflowHistory]:
        for run in open_runs:
            yield run

    assert await replay_failures(listed(), WORKFLOWS, build_plugin()) == (len(open_runs), [])
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    said = capfd.readouterr()
    assert "Traceback" not in said.out + said.err
    assert "Phantom" not in said.out + said.err


async def test_a_run_that_goes_another_way_is_caught_also_while_events_wait() -> None:
    history = load_history(HISTORIES / "2_not_in_the_runbook_1.json")
    run = WorkflowHistory(history.workflow_id, list(history.events)[: pending_ends()[-1]])
    others = [OtherWay, *(workflow for workflow in WORKFLOWS if workflow.__name__ != "IncidentWorkflow")]
    verdict = await judged(run, others, ways=["production"])
    assert verdict.misfit is not None
    assert verdict.misfit.event > 0
    assert verdict.misfit.to_do


def test_a_path_that_leads_nowhere_is_said_to_be_one(tmp_path: Path) -> None:
    shown = CLI.invoke(app, ["review", "replay", str(tmp_path / "nowhere")])
    assert (shown.exit_code, f"{tmp_path / 'nowhere'} does not exist" in shown.output) == (2, True)
