"""A crowd of incidents whose providers are slow, while people ask, signal, update and are refused: all of them replay.

Queries and signals that meet a workflow task at a bad moment are how histories came to be that did not (docs/adr/0076).
A workflow task may take only two seconds here, so that those moments come often.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.worker import Worker

from mayday.domain import effects as fx
from mayday.domain.incident import StartInput
from mayday.language.library import Library
from mayday.simulator.desk import ScenarioDesk
from mayday.simulator.files import ScenarioFile
from mayday.simulator.mocks import Mocks
from mayday.simulator.opening import start_of
from mayday.temporal.bundles import one_or_all
from mayday.temporal.histories import replay
from tests.workflows.conftest import SCENARIO, START, command, library
from tests.workflows.test_on_a_real_server import client
from workflows.incident import IncidentWorkflow

__all__ = ["client", "library"]

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(300)]

INCIDENTS, ENTRIES = 10, 50
TASK_TIMEOUT = timedelta(seconds=2)
SLOWEST = 1.9
RUNBOOK = """
apiVersion: runbook/v1
kind: Runbook
metadata: { name: busy, version: 1.0.0, owner: payments-platform }
cadences:
  technical_update: { every: 2s, until: 'incident.status >= "resolved"', send: { text: tick, to: audience.technical } }
  executive_update: { every: 3s, until: 'incident.status >= "resolved"', send: { text: tock, to: audience.executives } }
phases:
  - id: act
    steps:
      - { id: wake, page: schedule.payments_primary, background: true, message: join }
      - id: words
        background: true
        repeat:
          every: 1s
          until: "false"
          max: 30
          steps: [{ id: word, send: { to: audience.technical, text: word } }]
      - { id: soak, wait: { for: 60s } }
"""


class Crowd:
    """Incidents on one worker, whose providers take as long as chance has it."""

    def __init__(self, client: Client, start: StartInput, desk: ScenarioDesk, seed: int) -> None:
        self._client = client
        self._start = start
        self._desk = desk
        self._chance = random.Random(seed)
        self.stored: dict[str, dict[int, str]] = defaultdict(dict)

    def worker(self) -> Worker:
        @activity.defn(dynamic=True)
        async def any_effect(args: Sequence[RawValue]) -> dict[str, Any]:
            payload: dict[str, Any] = activity.payload_converter().from_payload(args[0].payload, dict[str, Any])
            return await one_or_all(activity.info().activity_type, payload, self.carry_out)

        return Worker(self._client, task_queue="busy", workflows=[IncidentWorkflow], activities=[any_effect])

    async def carry_out(self, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        if self._chance.random() < 0.5:
            await asyncio.sleep(self._chance.uniform(0, SLOWEST))
        if kind == fx.FLUSH:
            workflow_id = activity.info().workflow_id
            assert workflow_id
            self.stored[workflow_id] |= {entry["seq"]: entry["hash"] for entry in payload["entries"]}
        return self._desk.answer(kind, payload, datetime.now(UTC)).value

    async def incident(self, number: int) -> WorkflowHandle[Any, Any]:
        start = self._start.model_copy(update={"opened_at": datetime.now(UTC), "id": f"INC-{number}"})
        return await self._client.start_workflow(
            IncidentWorkflow.run, start, id=f"busy-{number}", task_queue="busy", task_timeout=TASK_TIMEOUT
        )

    async def pester(self, handle: WorkflowHandle[Any, Any]) -> None:
        """Notes by signal and by update, looks, and votes that are refused, until enough of the timeline is stored."""
        number = 0
        while len(self.stored[handle.id]) < ENTRIES:
            await asyncio.sleep(self._chance.expovariate(6.0))
            number += 1
            note = {"command": command("note", "ana", number, text=str(number)).model_dump(mode="json")}
            dice = self._chance.random()
            if dice < 0.4:
                await handle.signal("command_sent", note)
            elif dice < 0.7:
                await handle.query("board")
            elif dice < 0.9:
                await handle.execute_update("note", note)
            else:
                vote = command("vote", "sam", number, decision="none", choice="approve").model_dump(mode="json")
                with pytest.raises(WorkflowUpdateFailedError):
                    await handle.execute_update("vote", {"command": vote})


@pytest.fixture
async def crowd(client: Client, library: Library, tmp_path: Path) -> Crowd:
    (tmp_path / "runbook.yaml").write_text(RUNBOOK)
    (tmp_path / "scenario.yaml").write_text("\n".join(line[4:] for line in SCENARIO.splitlines()))
    file = ScenarioFile(tmp_path / "scenario.yaml", Library(library.catalog_files, list(library.files), {}, []))
    assert file.scenario is not None
    assert file.plan is not None
    given = file.scenario.given
    assert given.incident is not None
    start = start_of("busy night", given, given.incident, file.plan, file.catalog, START)
    return Crowd(client, start, ScenarioDesk(file.catalog, file.plan.actions, Mocks({})), seed=7)


async def test_looking_at_an_incident_never_harms_it(crowd: Crowd) -> None:
    async with crowd.worker():
        handles = [await crowd.incident(number) for number in range(INCIDENTS)]
        await asyncio.gather(*(crowd.pester(handle) for handle in handles))
    for handle in handles:
        history = await handle.fetch_history()
        failed = [event for event in history.events if event.HasField("workflow_task_failed_event_attributes")]
        assert not failed, failed[0]
        made = await replay(history, workflows=[IncidentWorkflow])
        stored = crowd.stored[handle.id]
        assert len(made) >= ENTRIES
        assert {seq: digest for seq, digest in made.items() if seq in stored} == {
            seq: digest for seq, digest in stored.items() if seq in made
        }
