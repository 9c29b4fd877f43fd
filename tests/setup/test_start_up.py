"""`mayday up` where it cannot be up: it says so at once, in a sentence that names the place, and stops when told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from mayday.cli.up import _make_data_folder, _takes_nothing
from mayday.records.errors import RecordsUnavailable
from mayday.records.records import Records
from mayday.settings import load_settings

MAYDAY = [sys.executable, "-m", "mayday"]
NOBODY_THERE = "127.0.0.1:1"


def environment(**more: str) -> dict[str, str]:
    rest = {key: value for key, value in os.environ.items() if not key.startswith(("MAYDAY_", "TEMPORAL_"))}
    return {**rest, "TEMPORAL_CONFIG_FILE": "/nonexistent", **more}


@pytest.mark.parametrize("order", [signal.SIGINT, signal.SIGTERM])
def test_who_waits_for_temporal_can_be_stopped(tmp_path: Path, order: signal.Signals) -> None:
    process = subprocess.Popen(
        [*MAYDAY, "up", "--port", "0", "--data", str(tmp_path / "data")],
        env=environment(TEMPORAL_ADDRESS=NOBODY_THERE, MAYDAY_CONNECT_WITHIN="55"), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        try:
            _until_it_waits(process, tmp_path / "data")
            process.send_signal(order)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, "stopped before it was up" in said) == (0, True), said


def _until_it_waits(process: subprocess.Popen[str], data: Path) -> None:
    """The data folder is made just before it connects, with its signals caught."""
    until = time.monotonic() + 40
    while not data.exists():
        assert process.poll() is None, "it ended by itself"
        assert time.monotonic() < until
        time.sleep(0.05)


async def test_a_store_that_is_no_database_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "records.db"
    broken.write_bytes(b"not a database at all, but long enough to be read as one" * 200)
    said = rf"the records store {broken} cannot be used: file is not a database; .*: mayday restore BACKUP$"
    with pytest.raises(RecordsUnavailable, match=said):
        await Records.open(broken)


async def test_a_store_that_breaks_while_it_is_used_counts_as_one_that_does_not_answer(tmp_path: Path) -> None:
    """So that alerts take the direct way to Temporal, as for any other outage of the store."""
    path = tmp_path / "records.db"
    async with await Records.open(path) as records:
        await records.ping()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(RecordsUnavailable, match="malformed"):
        async with await Records.open(path) as records:
            await records.tokens.find()


async def test_an_address_is_named_without_its_password() -> None:
    url = "postgresql://mayday:its-password@127.0.0.1:1/records"
    with pytest.raises(RecordsUnavailable) as refused:
        await Records.open(url)
    assert make_url(url).password not in str(refused.value)
    assert "127.0.0.1:1/records cannot be used" in str(refused.value)


def test_what_is_kept_is_for_one_account_alone_whatever_the_folder_is(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    before = os.umask(0o022)
    try:
        _make_data_folder(data)
        (data / "records.db").touch()
    finally:
        os.umask(before)
    assert (data / "records.db").stat().st_mode & 0o077 == 0


def test_no_room_while_it_starts_is_said_with_the_place(tmp_path: Path) -> None:
    data = tmp_path / "data"
    error = RecordsUnavailable("database or disk is full", "full")
    said = _takes_nothing(load_settings(data=data), error)
    assert said == f"the records store in {data} takes nothing: its disk is full (database or disk is full)"
