"""Many people write, ask and are refused at once: what the server was told then is what a replay tells it again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from mayday.domain.incident import StartInput
from mayday.simulator.desk import ScenarioDesk
from mayday.temporal.histories import replay
from tests.workflows.conftest import command
from tests.workflows.test_on_a_real_server import Providers, client, opened, until, worker
from workflows.incident import IncidentWorkflow

__all__ = ["client"]

pytestmark = [pytest.mark.temporal, pytest.mark.timeout(120)]

WRITERS, NOTES = 16, 4


async def test_a_replay_leaves_the_same_marks(client: Client, opening: tuple[StartInput, ScenarioDesk]) -> None:
    """Refused updates are workflow tasks that the history does not keep, and queries come between all others."""
    start, desk = opening
    providers = Providers(desk)
    async with worker(client, providers):
        handle = await opened(client, start)
        asking = asyncio.create_task(ask(handle))
        await asyncio.gather(*(write(handle, number) for number in range(WRITERS)))
        await until(handle, providers, "gate_opened")
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        history = await handle.fetch_history()
    for strict in (False, True):
        await replay(history, workflows=[IncidentWorkflow], strict=strict)


async def write(handle: WorkflowHandle[Any, Any], number: int) -> None:
    """A note by update, one by signal, an alert's worth of nothing, and a vote that is refused."""
    for round_ in range(NOTES):
        wrong = command("vote", "nobody", decision="no_such_gate", choice="approve", reason="x").model_dump(mode="json")
        with pytest.raises(WorkflowUpdateFailedError):
            await update(handle, "vote", {"command": wrong | {"id": f"w{number}.{round_}"}})
        for way in ("update", "signal"):
            note = command("note", "ana", text=f"{number}.{round_} by {way}").model_dump(mode="json")
            envelope = {"command": note | {"id": f"{way}{number}.{round_}"}}
            if way == "update":
                await update(handle, "note", envelope)
            else:
                await handle.signal("command_sent", envelope)


async def update(handle: WorkflowHandle[Any, Any], kind: str, envelope: dict[str, Any]) -> None:
    """As often as it takes: the server has ten updates of a run under way, and under load it gives up some of those."""
    while True:
        try:
            await handle.execute_update(kind, envelope, id=envelope["command"]["id"])
            return
        except RPCError as error:
            if error.status not in (RPCStatusCode.UNAVAILABLE, RPCStatusCode.RESOURCE_EXHAUSTED):
                raise


async def ask(handle: WorkflowHandle[Any, Any]) -> None:
    while True:
        await handle.query("board")
