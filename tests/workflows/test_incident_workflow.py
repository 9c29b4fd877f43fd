"""The shell around the walker: commands and their refusals, long histories, a store that is away, defects of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from mayday.domain.effects import PAGE
from mayday.domain.incident import StartInput
from mayday.domain.timeline import first_broken
from mayday.language.library import Library
from mayday.simulator.comparison import roots_of, same_timeline
from mayday.simulator.desk import ScenarioDesk
from mayday.simulator.files import ScenarioFile
from mayday.simulator.on_temporal import TemporalStage, Theatre
from mayday.simulator.opening import alert_of
from mayday.temporal.bundles import calls_of
from mayday.temporal.histories import replay
from mayday.walker import alerts, command_rules
from tests.workflows.conftest import RUNBOOKS, START, command
from workflows.incident import COMMAND_KINDS, IncidentWorkflow
from workflows.registry import WORKFLOWS

pytestmark = pytest.mark.temporal

Night = Callable[[str], ScenarioFile]
Opening = tuple[StartInput, ScenarioDesk]


async def test_every_kind_of_command_is_an_update_of_its_name() -> None:
    assert "vote" in COMMAND_KINDS
    assert "hold_outward" in COMMAND_KINDS
    assert len(COMMAND_KINDS) == len(command_rules.RULES)
    assert IncidentWorkflow in WORKFLOWS


async def test_an_update_is_answered_and_the_same_id_gets_the_same_answer(theatre: Theatre, opening: Opening) -> None:
    stage = await theatre.open(*opening)
    first = await stage.send(command("note", "sam", text="it smells of DNS"))
    again = await stage.send(command("note", "sam", text="it smells of DNS"))
    assert first.state == "applied"
    assert again == first
    assert sum(entry.kind == "noted" for entry in await stage.entries()) == 1


async def test_the_same_command_as_update_and_as_signal_is_applied_once(theatre: Theatre, opening: Opening) -> None:
    """The starter sends a signal when an update was not accepted in time, and the update may arrive after all."""
    stage = await theatre.open(*opening)
    assert stage.handle is not None
    note = command("note", "sam", text="once")
    await stage.handle.signal("command_sent", {"command": note.model_dump(mode="json")})
    assert (await stage.send(note)).state == "applied"
    assert sum(entry.kind == "noted" for entry in await stage.entries()) == 1


async def test_a_refused_update_says_why_and_leaves_no_trace(theatre: Theatre, opening: Opening) -> None:
    stage = await theatre.open(*opening)
    await stage.run_to(START + timedelta(minutes=1), inclusive=True)  # whatever was asked for at once is answered
    before = len(await stage.entries())
    answer = await stage.send(command("vote", "raj", decision="change", choice="approve"))
    assert answer.refusal is not None
    assert answer.refusal.code == "not_a_voter"
    assert len(await stage.entries()) == before


async def test_a_refused_signal_is_an_entry(theatre: Theatre, opening: Opening) -> None:
    stage = await theatre.open(*opening)
    assert stage.handle is not None
    await stage.run_to(START + timedelta(minutes=1), inclusive=True)  # the gate is open
    vote = command("vote", "raj", decision="change", choice="approve")
    await stage.handle.signal("command_sent", {"command": vote.model_dump(mode="json")})
    [refused] = [entry for entry in await stage.entries() if entry.kind == "refused"]
    assert refused.actor == "raj"
    assert refused.data["code"] == "not_a_voter"


@pytest.mark.parametrize("body", [{}, {"id": "x"}, {"id": "x", "actor": "sam", "received_at": "yesterday", "text": 3}])
async def test_a_command_that_cannot_be_read_is_refused_as_invalid(
    theatre: Theatre, opening: Opening, body: dict[str, Any]
) -> None:
    stage = await theatre.open(*opening)
    assert stage.handle is not None
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await stage.handle.execute_update("note", body)
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "invalid"
    await stage.handle.signal("command_sent", body)
    assert (await stage.send(command("note", "sam", text="still here"))).state == "applied"


async def test_a_command_that_the_walker_chokes_on_is_refused_and_wedges_nothing(
    theatre: Theatre, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = await theatre.open(*opening)
    assert await stage.entries()

    def choke(*_: object) -> dict[str, Any]:
        raise KeyError("a defect of ours")

    with monkeypatch.context() as broken:
        broken.setitem(command_rules.RULES, "note", command_rules.RULES["note"]._replace(apply=choke))
        note = command("note", "sam", 1, text="first").model_dump(mode="json")
        assert stage.handle is not None
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await stage.handle.execute_update("note", {"command": note})
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "invalid"
    assert (await stage.send(command("note", "sam", 2, text="second"))).state == "applied"


async def test_the_board_and_its_details_can_be_asked_for(theatre: Theatre, opening: Opening) -> None:
    stage = await theatre.open(*opening)
    assert stage.handle is not None
    board = await stage.handle.query("board")
    assert board["severity"] == "SEV1"
    assert any(item["id"] == "change" for item in board["pending"])
    details = await stage.handle.query("details")
    assert "Commander: ana" in details


async def test_a_new_run_every_fifty_events_changes_nothing(theatre: Theatre, library: Library) -> None:
    """Gates, ladders, cadences, the vendor's clock and every timer are carried as absolute deadlines."""
    path = RUNBOOKS / "scenarios" / "payments_sev1.yaml"
    _, whole = await ScenarioFile(path, library).play()
    theatre.settings = {"continue_as_new_after": 50}
    scenario = ScenarioFile(path, library)
    report, pieces = await scenario.play(theatre.open)
    assert report.failures == []
    assert whole is not None
    assert pieces is not None
    assert scenario.plan is not None
    assert same_timeline(whole.timeline, pieces.timeline, roots_of(scenario.plan)) == []
    assert first_broken(pieces.timeline) is None
    histories = await theatre.stages[-1].histories()
    assert len(histories) >= 5
    for history in histories:
        await replay(history, workflows=[IncidentWorkflow])


async def test_a_store_that_is_away_stops_nothing_and_misses_nothing(theatre: Theatre, night: Night) -> None:
    theatre.store_away = 8
    report, rehearsal = await night(
        """
    timeline:
      - { at: T+1m, ack: wake, by: raj }
      - { at: T+40m, vote: change, by: sam, choice: reject, reason: no rollback plan }
      - { at: T+41m, status: resolved, by: ana, reason: it went away }
    expect:
      - { finished: T+1h }
    """
    ).play(theatre.open)
    assert report.failures == []
    assert rehearsal is not None
    assert theatre.store_away == 0
    assert first_broken(rehearsal.timeline) is None
    assert rehearsal.timeline[-1].kind == "finished"


async def test_an_irreversible_action_is_tried_once_and_never_again_by_itself(theatre: Theatre, night: Night) -> None:
    scenario = night(
        """
    mocks: { change.execute: { hang: true } }
    timeline:
      - { at: T+1m, ack: wake, by: raj }
      - { at: T+2m, vote: change, by: sam, choice: approve, reason: tested }
      - { at: T+11m, expect: { never: { task: execute } } }
      - { at: T+13m, expect: { task: execute } }
      - { at: T+20m, complete: execute, by: dee, result: { happened: done } }
      - { at: T+20m, expect: { task: verify } }
    """
    )
    report, _ = await scenario.play(theatre.open)
    assert report.failures == []
    stage = theatre.stages[-1]
    assert isinstance(stage, TemporalStage)
    [history] = await stage.histories()
    assert [kind for kind, _ in await calls_of(history)].count("change.execute") == 1


async def test_an_alert_that_the_walker_chokes_on_wedges_nothing(
    theatre: Theatre, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = await theatre.open(*opening)
    assert await stage.entries()
    alert = alert_of({"title": "again", "labels": {"service": "payments"}}, 1, START)

    def choke(*_: object) -> None:
        raise KeyError("a defect of ours")

    with monkeypatch.context() as broken:
        broken.setattr(alerts, "attach", choke)
        await stage.alert([alert])
        assert (await stage.send(command("note", "sam", text="still here"))).state == "applied"
    await stage.alert([alert])
    assert any(entry.kind == "alert_fired" for entry in await stage.entries())


async def test_what_a_reopened_run_asks_for_as_it_begins_leaves_once(theatre: Theatre, opening: Opening) -> None:
    """The relapse pages whoever led: a run that begins again carries what the one before left under way, and that page
    is none of it."""
    stage = await theatre.open(*opening)
    await stage.send(command("status", "ana", 1, status="resolved", reason="rolled back"))
    await stage.run_to(START + timedelta(hours=6), inclusive=True)
    await stage.send(command("reopen", "dee", 2, reason="it is back"))
    await stage.run_to(START + timedelta(hours=6, minutes=1), inclusive=True)
    assert "paged" in [entry.kind for entry in await stage.entries() if entry.step == "relapse:1"]
    asked = [call for history in await stage.histories() for call in await calls_of(history)]
    assert [payload["page"] for kind, payload in asked if kind == PAGE].count("relapse:1") == 1
