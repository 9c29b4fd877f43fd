"""The time-skipping server loses a run now and then: that is noticed, and the scenario is played again."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from mayday.cli.rehearsals import _play
from mayday.cli.scenarios import Engine
from mayday.domain.incident import StartInput
from mayday.language.library import Library
from mayday.simulator import stranded
from mayday.simulator.desk import ScenarioDesk
from mayday.simulator.files import ScenarioFile
from mayday.simulator.on_temporal import time_skipping
from mayday.simulator.stage import Stage, Stranded, Wedged, open_virtually

RUNBOOK = """
    apiVersion: runbook/v1
    kind: Runbook
    metadata: { name: quiet, version: 1.0.0, owner: tests }
    phases: [{ id: only, steps: [{ id: note, log: it began }] }]
"""
SCENARIO = """
    apiVersion: runbook/v1
    kind: Scenario
    metadata: { name: small night }
    runbook: runbook.yaml
    given:
      start: "2026-03-02T02:10:00Z"
      incident: { title: Payments down, service: payments, severity: SEV1 }
    timeline: [{ at: T+1m, note: still here, by: ana }]
"""
Write = Callable[[str, str], ScenarioFile]


@activity.defn
async def take_long() -> None:
    await asyncio.sleep(1.5)  # the server's clock goes on meanwhile, past the timer


@workflow.defn
class Late:
    """Cancels a timer of a second in a task that takes longer."""

    @workflow.run
    async def run(self) -> None:
        timer = asyncio.create_task(asyncio.sleep(1))
        await asyncio.sleep(0)
        await workflow.wait_condition(lambda: self.asked)
        await workflow.execute_local_activity(take_long, start_to_close_timeout=timedelta(seconds=5))
        timer.cancel()
        await workflow.wait_condition(lambda: False)

    def __init__(self) -> None:
        self.asked = False

    @workflow.update
    async def ask(self) -> None:
        self.asked = True
        await workflow.wait_condition(lambda: False)


@pytest.mark.temporal
async def test_a_run_that_the_server_has_lost_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server loses it in a race of its own, which a busy machine may decide otherwise: three are tried."""
    monkeypatch.setattr(stranded, "LOST_AFTER", 3.0)
    monkeypatch.setattr(stranded, "LONGEST_REST", 10.0)
    async with time_skipping() as theatre:
        client = theatre.environment.client
        runner = UnsandboxedWorkflowRunner()
        async with Worker(
            client, task_queue="late", workflows=[Late], activities=[take_long], workflow_runner=runner, build_id="late"
        ):
            for _ in range(3):
                handle = await client.start_workflow(Late.run, id=f"late/{uuid.uuid4()}", task_queue="late")
                theatre.runs[:] = [handle]
                with pytest.raises((Stranded, Wedged)) as told:
                    await theatre.answered(handle.execute_update(Late.ask))
                await handle.terminate("it is lost")
                if isinstance(told.value, Stranded):
                    break
            assert str(told.value) == handle.id


@workflow.defn
class Wedging:
    """Fails its workflow task whenever it is asked something."""

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.update
    async def ask(self) -> None:
        raise RuntimeError("a defect")


@pytest.mark.temporal
async def test_a_workflow_task_that_fails_again_and_again_is_no_fault_of_the_servers() -> None:
    """For ten seconds it looks like one that the server has lost; playing the scenario again would hide it."""
    async with time_skipping() as theatre:
        client, runner = theatre.environment.client, UnsandboxedWorkflowRunner()
        async with Worker(client, task_queue="wedged", workflows=[Wedging], workflow_runner=runner, build_id="wedged"):
            handle = await client.start_workflow(Wedging.run, id=f"wedged/{uuid.uuid4()}", task_queue="wedged")
            theatre.runs.append(handle)
            with pytest.raises(Wedged, match=r"wedged/(.|\n)*a defect"):
                await theatre.answered(handle.execute_update(Wedging.ask))
            await handle.terminate("it does not go on")


async def test_the_command_says_that_a_scenario_does_not_go_on(written: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    async def wedge(file: ScenarioFile, opener: object) -> None:
        raise Wedged("incident/x: attempt 7")

    scenario = written(RUNBOOK, SCENARIO)
    monkeypatch.setattr(ScenarioFile, "play", wedge)
    reports, _ = await _play([scenario, scenario], Engine.virtual)
    assert [report.passed for report in reports] == [False]
    assert reports[0].failures[0].message == "the time-skipping server does not go on: incident/x: attempt 7"


async def test_a_lost_scenario_is_played_again_from_its_beginning(written: Write, library: Library) -> None:
    opened: list[str] = []

    async def lose_the_first(start: StartInput, desk: ScenarioDesk) -> Stage:
        opened.append(start.id)
        if len(opened) == 1:
            raise Stranded(start.workflow_id)
        return await open_virtually(start, desk)

    report, rehearsal = await written(RUNBOOK, SCENARIO).play(lose_the_first)
    assert report.passed
    assert rehearsal is not None
    assert len(opened) == 2


async def test_an_engine_that_always_loses_it_is_a_failure(written: Write) -> None:
    async def lose(start: StartInput, desk: ScenarioDesk) -> Stage:
        raise Stranded(start.workflow_id)

    with pytest.raises(Stranded):
        await written(RUNBOOK, SCENARIO).play(lose)


@pytest.mark.temporal
async def test_after_a_loss_the_next_scenario_has_a_server_of_its_own(written: Write) -> None:
    async with time_skipping() as theatre:
        opened: list[Stage] = []
        before = theatre.environment

        async def lose_the_first(start: StartInput, desk: ScenarioDesk) -> Stage:
            opened.append(await theatre.open(start, desk))
            if len(opened) == 1:
                theatre.runs.clear()
                await theatre.answered(_lost(start.workflow_id))
            return opened[-1]

        report, _ = await written(RUNBOOK, SCENARIO).play(lose_the_first)
        assert report.passed
        assert theatre.environment is not before


async def _lost(workflow_id: str) -> None:
    raise Stranded(workflow_id)
