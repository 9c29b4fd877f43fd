"""What only the development server shows: search attributes, slow providers in real time, a worker that is mended."""

from __future__ import annotations

import asyncio
import pathlib
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from mayday.domain import effects as fx
from mayday.domain.incident import StartInput
from mayday.simulator.desk import ScenarioDesk
from mayday.temporal.bundles import Tell, one_or_all
from mayday.temporal.plugin import build_plugin
from mayday.temporal.search_attributes import ATTRIBUTES, register_search_attributes
from mayday.walker import rounds
from tests.workflows.conftest import command
from workflows import visibility
from workflows.incident import IncidentWorkflow

pytestmark = pytest.mark.temporal

SERVER = pathlib.Path(sys.executable).parent / "temporal"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    existing = str(SERVER) if SERVER.exists() else None
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=existing, plugins=[build_plugin()], dev_server_log_level="error"
    ) as environment:
        yield environment.client


class Providers:
    """The desk as activities of a worker; `slow` kinds take that many seconds on their first call, `broken` fails."""

    def __init__(self, desk: ScenarioDesk, slow: dict[str, float] | None = None, broken: str = "") -> None:
        self.desk = desk
        self.slow = slow or {}
        self.broken = broken
        self.tell: Tell | None = None
        self.calls: list[str] = []
        self.stored: list[dict[str, Any]] = []

    def activity(self) -> Any:
        @activity.defn(dynamic=True)
        async def any_effect(args: Sequence[RawValue]) -> dict[str, Any]:
            payload: dict[str, Any] = activity.payload_converter().from_payload(args[0].payload, dict[str, Any])
            return await one_or_all(activity.info().activity_type, payload, self.carry_out, self.tell)

        return any_effect

    async def carry_out(self, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(kind)
        await asyncio.sleep(self.slow.pop(kind, 0))
        if kind == self.broken:
            raise ApplicationError("500", type="broken")
        if kind == fx.FLUSH:
            self.stored += payload["entries"]
        return self.desk.answer(kind, payload, datetime.now(UTC)).value


async def opened(client: Client, start: StartInput) -> WorkflowHandle[Any, Any]:
    now = {"opened_at": datetime.now(UTC)}
    return await client.start_workflow(
        IncidentWorkflow.run, start.model_copy(update=now), id=start.workflow_id, task_queue="mayday"
    )


async def until(handle: WorkflowHandle[Any, Any], providers: Providers, kind: str) -> dict[str, Any]:
    """The first entry of a kind, once it is there; the test's own time limit ends a wait that is in vain."""
    while True:
        waiting: list[dict[str, Any]] = await handle.query("timeline", 0, result_type=list[dict[str, Any]])
        for entry in [*providers.stored, *waiting]:
            if entry["kind"] == kind:
                return entry
        await asyncio.sleep(0.05)


def worker(client: Client, providers: Providers) -> Worker:
    return Worker(client, task_queue="mayday", workflows=[IncidentWorkflow], activities=[providers.activity()])


def test_the_shell_and_the_registration_name_the_same_attributes() -> None:
    keys = (visibility.SEVERITY, visibility.STATUS, visibility.SERVICE, visibility.OPENED)
    assert {key.name for key in keys} == set(ATTRIBUTES)


async def test_search_attributes_follow_the_incident(client: Client, opening: tuple[StartInput, ScenarioDesk]) -> None:
    start, desk = opening
    assert await register_search_attributes(client)
    providers = Providers(desk)
    async with worker(client, providers):
        handle = await opened(client, start.model_copy(update={"search_attributes": True}))
        await until(handle, providers, "paged")
        envelope = {
            "command": command("severity", "ana", severity="SEV2", reason="most recovered").model_dump(mode="json")
        }
        await handle.execute_update("severity", envelope)
        attributes = (await handle.describe()).typed_search_attributes
    assert attributes[visibility.SEVERITY] == "SEV2"
    assert attributes[visibility.STATUS] == "investigating"
    assert attributes[visibility.SERVICE] == "payments"


async def test_without_registered_attributes_an_incident_runs_all_the_same(
    client: Client, opening: tuple[StartInput, ScenarioDesk]
) -> None:
    start, desk = opening
    providers = Providers(desk)
    async with worker(client, providers):
        handle = await opened(client, start)
        await until(handle, providers, "paged")


async def test_a_slow_pager_holds_up_nobodys_vote(client: Client, opening: tuple[StartInput, ScenarioDesk]) -> None:
    start, desk = opening
    providers = Providers(desk, slow={fx.PAGE: 60.0})
    async with worker(client, providers):
        handle = await opened(client, start)
        await until(handle, providers, "gate_opened")
        vote = command("vote", "sam", decision="change", choice="reject", reason="no").model_dump(mode="json")
        answer = await asyncio.wait_for(handle.execute_update("vote", {"command": vote}), 10)
    assert answer["state"] == "applied"
    assert fx.PAGE in providers.calls


async def test_an_irreversible_action_that_broke_is_not_tried_again(
    client: Client, opening: tuple[StartInput, ScenarioDesk]
) -> None:
    """A provider that answers 500 may have done it: a person finds out, whatever a retry would do for other actions."""
    start, desk = opening
    providers = Providers(desk, broken="change.execute")
    async with worker(client, providers):
        handle = await opened(client, start)
        await until(handle, providers, "gate_opened")
        vote = command("vote", "sam", decision="change", choice="approve", reason="tested").model_dump(mode="json")
        await handle.execute_update("vote", {"command": vote})
        failed = await until(handle, providers, "step_failed")
        task = next(item for item in (await handle.query("board"))["pending"] if item["id"] == "execute")
    assert providers.calls.count("change.execute") == 1
    assert failed["data"]["ambiguous"] is True
    assert task["kind"] == "task"


async def test_a_defect_in_the_walker_fails_the_task_and_a_mended_worker_goes_on(
    client: Client, opening: tuple[StartInput, ScenarioDesk], monkeypatch: pytest.MonkeyPatch
) -> None:
    start, desk = opening
    whole, failures = rounds.run, []

    def broken(walker: Any) -> None:
        if len(failures) < 1:
            failures.append(walker)
            raise KeyError("a defect of ours")
        whole(walker)

    monkeypatch.setattr(rounds, "run", broken)
    providers = Providers(desk)
    async with worker(client, providers):
        handle = await opened(client, start)
        await until(handle, providers, "paged")
        history = await handle.fetch_history()
    assert failures
    assert any(event.HasField("workflow_task_failed_event_attributes") for event in history.events)
