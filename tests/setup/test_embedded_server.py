"""The embedded server: one a data folder, its incidents survive stops, kills and the death of its owner."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.worker import Worker

import mayday.temporal.server as server_module
from mayday.settings import Settings, load_settings
from mayday.temporal.connection import TemporalUnreachable, configured_profile, connect
from mayday.temporal.search_attributes import OPENED, SEVERITY, register_search_attributes
from mayday.temporal.server import EmbeddedServer, ServerFailed, ServerInUse
from tests.setup.waiting_workflow import WaitingWorkflow

pytestmark = pytest.mark.temporal


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data=tmp_path / "data", connect_within=30.0)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Hides a person's own Temporal configuration file."""
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(tmp_path / "none.toml"))
    return monkeypatch


async def finish(client: Client, word: str) -> str:
    async with Worker(client, task_queue="q", workflows=[WaitingWorkflow]):
        handle = client.get_workflow_handle_for(WaitingWorkflow.run, "open-incident")
        await handle.signal(WaitingWorkflow.say, word)
        return await handle.result()


async def test_an_open_workflow_goes_on_after_a_stop_and_a_start(settings: Settings) -> None:
    async with EmbeddedServer(settings.data) as server:
        port = server.port
        client = await connect(settings, address=server.address)
        await client.start_workflow(WaitingWorkflow.run, id="open-incident", task_queue="q")
    async with EmbeddedServer(settings.data) as server:
        assert server.port == port, "other processes know the address"
        client = await connect(settings, address=server.address)
        assert await finish(client, "resolved") == "resolved"


async def test_a_killed_server_comes_back_and_the_worker_goes_on_by_itself(settings: Settings) -> None:
    async with EmbeddedServer(settings.data) as server:
        client = await connect(settings, address=server.address)
        async with Worker(client, task_queue="q", workflows=[WaitingWorkflow]):
            handle = await client.start_workflow(WaitingWorkflow.run, id="open-incident", task_queue="q")
            assert await handle.query(WaitingWorkflow.heard) is False
            first = server.pid
            assert first is not None
            os.kill(first, signal.SIGKILL)
            while server.restarts == 0:
                await asyncio.sleep(0.05)
            assert server.pid != first
            await handle.signal(WaitingWorkflow.say, "after the crash")
            assert await handle.result() == "after the crash"


async def test_a_second_owner_of_the_folder_is_refused_and_told_who_has_it(settings: Settings) -> None:
    async with EmbeddedServer(settings.data) as server:
        with pytest.raises(ServerInUse) as refused:
            async with EmbeddedServer(settings.data):
                pass
        assert (refused.value.pid, refused.value.address) == (os.getpid(), server.address)
        assert str(settings.data) in str(refused.value)


async def test_a_server_whose_owner_was_killed_is_ended_before_the_next(settings: Settings) -> None:
    owner = textwrap.dedent(f"""
        import asyncio, pathlib
        from mayday.logs import configure_logs
        from mayday.temporal.server import EmbeddedServer

        async def main():
            async with EmbeddedServer(pathlib.Path({str(settings.data)!r})) as server:
                print(server.pid, flush=True)
                await asyncio.Event().wait()

        configure_logs()
        asyncio.run(main())
    """)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", owner, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        orphan = int(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()
    os.kill(orphan, 0)  # still there
    async with EmbeddedServer(settings.data) as server:
        assert server.pid != orphan
        with pytest.raises(ProcessLookupError):
            _alive_or_raise(orphan)
        await connect(settings, address=server.address)


def _alive_or_raise(pid: int) -> None:
    """As `os.kill(pid, 0)`, but a zombie that nobody reaps in this container is dead too."""
    os.kill(pid, 0)
    state = Path(f"/proc/{pid}/stat")
    if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
        raise ProcessLookupError(pid)


async def test_a_taken_port_is_said_so(settings: Settings) -> None:
    taken = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with taken:
        port = taken.sockets[0].getsockname()[1]
        with pytest.raises(ServerFailed, match=r"ended while starting: .*port"):
            async with EmbeddedServer(settings.data, port=port):
                pass
    # and the folder is free again
    async with EmbeddedServer(settings.data):
        pass


async def test_a_port_that_was_lost_before_it_was_listened_on_is_chosen_anew(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, loser = server_module.find_temporal(), tmp_path / "temporal"
    loser.write_text(
        f'#!/bin/sh\nif [ ! -e "$0.lost" ]; then touch "$0.lost"; echo "bind: address already in use"; exit 1; fi\n'
        f'exec "{real}" "$@"\n'
    )
    loser.chmod(0o755)
    monkeypatch.setattr(server_module, "find_temporal", lambda: str(loser))
    async with EmbeddedServer(settings.data) as server:
        client = await connect(settings, address=server.address)
        assert await client.service_client.check_health()
    assert "address already in use" in (settings.data / "temporal.log").read_text()


async def test_a_server_that_never_comes_up_says_why_after_three_times(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "temporal"
    broken.write_text('#!/bin/sh\necho "database disk image is malformed"; exit 1\n')
    broken.chmod(0o755)
    monkeypatch.setattr(server_module, "find_temporal", lambda: str(broken))
    with pytest.raises(ServerFailed, match="mayday restore") as refused:
        async with EmbeddedServer(settings.data):
            pass
    assert str(refused.value).count("malformed") == 1, "not once for each try"
    assert (settings.data / "temporal.log").read_text().count("malformed") == 3


async def test_search_attributes_are_registered_once_and_usable(settings: Settings) -> None:
    async with EmbeddedServer(settings.data) as server:
        client = await connect(settings, address=server.address)
        assert await register_search_attributes(client)
        assert await register_search_attributes(client)
        opened = SearchAttributePair(OPENED, datetime(2026, 3, 2, 2, 10, tzinfo=UTC))
        found = TypedSearchAttributes([SearchAttributePair(SEVERITY, "SEV1"), opened])
        await client.start_workflow(WaitingWorkflow.run, id="x", task_queue="q", search_attributes=found)


async def test_nobody_at_the_address_is_said_after_the_patience_given(settings: Settings) -> None:
    said = r"^Temporal at 127\.0\.0\.1:1 \(namespace default\) could not be used within 1 s: Connection refused$"
    with pytest.raises(TemporalUnreachable, match=said):
        await connect(settings, address="127.0.0.1:1", patience=0.3)


async def test_where_the_environment_names_nobody_it_is_said_how_to_name_another(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    with pytest.raises(
        TemporalUnreachable, match=r"Connection refused; TEMPORAL_ADDRESS and .* say which one is meant"
    ):
        await connect(settings, patience=0.3)


async def test_a_missing_namespace_is_said(settings: Settings) -> None:
    async with EmbeddedServer(settings.data) as server:
        with pytest.raises(TemporalUnreachable, match="namespace nowhere"):
            await connect(settings, address=server.address, namespace="nowhere", patience=0.3)


def test_with_no_address_the_embedded_server_is_meant(outside: pytest.MonkeyPatch) -> None:
    assert configured_profile() is None


def test_with_an_address_that_cluster_is_meant(outside: pytest.MonkeyPatch) -> None:
    outside.setenv("TEMPORAL_ADDRESS", "temporal.example:7233")
    outside.setenv("TEMPORAL_NAMESPACE", "incidents")
    profile = configured_profile()
    assert profile is not None
    assert (profile.address, profile.namespace) == ("temporal.example:7233", "incidents")
