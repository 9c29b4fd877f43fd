"""Temporal and the records of one moment, in one file: an open incident goes on from it."""

from __future__ import annotations

import asyncio
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mayday.archive.backup_file import NotABackup, StillInUse, back_up, restore
from mayday.cli.main import app
from mayday.domain.timeline import Entry, first_broken
from mayday.records import Records
from tests.house import House

NOW = datetime(2026, 3, 2, tzinfo=UTC)


async def kept(data: Path, name: str) -> None:
    async with await Records.open(data / "records.db") as records:
        await records.plans.put(name, {})


async def test_a_restore_brings_back_what_was_and_keeps_what_is(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "x.backup.zip"
    await kept(data, "before")
    back_up(data, data / "records.db", file, mayday="0.1.0", made_at=NOW)
    await kept(data, "after")
    assert restore(file, data, data / "records.db").made_at == NOW
    async with await Records.open(data / "records.db") as records:
        assert await records.plans.get("before") == {}
        assert await records.plans.get("after") is None
    async with await Records.open(data / "records.db.before-restore") as records:
        assert await records.plans.get("after") == {}
    fresh = ["restore", str(file), "--data", str(tmp_path / "fresh")]
    assert "before-restore" not in CliRunner().invoke(app, fresh).output
    assert "before-restore" in CliRunner().invoke(app, fresh).output


async def test_a_damaged_backup_is_named_and_touches_nothing(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "x.backup.zip"
    await kept(data, "before")
    back_up(data, data / "records.db", file, mayday="0.1.0", made_at=NOW)
    (tmp_path / "half.zip").write_bytes(file.read_bytes()[:2000])
    with zipfile.ZipFile(file) as whole, zipfile.ZipFile(tmp_path / "edited.zip", "w") as edited:
        edited.writestr("manifest.json", whole.read("manifest.json"))
        edited.writestr("records.db", whole.read("records.db")[:-1] + b"x")
    with zipfile.ZipFile(tmp_path / "newer.zip", "w") as newer:
        newer.writestr("manifest.json", '{"format": 2}')
    for name, said in (("half", "no whole backup"), ("edited", "records.db is not what"), ("newer", "format 2")):
        with pytest.raises(NotABackup, match=said):
            restore(tmp_path / f"{name}.zip", data, data / "records.db")
    assert {path.name for path in data.iterdir()} <= {"records.db", "temporal.lock"}


async def test_nothing_is_restored_under_a_process_that_runs(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "x.backup.zip"
    await kept(data, "before")
    back_up(data, data / "records.db", file, mayday="0.1.0", made_at=NOW)
    async with await Records.open(data / "records.db") as records:
        await records.plans.put("now", {})
        with pytest.raises(StillInUse):
            restore(file, data, data / "records.db")
        assert await records.plans.get("now") == {}


def test_the_commands_say_what_is_wrong(tmp_path: Path) -> None:
    cli = CliRunner()
    none = cli.invoke(app, ["backup", "--data", str(tmp_path), "-o", str(tmp_path / "x.zip")])
    assert none.exit_code == 1
    assert "no records" in none.output
    assert cli.invoke(app, ["restore", str(tmp_path / "x.zip"), "--data", str(tmp_path)]).exit_code == 2


@pytest.mark.temporal
@pytest.mark.timeout(300)
async def test_an_open_incident_goes_on_from_a_backup_taken_while_it_ran(tmp_path: Path) -> None:
    file = tmp_path / "night.backup.zip"
    async with House(tmp_path / "first") as house:
        body = {"title": "Checkout returns 5xx", "service": "checkout", "severity": "SEV1"}
        incident = (await house.call("POST", "/api/v1/incidents", who="dee", body=body)).json()["id"]
        path = f"/api/v1/incidents/{incident}"
        assert (await house.post("dee", f"{path}/notes", {"text": "before the backup"})).status_code == 200
        await house.happened(incident, "paged")
        await asyncio.to_thread(
            back_up, house.data, house.data / "records.db", file, mayday="0.1.0", made_at=datetime.now(UTC)
        )
        assert (await house.post("dee", f"{path}/notes", {"text": "after the backup"})).status_code == 200

    second = tmp_path / "second"
    restore(file, second, second / "records.db")
    async with House(second) as house:
        await house.happened(incident, "noted", words="before the backup")
        status = {"status": "cancelled", "reason": "it went on from the backup"}
        assert (await house.post("dee", f"{path}/status", status)).status_code == 200
        await house.happened(incident, "status_changed", status="cancelled")
        entries = [Entry.model_validate(entry) for entry in await house.timeline(incident)]
        assert first_broken(entries) is None
        assert "after the backup" not in {entry.data.get("words") for entry in entries}
