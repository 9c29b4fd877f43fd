"""The store is away for ten minutes, for real: PostgreSQL is stopped, SQLite's file is locked. Nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from temporalio.client import WorkflowHistory

import worker.archiver
from mayday.archive.collecting import Collector
from mayday.archive.tape import Player, listen
from mayday.domain.effects import FlushRequest
from mayday.domain.errors import ProviderError
from mayday.domain.timeline import Entry
from mayday.providers.embedded.ledger import RecordsLedger
from mayday.records import Records, RecordsUnavailable
from mayday.records.incidents import IncidentRecord
from tests import stores
from tests.archive.recorded import recorded
from worker.archiver import Archiver, archive

AWAY_S, EVERY_S = 600, 30
pytestmark = pytest.mark.timeout(180)


class Store(NamedTuple):
    """Where it is, and how it goes away and comes back."""

    url: str
    leave: Callable[[], None]
    come_back: Callable[[], None]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    if request.param == "sqlite":
        monkeypatch.setattr("mayday.records.store.BUSY_TIMEOUT_S", 0.05)
        holders: list[sqlite3.Connection] = []

        def lock() -> None:
            holders.append(sqlite3.connect(tmp_path / "records.db", isolation_level=None))
            holders[0].execute("BEGIN IMMEDIATE")

        yield Store(f"sqlite:///{tmp_path / 'records.db'}", lock, lambda: holders.pop().close())
        return
    request.getfixturevalue("postgres_server")  # skips where there is none; ours is stopped, so it is another one
    programs = stores._postgres_programs()
    assert programs is not None
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(_postgres_folder()))
        served = stores._serve(programs, folder)
        url = next(served)
        prefix = ["runuser", "-u", "postgres", "--"] if folder.owner() == "postgres" else []
        control = [*prefix, str(programs / "pg_ctl"), "-D", str(folder / "data"), "-w"]
        options = f"-p {url.rpartition(':')[2]} -k '' -c listen_addresses=127.0.0.1 -c fsync=off"

        def stop() -> None:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd=folder)

        def start() -> None:
            given = ["-l", str(folder / "log"), "-o", options, "start"]
            subprocess.run([*control, *given], check=True, capture_output=True, cwd=folder)

        yield Store(f"{url}/postgres", stop, start)
        next(served, None)


@contextlib.contextmanager
def _postgres_folder() -> Iterator[str]:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="mayday-postgres-") as folder:
        yield folder


@pytest.fixture
async def records(store: Store) -> AsyncIterator[Records]:
    async with await Records.open(store.url) as opened:
        yield opened


class Temporal:
    """Lists the runs of a recorded incident as ended, and gives their histories away."""

    def __init__(self, histories: list[WorkflowHistory]) -> None:
        self._histories = {history.run_id: history for history in histories}

    async def list_workflows(self, query: str, **more: Any) -> AsyncIterator[Any]:
        for history in self._histories.values():
            yield SimpleNamespace(id=history.workflow_id, run_id=history.run_id)

    def get_workflow_handle(self, workflow_id: str, *, run_id: str) -> Any:
        async def fetch_history() -> WorkflowHistory:
            return self._histories[run_id]

        return SimpleNamespace(fetch_history=fetch_history)


async def timeline_of(histories: list[WorkflowHistory]) -> tuple[str, list[Entry]]:
    entries: dict[int, Entry] = {}
    incident = ""
    for history in histories:
        tape = await listen(history)
        assert tape.start is not None
        incident = tape.start.id
        player = Player(tape)
        player.until()
        entries |= {entry.seq: entry for entry in player.entries}
    return incident, [entries[seq] for seq in sorted(entries)]


async def test_what_ended_while_the_store_was_away_is_archived_when_it_is_back(
    store: Store, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    histories = recorded("5_their_fault")
    incident, entries = await timeline_of(histories)
    await records.incidents.opened(IncidentRecord(
        id=incident, workflow_id=histories[0].workflow_id, title="t", severity="SEV1", status="resolved", service="s",
        opened_at=stores.Clock().at,
    ))  # fmt: skip
    half = len(entries) // 2
    ledger = RecordsLedger(records)
    await ledger.keep(FlushRequest(incident_id=incident, entries=entries[:half], note_to_ticket=False))

    client: Any = Temporal(histories)
    archiver = Archiver(client, Collector(client, records), records.archives, records.trends)
    passed, refused = 0.0, 0
    real_sleep = asyncio.sleep
    store.leave()

    async def sleep(seconds: float) -> None:
        """Time passes; what a workflow would flush is tried every time, as its retries do."""
        nonlocal passed, refused
        passed += seconds
        if passed < AWAY_S:
            with pytest.raises((ProviderError, RecordsUnavailable)):
                await ledger.keep(FlushRequest(incident_id=incident, entries=entries[half:], note_to_ticket=False))
            refused += 1
        elif passed == AWAY_S:
            store.come_back()
            await ledger.keep(FlushRequest(incident_id=incident, entries=entries[half:], note_to_ticket=False))
        elif passed > AWAY_S + 3 * EVERY_S:
            raise asyncio.CancelledError
        await real_sleep(0)

    monkeypatch.setattr(worker.archiver, "asyncio", SimpleNamespace(sleep=sleep))
    health: Any = SimpleNamespace(ready=True)
    with pytest.raises(asyncio.CancelledError):
        await archive(archiver, [], "queue", health, EVERY_S)

    assert refused == AWAY_S // EVERY_S - 1
    stored = await records.timeline.entries(incident)
    assert stored == entries, "each entry once, in its place, its chain unbroken"
    kept = await records.archives.get(incident)
    assert kept.timeline() == entries
    assert {part.name for part in kept.parts("history")} == {history.run_id for history in histories}
