"""The gateway on a real Temporal server: what the doubles of the other tests promise is true."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from mayday.domain.commands import CommandEnvelope, Note, Vote
from mayday.domain.incident import AlertBatch, AlertEvent, StartInput
from mayday.domain.review.commands import ReviewEnvelope, Withdraw
from mayday.settings import load_settings
from mayday.temporal.connection import connect
from mayday.temporal.server import EmbeddedServer
from starter import gateway as gateway_module
from starter.gateway import CommandRefused, NoSuchRun, NotAccepted, TemporalGateway, TemporalSilent
from starter.minting import incident_id, workflow_id
from tests.starter.brief_workflow import BriefWorkflow

pytestmark = [pytest.mark.temporal, pytest.mark.asyncio(loop_scope="module")]

NOW = datetime(2026, 3, 2, 2, 10, tzinfo=UTC)
SOON = timedelta(seconds=5)


def start_of(key: str, *alerts: str) -> StartInput:
    return StartInput(
        id=incident_id(NOW), workflow_id=workflow_id(key), correlation_key=key, plan={}, plan_digest="", title="Down",
        service="s", severity="SEV1", opened_at=NOW, events=[alert(name) for name in alerts],
    )  # fmt: skip


def alert(name: str) -> AlertEvent:
    return AlertEvent(
        source="alertmanager", dedupe_key=name, alert_key=name, state="firing", title=name, received_at=NOW
    )  # fmt: skip


def note(text: str, command: str = "c1") -> CommandEnvelope:
    return CommandEnvelope(command=Note(id=command, actor="ana", received_at=NOW, text=text))


@asynccontextmanager
async def polling(client: Client) -> AsyncIterator[None]:
    async with Worker(client, task_queue="mayday", workflows=[BriefWorkflow]):
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedServer]:
    async with EmbeddedServer(tmp_path_factory.mktemp("temporal"), ui_port=None) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def client(server: EmbeddedServer, tmp_path: Path) -> Client:
    return await connect(load_settings(data=tmp_path), address=server.address)


@pytest.fixture
def gateway(client: Client) -> TemporalGateway:
    return TemporalGateway(client, task_queue="mayday")


async def test_one_open_run_a_key_however_many_start_it(client: Client, gateway: TemporalGateway) -> None:
    async with polling(client):
        starts = [start_of("key=one", f"a{number}") for number in range(8)]
        started = await asyncio.gather(
            *(gateway.start(start, again=number % 2 == 0) for number, start in enumerate(starts))
        )
        assert sorted(one.opened for one in started) == [False] * 7 + [True]
        assert len({one.run_id for one in started}) == 1
        view = await gateway.describe(starts[0].workflow_id)
        assert view is not None
        winner = next(start for start, one in zip(starts, started, strict=True) if one.opened)
        assert (view.running, view.incident_id, view.closed_at, view.chain) == (True, winner.id, None, view.run_id)
        with pytest.raises(NoSuchRun):
            await gateway.command(winner.workflow_id, note("of another"), "00000000-0000-0000-0000-000000000000")
        await gateway.signal_alerts(winner.workflow_id, AlertBatch(events=[alert("late")]))
        assert (await gateway.command(winner.workflow_id, note("resolved"), view.chain)).entry == 1


async def test_an_ended_run_is_looked_at_before_another_starts(client: Client, gateway: TemporalGateway) -> None:
    async with polling(client):
        first = start_of("key=two", "a")
        await gateway.start(first, again=False)
        await gateway.command(first.workflow_id, note("resolved"))
        outcome = None
        while outcome is None or not outcome.status:
            view = await gateway.describe(first.workflow_id)
            assert view is not None
            outcome = await gateway.outcome(first.workflow_id, view.run_id)
        assert (outcome.id, outcome.status, outcome.state) == (first.id, "resolved", {"status": "resolved"})
        with pytest.raises(NoSuchRun):
            await gateway.start(start_of("key=two", "b"), again=False)
        with pytest.raises(NoSuchRun):
            await gateway.signal_alerts(first.workflow_id, AlertBatch(events=[alert("c")]))
        with pytest.raises(NoSuchRun):
            await gateway.command(first.workflow_id, note("x", "c2"))
        with pytest.raises(NoSuchRun):
            await gateway.signal_command(first.workflow_id, note("x", "c2"))
        view = await gateway.describe(first.workflow_id)
        assert view is not None
        assert not view.running
        assert view.closed_at is not None
        assert await gateway.began_with(first.workflow_id, view.run_id) == first
        assert (await gateway.start(start_of("key=two", "b"), again=True)).opened


async def test_refusals_carry_code_and_reason(client: Client, gateway: TemporalGateway) -> None:
    async with polling(client):
        start = start_of("key=three")
        await gateway.start(start, again=False)
        vote = Vote(id="v1", actor="sam", received_at=NOW, decision="d", choice="approve")
        with pytest.raises(CommandRefused) as refused:
            await gateway.command(start.workflow_id, CommandEnvelope(command=vote))
        assert (refused.value.code, refused.value.reason) == ("not_a_voter", "only chris votes")
        assert await gateway.timeline(start.workflow_id, 0, SOON) == []
        assert await gateway.board(start.workflow_id, SOON) is None  # it has no such query
        await gateway.signal_command(start.workflow_id, note("cancelled"))


async def test_without_a_worker_a_command_is_not_accepted_and_waits_as_a_signal(
    client: Client, gateway: TemporalGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_module, "ACCEPTED_WITHIN", timedelta(seconds=0.5))
    start = start_of("key=four")
    assert (await gateway.start(start, again=False)).opened
    with pytest.raises(NotAccepted):
        await gateway.command(start.workflow_id, note("resolved"))
    assert await gateway.board(start.workflow_id, timedelta(seconds=0.2)) is None
    await gateway.signal_command(start.workflow_id, note("resolved"))
    async with polling(client):
        view = await gateway.describe(start.workflow_id)
        assert view is not None
        outcome = await gateway.outcome(start.workflow_id, view.run_id)
        assert outcome is not None
        assert outcome.status == "resolved"


async def test_what_never_ran_is_not_there(gateway: TemporalGateway) -> None:
    nothing = workflow_id("key=none")
    assert await gateway.describe(nothing) is None
    with pytest.raises(NoSuchRun):
        await gateway.command(nothing, note("x"))
    with pytest.raises(NoSuchRun):
        await gateway.signal_alerts(nothing, AlertBatch(events=[]))
    withdraw = Withdraw(id="w", actor="ana", received_at=NOW)
    assert await gateway.withdraw_review("INC-0", ReviewEnvelope(command=withdraw)) is None
    await gateway.ping()


async def test_a_server_that_takes_nothing_is_silent_whatever_it_says(
    client: Client, gateway: TemporalGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does one whose disk is full."""

    async def full(*given: object, **more: object) -> None:
        raise RPCError("shard status unknown", RPCStatusCode.UNAVAILABLE, b"")

    await gateway.ping()
    with monkeypatch.context() as broken:
        broken.setattr(client, "start_workflow", full)
        with pytest.raises(TemporalSilent):
            await gateway.start(start_of("key=full"), again=False)
    with pytest.raises(TemporalSilent, match="takes nothing"):
        await gateway.ping()
    await gateway.start(start_of("key=full"), again=False)
    await gateway.ping()


async def test_a_server_that_is_gone_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_module, "PATIENCE", timedelta(seconds=0.5))
    server = EmbeddedServer(tmp_path, ui_port=None)
    async with server:
        client = await connect(load_settings(data=tmp_path), address=server.address)
    gateway = TemporalGateway(client, task_queue="mayday")
    with pytest.raises(TemporalSilent):
        await gateway.start(start_of("key=five"), again=False)
    with pytest.raises(TemporalSilent):
        await gateway.ping()
